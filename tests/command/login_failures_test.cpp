#include "command/login_failures.hpp"

#include "infra/http/problem.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/temporary_folder.hpp"

#include <doctest/doctest.h>
#include <deque>
#include <fstream>

namespace dacapo {
namespace {

using testing::ManualClock;
constexpr auto noon = ManualClock::noon;

LoginFailures::Attempt attempt(const std::string& login, const std::string& address = "192.0.2.1") {
    return LoginFailures::attempt_of(login, address);
}

void fail(LoginFailures& failures, const LoginFailures::Attempt& which, int times) {
    for (int i = 0; i < times; ++i) failures.failed(which, noon);
}

// The policies that stop an attempt; empty: none does.
std::string stopped_by(LoginFailures& failures, const LoginFailures::Attempt& which, Timestamp now = noon) {
    try {
        if (!failures.admit(which, now)) return "under way";
    } catch (const http::Problem& problem) {
        std::string all;
        for (const auto& policy : problem.violated_policies) all += (all.empty() ? "" : " ") + policy;
        return all;
    }
    return "";
}

constexpr std::size_t many_threads = 100;  // so many that no spray is noticed
constexpr const char* home = "203.0.113.7";

std::string name_of(int number) { return "user" + std::to_string(number); }
std::string address_of(int number) {
    return "10." + std::to_string(number / 65536 % 256) + '.' + std::to_string(number / 256 % 256) + '.' +
           std::to_string(number % 256);
}

// How many of these attempts, which all fail, are let through to the password.
template <class Which>
int admitted(LoginFailures& failures, int count, Which which, Timestamp now = noon) {
    int tried = 0;
    for (int i = 0; i < count; ++i) {
        const auto one = which(i);
        if (!stopped_by(failures, one, now).empty()) continue;
        failures.failed(one, now);
        ++tried;
    }
    return tried;
}

}  // namespace

TEST_CASE("failures of an account stop attempts at it from any address, and at no other") {
    LoginFailures failures({}, true);
    for (int i = 0; i <= LoginThrottle::free_failures; ++i)
        failures.failed(attempt("ana", "192.0.2." + std::to_string(i)), noon);
    CHECK(stopped_by(failures, attempt("ana", "198.51.100.1")) == "login-account");
    CHECK(stopped_by(failures, attempt("ANA", "198.51.100.1")) == "login-account");
    CHECK(stopped_by(failures, attempt("ben", "192.0.2.1")) == "");
}

TEST_CASE("failures of an address stop attempts from it at any account, and from no other") {
    LoginFailures failures({}, true, many_threads);
    for (int i = 0; i < LoginFailures::address_free_failures; ++i)
        failures.failed(attempt("user" + std::to_string(i)), noon);
    CHECK(stopped_by(failures, attempt("ana")) == "");
    fail(failures, attempt("one more"), 1);
    CHECK(stopped_by(failures, attempt("ana")) == "login-address");
    CHECK(stopped_by(failures, attempt("ana", "192.0.2.2")) == "");
    // One account of one's own forgives nothing.
    failures.succeeded(attempt("mallory"), noon);
    CHECK(stopped_by(failures, attempt("ana")) == "login-address");
}

TEST_CASE("a thousand addresses at one account have the guesses of one, and its owner's address is let in") {
    LoginFailures failures({}, true, many_threads);
    failures.succeeded(attempt("ana", home), noon);
    const auto tried = admitted(failures, 1000, [](int i) { return attempt("ana", address_of(i)); });
    CHECK(tried == LoginThrottle::free_failures + 1);
    CHECK(stopped_by(failures, attempt("ana", "198.51.100.1")) == "login-account");
    CHECK(stopped_by(failures, attempt("ana", home)) == "");
}

TEST_CASE("one address at a thousand accounts has its own guesses, and who is known there is let in") {
    LoginFailures failures({}, true, many_threads);
    failures.succeeded(attempt("ana", home), noon);
    const auto tried = admitted(failures, 1000, [](int i) { return attempt(name_of(i), home); });
    CHECK(tried == LoginFailures::address_free_failures + 1);
    CHECK(stopped_by(failures, attempt("ben", home)) == "login-address");
    CHECK(stopped_by(failures, attempt("ana", home)) == "");
}

TEST_CASE("who is known is held to their own failures, each time from the beginning") {
    LoginFailures failures({}, true, many_threads);
    for (int round = 0; round < 2; ++round) {
        failures.succeeded(attempt("ana", home), noon);
        const auto tried = admitted(failures, 1000, [](int) { return attempt("ana", home); });
        CHECK(tried == LoginThrottle::free_failures + 1);
        CHECK(stopped_by(failures, attempt("ana", home)) == "login-account");
    }
    // To be known at one's own address helps nowhere else.
    CHECK(stopped_by(failures, attempt("ana", "198.51.100.1")) == "login-account");
}

TEST_CASE("a spray of accounts from as many addresses gets a few guesses a second, and who is known all") {
    LoginFailures failures({}, true);
    failures.succeeded(attempt("ana", home), noon);
    int tried = 0;
    for (int second = 0; second < 60; ++second) {
        const auto now = noon + std::chrono::seconds(second);
        tried += admitted(
            failures, 1000,
            [&](int i) {
                const int each = second * 1000 + i;
                return attempt(name_of(each), address_of(each));
            },
            now);
        CHECK(stopped_by(failures, attempt("ana", home), now) == "");
        CHECK(stopped_by(failures, attempt("newcomer", "198.51.100.1"), now) == "login-server");
    }
    const int places = 60 * static_cast<int>(LoginSpray::newcomers_per_second_max);
    CHECK(tried >= places);
    CHECK(tried <= LoginSpray::failures_per_minute_max + 1 + places);
    // A minute after it has ended, all is as before.
    const auto later = noon + std::chrono::seconds(120);
    for (int i = 0; i < 50; ++i)
        CHECK(stopped_by(failures, attempt("newcomer", address_of(100'000 + i)), later) == "");
}

TEST_CASE("while the whole server is tried, an account has one guess and an address five") {
    LoginFailures failures({}, true);
    fail(failures, attempt("ana", "198.51.100.1"), 2);
    for (int i = 0; i < 6; ++i) fail(failures, attempt(name_of(i), "198.51.100.2"), 1);
    CHECK(stopped_by(failures, attempt("ana", "198.51.100.3")) == "");
    CHECK(stopped_by(failures, attempt("ben", "198.51.100.2")) == "");
    for (int i = 0; i < LoginSpray::failures_per_minute_max; ++i)
        fail(failures, attempt(name_of(1000 + i), address_of(1000 + i)), 1);
    CHECK(stopped_by(failures, attempt("ana", "198.51.100.3")) == "login-account");
    CHECK(stopped_by(failures, attempt("ben", "198.51.100.2")) == "login-address");
    CHECK(stopped_by(failures, attempt("ben", "198.51.100.3")) == "");
}

TEST_CASE("attempts under way count as the failures that they may become") {
    LoginFailures failures({}, true, many_threads);
    std::deque<LoginFailures::UnderWay> under_way;
    for (int i = 0; i <= LoginThrottle::free_failures; ++i) {
        auto place = failures.admit(attempt("ana", address_of(i)), noon);
        REQUIRE(place.has_value());
        under_way.push_back(std::move(*place));
    }
    CHECK(stopped_by(failures, attempt("ana", "198.51.100.1")) == "under way");
    CHECK(stopped_by(failures, attempt("ben", "198.51.100.1")) == "");
    // One that fails leaves its place to nobody, one that neither fails nor succeeds does.
    failures.failed(attempt("ana", address_of(0)), noon);
    under_way.pop_front();
    CHECK(stopped_by(failures, attempt("ana", "198.51.100.1")) == "under way");
    under_way.pop_back();
    CHECK(stopped_by(failures, attempt("ana", "198.51.100.1")) == "");
    // When a pause is over, one may try and not all of them.
    fail(failures, attempt("ana"), 5);
    under_way.clear();
    const auto later = noon + std::chrono::seconds(1);
    CHECK(stopped_by(failures, attempt("ana"), noon) == "login-account");
    const auto one = failures.admit(attempt("ana"), later);
    CHECK(one.has_value());
    CHECK(stopped_by(failures, attempt("ana"), later) == "under way");
}

TEST_CASE("of an address, too, and who is known there waits for nobody") {
    LoginFailures failures({}, true, many_threads);
    failures.succeeded(attempt("ana", home), noon);
    std::vector<LoginFailures::UnderWay> under_way;
    for (int i = 0; i <= LoginFailures::address_free_failures; ++i) {
        auto place = failures.admit(attempt(name_of(i), home), noon);
        REQUIRE(place.has_value());
        under_way.push_back(std::move(*place));
    }
    CHECK(stopped_by(failures, attempt("ben", home)) == "under way");
    for (int i = 0; i < 200; ++i) {
        auto place = failures.admit(attempt("ana", home), noon);
        REQUIRE(place.has_value());
        under_way.push_back(std::move(*place));
    }
    // Once one of them has failed, those to come keep to what is free, until one succeeds.
    failures.failed(attempt("ana", home), noon);
    CHECK(stopped_by(failures, attempt("ana", home)) == "under way");
    failures.succeeded(attempt("ana", home), noon);
    CHECK(stopped_by(failures, attempt("ana", home)) == "");
    // Whoever waits gets in as soon as somebody has succeeded with the same.
    failures.succeeded(attempt("ben", home), noon);
    CHECK(stopped_by(failures, attempt("ben", home)) == "");
}

TEST_CASE("a restart forgets neither a spray nor who is known") {
    TemporaryFolder folder;
    const auto file = folder / "login_failures";
    {
        LoginFailures failures(file, true);
        failures.succeeded(attempt("ana", home), noon);
        fail(failures, attempt("ana", home), 3);
        admitted(failures, 1000, [](int i) { return attempt(name_of(i), address_of(i)); });
    }
    for (int round = 0; round < 2; ++round) {
        LoginFailures again(file, true);
        const auto places = admitted(again, 1000, [&](int i) {
            return attempt(name_of(5000 + 1000 * round + i), address_of(5000 + 1000 * round + i));
        });
        CHECK(places == LoginSpray::newcomers_per_second_max);
        CHECK(stopped_by(again, attempt("ana", home)) == "");
    }
    LoginFailures again(file, true);
    fail(again, attempt("ana", home), 3);
    CHECK(stopped_by(again, attempt("ana", home)) == "login-account");
}

TEST_CASE("whoever has not come for three months is not known any more") {
    LoginFailures failures({}, true, many_threads);
    failures.succeeded(attempt("ana", home), noon);
    const auto then = noon + KnownPairs::memory;
    for (int i = 0; i < 10; ++i) failures.failed(attempt("ana", "198.51.100.1"), then);
    CHECK(stopped_by(failures, attempt("ana", home), then) == "");
    CHECK(stopped_by(failures, attempt("ana", home), then + std::chrono::milliseconds(1)) == "login-account");
}

TEST_CASE("of IPv6 a whole /64 is one address") {
    LoginFailures failures({}, true);
    for (int i = 0; i <= LoginFailures::address_free_failures; ++i)
        failures.failed(attempt("user" + std::to_string(i), "2001:db8::" + std::to_string(i + 1)), noon);
    CHECK(stopped_by(failures, attempt("ana", "2001:db8::ffff")) == "login-address");
    CHECK(stopped_by(failures, attempt("ana", "2001:db8:0:1::1")) == "");
}

TEST_CASE("failures outlive the process, whatever ended it") {
    TemporaryFolder folder;
    const auto file = folder / "login_failures";
    {
        LoginFailures failures(file, true);
        fail(failures, attempt("ana"), 9);
        fail(failures, attempt("ben"), 9);
        failures.succeeded(attempt("ben"), noon);
        // Nothing is left to an orderly end: what another process reads is there already.
        LoginFailures other(file, true);
        CHECK(stopped_by(other, attempt("ana")) == "login-account");
    }
    for (int round = 0; round < 2; ++round) {
        LoginFailures again(file, true);
        CHECK(stopped_by(again, attempt("ana")) == "login-account");
        CHECK(stopped_by(again, attempt("ben")) == "");
        CHECK(stopped_by(again, attempt("ana"), noon + std::chrono::seconds(8)) == "");
    }
}

TEST_CASE("a torn or damaged record costs no other one") {
    TemporaryFolder folder;
    const auto file = folder / "login_failures";
    for (const auto damage : {"torn", "damaged"}) {
        CAPTURE(damage);
        std::filesystem::remove(file);
        {
            LoginFailures failures(file, true);
            fail(failures, attempt("ana"), 9);
        }
        {
            std::fstream out(file, std::ios::binary | std::ios::in | std::ios::out | std::ios::ate);
            if (damage == std::string("torn")) out << "half of a record";
            if (damage == std::string("damaged")) out.seekp(20) << "xx";
        }
        {
            LoginFailures failures(file, true);
            CHECK(stopped_by(failures, attempt("ana")) == "login-account");
            fail(failures, attempt("ben"), 9);
        }
        LoginFailures failures(file, true);
        CHECK(stopped_by(failures, attempt("ana")) == "login-account");
        CHECK(stopped_by(failures, attempt("ben")) == "login-account");
    }
}

TEST_CASE("the file holds no name and no address, and does not grow without end") {
    TemporaryFolder folder;
    const auto file = folder / "login_failures";
    LoginFailures failures(file, true);
    const auto record_bytes = [&] {
        failures.failed(attempt("marker-name"), noon);
        return std::filesystem::file_size(file) / 3;
    }();
    for (std::size_t i = 0; i < LoginFailures::file_records_spare; ++i)
        fail(failures, attempt("marker-name"), 1);
    for (int i = 0; i < 100; ++i) failures.succeeded(attempt("marker-name"), noon);
    fail(failures, attempt("marker-name"), 9);
    CHECK(std::filesystem::file_size(file) <= (LoginFailures::file_records_spare + 6) * record_bytes);
    std::ifstream in(file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    CHECK(bytes.find("marker") == bytes.npos);
    CHECK(bytes.find("192.0.2") == bytes.npos);
    CHECK(stopped_by(failures, attempt("marker-name")) != "");
}

TEST_CASE("a file that cannot be written stops nobody from logging in or from being stopped") {
    LoginFailures failures("/nowhere/that/exists/login_failures", true);
    fail(failures, attempt("ana"), 9);
    CHECK(stopped_by(failures, attempt("ana")) == "login-account");
    CHECK(stopped_by(failures, attempt("ben")) == "");
}

TEST_CASE("where limits are off, failures are counted and nobody waits") {
    LoginFailures failures({}, false);
    fail(failures, attempt("ana"), 50);
    CHECK(stopped_by(failures, attempt("ana")) == "");
}

}  // namespace dacapo
