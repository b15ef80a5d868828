#include "infra/http/security_log.hpp"

#include "tests/support/manual_clock.hpp"
#include "tests/support/temporary_folder.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>
#include <boost/json.hpp>
#include <fstream>
#include <set>

namespace dacapo {
namespace {

using namespace std::chrono_literals;

struct Stage {
    TemporaryFolder folder;
    testing::ManualClock clock;
    int file = ::open((folder / "log").c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    LogLines lines{LogLevel::info, clock, file};
    Metrics metrics;
    std::optional<SecurityLog> log{std::in_place, lines, clock, metrics};

    ~Stage() { ::close(file); }

    void answer(int status, std::string_view code, const SecurityNote* note = nullptr,
                const http::Principal* principal = nullptr) {
        http::Exchange exchange;
        exchange.method = http::Method::post;
        exchange.pattern = "/events/{event_id}";
        exchange.status = status;
        exchange.problem_code = code;
        exchange.request_id = "request-1";
        exchange.remote_address = "203.0.113.9";
        exchange.principal = principal;
        exchange.security = note;
        log->exchange(exchange);
    }
    void answers(int count, int status, std::string_view code) {
        for (int i = 0; i < count; ++i) answer(status, code);
    }
    std::vector<boost::json::object> written() {
        lines.flush(10s);
        std::ifstream in(folder / "log");
        std::vector<boost::json::object> all;
        for (std::string line; std::getline(in, line);) all.push_back(boost::json::parse(line).as_object());
        return all;
    }
    // How many lines of this kind, or of what was left out of it.
    std::int64_t count(std::string_view message, std::string_view event) {
        std::int64_t found = 0;
        for (const auto& line : written())
            if (line.at("msg") == boost::json::value(message) &&
                line.at("event") == boost::json::value(event))
                ++found;
        return found;
    }
};

}  // namespace

TEST_CASE("a line says what, about whom, from where, on which route and in which request, and no more") {
    Stage stage;
    const http::Principal zoe{UserId{7}, SessionId{9}, Role::user};
    stage.answer(403, "not_host", nullptr, &zoe);
    const auto lines = stage.written();
    REQUIRE(lines.size() == 1);
    CHECK(boost::json::serialize(lines[0]) ==
          R"({"ts":"2024-03-14T12:00:00.000Z","level":"warn","msg":"security","event":"forbidden",)"
          R"("code":"not_host","user_id":7,"session_id":9,"remote":"203.0.113.9","method":"POST",)"
          R"("route":"/events/{event_id}","request_id":"request-1"})");
}

TEST_CASE("what a handler noted goes before what the answer tells") {
    Stage stage;
    const http::Principal zoe{UserId{7}, SessionId{9}, Role::admin};
    const SecurityNote ended{SecurityEvent::session_ended, UserId{3}, SessionId{4}};
    stage.answer(204, "", &ended, &zoe);
    const SecurityNote refused{SecurityEvent::password_refused};
    stage.answer(403, "wrong_password", &refused, &zoe);
    const auto lines = stage.written();
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].at("event") == "session_ended");
    CHECK(lines[0].at("level") == "info");
    CHECK(lines[0].at("user_id") == 3);
    CHECK(lines[0].at("session_id") == 4);
    CHECK(lines[1].at("event") == "password_refused");
    CHECK(lines[1].at("user_id") == 7);
}

TEST_CASE("answers tell of refusals by their codes, and of nothing else") {
    using enum SecurityEvent;
    CHECK(security_event_of(401, "token_invalid") == token_refused);
    CHECK(security_event_of(401, "invalid_refresh_token") == token_refused);
    CHECK(security_event_of(401, "invalid_credentials") == login_failed);
    CHECK(security_event_of(403, "origin_refused") == forbidden);
    CHECK(security_event_of(429, "throttled") == login_throttled);
    CHECK(security_event_of(429, "rate_limited") == rate_limited);
    CHECK(security_event_of(429, "too_many_sockets") == rate_limited);
    for (const char* code : {"malformed_request", "bad_host", "bad_transfer_encoding", "duplicate_header"})
        CHECK(security_event_of(400, code) == framing_refused);
    CHECK(security_event_of(501, "unsupported_transfer_encoding") == framing_refused);
    CHECK_FALSE(security_event_of(200, "").has_value());
    CHECK_FALSE(security_event_of(403, "").has_value());  // made by another server, which tells it
    CHECK_FALSE(security_event_of(401, "token_missing").has_value());
    CHECK_FALSE(security_event_of(404, "not_found").has_value());
    CHECK_FALSE(security_event_of(422, "invalid").has_value());
    CHECK_FALSE(security_event_of(408, "request_timeout").has_value());
    CHECK_FALSE(security_event_of(503, "overloaded").has_value());
}

TEST_CASE("every kind has a name of its own and is counted under it") {
    Stage stage;
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < security_event_count; ++i) {
        const SecurityNote note{static_cast<SecurityEvent>(i)};
        stage.answer(200, "", &note);
        names.insert(name_of(note.event));
        CHECK(stage.count("security", name_of(note.event)) == 1);
        CHECK(stage.metrics.text().find("dacapo_security_events_total{event=\"" +
                                        std::string(name_of(note.event)) + "\"} 1") != std::string::npos);
    }
    CHECK(names.size() == security_event_count);
}

TEST_CASE("of a flood a bounded number of lines is written, and one that tells how many were not") {
    Stage stage;
    stage.answers(1000, 401, "token_invalid");
    stage.answers(5, 403, "not_host");
    CHECK(stage.count("security", "token_refused") == SecurityLog::refused_lines_max);
    CHECK(stage.count("security", "forbidden") == 5);
    CHECK(stage.count("security events left out", "token_refused") == 0);
    stage.clock.advance(SecurityLog::window - 1ms);
    stage.answer(200, "");
    CHECK(stage.count("security events left out", "token_refused") == 0);
    // Any answer tells it then, and the next window begins anew.
    stage.clock.advance(1ms);
    stage.answer(200, "");
    REQUIRE(stage.count("security events left out", "token_refused") == 1);
    CHECK(stage.written().back().at("count") == 1000 - SecurityLog::refused_lines_max);
    stage.answer(401, "token_invalid");
    CHECK(stage.count("security", "token_refused") == SecurityLog::refused_lines_max + 1);
    CHECK(stage.metrics.text().find("dacapo_security_events_total{event=\"token_refused\"} 1001") !=
          std::string::npos);
}

TEST_CASE("an hour of a flood of everything is bounded, and what ends within it is told at the end") {
    Stage stage;
    for (int minute = 0; minute < 60; ++minute) {
        for (int i = 0; i < 300; ++i)
            for (const auto& [status, code] : {std::pair{401, "token_invalid"}, {403, "not_host"}})
                stage.answer(status, code);
        stage.clock.advance(1min);
    }
    stage.log.reset();
    CHECK(stage.written().size() == 60 * 2 * (SecurityLog::refused_lines_max + 1));
    CHECK(stage.count("security events left out", "forbidden") == 60);
}

TEST_CASE("a clock that is set back silences nothing") {
    Stage stage;
    stage.answers(static_cast<int>(SecurityLog::refused_lines_max) + 7, 401, "token_invalid");
    stage.clock.advance(-1h);
    stage.answer(401, "token_invalid");
    CHECK(stage.count("security", "token_refused") == SecurityLog::refused_lines_max + 1);
    stage.clock.advance(SecurityLog::window);
    stage.answer(200, "");
    CHECK(stage.written().back().at("count") == 7);
}

}  // namespace dacapo
