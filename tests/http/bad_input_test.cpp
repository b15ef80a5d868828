// Bodies, paths and queries that no client should send: each gets its problem with a code, and nothing is
// recorded.
#include "tests/support/running_server.hpp"

#include <doctest/doctest.h>

namespace dacapo::test {
namespace {

struct Case {
    std::string what;
    std::string method;
    std::string path;
    std::string body;
    std::string told;           // status and code
    std::string pointers = {};  // "pointer code" of each fault, separated by commas
};

std::string pointers_of(const Answer& answer) {
    std::string text;
    for (const auto& error : answer.list("errors")) {
        if (!text.empty()) text += ", ";
        text.append(error.at("pointer").as_string()).append(" ").append(error.at("code").as_string());
    }
    return text;
}

void check_refused(const std::vector<Case>& cases) {
    RunningServer server;
    auto zoe = server.person("zoe");
    server.person("malik");
    zoe.create_event("Jam");
    const auto head = server.log_head();
    for (const auto& one : cases) {
        const auto answer = zoe.send(one.method, one.path, one.body);
        CHECK_MESSAGE(answer.told() == one.told, one.what << ": " << answer.body);
        if (!one.pointers.empty()) CHECK_MESSAGE(pointers_of(answer) == one.pointers, one.what);
        CHECK_MESSAGE(answer.header("Content-Type") == "application/problem+json", one.what);
    }
    CHECK(server.log_head() == head);
    CHECK(zoe.get("/auth/me").status == 200);
}

std::string event_with(const std::string& members) {
    return R"({"title":"T","description":"","date":"2024-03-15T20:00:00","location":"L")" + members + "}";
}
std::string event_on(const std::string& date) {
    return R"({"title":"T","description":"","location":"L","date":")" + date + "\"}";
}
std::string registering(const std::string& username, const std::string& email, const std::string& secret) {
    return R"({"username":")" + username + R"(","email":")" + email + R"(","password":")" + secret + "\"}";
}
std::string repeated(const std::string& text, int count) {
    std::string all;
    while (count-- > 0) all += text;
    return all;
}
std::string message(const std::string& content, const std::string& receiver = "2") {
    return R"({"content":)" + content + R"(,"receiver_id":)" + receiver + "}";
}

TEST_CASE("malformed JSON is 400") {
    const std::string deep(100, '[');
    check_refused({
        {"nothing", "POST", "/events", "", "415 unsupported_media_type"},
        {"half a body", "POST", "/events", R"({"title": "x")", "400 malformed_json"},
        {"no JSON", "POST", "/events", "title=x", "400 malformed_json"},
        {"something behind", "POST", "/messages", message("\"x\"") + "x", "400 malformed_json"},
        {"a comment", "POST", "/messages", "{/**/}", "400 malformed_json"},
        {"a trailing comma", "POST", "/messages", R"({"content":"x",})", "400 malformed_json"},
        {"single quotes", "POST", "/messages", "{'content':'x'}", "400 malformed_json"},
        {"nested too deep", "POST", "/messages", deep, "400 malformed_json"},
        {"a member twice", "POST", "/messages", R"({"content":"x","content":"y","receiver_id":2})",
         "400 duplicate_member", "/content duplicate_member"},
        {"invalid UTF-8", "POST", "/messages", message("\"\xC3\x28\""), "400 malformed_json"},
        {"overlong UTF-8", "POST", "/messages", message("\"\xC0\x80\""), "400 malformed_json"},
        {"a surrogate in UTF-8", "POST", "/messages", message("\"\xED\xA0\x80\""), "400 malformed_json"},
        {"half an escaped pair", "POST", "/messages", message(R"("\ud83c")"), "400 malformed_json"},
        {"a raw control character", "POST", "/messages", message("\"a\x01\""), "400 malformed_json"},
        {"a byte order mark", "POST", "/messages", "\xEF\xBB\xBF" + message("\"x\""), "400 malformed_json"},
        {"NaN", "POST", "/messages", message("NaN"), "400 malformed_json"},
    });
}

