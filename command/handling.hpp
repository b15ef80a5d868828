// From a request to a recorded command and back: idempotency, admission, the shard, and the answer with its
// position. Route files say only which shard decides, how, and what the answer looks like.
#pragma once

#include "api/position_token.hpp"
#include "command/login_failures.hpp"
#include "command/shards.hpp"
#include "infra/admission.hpp"
#include "infra/crypto/password.hpp"
#include "infra/crypto/token.hpp"
#include "infra/http/route.hpp"

#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <string>

namespace dacapo {

struct CommandSettings {
    std::string default_timezone = "Europe/Paris";
    bool over_tls = false;  // clients reach the server so: their cookies are sent over nothing else
};

// How an answer is made: from the record (just written, or read back for a repeat), or from nothing when the
// command changed nothing.
using MakeAnswer = std::function<http::Response(const LogEntry* entry)>;

class CommandHandling {
public:
    CommandHandling(Shards& shards, const Clock& clock, Admission& admission, PasswordPool& passwords,
                    LoginFailures& login_failures, const AccessTokens& access_tokens,
                    const RefreshTokens& refresh_tokens, CommandSettings settings);

    // Decides on `shard` and answers. A repeat of an Idempotency-Key answers from the first record.
    boost::asio::awaitable<http::Response> run(http::Request& request, Shard& shard, Decide decide,
                                               MakeAnswer answer);
    // The same for commands of several shards: `work` submits by itself and says which entry the answer rests
    // on.
    using Work = std::function<boost::asio::awaitable<Receipt>(CommandOrigin origin)>;
    boost::asio::awaitable<http::Response> run_work(http::Request& request, Work work, MakeAnswer answer);

    // A record from the log, read away from the I/O thread.
    boost::asio::awaitable<LogEntryPtr> read_record(int shard, Position position);
    // What an account was registered as. Throws Problem 404 when there is none.
    boost::asio::awaitable<AccountRegistered> registration_of(UserId user);

    CommandOrigin origin_of(const http::Request& request) const;
    void add_position(http::Response& response, int shard, Position position) const;

    Shards& shards() { return shards_; }
    const Clock& clock() const { return clock_; }
    PasswordPool& passwords() { return passwords_; }
    LoginFailures& login_failures() { return login_failures_; }
    const AccessTokens& access_tokens() const { return access_tokens_; }
    const RefreshTokens& refresh_tokens() const { return refresh_tokens_; }
    const CommandSettings& settings() const { return settings_; }

private:
    boost::asio::awaitable<http::Response> repeat(int shard, Position position, MakeAnswer answer);

    Shards& shards_;
    const Clock& clock_;
    Admission& admission_;
    PasswordPool& passwords_;
    LoginFailures& login_failures_;
    const AccessTokens& access_tokens_;
    const RefreshTokens& refresh_tokens_;
    const CommandSettings settings_;
    boost::asio::thread_pool log_reads_{1};
};

// A new command id: unique, not secret.
CommandId new_command_id();

// Turns a decider's answer into a verdict of its stream; a refusal becomes its problem.
template <class Aggregate>
Verdict verdict_of(typename Aggregate::Decision decision, StreamId stream);

// The events of one record, gathered from several deciders.
class RecordBuilder {
public:
    // False when the decider refused; refusal() is then its problem.
    template <class Aggregate>
    bool add(typename Aggregate::Decision decision, StreamId stream);
    Verdict verdict() &&;

private:
    std::vector<StreamEvent> events_;
    std::optional<http::Problem> refusal_;
};

}  // namespace dacapo

#include "command/handling_impl.hpp"
