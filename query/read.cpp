#include "query/read.hpp"

#include "api/position_token.hpp"
#include "infra/http/problem.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace dacapo {
namespace {

namespace asio = boost::asio;

constexpr std::string_view position_cookie = "dacapo-position";

// Takes the text before `separator` off the front, without white space around it.
std::string_view next_part(std::string_view& text, char separator) {
    const auto end = std::min(text.find(separator), text.size());
    auto part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!part.empty() && (part.front() == ' ' || part.front() == '\t')) part.remove_prefix(1);
    while (!part.empty() && (part.back() == ' ' || part.back() == '\t')) part.remove_suffix(1);
    return part;
}

[[noreturn]] void refuse_position(bool from_cookie) {
    http::Problem problem(
        400, "position_unknown",
        "The position is none of this log's. Read again without it: header Dacapo-Position, "
        "cookie dacapo-position or query parameter after.");
    // A browser would go on sending it for ever.
    if (from_cookie) problem.headers.emplace_back("Set-Cookie", "dacapo-position=; Path=/; Max-Age=0");
    throw problem;
}

// Every position the request brings, in one. The newest of each shard counts.
std::optional<api::PositionToken> position_of(const http::Request& request, const std::string& epoch) {
    std::optional<api::PositionToken> merged;
    const auto take = [&](std::string_view text, bool from_cookie) {
        if (text.empty()) return;
        const auto token = api::position_from_text(text);
        if (!token || token->epoch != epoch) refuse_position(from_cookie);
        if (merged)
            merged->merge(*token);
        else
            merged = token;
    };
    for (std::string_view header = request.dacapo_position; !header.empty();)
        take(next_part(header, ','), false);
    if (const auto after = request.query_value("after")) take(*after, false);
    for (std::string_view cookies = request.cookie; !cookies.empty();) {
        auto value = next_part(cookies, ';');
        const auto name = next_part(value, '=');
        if (name == position_cookie) take(value, true);
    }
    return merged;
}

bool may_bring_position(const http::Request& request) {
    return !request.dacapo_position.empty() || request.cookie.find(position_cookie) != std::string::npos ||
           request.query_value("after").has_value();
}

asio::awaitable<http::Response> wait_then_answer(const QueryContext& context, const http::Handler& answer,
                                                 http::Request& request, Frontier head) {
    if (const auto position = position_of(request, context.log.epoch())) {
        const auto wanted = position->frontier(context.log.start());
        if (!co_await context.progress.wait(wanted, position_wait_ms_max))
            throw http::Problem(504, "not_there_yet",
                                fmt::format("The tables are {} records behind the position asked for.",
                                            context.progress.passed().missing_of(wanted)));
    }
    if (co_await context.progress.wait(head, catch_up_ms_max)) co_return co_await answer(request);
    auto response = co_await answer(request);
    response.set_header("Dacapo-Lag", fmt::format("{:.3f}", context.lag_seconds()));
    co_return response;
}

}  // namespace

http::Handler reading(const QueryContext& context, http::Handler answer) {
    return [&context, answer = std::move(answer)](http::Request& request) -> asio::awaitable<http::Response> {
        const auto head = context.log.head();
        if (context.progress.has_passed(head) && !may_bring_position(request)) return answer(request);
        return wait_then_answer(context, answer, request, head);
    };
}

http::Route read_route(const QueryContext& context, std::string pattern, std::string operation_id,
                       http::Handler answer) {
    http::Route route;
    route.pattern = std::move(pattern);
    route.operation_id = std::move(operation_id);
    route.query.push_back({"after", R"({"type":"string"})",
                           "A Dacapo-Position: the answer shows at least the change that it names."});
    route.handler = reading(context, std::move(answer));
    return route;
}