TEST_CASE("wrong types and missing and unknown members are 422 with all faults at once") {
    check_refused({
        {"an array", "POST", "/events", "[]", "422 invalid", " wrong_type"},
        {"a text", "POST", "/events", "\"x\"", "422 invalid"},
        {"null", "POST", "/events", "null", "422 invalid"},
        {"nothing in it", "POST", "/events", "{}", "422 invalid",
         "/title required, /description required, /date required, /location required"},
        {"numbers for texts", "POST", "/messages", R"({"content":1,"receiver_id":"2"})", "422 invalid",
         "/content wrong_type, /receiver_id wrong_type"},
        {"an unknown member", "POST", "/messages", R"({"content":"x","receiver_id":2,"sender_id":1})",
         "422 invalid", "/sender_id unknown_member"},
        {"null for a text", "POST", "/messages", message("null"), "422 invalid", "/content wrong_type"},
        {"a fraction for an id", "POST", "/messages", message("\"x\"", "2.5"), "422 invalid",
         "/receiver_id wrong_type"},
        {"true for a number", "POST", "/events", event_with(",\"capacity\":true"), "422 invalid",
         "/capacity wrong_type"},
        {"an unknown kind", "POST", "/events", event_with(",\"type\":\"rave\""), "422 invalid",
         "/type unknown_value"},
        {"a missing password", "POST", "/register", R"({"username":"abc","email":"a@example.org"})",
         "422 invalid", "/password required"},
        {"neither username nor name", "POST", "/register",
         R"({"email":"a@example.org","password":"long enough"})", "422 invalid", "/username required"},
        {"neither email nor username", "POST", "/login", R"({"password":"long enough"})", "422 invalid",
         "/email required"},
        {"two names of one member that differ", "POST", "/checkins",
         R"({"location_name":"a","locationName":"b"})", "422 invalid", "/locationName conflicting"},
        {"a wish that does not exist", "POST", "/events/1/join", R"({"status":"perhaps"})", "422 invalid",
         "/status unknown_value"},
    });
}

