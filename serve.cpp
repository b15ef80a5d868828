#include "serve.hpp"

#include "command/clock_policies.hpp"
#include "command/routes.hpp"
#include "infra/http/listener.hpp"
#include "infra/log/background_verification.hpp"
#include "infra/log/sqlite_log.hpp"
#include "infra/metrics.hpp"
#include "projections/all.hpp"
#include "projections/runner.hpp"
#include "query/documents/openapi.hpp"
#include "query/feed_hub.hpp"
#include "query/health.hpp"
#include "query/routes.hpp"
#include "serve_observation.hpp"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <thread>

namespace dacapo {
namespace {

constexpr std::string_view token_issuer = "dacapo";

std::size_t thread_count_of(const Config& config) {
    return config.thread_count ? config.thread_count : std::max(1U, std::thread::hardware_concurrency());
}

std::unique_ptr<SqliteLog> open_log(const Config& config, const ServerOptions& options, LogLines& lines) {
    std::filesystem::create_directories(config.event_log_file.parent_path().empty() ? "."
                                                                                  : config.event_log_file.parent_path());
    SqliteLogOptions log_options;
    log_options.file = config.event_log_file;
    log_options.vfs = options.log_vfs;
    log_options.sync_batches = options.log_sync;
    auto log = open_sqlite_log(log_options);
    for (const auto& warning : log->warnings()) lines.warn("event log", {{"warning", warning}});
    return log;
}

sql::ReadDatabaseOptions database_options(const Config& config) {
    if (config.database_file.has_parent_path())
        std::filesystem::create_directories(config.database_file.parent_path());
    sql::ReadDatabaseOptions options;
    options.url = config.database_url;
    // A reader of PostgreSQL waits for the server most of the time.
    options.reader_count = thread_count_of(config) * (config.database_file.empty() ? 2 : 1);
    return options;
}

// Who runs a shared database in production decides when it changes. A file of ours belongs to this process alone.
void refuse_if_not_migrated(const Config& config, sql::Session& writer) {
    const auto missing = sql::missing(writer, bookkeeping_migrations());
    if (!missing.empty() && config.is_production() && config.database_file.empty())
        throw sql::NotMigrated(fmt::format("the database lacks {} migrations: run `dacapo migrate`", missing.size()));
}

[[noreturn]] void refuse_token() {
    http::Problem problem(401, "token_invalid", "The token is not valid, has expired, or its session has ended.");
    problem.headers.emplace_back("WWW-Authenticate", "Bearer error=\"invalid_token\"");
    throw problem;
}

void append(std::vector<http::Route>& routes, std::vector<http::Route> more) {
    std::move(more.begin(), more.end(), std::back_inserter(routes));
}

}  // namespace

struct Server::Parts {
    Parts(const Config& given, LogLines& lines_, const Clock& clock_, ServerOptions options_)
        : config(given),
          options(std::move(options_)),
          lines(lines_),
          clock(clock_),
          log(open_log(config, options, lines)),
          database(database_options(config)),
          progress(log->start()),
          caches((config.cache_mb << 20) / thread_count_of(config)),
          shards(*log, clock, shards_options()),
          passwords(std::max<std::size_t>(1, thread_count_of(config) - 1), config.password_cost,
                    options.password_queue_max),
          access_tokens(config.jwt_secret, std::string(token_issuer), std::string(token_issuer), config.jwt_lifetime),
          refresh_tokens(config.jwt_secret),
          runner(*log, database, all_projections(database.writer()), progress, clock, runner_options()),
          admission(runner.gauges()),
          commands(shards, clock, admission, passwords, access_tokens, refresh_tokens,
                   {config.default_timezone, config.rate_limit}),
          context{*log, database, progress, caches, clock, query_settings(),
                  [this] { return std::chrono::duration<double>(runner.gauges().lag()).count(); }},
          feed(context, feed_access(), feed_settings()),
          policies(shards, clock) {
        health.state = [this] { return state.load(); };
        health.parts = [this] { return health_parts(runner.gauges(), verification, config.event_log_file); };
        health.metrics = [this] { return metrics.text(); };
        health.lag_seconds = context.lag_seconds;
        health.passed = [this] { return progress.passed(); };
        health.database = &database;
        health.version = program_version;
        observe(metrics, runner.gauges(), *log, passwords, feed);
        shards.sessions().on_end([this](SessionId session) { feed.session_ended(session); });
        listener = std::make_unique<http::Listener>(listener_options(), http::Router(routes(), feed.socket_routes()),
                                                    hooks());
        std::vector<http::WebSocket::Executor> executors;
        for (std::size_t i = 0; i < listener->thread_count(); ++i) executors.push_back(listener->executor_of(i));
        feed.attach(std::move(executors));
    }

