#include "serve.hpp"

#include "infra/descriptors.hpp"
#include "infra/http/listener.hpp"
#include "infra/kafka/lease.hpp"
#include "infra/log/background_verification.hpp"
#include "infra/session_follower.hpp"
#include "infra/sql/migrations.hpp"
#include "projections/all.hpp"
#include "projections/checkpoint_watch.hpp"
#include "query/documents/openapi.hpp"
#include "query/health.hpp"
#include "serve_admin.hpp"
#include "serve_command.hpp"
#include "serve_elsewhere.hpp"
#include "serve_integration.hpp"
#include "serve_limits.hpp"
#include "serve_observation.hpp"
#include "serve_query.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <filesystem>
#include <thread>

namespace dacapo {
namespace {

constexpr std::string_view token_issuer = "dacapo";
constexpr std::chrono::milliseconds session_wait_on_cluster{1000};

std::unique_ptr<SqliteLog> open_sqlite(const Config& config, const ServerOptions& options, LogLines& lines) {
    std::filesystem::create_directories(
        config.event_log_file.parent_path().empty() ? "." : config.event_log_file.parent_path());
    SqliteLogOptions log_options;
    log_options.file = config.event_log_file;
    log_options.vfs = options.log_vfs;
    log_options.sync_batches = options.log_sync;
    auto log = open_sqlite_log(log_options);
    for (const auto& warning : log->warnings()) lines.warn("event log", {{"warning", warning}});
    return log;
}

std::unique_ptr<KafkaLog> open_kafka(const Config& config, Roles roles, const ServerOptions& options,
                                     LogStart& start, LogLines& lines, Metrics& metrics) {
    KafkaLogOptions log_options;
    log_options.url = *config.event_log_kafka;
    log_options.properties = config.kafka_properties;
    log_options.node_url = config.advertised_url;
    log_options.only_follows = !roles.command;
    log_options.propose_start = [&start](const std::string& epoch, int shard_count) {
        return start.propose(epoch, shard_count);
    };
    log_options.on_fault = options.on_broken;
    log_options.on_warning = [&lines](const std::string& what) {
        lines.warn("event log", {{"warning", what}});
    };
    log_options.metrics = &metrics;
    return open_kafka_log(log_options);
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

// Who runs a shared database in production decides when it changes. A file of ours belongs to this process
// alone.
void refuse_if_not_migrated(const Config& config, sql::Session& writer) {
    const auto missing = sql::missing(writer, bookkeeping_migrations());
    if (!missing.empty() && config.is_production() && config.database_file.empty())
        throw sql::NotMigrated(
            fmt::format("the database lacks {} migrations: run `dacapo migrate`", missing.size()));
}

}  // namespace

std::size_t thread_count_of(const Config& config) {
    return config.thread_count ? config.thread_count : std::max(1U, std::thread::hardware_concurrency());
}

OpenedLog open_log(const Config& config, Roles roles, const ServerOptions& options, LogStart& start,
                   LogLines& lines, Metrics& metrics) {
    OpenedLog opened;
    if (config.event_log_kafka)
        opened.kafka = open_kafka(config, roles, options, start, lines, metrics);
    else
        opened.sqlite = open_sqlite(config, options, lines);
    return opened;
}

struct Server::Parts {
    Parts(const Config& given, Roles roles_, LogLines& lines_, const Clock& clock_, ServerOptions options_)
        : config(given),
          roles(roles_),
          options(std::move(options_)),
          lines(lines_),
          clock(clock_),
          log_start(config, roles, lines, clock),
          log(open_log(config, roles, options, log_start, lines, metrics)),
          access_tokens(config.jwt_secret, std::string(token_issuer), std::string(token_issuer),
                        config.jwt_lifetime, config.jwt_secret_previous),
          refresh_tokens(config.jwt_secret, config.jwt_secret_previous),
          feed_tickets(config.jwt_secret, config.jwt_secret_previous),
          needs{config, options,   lines,         clock,          metrics,
                log,    log_start, access_tokens, refresh_tokens, feed_tickets} {
        if (roles.project || roles.query) database.emplace(database_options(config));
        make_command_side();
        authentication.emplace(access_tokens, sessions(), clock,
                               log.kafka ? session_wait_on_cluster : std::chrono::milliseconds(0));
        if (roles.query) query.emplace(needs, *database, *authentication);
        if (roles.project)
            make_runner();
        else if (roles.command)
            watch_projectors();
        if (query) sessions().on_end([this](SessionId session) { query->feed().session_ended(session); });
        make_health();
        if (log.sqlite) verification.emplace(*log.sqlite);
        make_listener();
        admin_listener = make_admin_listener(needs, health);
    }

