#include "serve_query.hpp"

#include "domain/session.hpp"

#include "query/documents/openapi.hpp"
#include "query/routes.hpp"
#include "serve_elsewhere.hpp"

namespace dacapo {
namespace {

QuerySettings query_settings(const Config& config) {
    QuerySettings settings;
    settings.public_url = config.public_url;
    settings.profile_email = config.profile_email;
    settings.default_timezone = config.default_timezone;
    settings.version = program_version;
    settings.cursor_secret = config.jwt_secret;
    settings.cursor_secret_other = config.jwt_secret_previous;
    // A token that was issued may be used to its end, also where nobody renews it any more.
    settings.session_lifetime = std::max<std::chrono::seconds>(session_idle_max, config.jwt_lifetime);
    settings.session_age_max = session_age_max + config.jwt_lifetime;
    return settings;
}

std::unique_ptr<SpentTickets> spent_tickets(const Config& config, const Clock& clock) {
    if (config.database_file.empty()) return std::make_unique<SpentTicketsTable>(clock, config.database_url);
    return std::make_unique<SpentTicketsInMemory>(clock);
}

FeedSettings feed_settings(LogLines& lines) {
    FeedSettings settings;
    settings.trouble = [&lines](std::string_view what) { lines.error("live feed", {{"error", what}}); };
    return settings;
}

std::vector<http::Route> routes_of(const QueryContext& context) {
    std::vector<http::Route> all;
    append(all, user_queries(context));
    append(all, session_queries(context));
    append(all, event_queries(context));
    append(all, roster_queries(context));
    append(all, message_queries(context));
    append(all, check_in_queries(context));
    append(all, catalogue_queries(context));
    return all;
}

}  // namespace

QuerySide::QuerySide(const ServerNeeds& needs, sql::ReadDatabase& database,
                     const Authentication& authentication)
    : needs_(needs),
      database_(database),
      progress_(needs.log.log().start()),
      caches_((needs.config.cache_mb << 20) / thread_count_of(needs.config)),
      context_{needs.log.log(), database_, progress_, caches_, needs.clock, query_settings(needs.config)},
      feed_access_(authentication, needs.feed_tickets, needs.clock,
                   spent_tickets(needs.config, needs.clock)) {
    feed_.emplace(context_, feed_access_.hooks(), feed_settings(needs.lines));
    needs.metrics.gauge_from("dacapo_feed_sockets", "Open WebSockets",
                             [this] { return static_cast<double>(feed_->counts().sockets); });
    needs.metrics.gauge_from("dacapo_feed_frames", "Frames sent",
                             [this] { return static_cast<double>(feed_->counts().frames); });
}

std::vector<RunnerOptions::Sink> QuerySide::sinks() {
    return {[this](std::span<const LogEntryPtr> entries) { drop_for(caches_.counters(), entries); },
            [this](std::span<const LogEntryPtr> entries) { feed_->publish(entries); }};
}

void QuerySide::follow_tables() {
    follower_session_ = database_.open_reader();
    TableFollowerOptions options;
    options.sinks = sinks();
    options.trouble = [&lines = needs_.lines](std::string_view what) {
        lines.error("read models", {{"error", what}});
    };
    follower_.emplace(needs_.log.log(), *follower_session_, progress_, needs_.clock, std::move(options));
    lag_from([this] { return std::chrono::duration<double>(follower_->lag()).count(); });
    follower_->start();
}

void QuerySide::stop() {
    if (follower_) follower_->stop();
    feed_access_.stop();
}

std::vector<http::Route> QuerySide::routes() { return routes_of(context_); }

std::vector<http::Route> known_queries(const ServerNeeds& needs) {
    // Nothing of this is ever asked: a command server may have no read database at all.
    sql::ReadDatabaseOptions empty;
    empty.url = "sqlite::memory:";
    empty.reader_count = 1;
    sql::ReadDatabase database(empty);
    Progress progress(needs.log.log().start());
    Caches caches(1);
    const QueryContext context{needs.log.log(), database,    progress,
                               caches,          needs.clock, query_settings(needs.config)};
    auto routes = routes_of(context);
    if (needs.config.docs)
        routes = with_documents(std::move(routes), {needs.config.public_url, program_version});
    return answered_elsewhere(std::move(routes));
}

}  // namespace dacapo
