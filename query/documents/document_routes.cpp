// GET /openapi.json and the page /docs with its files.
#include "infra/http/problem.hpp"
#include "query/documents/docs_page.hpp"
#include "query/documents/openapi.hpp"
#include "query/read.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace dacapo {
namespace {

namespace asio = boost::asio;

http::Route document_route(std::string pattern, std::string operation_id, std::string summary,
                           std::string description, std::string content_type, http::Handler handler) {
    http::Route route;
    route.pattern = std::move(pattern);
    route.operation_id = std::move(operation_id);
    route.tag = "documents";
    route.summary = std::move(summary);
    route.description = std::move(description);
    route.responses = {{200, route.summary + ".", R"({"type":"string"})", {}, std::move(content_type)},
                       {304, "Nothing has changed since that ETag.", "", {}}};
    route.handler = std::move(handler);
    return route;
}

asio::awaitable<http::Response> get_document(std::shared_ptr<const AnswerPtr> document,
                                             const http::Request& request) {
    co_return respond(**document, request);
}

// In lower case, without white space.
std::string plain(std::string_view text) {
    std::string result;
    for (const char c : text)
        if (c != ' ' && c != '\t') result += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    return result;
}

// A weight of zero refuses (RFC 9110 12.4.2); gzip's own name counts more than `*`.
bool accepts_gzip(std::string_view field) {
    std::optional<bool> named, any;
    while (!field.empty()) {
        const auto end = std::min(field.find(','), field.size());
        const auto part = plain(field.substr(0, end));
        field.remove_prefix(std::min(end + 1, field.size()));
        const auto weight = part.find(";q=0");
        const bool accepted = weight == part.npos || part.find_first_not_of("0.", weight + 3) != part.npos;
        const auto name = part.substr(0, part.find(';'));
        if (name == "gzip" || name == "x-gzip") named = accepted;
        if (name == "*") any = accepted;
    }
    return named.value_or(any.value_or(false));
}

// The files are kept packed: a client that says it cannot unpack gets 406.
asio::awaitable<http::Response> get_file(AnswerPtr file, std::string_view content_type,
                                         const http::Request& request) {
    if (!request.accept_encoding.empty() && !accepts_gzip(request.accept_encoding))
        throw http::Problem(406, "not_acceptable", "This file is only kept with Content-Encoding gzip.");
    auto response = respond(*file, request);
    response.content_type = content_type;
    co_return response;
}

asio::awaitable<http::Response> get_page(AnswerPtr page, const http::Request& request) {
    auto response = respond(*page, request);
    response.content_type = "text/html; charset=utf-8";
    co_return response;
}

http::Route page_route() {
    auto page = std::make_shared<Answer>(*make_answer(docs_page()));
    page->headers.emplace_back("Content-Security-Policy", docs_security_policy);
    page->headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
    auto get = [page = AnswerPtr(page)](http::Request& request) { return get_page(page, request); };
    return document_route(
        "/docs", "getDocs", "This API as a page to read and to try",
        "Every operation with its examples, to be tried from the page, and every problem with its "
        "explanation: the `type` of a problem leads here.",
        "text/html", std::move(get));
}

http::Route file_route(const DocsFile& file, std::size_t number) {
    auto answer = std::make_shared<Answer>();
    answer->body = std::make_shared<const std::string>(file.bytes);
    answer->etag = file.etag;
    http::Response checked;
    checked.set_header("ETag", file.etag);
    checked.set_header("Cache-Control", "no-cache");
    checked.set_header("Content-Encoding", "gzip");
    checked.set_header("Vary", "Accept-Encoding");
    answer->headers = std::move(checked.headers);

    auto get = [answer = AnswerPtr(answer), type = file.content_type](http::Request& request) {
        return get_file(answer, type, request);
    };
    auto media_type = std::string(file.content_type.substr(0, file.content_type.find(';')));
    auto route = document_route(
        std::string(file.path), "getDocsFile" + std::to_string(number), "A file of the page /docs",
        "Served from here, so that the page needs no other host. It is kept packed: a client "
        "that takes no gzip gets 406.",
        std::move(media_type), std::move(get));
    route.responses.push_back({406, "The client does not take gzip.", "", {"not_acceptable"}});
    return route;
}

}  // namespace

std::vector<http::Route> with_documents(std::vector<http::Route> routes, const DocumentInfo& info) {
    // Filled below, once every route is known: the document holds the route that serves it, too.
    const auto document = std::make_shared<AnswerPtr>();
    auto get = [document](http::Request& request) { return get_document(document, request); };
    routes.push_back(
        document_route("/openapi.json", "getOpenapi", "This API as an OpenAPI 3.1 document",
                       "For generators of clients and for tools that test. The page /docs is made from "
                       "it.",
                       "application/json", std::move(get)));
    routes.back().responses[0].schema = R"({"type":"object"})";
    routes.back().responses[0].example = R"({"openapi":"3.1.0","info":{"title":"dacapo"},"paths":{}})";
    routes.push_back(page_route());
    std::size_t number = 1;
    for (const auto& file : docs_files()) routes.push_back(file_route(file, number++));
    *document = make_answer(openapi_document(routes, info));
    return routes;
}

}  // namespace dacapo