TEST_CASE("texts that cannot be stored are 422") {
    const std::string emoji = "\xF0\x9F\x8E\xB7";
    check_refused({
        {"U+0000", "POST", "/messages", message(R"("a\u0000b")"), "422 invalid",
         "/content control_character"},
        {"U+0000 in a title", "POST", "/events", event_with("").replace(10, 1, R"(\u0000)"), "422 invalid",
         "/title control_character"},
        {"U+0000 in a password", "POST", "/register",
         registering("abc", "a@example.org", R"(long\u0000enough)"), "422 invalid",
         "/password control_character"},
        {"an escape character", "POST", "/messages", message(R"("\u001b[31m")"), "422 invalid"},
        {"a line break in a title", "PATCH", "/events/1", R"({"title":"a\nb"})", "404 not_found"},
        {"nothing but spaces", "POST", "/messages", message("\"   \""), "422 invalid", "/content required"},
        {"nothing", "POST", "/messages", message("\"\""), "422 invalid", "/content required"},
        {"too long", "POST", "/messages", message("\"" + std::string(4001, 'x') + "\""), "422 invalid",
         "/content too_long"},
        {"a title of zero width", "POST", "/events", event_with("").replace(10, 1, "\xE2\x80\x8B"),
         "422 invalid"},
        {"a bad username", "POST", "/register", registering("a b", "a@example.org", "long enough"),
         "422 invalid", "/username invalid_username"},
        {"bad from end to end", "POST", "/register", registering("a!c", "no address", "short"), "422 invalid",
         "/username invalid_username, /email invalid_email, /password too_short"},
        {"a password that everybody has", "POST", "/register",
         registering("abc", "a@example.org", "Password1"), "422 invalid", "/password too_common"},
        {"64 characters of four bytes as a password", "POST", "/register",
         registering("abc", "a@example.org", repeated(emoji, 64)), "422 invalid", "/password too_long"},
        {"a password past 72 bytes", "POST", "/register",
         registering("abc", "a@example.org", std::string(73, 'x')), "422 invalid", "/password too_long"},
        {"a password past 72 bytes in few characters", "POST", "/register",
         registering("abc", "a@example.org", emoji + std::string(69, 'x')), "422 invalid",
         "/password too_long"},
    });
}

TEST_CASE("numbers out of range are 422") {
    check_refused({
        {"an id of 0", "POST", "/messages", message("\"x\"", "0"), "422 invalid",
         "/receiver_id out_of_range"},
        {"a negative id", "POST", "/messages", message("\"x\"", "-1"), "422 invalid",
         "/receiver_id out_of_range"},
        {"an id of 2^53", "POST", "/messages", message("\"x\"", "9007199254740992"), "422 invalid",
         "/receiver_id out_of_range"},
        {"an id past 64 bits", "POST", "/messages", message("\"x\"", "18446744073709551617"), "422 invalid",
         "/receiver_id out_of_range"},
        {"an id of 1e400", "POST", "/messages", message("\"x\"", "1e400"), "422 invalid",
         "/receiver_id out_of_range"},
        {"the largest id", "POST", "/messages", message("\"x\"", "9007199254740991"),
         "404 receiver_not_found"},
        {"no seats", "POST", "/events", event_with(",\"capacity\":0"), "422 invalid",
         "/capacity out_of_range"},
        {"too many seats", "POST", "/events", event_with(",\"capacity\":100001"), "422 invalid",
         "/capacity out_of_range"},
        {"past the pole", "POST", "/events", event_with(",\"latitude\":90.1,\"longitude\":0"), "422 invalid",
         "/latitude out_of_range"},
        {"half a place", "POST", "/checkins", R"({"location_name":"x","latitude":1})", "422 invalid"},
    });
}

TEST_CASE("dates that do not exist are 422") {
    std::vector<Case> cases;
    for (const char* date :
         {"2024-02-30T20:00:00", "2025-02-29T20:00:00", "2024-13-01T20:00:00", "2024-00-10T20:00:00",
          "2024-03-15T24:00:01", "2024-03-15T20:60:00", "0000-01-01T00:00:00"})
        cases.push_back({date, "POST", "/events", event_on(date), "422 invalid", "/date no_such_time"});
    for (const char* date :
         {"tomorrow", "2024-03-15", "15/03/2024 20:00", "2024-03-15T20:00:00+25:00", "1710417600",
          "99999-01-01T00:00:00", "-2024-03-15T20:00:00", "2024-03-15T20:00:00Zz"})
        cases.push_back({date, "POST", "/events", event_on(date), "422 invalid"});
    cases.push_back({"in the past", "POST", "/events", event_on("2024-03-01T20:00:00"), "422 invalid",
                     "/date date_past"});
    cases.push_back({"ends before it starts", "POST", "/events",
                     event_with(R"(,"ends_at":"2024-03-15T19:00:00")"), "422 invalid",
                     "/ends_at not_after_start"});
    cases.push_back({"an unknown time zone", "POST", "/events", event_with(R"(,"timezone":"Europe/Lyon")"),
                     "422 invalid", "/timezone unknown_timezone"});
    cases.push_back({"a path for a time zone", "POST", "/events",
                     event_with(R"(,"timezone":"../../etc/passwd")"), "422 invalid",
                     "/timezone unknown_timezone"});
    check_refused(cases);
}

TEST_CASE("ids in the path that are none are 422 and those of nobody 404") {
    std::vector<Case> cases;
    for (const char* id : {"-1", "0", "01", "+1", "1.0", "1e3", "abc", "9007199254740992",
                           "99999999999999999999", "%31%00", "0x10"})
        for (const char* path : {"/users/", "/events/"}) {
            const bool nul = std::string(id).find("%00") != std::string::npos;
            cases.push_back(
                {id, "GET", std::string(path) + id, "", nul ? "400 bad_target" : "422 invalid_id"});
        }
    cases.push_back({"nobody", "GET", "/users/9007199254740991", "", "404 not_found"});
    cases.push_back({"nothing", "DELETE", "/events/9007199254740991", "", "404 not_found"});
    cases.push_back({"no check-in", "DELETE", "/checkins/9007199254740991", "", "404 not_found"});
    cases.push_back({"no message", "PUT", "/messages/9007199254740991/read", "", "404 not_found"});
    cases.push_back({"no event", "POST", "/events/9007199254740991/join", "", "404 not_found"});
    cases.push_back(
        {"no event to change", "PUT", "/events/9007199254740991", event_with(""), "404 not_found"});
    cases.push_back({"a bad id and a bad body", "POST", "/events/-1/join", "[", "422 invalid_id"});
    check_refused(cases);
}

TEST_CASE("query parameters that cannot be are 422") {
    std::vector<Case> cases;
    for (const char* query : {"limit=0", "limit=501", "limit=-1", "limit=abc", "limit=", "limit=1e2",
                              "skip=-1", "skip=100001", "skip=99999999999999999999", "count=perhaps"})
        for (const char* path :
             {"/users/?", "/events?", "/messages/received?", "/messages/sent?", "/checkins?"})
            cases.push_back({query, "GET", std::string(path) + query, "", "422 invalid"});
    for (const char* query :
         {"status=none", "type=rave", "organizer=0", "organizer=x", "from=yesterday", "to=2024-02-30",
          "sort=title", "mine=perhaps", "q=%07", "from=2024-03-15T20:00:00%2B25:00"})
        cases.push_back({query, "GET", "/events?" + std::string(query), "", "422 invalid"});
    cases.push_back({"all faults", "GET", "/events?limit=0&skip=-1&type=x", "", "422 invalid",
                     "/query/type unknown_value, /query/skip out_of_range, /query/limit out_of_range"});
    cases.push_back({"too long a search", "GET", "/users?q=" + std::string(101, 'x'), "", "422 invalid",
                     "/query/q too_long"});
    cases.push_back({"twice", "GET", "/events?limit=1&limit=2", "", "400 duplicate_query_key"});
    cases.push_back({"U+0000", "GET", "/users?q=a%00b", "", "400 bad_target"});
    cases.push_back({"invalid UTF-8", "GET", "/users?q=%C3%28", "", "400 bad_target"});
    cases.push_back({"half an escape", "GET", "/users?q=%4", "", "400 bad_target"});
    cases.push_back({"a bad event", "GET", "/checkins?event_id=-5", "", "422 invalid"});
    check_refused(cases);
}

TEST_CASE("another content type is 415") {
    RunningServer server;
    auto zoe = server.person("zoe");
    const auto head = server.log_head();
    for (const char* type :
         {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json", "*/*"})
        CHECK_MESSAGE(zoe.send("POST", "/events", event_with(""), header("Content-Type", type)).told() ==
                          "415 unsupported_media_type",
                      type);
    CHECK(server.log_head() == head);
    const auto fine = header("Content-Type", "application/json; charset=utf-8");
    CHECK(zoe.send("POST", "/events", event_with(""), fine).status == 200);
}

TEST_CASE("the hours that a clock change skips or repeats mean what RFC 5545 says") {
    RunningServer server;
    auto zoe = server.person("zoe");
    const auto starts_at = [&](const char* date) {
        const auto made = zoe.create_event(date, {{"date", date}});
        return made.text("date") + " " + made.text("starts_at");
    };
    CHECK(starts_at("2024-03-31T02:30:00") == "2024-03-31T02:30:00 2024-03-31T01:30:00Z");
    CHECK(starts_at("2024-10-27T02:30:00") == "2024-10-27T02:30:00 2024-10-27T00:30:00Z");
}

}  // namespace
}  // namespace dacapo::test