void add_page_parameters(http::Route& route) {
    const auto integer = [](std::int64_t least, std::int64_t most, std::int64_t otherwise) {
        return fmt::format(R"({{"type":"integer","minimum":{},"maximum":{},"default":{}}})", least, most,
                           otherwise);
    };
    const std::array<http::Parameter, 3> parameters{{
        {"skip", integer(0, api::skip_max, 0), "How many to leave out before the page."},
        {"limit", integer(1, api::limit_max, api::limit_default), "How many the page holds at most."},
        {"count", R"({"type":"boolean","default":false})", "Whether X-Total-Count is wanted."},
    }};
    route.query.insert(route.query.begin(), parameters.begin(), parameters.end());
}

void add_page_and_cursor_parameters(http::Route& route) {
    route.query.insert(route.query.begin(), {"cursor", R"({"type":"string","maxLength":100})",
                                             "Instead of skip: empty for the first page, then as `Link` has "
                                             "it. However the list changes meanwhile, nothing "
                                             "that was there throughout is left out or comes twice."});
    add_page_parameters(route);
    route.responses.push_back({400, "The cursor is none of this list.", "", {"cursor_unknown"}});
}

AnswerPtr make_answer(std::string body, std::string link, std::string total) {
    auto answer = std::make_shared<Answer>();
    answer->etag = etag_of(body, link + total);
    answer->body = std::make_shared<const std::string>(std::move(body));
    // Checked here once; copied as they are with each answer.
    http::Response checked;
    checked.set_header("ETag", answer->etag);
    checked.set_header("Cache-Control", "no-cache, private");
    if (!link.empty()) checked.set_header("Link", link);
    if (!total.empty()) checked.set_header("X-Total-Count", total);
    answer->headers = std::move(checked.headers);
    return answer;
}

http::Response respond(const Answer& answer, const http::Request& request) {
    http::Response response;
    response.headers = answer.headers;
    if (!request.if_none_match.empty() && http::etag_matches(request.if_none_match, answer.etag)) {
        response.status = 304;
    } else {
        response.shared_body = answer.body;
    }
    return response;
}

void rethrow_as_problem(std::exception_ptr error) {
    const auto come_again = [](std::string code, std::string detail) {
        http::Problem problem(503, std::move(code), std::move(detail));
        problem.headers.emplace_back("Retry-After", "1");
        return problem;
    };
    try {
        std::rethrow_exception(error);
    } catch (const sql::QueueFull&) {
        throw come_again("overloaded", "Too many reads wait for the tables.");
    } catch (const sql::Stopped&) {
        throw come_again("stopping", "The server is stopping.");
    } catch (const sql::Error& failure) {
        if (failure.kind == sql::ErrorKind::statement) throw;  // A fault of ours.
        throw come_again("read_models_unavailable", "The tables cannot be read at the moment.");
    }
}

AnswerPtr ListWriter::finish(const QueryContext& context, const http::Request& request,
                             std::optional<std::int64_t> total) {
    out_.end_array();
    const bool more = row_count_ > page_.limit;
    const auto& url = context.settings.public_url;
    std::string link;
    if (page_.walk) {
        std::optional<api::Shown> shown;
        if (!begins_.empty())
            shown = is_backwards() ? api::Shown{farthest_, nearest_} : api::Shown{nearest_, farthest_};
        link = api::link_of(url, request, page_, more, shown, context.cursors);
    } else {
        link = api::link_of(url, request, page_, more);
    }
    return make_answer(is_backwards() ? turned_round() : std::move(text_), std::move(link),
                       total ? std::to_string(*total) : std::string());
}

std::string ListWriter::turned_round() const {
    std::string turned = "[";
    turned.reserve(text_.size());
    auto end = text_.size() - 1;  // of the array's own bracket
    for (auto at = begins_.size(); at-- > 0;) {
        const auto begin = begins_[at] + (at > 0 ? 1 : 0);
        if (turned.size() > 1) turned += ',';
        turned.append(text_, begin, end - begin);
        end = begins_[at];
    }
    return turned += ']';
}

}  // namespace dacapo