    ShardsOptions shards_options();
    RunnerOptions runner_options();
    QuerySettings query_settings() const;
    FeedHub::Access feed_access();
    FeedSettings feed_settings() const;
    http::ListenerOptions listener_options() const;
    http::Hooks hooks();
    std::vector<http::Route> routes();
    std::optional<http::Principal> principal_of(std::string_view token) const;

    const Config config;
    const ServerOptions options;
    LogLines& lines;
    const Clock& clock;
    Metrics metrics;
    std::atomic<ServerState> state{ServerState::starting};
    bool stopped = false;

    std::unique_ptr<SqliteLog> log;
    sql::ReadDatabase database;
    Progress progress;
    Caches caches;
    Shards shards;
    PasswordPool passwords;
    AccessTokens access_tokens;
    RefreshTokens refresh_tokens;
    Runner runner;
    LagAdmission admission;
    CommandHandling commands;
    QueryContext context;
    HealthSources health;
    FeedHub feed;
    ClockPolicies policies;
    BackgroundVerification verification{*log};
    Observer observer{metrics, lines};
    std::unique_ptr<http::Listener> listener;
};

ShardsOptions Server::Parts::shards_options() {
    ShardsOptions made;
    made.snapshot_folder = config.data_dir / "snapshots";
    made.log_folder = config.event_log_file.parent_path().empty() ? "." : config.event_log_file.parent_path();
    made.snapshot_every_records = options.snapshot_every_records;
    made.on_replay = [this](std::int64_t done, std::int64_t count) {
        lines.info("replaying", {{"position", done}, {"head", count}});
    };
    made.on_warning = [this](const std::string& what) { lines.warn("event log", {{"warning", what}}); };
    made.on_broken = options.on_broken;
    auto& batch_records = metrics.histogram("dacapo_log_batch_records", "Records written and synced together",
                                            {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096});
    auto& flush_seconds =
        metrics.histogram("dacapo_log_flush_seconds", "Time to write and sync a batch", latency_bounds_s());
    made.on_batch = [&](std::size_t records, std::chrono::nanoseconds took) {
        batch_records.observe(static_cast<double>(records));
        flush_seconds.observe(std::chrono::duration<double>(took).count());
    };
    return made;
}

RunnerOptions Server::Parts::runner_options() {
    RunnerOptions made;
    made.sinks.push_back([this](std::span<const LogEntryPtr> entries) { drop_for(caches.counters(), entries); });
    made.sinks.push_back([this](std::span<const LogEntryPtr> entries) { feed.publish(entries); });
    made.repaired.push_back([this](std::span<const LogEntryPtr> entries) { drop_for(caches.counters(), entries); });
    made.trouble = [this](std::string_view what) { lines.error("read models", {{"error", what}}); };
    return made;
}

QuerySettings Server::Parts::query_settings() const {
    QuerySettings settings;
    settings.public_url = config.public_url;
    settings.profile_email = config.profile_email;
    settings.default_timezone = config.default_timezone;
    settings.version = program_version;
    return settings;
}

// A token holds while its signature, its time and its session do. A session of a position that this log has not
// reached belongs to another log.
std::optional<http::Principal> Server::Parts::principal_of(std::string_view token) const {
    const auto claims = access_tokens.verify_cached(token, clock.now());
    if (!claims) return std::nullopt;
    if (const_cast<Shards&>(shards).sessions().standing(claims->session_id) != SessionRegistry::Standing::live)
        return std::nullopt;
    return http::Principal{claims->user_id, claims->session_id, claims->role};
}

http::Hooks Server::Parts::hooks() {
    http::Hooks made;
    made.authenticate_now = [this](std::string_view token) { return principal_of(token); };
    made.authenticate = [](std::string) -> boost::asio::awaitable<http::Principal> {
        refuse_token();
        co_return http::Principal{};
    };
    made.on_exchange = [this](const http::Exchange& exchange) { observer.exchange(exchange); };
    made.on_internal_error = [this](std::string_view request_id, std::string_view what) {
        lines.error("internal error", {{"request_id", request_id}, {"error", what}});
    };
    return made;
}

FeedHub::Access Server::Parts::feed_access() {
    FeedHub::Access access;
    access.claims_of = [this](std::string_view token) -> std::optional<FeedHub::Viewer> {
        const auto principal = principal_of(token);
        if (!principal) return std::nullopt;
        const auto claims = access_tokens.verify_cached(token, clock.now());
        return FeedHub::Viewer{*principal, claims->expires_at};
    };
    access.authenticate = [](std::string) -> boost::asio::awaitable<FeedHub::Viewer> {
        refuse_token();
        co_return FeedHub::Viewer{};
    };
    return access;
}

FeedSettings Server::Parts::feed_settings() const {
    FeedSettings settings;
    settings.trouble = [this](std::string_view what) { lines.error("live feed", {{"error", what}}); };
    return settings;
}

http::ListenerOptions Server::Parts::listener_options() const {
    http::ListenerOptions made;
    made.host = config.host;
    made.port = config.port;
    made.thread_count = thread_count_of(config);
    made.origins_allowed = config.frontend_origins;
    made.local_origins_allowed = config.localhost_origins;
    return made;
}

std::vector<http::Route> Server::Parts::routes() {
    std::vector<http::Route> all;
    append(all, account_routes(commands));
    append(all, user_queries(context));
    append(all, gathering_routes(commands));
    append(all, event_queries(context));
    append(all, roster_routes(commands));
    append(all, roster_queries(context));
    append(all, message_routes(commands));
    append(all, message_queries(context));
    append(all, check_in_routes(commands));
    append(all, check_in_queries(context));
    append(all, catalogue_routes(commands));
    append(all, catalogue_queries(context));
    append(all, health_queries(*log, clock, health));
    return with_documents(std::move(all), {config.public_url, program_version});
}

Server::Server(const Config& config, LogLines& lines, const Clock& clock, ServerOptions options)
    : parts_(std::make_unique<Parts>(config, lines, clock, std::move(options))) {}

Server::~Server() { stop(); }

void Server::start() {
    auto& parts = *parts_;
    const auto began = std::chrono::steady_clock::now();
    refuse_if_not_migrated(parts.config, parts.database.writer());
    parts.shards.load();
    parts.shards.start();
    parts.runner.start();
    parts.policies.start();
    parts.listener->start();
    parts.verification.start([&lines = parts.lines](const LogFault& fault) {
        lines.error("the event log is damaged", {{"position", fault.position}, {"error", fault.why}});
    });
    parts.state = ServerState::running;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    parts.lines.info("serving", {{"host", parts.config.host},
                                 {"port", parts.listener->port()},
                                 {"head", parts.log->head().total()},
                                 {"start_seconds", took.count()}});
}

void Server::stop() {
    if (!parts_ || parts_->stopped) return;
    auto& parts = *parts_;
    parts.stopped = true;
    parts.state = ServerState::stopping;
    parts.lines.info("stopping");
    parts.verification.stop();
    parts.policies.stop();
    parts.listener->stop();
    parts.shards.stop();
    parts.runner.stop();
    parts.database.stop();
    // Coroutines that did not end within the listener's patience are dropped while what they refer to still stands.
    parts.progress.clear();
    parts.shards.idempotency().clear_waiting();
    parts.listener.reset();
    parts.lines.info("stopped", {{"head", parts.log->head().total()}});
}

std::uint16_t Server::port() const { return parts_->listener->port(); }

}  // namespace dacapo
