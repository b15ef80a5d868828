#include "command/handling.hpp"

#include "api/idempotency_key.hpp"
#include "infra/crypto/digest.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>

namespace dacapo {

namespace asio = boost::asio;

namespace {

std::string key_text(std::string_view field) {
    if (auto key = api::idempotency_key(field)) return std::move(*key);
    throw http::Problem(
        400, "invalid_idempotency_key",
        "Idempotency-Key must be 1 to 255 printable characters, in quotes where spaces are among them.");
}

// Gives the key back unless the command was recorded.
class KeyHold {
public:
    KeyHold(IdempotencyTable& table, const std::optional<IdempotencyMark>& mark)
        : table_(table), mark_(mark) {}
    KeyHold(const KeyHold&) = delete;
    KeyHold& operator=(const KeyHold&) = delete;
    ~KeyHold() {
        if (mark_) table_.forget(*mark_);
    }
    void recorded(const LogEntry& entry) {
        if (mark_) table_.finish(*mark_, entry.record.shard, entry.position, entry.record.time);
        mark_.reset();
    }

private:
    IdempotencyTable& table_;
    std::optional<IdempotencyMark> mark_;
};

}  // namespace

CommandId new_command_id() {
    struct Generator {
        std::array<std::uint8_t, 8> prefix = random_bytes<8>();
        std::uint64_t count = 0;
    };
    thread_local Generator generator;
    CommandId id;
    std::memcpy(id.bytes.data(), generator.prefix.data(), 8);
    ++generator.count;
    std::memcpy(id.bytes.data() + 8, &generator.count, 8);
    return id;
}

CommandHandling::CommandHandling(Shards& shards, const Clock& clock, Admission& admission,
                                 PasswordPool& passwords, LoginFailures& login_failures,
                                 const AccessTokens& access_tokens, const RefreshTokens& refresh_tokens,
                                 CommandSettings settings)
    : shards_(shards),
      clock_(clock),
      admission_(admission),
      passwords_(passwords),
      login_failures_(login_failures),
      access_tokens_(access_tokens),
      refresh_tokens_(refresh_tokens),
      settings_(std::move(settings)) {}

CommandOrigin CommandHandling::origin_of(const http::Request& request) const {
    CommandOrigin origin;
    origin.command_id = new_command_id();
    if (request.principal) {
        origin.actor = request.principal->user_id;
        origin.role = request.principal->role;
    }
    origin.correlation_id = request.request_id;
    origin.traceparent = request.traceparent;
    if (!request.idempotency_key.empty())
        origin.idempotency = idempotency_mark(origin.actor, http::name_of(request.method), request.path,
                                              key_text(request.idempotency_key), request.body);
    return origin;
}

void CommandHandling::add_position(http::Response& response, int shard, Position position) const {
    api::PositionToken token;
    token.epoch = shards_.log().epoch();
    token.places[shard] = position;
    const auto text = to_text(token);
    response.set_header("Dacapo-Position", text);
    const std::string_view secure = settings_.over_tls ? "; Secure" : "";
    response.set_header("Set-Cookie",
                        fmt::format("dacapo-position={}; Path=/; HttpOnly; SameSite=Lax{}", text, secure));
}

asio::awaitable<http::Response> CommandHandling::repeat(int shard, Position position, MakeAnswer answer) {
    const auto entry = co_await read_record(shard, position);
    auto response = answer(entry.get());
    response.set_header("Idempotency-Replayed", "true");
    add_position(response, shard, position);
    co_return response;
}

asio::awaitable<http::Response> CommandHandling::run(http::Request& request, Shard& shard, Decide decide,
                                                     MakeAnswer answer) {
    Work work = [&shard, decide = std::move(decide)](CommandOrigin origin) {
        return shard.submit(std::move(origin), decide);
    };
    auto response = run_work(request, std::move(work), std::move(answer));
    co_return co_await std::move(response);
}

asio::awaitable<http::Response> CommandHandling::run_work(http::Request& request, Work work,
                                                          MakeAnswer answer) {
    if (!admission_.admit()) {
        http::Problem problem(503, "catching_up",
                              "The read models are behind; commands are taken in slowly.");
        problem.headers.emplace_back("Retry-After", "1");
        throw problem;
    }
    auto origin = origin_of(request);
    const auto mark = origin.idempotency;
    if (mark) {
        const auto begin = co_await shards_.idempotency().begin(*mark, clock_.now());
        if (std::holds_alternative<IdempotencyTable::OtherRequest>(begin))
            throw http::Problem(422, "idempotency_key_reused",
                                "This Idempotency-Key belongs to another request.");
        if (const auto* earlier = std::get_if<IdempotencyTable::Repeat>(&begin))
            co_return co_await repeat(earlier->shard, earlier->position, std::move(answer));
    }
    KeyHold hold(shards_.idempotency(), mark);
    const auto receipt = co_await work(std::move(origin));
    if (receipt.entry) hold.recorded(*receipt.entry);
    auto response = answer(receipt.entry.get());
    add_position(response, receipt.shard, receipt.position);
    co_return response;
}

asio::awaitable<LogEntryPtr> CommandHandling::read_record(int shard, Position position) {
    auto read = [](EventLog& log, int of_shard, Position at) -> asio::awaitable<LogEntryPtr> {
        co_return log.read_at(of_shard, at);
    };
    auto entry =
        co_await asio::co_spawn(log_reads_, read(shards_.log(), shard, position), asio::use_awaitable);
    if (!entry) throw std::runtime_error("a record that must be in the log is not");
    co_return entry;
}

asio::awaitable<AccountRegistered> CommandHandling::registration_of(UserId user) {
    const auto position =
        shards_.at(account_shard).peek([&](const ShardState& state) { return state.account_position(user); });
    if (position == 0) throw not_found("user");
    const auto entry = co_await read_record(account_shard, position);
    const auto* registered = find_event<AccountRegistered, AccountEvent>(entry.get());
    if (!registered) throw std::logic_error("the record of an account does not register it");
    co_return *registered;
}

}  // namespace dacapo
