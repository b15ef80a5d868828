// A whole server in this process, on a free port and a folder of its own, with a clock that the test moves;
// and clients that speak to it. Every answer is held against the server's own API document. The environment
// may put other engines in the place of the embedded ones, or a whole cluster (see engines.hpp).
#pragma once

#include "api/position_token.hpp"
#include "tests/support/answer_watch.hpp"
#include "tests/support/deployment.hpp"
#include "tests/support/documented.hpp"
#include "tests/support/engines.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/temporary_folder.hpp"

#include <boost/json.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace dacapo::test {

namespace json = boost::json;

inline constexpr const char* server_secret = "a secret that only these tests know";
inline constexpr const char* password = "correct horse battery";

// Configuration by flag name, for example {"profile-email", "self"}.
using Flags = std::map<std::string, std::string>;

class Person;

class RunningServer {
public:
    explicit RunningServer(const Flags& flags = {}, ServerOptions options = {});
    // Stops, and fails the test for every answer that the API document does not have.
    ~RunningServer();
    RunningServer(const RunningServer&) = delete;
    RunningServer& operator=(const RunningServer&) = delete;

    std::uint16_t port() const { return deployed_->port(); }
    void stop() { deployed_.reset(); }  // as on SIGTERM
    void start();                       // again, on the same folder
    void restart() {
        stop();
        start();
    }
    // The same with these settings changed, as an operator would; an empty one is taken away.
    void restart(const Flags& changed);
    // The position of the newest record.
    std::int64_t log_head();
    // Registers somebody as NAME@example.org with the password above.
    Person person(const std::string& name);
    // What clients tell each other on a cluster, where a read that names no position may be older than a
    // command that was answered: the newest position that any of them was told. Any thread.
    void told_position(std::string_view text);
    Headers position_told() const;

    std::filesystem::path file(const std::string& name) const { return folder_ / name; }
    const Config& config() const { return config_; }
    LogLines& lines() { return lines_; }
    // What the server has logged so far.
    std::string logged();
    // The test breaks a part of it: from now on a 500 is an answer like others.
    void expect_internal_errors() {
        internal_errors_expected_ = true;
        documented.expect_internal_errors();
    }

    testing::ManualClock clock;
    Documented documented;

private:
    TemporaryFolder folder_;
    int log_descriptor_;
    LogLines lines_;
    Flags flags_;
    Config config_;
    ServerOptions options_;
    bool internal_errors_expected_ = false;
    std::unique_ptr<testing::Deployment> deployed_;
    std::optional<AnswerWatch> watch_;  // also of what is read after stop()
    mutable std::mutex mutex_;
    std::optional<api::PositionToken> position_;
};

struct Answer : HttpAnswer {
    // The body. Throws when it is not JSON.
    json::value json() const { return json::parse(body); }
    json::value operator[](std::string_view key) const;
    std::int64_t number(std::string_view key) const { return (*this)[key].to_number<std::int64_t>(); }
    std::string text(std::string_view key) const { return json::value_to<std::string>((*this)[key]); }
    // The body, or this member of it, as a list of its own.
    json::array list() const { return std::move(json().as_array()); }
    json::array list(std::string_view key) const { return std::move((*this)[key].as_array()); }
    // "404 not_found"; of a success the status alone.
    std::string told() const;
};

// Somebody with a connection, and perhaps a token. For one thread at a time.
class Client {
public:
    explicit Client(RunningServer& server) : server_(&server) {}

    Answer send(std::string_view method, std::string_view target, std::string_view body = {},
                Headers headers = {});
    Answer get(std::string_view target, Headers headers = {}) {
        return send("GET", target, {}, std::move(headers));
    }
    Answer post(std::string_view target, const json::value& body, Headers headers = {}) {
        return send("POST", target, json::serialize(body), std::move(headers));
    }
    Answer post(std::string_view target) { return send("POST", target); }
    Answer put(std::string_view target, const json::value& body, Headers headers = {}) {
        return send("PUT", target, json::serialize(body), std::move(headers));
    }
    Answer put(std::string_view target) { return send("PUT", target); }
    Answer patch(std::string_view target, const json::value& body, Headers headers = {}) {
        return send("PATCH", target, json::serialize(body), std::move(headers));
    }
    Answer del(std::string_view target, Headers headers = {}) {
        return send("DELETE", target, {}, std::move(headers));
    }

    // The token is refused: on one server at once, on a cluster as soon as all have heard that its session
    // has ended.
    bool is_signed_out();

    std::string token;  // sent as Authorization when not empty

protected:
    RunningServer* server_;

private:
    std::unique_ptr<HttpClient> http_;
    std::uint16_t port_ = 0;
};

class Person : public Client {
public:
    Person(RunningServer& server, const Answer& registered);

    // An event of this person's, a day ahead of the clock unless `more` says otherwise.
    Answer create_event(const std::string& title, const json::object& more = {});
    Answer message(const Person& receiver, const std::string& content);
    Answer join(std::int64_t event_id);
    // A socket of this person's; the first frame, `initial`, is still to be read. It shows what was answered
    // before.
    SocketClient socket(const std::string& parameters = {});

    std::int64_t id;
    std::string username;
    std::string email;
    std::string refresh_token;
};

// The same person with a token that says this role.
Client with_role(RunningServer& server, const Person& person, Role role);
// As the seed's admin has it.
inline Client as_admin(RunningServer& server, const Person& person) {
    return with_role(server, person, Role::admin);
}

inline Headers header(std::string name, std::string value) { return {{std::move(name), std::move(value)}}; }

// Where `found` lacks a member of `expected` or has another value, one a line; further members do not count.
std::string differences(const json::value& found, const json::value& expected, const std::string& at = {});

// The members called `key` of a list's entries.
json::array column(const json::value& list, std::string_view key);

// The next frame of this type; others are passed over. Throws after the usual patience.
json::value next_of(SocketClient& socket, std::string_view type);

// Asks again and again until it holds; false after the usual patience.
bool comes_true(const std::function<bool()>& holds);

}  // namespace dacapo::test