    SessionRegistry& sessions() { return command ? command->sessions() : followed_sessions; }
    void make_command_side();
    void make_runner();
    void join_projectors();
    void watch_projectors();
    void make_health();
    void make_listener();
    std::vector<HealthPart> health_parts() const;
    http::ListenerOptions listener_options() const;
    http::Hooks hooks();
    std::vector<http::Route> routes();
    DocumentInfo document_info() const { return {config.public_url, program_version}; }

    const Config config;
    const Roles roles;
    const ServerOptions options;
    LogLines& lines;
    const Clock& clock;
    Metrics metrics;
    std::atomic<ServerState> state{ServerState::starting};
    bool stopped = false;

    LogStart log_start;
    OpenedLog log;
    const AccessTokens access_tokens;
    const RefreshTokens refresh_tokens;
    const FeedTickets feed_tickets;
    const ServerNeeds needs;
    std::optional<sql::ReadDatabase> database;
    RelayedAdmission admission;
    std::optional<CommandSide> command;
    SessionRegistry followed_sessions;  // where no shard is decided
    std::optional<SessionFollower> session_follower;
    std::optional<Authentication> authentication;
    std::optional<QuerySide> query;
    Progress unread{log.log().start()};  // of a runner whose process answers no queries
    std::optional<Runner> runner;
    std::optional<IntegrationSide> integration;
    std::unique_ptr<ShardLease> runner_lease;
    std::optional<CheckpointWatch> checkpoint_watch;  // where no runner is
    std::optional<LagAdmission> lag_admission;
    HealthSources health;
    std::optional<BackgroundVerification> verification;
    Observer observer{metrics, lines, clock};
    RequestLimits limits{clock, metrics};
    std::unique_ptr<http::Listener> listener;
    std::unique_ptr<http::Listener> admin_listener;
};

void Server::Parts::make_command_side() {
    if (roles.command) {
        command.emplace(needs, admission);
    } else if (roles.query) {  // A projector answers nobody who would have to be known.
        const auto known = log_start.tell_sessions(log.log(), followed_sessions);
        session_follower.emplace(log.log(), followed_sessions, known, options.on_broken);
    }
}

void Server::Parts::make_runner() {
    RunnerOptions made;
    if (query) {
        made.sinks = query->sinks();
        made.repaired = {made.sinks.front()};
    }
    made.trouble = [this](std::string_view what) { lines.error("read models", {{"error", what}}); };
    runner.emplace(log.log(), *database, all_projections(database->writer()),
                   query ? query->progress() : unread, clock, std::move(made));
    if (log.kafka) join_projectors();
    lag_admission.emplace(runner->gauges());
    admission.ask(*lag_admission);
    observe(metrics, runner->gauges());
    if (query)
        query->lag_from([this] { return std::chrono::duration<double>(runner->gauges().lag()).count(); });
}

// Projectors of a cluster divide the shards among them; two on one shard would only be in each other's way.
void Server::Parts::join_projectors() {
    runner->project_only({});
    integration.emplace(needs);
    ShardLeaseCalls calls;
    calls.assigned = [this](std::vector<int> shards) {
        runner->project_only(shards);
        integration->publish_only(std::move(shards));
    };
    calls.lost = [] {};
    runner_lease =
        std::make_unique<ShardLease>(ShardLeaseOptions{*config.event_log_kafka, config.kafka_properties,
                                                       config.event_log_kafka->name + ".project"},
                                     calls);
}

// The read models of a cluster are in a database that all its servers reach.
void Server::Parts::watch_projectors() {
    if (!config.database_file.empty()) return;
    CheckpointWatchOptions watched;
    watched.database_url = config.database_url;
    watched.shards = [this] { return command->owned(); };
    watched.trouble = [this](std::string_view what) { lines.warn("read models", {{"error", what}}); };
    checkpoint_watch.emplace(log.log(), clock, std::move(watched));
    lag_admission.emplace(checkpoint_watch->gauges());
    admission.ask(*lag_admission);
    observe(metrics, checkpoint_watch->gauges());
}

void Server::Parts::make_health() {
    health.version = program_version;
    health.state = [this] {
        const auto now = state.load();
        const bool ready = (!command || command->is_ready()) && (!query || query->is_ready());
        return now == ServerState::running && !ready ? ServerState::starting : now;
    };
    health.parts = [this] { return health_parts(); };
    health.metrics = [this] { return metrics.text(); };
    if (database) health.database = &*database;
    health.tables = read_tables();
    if (query) {
        health.passed = [this] { return query->progress().passed(); };
        health.lag_seconds = [this] { return query->lag_seconds(); };
    } else if (runner) {
        health.lag_seconds = [this] { return std::chrono::duration<double>(runner->gauges().lag()).count(); };
    }
    observe(metrics, log.log());
}

std::vector<HealthPart> Server::Parts::health_parts() const {
    std::vector<HealthPart> parts;
    if (verification) parts.push_back(verification_part(*verification));
    if (runner) {
        parts.push_back(parked_part(runner->gauges()));
        parts.push_back(rebuild_part(runner->gauges()));
    }
    if (log.sqlite) parts.push_back(disk_part(config.event_log_file));
    if (log.kafka) parts.push_back(brokers_part(*log.kafka));
    if (checkpoint_watch) parts.push_back(lag_part(checkpoint_watch->gauges()));
    return parts;
}

void Server::Parts::make_listener() {
    auto sockets = query ? query->feed().socket_routes() : std::vector<http::SocketRoute>();
    listener = std::make_unique<http::Listener>(listener_options(),
                                                http::Router(routes(), std::move(sockets)), hooks());
    observe(metrics, *listener);
    if (!query) return;
    metrics.gauge_from("dacapo_sockets_refused",
                       "Handshakes of addresses with too many WebSockets since the start",
                       [this] { return static_cast<double>(listener->counts().sockets_refused); });
    std::vector<http::WebSocket::Executor> executors;
    for (std::size_t i = 0; i < listener->thread_count(); ++i) executors.push_back(listener->executor_of(i));
    query->feed().attach(std::move(executors));
}

http::ListenerOptions Server::Parts::listener_options() const {
    http::ListenerOptions made;
    made.host = config.host;
    made.port = config.port;
    made.thread_count = thread_count_of(config);
    made.origins_allowed = config.frontend_origins;
    made.local_origins_allowed = config.localhost_origins;
    made.trusted_proxies = TrustedProxies(config.trusted_proxies);
    made.tls = {config.tls_cert, config.tls_key};
    made.tls_in_front = config.public_url.starts_with("https://");
    made.limits.connection_count_max = connections_max(descriptor_limit(), made.thread_count);
    if (config.rate_limit) {
        made.limits.connection_count_per_address_max = RequestLimits::connections_per_address_max;
        made.limits.socket_count_per_client_max = RequestLimits::sockets_per_client_max;
    }
    return made;
}

http::Hooks Server::Parts::hooks() {
    http::Hooks made;
    made.authenticate_now = [this](std::string_view token) { return authentication->known(token); };
    made.authenticate = [this](std::string token) { return authentication->awaited(std::move(token)); };
    if (!roles.command || !roles.query)
        made.check_role = [this](http::Method method, const http::Route* route) {
            if (method == http::Method::options) return;
            // A projector knows nothing but what every server answers of itself: its health, its metrics.
            const bool serves_nobody = !roles.command && !roles.query;
            if (route ? route->elsewhere : serves_nobody) throw wrong_role();
        };
    if (config.rate_limit) {
        made.count = [this](const http::Route& route, const http::Request& request) {
            return limits.count(route, request);
        };
        made.count_handshake = [this](const http::Request& request) {
            return limits.count_handshake(request);
        };
    }
    made.on_exchange = [this](const http::Exchange& exchange) { observer.exchange(exchange); };
    made.on_internal_error = [this](std::string_view request_id, std::string_view what) {
        lines.error("internal error", {{"request_id", request_id}, {"error", what}});
    };
    made.on_accept_failure = [this](std::string_view why) {
        lines.error("no connection can be accepted", {{"error", why}});
    };
    return made;
}

// Every server knows the routes of both roles; query servers show the document of all.
std::vector<http::Route> Server::Parts::routes() {
    std::vector<http::Route> all;
    if (query) append(all, query->routes());
    append(all, health_queries(log.log(), clock, health));
    if (config.metrics) all.push_back(metrics_query(health));
    if (command) append(all, command->routes());
    if (query && !command) append(all, documented_commands(needs));
    if (command && !query) append(all, known_queries(needs));
    return query && config.docs ? with_documents(std::move(all), document_info()) : all;
}

Server::Server(const Config& config, Roles roles, LogLines& lines, const Clock& clock, ServerOptions options)
    : parts_(std::make_unique<Parts>(config, roles, lines, clock, std::move(options))) {}

Server::~Server() { stop(); }

void Server::start() {
    auto& parts = *parts_;
    const auto began = std::chrono::steady_clock::now();
    if (parts.database) refuse_if_not_migrated(parts.config, parts.database->writer());
    if (parts.command) parts.command->start();
    if (parts.session_follower) parts.session_follower->start();
    if (parts.runner) parts.runner->start();
    if (parts.checkpoint_watch) parts.checkpoint_watch->start();
    if (parts.integration) parts.integration->start();
    if (parts.query && !parts.runner) parts.query->follow_tables();
    parts.listener->start();
    if (parts.admin_listener) parts.admin_listener->start();
    if (parts.verification)
        parts.verification->start([&lines = parts.lines](const LogFault& fault) {
            lines.error("the event log is damaged", {{"position", fault.position}, {"error", fault.why}});
        });
    parts.state = ServerState::running;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    if (parts.admin_listener)
        parts.lines.info("serving operators",
                         {{"host", parts.config.admin_host}, {"port", parts.admin_listener->port()}});
    parts.lines.info("serving", {{"host", parts.config.host},
                                 {"port", parts.listener->port()},
                                 {"connections_max", parts.listener->counts().connections_max},
                                 {"descriptors_max", descriptor_limit()},
                                 {"head", parts.log.log().head().total()},
                                 {"start_seconds", took.count()}});
}

void Server::stop() {
    if (!parts_ || parts_->stopped) return;
    auto& parts = *parts_;
    parts.stopped = true;
    parts.state = ServerState::stopping;
    parts.lines.info("stopping");
    if (parts.verification) parts.verification->stop();
    if (parts.command) parts.command->stop_policies();
    parts.listener->stop();
    if (parts.admin_listener) parts.admin_listener->stop();
    if (parts.command) parts.command->stop();
    if (parts.session_follower) parts.session_follower->stop();
    parts.runner_lease.reset();
    if (parts.integration) parts.integration->stop();
    if (parts.runner) parts.runner->stop();
    if (parts.checkpoint_watch) parts.checkpoint_watch->stop();
    if (parts.query) parts.query->stop();
    if (parts.database) parts.database->stop();
    // Coroutines that did not end within the listener's patience are dropped while what they refer to still
    // stands.
    if (parts.query) parts.query->progress().clear();
    if (parts.command) parts.command->let_go();
    parts.admin_listener.reset();
    parts.listener.reset();
    parts.lines.info("stopped", {{"head", parts.log.log().head().total()}});
}

void Server::reload_certificate() {
    auto& parts = *parts_;
    try {
        parts.listener->reload_tls();
        parts.lines.info("certificate read anew");
    } catch (const http::TlsFault& fault) {
        parts.lines.error("the certificate in force is kept", {{"error", fault.what()}});
    }
}

std::uint16_t Server::port() const { return parts_->listener->port(); }

std::optional<std::uint16_t> Server::admin_port() const {
    if (!parts_->admin_listener) return std::nullopt;
    return parts_->admin_listener->port();
}

std::string Server::api_document() const {
    const auto routes = parts_->routes();
    return openapi_document(routes, parts_->document_info());
}

}  // namespace dacapo
