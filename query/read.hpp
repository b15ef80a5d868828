// What all read routes share: waiting until the tables show what was acknowledged, and answering with an ETag
// from the cache or from the tables. Kept in one place so that no route can forget it.
#pragma once

#include "api/json.hpp"
#include "api/list.hpp"
#include "infra/http/route.hpp"
#include "query/context.hpp"

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dacapo {

// A read waits this long for what was acknowledged when it arrived, then answers with `Dacapo-Lag`.
inline constexpr std::chrono::milliseconds catch_up_ms_max{250};
// A read that brings a position waits this long for it, then answers 504.
inline constexpr std::chrono::milliseconds position_wait_ms_max{2000};

// The handler `answer`, after the waiting. Nothing is suspended when the tables are up to date.
http::Handler reading(const QueryContext& context, http::Handler answer);

// A GET route whose handler is wrapped in `reading`, with the parameters that come with it.
http::Route read_route(const QueryContext& context, std::string pattern, std::string operation_id,
                       http::Handler answer);
// Adds skip, limit and count before the route's own parameters; and cursor, where the list takes it.
void add_page_parameters(http::Route& route);
void add_page_and_cursor_parameters(http::Route& route);

// A body with its ETag and `Cache-Control: no-cache, private`. `link` and `total` become headers unless
// empty.
AnswerPtr make_answer(std::string body, std::string link = {}, std::string total = {});

// The answer, or 304 when the client has it already.
http::Response respond(const Answer& answer, const http::Request& request);

// Rethrows what the database threw as the 503 that tells the client to come again, or as it is.
[[noreturn]] void rethrow_as_problem(std::exception_ptr error);

// Reads the tables on a thread of theirs and resumes here.
template <class Read>  // AnswerPtr(sql::Session&), may throw Problem
boost::asio::awaitable<AnswerPtr> read_tables(const QueryContext& context, Read read) {
    std::exception_ptr error;
    try {
        co_return co_await context.database.run(std::move(read));
    } catch (...) {
        error = std::current_exception();
    }
    rethrow_as_problem(error);
}

// The same, and keeps the answer in this thread's cache while `tags` are unchanged.
template <class Read>
boost::asio::awaitable<AnswerPtr> fill(const QueryContext& context, std::string key, std::vector<Tag> tags,
                                       Read read) {
    // While the tables are built from the first record nothing is announced to the caches, so nothing is
    // kept.
    const bool announced = context.progress.passed() != context.log.start();
    const auto watch = context.caches.here().watch(tags);
    auto answer = co_await read_tables(context, std::move(read));
    if (announced) context.caches.here().put(std::move(key), answer, watch);
    co_return answer;
}

// The text of a list. One row more than the page holds is asked for: it only tells that there are more. Rows
// of a page before a cursor come nearest first and are turned round.
class ListWriter {
public:
    explicit ListWriter(const api::Page& page) : page_(page) {
        text_.reserve(static_cast<std::size_t>(std::min<std::int64_t>(page.limit, 64)) * row_bytes_guess);
        out_.begin_array();
    }

    // The `limit` of the SQL statement.
    std::int64_t row_count_max() const { return page_.limit + 1; }
    // `place`: in the order of a list that takes a cursor.
    template <class Resource>
    void add(const Resource& resource, api::Place place = {}) {
        if (row_count_++ >= page_.limit) return;
        begins_.push_back(text_.size());
        api::write(out_, resource);
        if (begins_.size() == 1) nearest_ = place;
        farthest_ = place;
    }
    AnswerPtr finish(const QueryContext& context, const http::Request& request,
                     std::optional<std::int64_t> total);

private:
    static constexpr std::size_t row_bytes_guess = 512;

    bool is_backwards() const { return page_.cursor() && page_.cursor()->side == api::Side::before; }
    std::string turned_round() const;

    api::Page page_;
    std::string text_;
    JsonWriter out_{text_};
    std::int64_t row_count_ = 0;
    std::vector<std::size_t> begins_;  // of the rows in the text; a comma stands before all but the first
    api::Place nearest_;               // the first row that came
    api::Place farthest_;              // the last one that is shown
};

}  // namespace dacapo
