// A thousand people want a hundred seats at the same moment, over a thousand connections.
#include "infra/clock.hpp"
#include "infra/crypto/token.hpp"
#include "infra/log/sqlite_log.hpp"
#include "seed.hpp"
#include "tests/crash/log_audit.hpp"
#include "tests/crash/process.hpp"
#include "tests/support/http_client.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <barrier>
#include <boost/json.hpp>
#include <csignal>
#include <thread>

namespace dacapo::test {
namespace {

namespace json = boost::json;

constexpr int seat_count = 100;
constexpr int joiner_count = 1'000;
constexpr int leaver_count = 50;
constexpr int sender_count = 8;  // threads that send and receive for all connections

// Accounts 1 .. N, each with the session of the same number, as `seed` makes them.
void seed_people(const std::filesystem::path& folder, int count) {
    SqliteLogOptions options;
    options.file = folder / "log.db";
    const auto log = open_sqlite_log(options);
    SeedAmounts amounts;
    amounts.users = count;
    seed_amounts(*log, SystemClock(), folder / "snapshots", amounts, [](std::int64_t) {});
}

std::string token_of(std::int64_t user) {
    static const AccessTokens tokens(crash_secret, "dacapo", "dacapo", std::chrono::hours(1));
    AccessClaims claims;
    claims.user_id = UserId{user};
    claims.session_id = SessionId{user};
    return tokens.issue(claims, SystemClock().now());
}

struct Rusher {
    std::int64_t user = 0;
    std::unique_ptr<HttpClient> http;
    HttpAnswer answer;
    std::int64_t place = 0;  // in line; 0: a seat
};

// Every connection stands; then all requests leave at once, and only then answers are read.
void rush(std::vector<Rusher*>& rushers, const std::string& target) {
    std::barrier ready(sender_count);
    std::vector<std::thread> senders;
    for (int i = 0; i < sender_count; ++i) {
        auto send = [&, first = static_cast<std::size_t>(i)] {
            for (auto one = first; one < rushers.size(); one += sender_count) rushers[one]->http->wire();
            ready.arrive_and_wait();
            for (auto one = first; one < rushers.size(); one += sender_count)
                rushers[one]->http->wire().send(
                    fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                                "{}\r\nContent-Length: 0\r\n\r\n",
                                target, token_of(rushers[one]->user)));
            for (auto one = first; one < rushers.size(); one += sender_count)
                rushers[one]->answer = rushers[one]->http->read_answer();
        };
        senders.emplace_back(std::move(send));
    }
    for (auto& sender : senders) sender.join();
}

struct Shown {
    std::vector<std::int64_t> going, waiting;
    bool places_dense = true;
};

Shown shown_at(HttpClient& http, const std::string& path) {
    Shown shown;
    for (std::size_t skip = 0;;) {
        const auto page = json::parse(
            http.request("GET", fmt::format("{}/participants?limit=500&skip={}", path, skip)).body);
        if (page.as_array().empty()) return shown;
        skip += page.as_array().size();
        for (const auto& one : page.as_array()) {
            const auto user = one.at("user_id").to_number<std::int64_t>();
            if (one.at("status") == "going") {
                shown.going.push_back(user);
            } else {
                shown.waiting.push_back(user);
                if (one.at("position").to_number<std::int64_t>() != std::ssize(shown.waiting))
                    shown.places_dense = false;
            }
        }
    }
}

std::vector<std::int64_t> numbers_of(const std::vector<UserId>& users) {
    std::vector<std::int64_t> numbers;
    for (const auto user : users) numbers.push_back(user.value);
    return numbers;
}

TEST_CASE("a thousand joins at once on a hundred seats give exactly a hundred and a line in order") {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = std::min<rlim_t>(files.rlim_max, 8 * joiner_count);
    setrlimit(RLIMIT_NOFILE, &files);

    const TemporaryFolder folder;
    seed_people(folder.path(), joiner_count + 1);
    auto arguments = server_flags(folder.path());
    arguments.insert(arguments.begin(), "serve");
    Process process(real_program(), arguments, folder / "output.txt");
    const auto port = process.await_port();

    HttpClient http(port);
    const auto created = http.request("POST", "/events/", {{"Authorization", "Bearer " + token_of(1)}},
                                      R"({"title":"The rush","description":"","date":"2099-03-15T20:00:00",)"
                                      R"("location":"Lyon","capacity":100})");
    REQUIRE_MESSAGE(created.status == 200, created.body);
    const GatheringId event{json::parse(created.body).at("id").to_number<std::int64_t>()};
    const auto path = fmt::format("/events/{}", event.value);

    std::vector<Rusher> rushers(joiner_count);
    std::vector<Rusher*> all;
    for (int i = 0; i < joiner_count; ++i) {
        auto& one = rushers[static_cast<std::size_t>(i)];
        one.user = i + 2;
        one.http = std::make_unique<HttpClient>(port);
        all.push_back(&one);
    }
    rush(all, path + "/join");

    std::vector<Rusher*> seated;
    std::map<std::int64_t, std::int64_t> line;  // place to user
    for (auto& one : rushers) {
        REQUIRE_MESSAGE(one.answer.status == 200, one.answer.body);
        const auto body = json::parse(one.answer.body);
        if (body.at("status") == "going")
            seated.push_back(&one);
        else
            line[body.at("position").to_number<std::int64_t>()] = one.user;
    }
    // The organizer has the hundredth seat.
    CHECK(seated.size() == seat_count - 1);
    REQUIRE(line.size() == joiner_count - seat_count + 1);
    CHECK(line.begin()->first == 1);
    CHECK(line.rbegin()->first == std::ssize(line));

    auto shown = shown_at(http, path);
    CHECK(shown.going.size() == seat_count);
    CHECK(shown.places_dense);
    std::vector<std::int64_t> in_line;
    for (const auto& [place, user] : line) in_line.push_back(user);
    CHECK(shown.waiting == in_line);
    auto details = json::parse(http.request("GET", path).body);
    CHECK(details.at("participant_count") == seat_count);
    CHECK(details.at("waitlist_count") == std::ssize(line));

    seated.resize(leaver_count);
    rush(seated, path + "/leave");
    for (const auto* one : seated) CHECK_MESSAGE(one->answer.status == 204, one->answer.body);
    shown = shown_at(http, path);
    REQUIRE(shown.going.size() == seat_count);
    CHECK(shown.places_dense);
    // The first fifty in line have the last fifty seats, in their order; everybody else moved up.
    const auto moved = in_line.begin() + leaver_count;
    CHECK(std::vector(shown.going.end() - leaver_count, shown.going.end()) ==
          std::vector(in_line.begin(), moved));
    CHECK(shown.waiting == std::vector(moved, in_line.end()));
    details = json::parse(http.request("GET", path).body);
    CHECK(details.at("participant_count") == seat_count);
    CHECK(details.at("waitlist_count") == std::ssize(shown.waiting));

    process.send_signal(SIGTERM);
    CHECK(process.await_exit(std::chrono::seconds(10)) == 0);
    LogAudit audit;
    audit.read(folder / "log.db");
    CHECK_MESSAGE(audit.faults().empty(), audit.fault_text());
    CHECK(numbers_of(audit.gatherings.at(event).going) == shown.going);
    CHECK(numbers_of(audit.gatherings.at(event).waiting) == shown.waiting);
}

}  // namespace
}  // namespace dacapo::test
