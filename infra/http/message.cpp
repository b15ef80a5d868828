#include "infra/http/message.hpp"

#include <algorithm>
#include <stdexcept>

namespace dacapo::http {

std::string_view name_of(Method method) {
    switch (method) {
        case Method::get:
            return "GET";
        case Method::head:
            return "HEAD";
        case Method::post:
            return "POST";
        case Method::put:
            return "PUT";
        case Method::patch:
            return "PATCH";
        case Method::del:
            return "DELETE";
        case Method::options:
            return "OPTIONS";
        case Method::other:
            return "OTHER";
    }
    return "GET";
}

void Request::clear() {
    method = Method::get;
    for (std::string* text :
         {&path, &body, &authorization, &content_type, &if_match, &if_none_match, &idempotency_key, &cookie,
          &dacapo_position, &origin, &traceparent, &user_agent, &accept_encoding, &request_id}) {
        text->clear();
    }
    query.clear();
    ids.clear();
    names.clear();
    principal.reset();
    security.reset();
    forwarded = false;
}

void Response::set_header(std::string_view name, std::string_view value) {
    const auto splits = [](char byte) { return byte == '\r' || byte == '\n' || byte == '\0'; };
    if (name.empty() || std::ranges::any_of(name, splits) || std::ranges::any_of(value, splits))
        throw std::invalid_argument("a header may hold no CR, LF or NUL");
    headers.emplace_back(name, value);
}

std::string_view reason_of(int status) {
    switch (status) {
        case 100:
            return "Continue";
        case 101:
            return "Switching Protocols";
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 206:
            return "Partial Content";
        case 304:
            return "Not Modified";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 406:
            return "Not Acceptable";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 410:
            return "Gone";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 417:
            return "Expectation Failed";
        case 421:
            return "Misdirected Request";
        case 422:
            return "Unprocessable Content";
        case 426:
            return "Upgrade Required";
        case 428:
            return "Precondition Required";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        case 505:
            return "HTTP Version Not Supported";
        case 507:
            return "Insufficient Storage";
        default:
            return "Unknown";
    }
}

bool etag_matches(std::string_view if_none_match, std::string_view etag) {
    const auto opaque = [](std::string_view tag) { return tag.starts_with("W/") ? tag.substr(2) : tag; };
    const std::string_view wanted = opaque(etag);
    while (true) {
        const auto begin = if_none_match.find_first_not_of(" \t,");
        if (begin == std::string_view::npos) return false;
        if_none_match.remove_prefix(begin);
        if (if_none_match.front() == '*') return true;
        // A comma may stand within the quotes, so the end is the second quote and not the next comma.
        const auto open = if_none_match.find('"');
        const auto close = open == std::string_view::npos ? open : if_none_match.find('"', open + 1);
        if (close == std::string_view::npos) return false;
        const std::string_view tag = if_none_match.substr(0, close + 1);
        if (opaque(tag) == wanted) return true;
        if_none_match.remove_prefix(close + 1);
    }
}

}  // namespace dacapo::http
