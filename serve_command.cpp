#include "serve_command.hpp"

#include "serve_elsewhere.hpp"

#include <numeric>

namespace dacapo {
namespace {

// Two thirds more commands per second at 256 connections (docs/decisions.md).
constexpr std::chrono::milliseconds shared_log_gather{4};

ShardsOptions shards_options(const ServerNeeds& needs) {
    const auto& config = needs.config;
    auto& lines = needs.lines;
    ShardsOptions made;
    made.log_folder = config.event_log_file.parent_path().empty() ? "." : config.event_log_file.parent_path();
    made.snapshot_every_records = needs.options.snapshot_every_records;
    made.on_replay = [&lines](std::int64_t done, std::int64_t count) {
        lines.info("replaying", {{"position", done}, {"head", count}});
    };
    made.on_warning = [&lines](const std::string& what) { lines.warn("event log", {{"warning", what}}); };
    made.on_broken = needs.options.on_broken;
    auto& batch_records =
        needs.metrics.histogram("dacapo_log_batch_records", "Records written and synced together",
                                {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096});
    auto& flush_seconds = needs.metrics.histogram("dacapo_log_flush_seconds",
                                                  "Time to write and sync a batch", latency_bounds_s());
    made.on_batch = [&](std::size_t records, std::chrono::nanoseconds took) {
        batch_records.observe(static_cast<double>(records));
        flush_seconds.observe(std::chrono::duration<double>(took).count());
    };
    return made;
}

std::unique_ptr<Shards> make_shards(const ServerNeeds& needs, std::shared_ptr<SnapshotStore> snapshots) {
    auto options = shards_options(needs);
    options.snapshots = std::move(snapshots);
    if (needs.log.kafka) {
        options.gather = shared_log_gather;
        return std::make_unique<Shards>(*needs.log.kafka, needs.clock, std::move(options));
    }
    return std::make_unique<Shards>(*needs.log.sqlite, needs.clock, std::move(options));
}

std::size_t hash_thread_count(const Config& config) {
    return std::max<std::size_t>(1, thread_count_of(config) - 1);
}

std::vector<http::Route> routes_of(CommandHandling& commands, const ServerNeeds& needs) {
    std::vector<http::Route> all;
    append(all, account_routes(commands));
    append(all, login_routes(commands));
    append(all, session_routes(commands));
    append(all, feed_ticket_routes(needs.access_tokens, needs.feed_tickets, needs.clock));
    append(all, gathering_routes(commands));
    append(all, roster_routes(commands));
    append(all, message_routes(commands));
    append(all, check_in_routes(commands));
    append(all, catalogue_routes(commands));
    return all;
}

}  // namespace

CommandSide::CommandSide(const ServerNeeds& needs, Admission& admission)
    : needs_(needs),
      log_start_(needs.log_start),
      shards_(make_shards(needs, needs.log_start.snapshots(needs.log.log().epoch()))),
      passwords_(hash_thread_count(needs.config), needs.config.password_cost,
                 needs.options.password_queue_max),
      login_failures_(needs.config.data_dir / "login_failures", needs.config.rate_limit,
                      hash_thread_count(needs.config)),
      commands_(*shards_, needs.clock, admission, passwords_, login_failures_, needs.access_tokens,
                needs.refresh_tokens,
                {needs.config.default_timezone, needs.config.public_url.starts_with("https:")}),
      policies_(*shards_, needs.clock) {
    if (needs.log.kafka) membership_ = std::make_unique<Membership>(needs, *shards_);
    needs.metrics.gauge_from("dacapo_password_queue", "Passwords waiting to be hashed",
                             [this] { return static_cast<double>(passwords_.queue_depth()); });
    needs.metrics.gauge_from("dacapo_password_hashes", "Passwords hashed or verified since the start",
                             [this] { return static_cast<double>(passwords_.hashed_count()); });
    needs.metrics.gauge_from("dacapo_password_rejected", "Passwords refused because the queue was full",
                             [this] { return static_cast<double>(passwords_.rejected_count()); });
    if (membership_)
        needs.metrics.gauge_from("dacapo_shards_owned", "Shards decided by this server",
                                 [this] { return static_cast<double>(membership_->owned().size()); });
}

std::vector<int> CommandSide::owned() const {
    if (membership_) return membership_->owned();
    std::vector<int> all(static_cast<std::size_t>(shards_->count()));
    std::iota(all.begin(), all.end(), 0);
    return all;
}

void CommandSide::start() {
    shards_->load(log_start_.take_states());
    shards_->start();
    if (membership_) membership_->start();
    policies_.start();
}

void CommandSide::stop_policies() { policies_.stop(); }

void CommandSide::stop() {
    if (membership_) membership_->stop();
    shards_->stop();
}

void CommandSide::let_go() {
    shards_->idempotency().clear_waiting();
    passwords_.stop();
    if (membership_) membership_->close_connections();
}

std::vector<http::Route> CommandSide::routes() {
    auto all = routes_of(commands_, needs_);
    return membership_ ? membership_->routes(std::move(all)) : all;
}

std::vector<http::Route> documented_commands(const ServerNeeds& needs) {
    // Nothing of this is ever started: it is there to be described.
    const auto shards = make_shards(needs, nullptr);
    PasswordPool passwords(1, needs.config.password_cost, 1);
    RelayedAdmission admission;
    LoginFailures login_failures({}, false);
    CommandHandling commands(*shards, needs.clock, admission, passwords, login_failures, needs.access_tokens,
                             needs.refresh_tokens, {});
    return answered_elsewhere(routes_of(commands, needs));
}

}  // namespace dacapo
