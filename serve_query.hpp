// The read side of a server, put together: caches, the routes of queries, the live feed, and what tells them
// how far the read models are - the projection runner of this process, or the read database where others
// write it.
#pragma once

#include "infra/http/route.hpp"
#include "projections/runner.hpp"
#include "query/feed_hub.hpp"
#include "query/table_follower.hpp"
#include "serve_authentication.hpp"
#include "serve_feed_access.hpp"
#include "serve_parts.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace dacapo {

// The routes of queries as a command server has them: known, and answered elsewhere.
std::vector<http::Route> known_queries(const ServerNeeds& needs);

class QuerySide {
public:
    QuerySide(const ServerNeeds& needs, sql::ReadDatabase& database, const Authentication& authentication);

    // What the runner of this process calls, in order, when it has committed.
    std::vector<RunnerOptions::Sink> sinks();
    Progress& progress() { return progress_; }
    FeedHub& feed() { return *feed_; }

    // Where another process writes the read models. Throws sql::Error.
    void follow_tables();
    // There are tables to read.
    bool is_ready() const { return !follower_ || follower_->is_following(); }
    void stop();

    std::vector<http::Route> routes();
    // How far behind the tables are, in seconds; a runner of this process tells by itself.
    void lag_from(std::function<double()> lag_seconds) { context_.lag_seconds = std::move(lag_seconds); }
    double lag_seconds() const { return context_.lag_seconds(); }

private:
    const ServerNeeds needs_;
    sql::ReadDatabase& database_;
    Progress progress_;
    Caches caches_;
    QueryContext context_;
    FeedAccess feed_access_;
    std::optional<FeedHub> feed_;
    std::unique_ptr<sql::Session> follower_session_;
    std::optional<TableFollower> follower_;
};

}  // namespace dacapo
