// That the check of the http suite can fail: an answer as the document has it, and each way to be another.
#include "tests/support/documented.hpp"

#include "infra/http/message.hpp"
#include "infra/http/problem.hpp"

#include <doctest/doctest.h>
#include <functional>

namespace dacapo::test {
namespace {

namespace json = boost::json;

const Headers of_every_answer{{"Server", "dacapo"},
                              {"X-Content-Type-Options", "nosniff"},
                              {"Referrer-Policy", "no-referrer"},
                              {"Cross-Origin-Resource-Policy", "same-site"},
                              {"Vary", "Origin"},
                              {"Date", "Thu, 14 Mar 2024 12:00:00 GMT"},
                              {"X-Request-Id", "5f1c2a9e"},
                              {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"}};

void set(HttpAnswer& answer, std::string_view name, std::string value) {
    for (auto& [key, old] : answer.headers)
        if (key == name) old = std::move(value);
}
void drop(HttpAnswer& answer, std::string_view name) {
    std::erase_if(answer.headers, [&](const auto& field) { return field.first == name; });
}
// Replaces, adds or (by a null) takes away a member of the body.
void edit(HttpAnswer& answer, std::string_view name, const json::value& value) {
    auto body = json::parse(answer.body).as_object();
    body.erase(name);
    if (!value.is_null()) body[name] = value;
    answer.body = json::serialize(body);
}

class Wrong {
public:
    Wrong() { documented_.read(document_text_); }

    // What a read of the example of this schema answers.
    HttpAnswer read(std::string_view schema) const {
        HttpAnswer answer{200, of_every_answer, json::serialize(example(schema))};
        for (const auto& [name, value] : Headers{{"Content-Type", "application/json"},
                                                 {"Cache-Control", "no-cache, private"},
                                                 {"ETag", "\"1f\""}})
            answer.headers.emplace_back(name, value);
        return answer;
    }
    HttpAnswer problem(int status, const std::string& code) const {
        auto body = example(status == 429 ? "QuotaProblem" : "Problem").as_object();
        body["status"] = status;
        body["code"] = code;
        body["type"] = http::problem_type(status, code);
        body["title"] = http::reason_of(status);
        HttpAnswer answer{status, of_every_answer, json::serialize(body)};
        answer.headers.emplace_back("Content-Type", "application/problem+json");
        answer.headers.emplace_back("Cache-Control", "no-store");
        return answer;
    }
    std::string fault_of(std::string_view method, std::string_view target, const HttpAnswer& answer) const {
        return documented_.fault_of(method, target, answer);
    }
    // Fine as it is, and this fault once it is edited.
    void check(std::string_view method, std::string_view target, HttpAnswer answer,
               const std::function<void(HttpAnswer&)>& wrong, const std::string& fault) const {
        CAPTURE(fault);
        CHECK(fault_of(method, target, answer) == "");
        wrong(answer);
        const auto found = fault_of(method, target, answer);
        CHECK_MESSAGE(found.find(fault) != found.npos, found);
    }
    void check_user(const std::function<void(HttpAnswer&)>& wrong, const std::string& fault) const {
        check("GET", "/users/7", read("User"), wrong, fault);
    }

private:
    const json::value& example(std::string_view schema) const {
        return document_.at("components").at("schemas").at(schema).at("examples").at(0);
    }

    std::string document_text_ = kept_document();
    json::value document_ = json::parse(document_text_);
    Documented documented_;
};

TEST_CASE_FIXTURE(Wrong, "a body that is not as its schema is a fault") {
    check_user([](auto& answer) { edit(answer, "bio", nullptr); }, "/bio is missing");
    check_user([](auto& answer) { edit(answer, "karma", 3); }, "/karma is not documented");
    check_user([](auto& answer) { edit(answer, "username", 3); }, "/username has another type");
    check_user([](auto& answer) { edit(answer, "role", "king"); }, "/role is not in the enum");
    check_user([](auto& answer) { edit(answer, "id", 0); }, "/id is below the minimum");
    check_user([](auto& answer) { edit(answer, "id", 9007199254740992); }, "/id is above the maximum");
    check_user([](auto& answer) { edit(answer, "created_at", "2024-13-14T12:00:00Z"); },
               "/created_at is not of the format");
    check_user([](auto& answer) { answer.body = "{"; }, "no JSON");
}

TEST_CASE_FIXTURE(Wrong, "a status, a media type and a body where the document has none are faults") {
    check_user([](auto& answer) { answer.status = 202; }, "this status is not documented");
    check_user([](auto& answer) { set(answer, "Content-Type", "text/html"); },
               "media type text/html is not documented");
    auto head = read("User");
    head.body.clear();
    check(
        "HEAD", "/users/7", head, [](auto& answer) { answer.body = "{}"; }, "a body for HEAD");
    auto gone = head;
    gone.status = 204;
    drop(gone, "ETag");
    set(gone, "Cache-Control", "no-store");
    gone.headers.emplace_back("Dacapo-Position", "p");
    check(
        "DELETE", "/checkins/17", gone, [](auto& answer) { answer.body = "{}"; },
        "a body where none is documented");
}

TEST_CASE_FIXTURE(Wrong,
                  "headers are held against the document, and every answer's against the rules for all") {
    check_user([](auto& answer) { drop(answer, "ETag"); }, "ETag is missing");
    check_user([](auto& answer) { set(answer, "ETag", "bare"); }, "ETag is not of the pattern");
    check_user([](auto& answer) { set(answer, "Cache-Control", "public, max-age=60"); },
               "Cache-Control is not in the enum");
    check_user([](auto& answer) { answer.headers.emplace_back("X-Powered-By", "tea"); },
               "X-Powered-By is not documented");
    check_user([](auto& answer) { answer.headers.emplace_back("Dacapo-Lag", "late"); },
               "Dacapo-Lag has another type");
    check_user([](auto& answer) { drop(answer, "X-Content-Type-Options"); }, "X-Content-Type-Options is");
    check_user([](auto& answer) { set(answer, "Content-Security-Policy", "default-src 'self'"); },
               "pages of elsewhere may frame it");
    auto across = read("User");
    across.headers.emplace_back("Access-Control-Expose-Headers",
                                "Dacapo-Lag, ETag, RateLimit, RateLimit-Policy");
    check(
        "GET", "/users/7", across,
        [](auto& answer) { set(answer, "Access-Control-Expose-Headers", "RateLimit, RateLimit-Policy"); },
        "is hidden from pages of other origins");
    for (const auto& [value, fault] : {std::pair{"public", "Cache-Control is not in the enum"},
                                       std::pair{"no-cache", "caches may share it"}})
        check(
            "GET", "/auth/me", read("Me"),
            [value = value](auto& answer) { set(answer, "Cache-Control", value); }, fault);
    auto made = read("Authenticated");
    drop(made, "ETag");
    set(made, "Cache-Control", "no-store");
    made.headers.emplace_back("Dacapo-Position", "p");
    made.headers.emplace_back("Location", "/users/7");
    check(
        "POST", "/register", made, [](auto& answer) { drop(answer, "Location"); }, "Location is missing");
    check(
        "POST", "/register", made, [](auto& answer) { set(answer, "Location", "http://elsewhere/"); },
        "Location is not of the pattern");
    check(
        "POST", "/register", made, [](auto& answer) { set(answer, "Cache-Control", "no-cache"); },
        "caches may keep it");
}

TEST_CASE_FIXTURE(Wrong, "a problem is one of its operation's, explained, and complete") {
    const auto missing = problem(404, "not_found");
    const auto check_missing = [&](const std::function<void(HttpAnswer&)>& wrong, const std::string& fault) {
        check("GET", "/users/7", missing, wrong, fault);
    };
    check_missing([this](auto& answer) { answer = problem(404, "not_in"); }, "code not_in is not documented");
    check_missing([this](auto& answer) { answer = problem(404, "lost"); }, "code lost is explained nowhere");
    check_missing([this](auto& answer) { answer = problem(403, "not_found"); },
                  "code not_found is none of 403");
    check_missing([this](auto& answer) { answer = problem(403, "admin_only"); },
                  "this status is not documented");
    check_missing([](auto& answer) { set(answer, "Content-Type", "application/json"); },
                  "no application/problem+json");
    check_missing([](auto& answer) { set(answer, "Cache-Control", "no-cache"); },
                  "an error that caches may keep");
    check_missing([](auto& answer) { edit(answer, "detail", nullptr); }, "/detail is missing");
    check_missing([](auto& answer) { edit(answer, "title", "Lost"); }, "the problem's title is another");
    check_missing([](auto& answer) { edit(answer, "status", 410); }, "the problem's status is another");
    check_missing([](auto& answer) { edit(answer, "type", "about:blank"); }, "the problem's type is another");
    check_missing([](auto& answer) { edit(answer, "request_id", "other"); },
                  "the problem's request_id is another");
    for (const auto& [status, code, field] :
         {std::tuple{401, "token_missing", "WWW-Authenticate"},
          std::tuple{429, "rate_limited", "Retry-After"}, std::tuple{503, "stopping", "Retry-After"}}) {
        auto refused = problem(status, code);
        refused.headers.emplace_back(field, "1");
        check(
            "GET", "/auth/me", refused, [&, name = field](auto& answer) { drop(answer, name); },
            std::string("no ") + field);
    }
}

TEST_CASE_FIXTURE(Wrong, "what is in no document is a problem all the same") {
    check(
        "GET", "/nowhere", problem(404, "not_found"), [this](auto& answer) { answer = read("User"); },
        "an answer that is no problem");
    check(
        "GET", "/nowhere", problem(404, "not_found"),
        [this](auto& answer) { answer = problem(403, "admin_only"); }, "where nothing is documented");
    auto refused = problem(405, "method_not_allowed");
    refused.headers.emplace_back("Allow", "GET, HEAD, OPTIONS");
    check(
        "DELETE", "/users", refused, [](auto& answer) { set(answer, "Allow", "HEAD, OPTIONS"); },
        "Allow does not name GET");
    check(
        "DELETE", "/users", refused, [](auto& answer) { set(answer, "Allow", "GET, PUT, OPTIONS"); },
        "Allow names PUT");
    check(
        "", "", problem(400, "malformed_request"), [](auto& answer) { edit(answer, "instance", nullptr); },
        "/instance is missing");
    check(
        "", "", problem(400, "malformed_request"),
        [this](auto& answer) { answer = problem(404, "not_found"); }, "is refused for its framing");
    check(
        "GET", "/api/ws/abc", problem(400, "bad_websocket_key"),
        [this](auto& answer) { answer = problem(400, "bad_socket"); }, "is explained nowhere");
    HttpAnswer switched{101, of_every_answer, ""};
    for (const auto* name : {"Upgrade", "Connection", "Sec-WebSocket-Accept"})
        switched.headers.emplace_back(name, std::string_view(name) == "Upgrade" ? "websocket" : "Upgrade");
    check(
        "GET", "/ws?token=x", switched, [](auto& answer) { drop(answer, "Sec-WebSocket-Accept"); },
        "Sec-WebSocket-Accept is missing");
    CHECK(fault_of("GET", "/users/7", switched) == "no path of a WebSocket");
}

TEST_CASE_FIXTURE(Wrong,
                  "the prefix /api, a slash at the end, a query and a host do not hide the operation") {
    auto wrong = read("User");
    edit(wrong, "karma", 3);
    for (const auto* target :
         {"/api/users/7", "/users/7/", "/users/7?after=x", "http://localhost/users/7", "/users/me"})
        CHECK_MESSAGE(fault_of("GET", target, wrong) != "", target);
}

}  // namespace
}  // namespace dacapo::test
