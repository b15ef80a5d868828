#include "command/login_failures.hpp"

#include "infra/http/problem.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/temporary_folder.hpp"

#include <doctest/doctest.h>
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
std::string stopped_by(const LoginFailures& failures, const LoginFailures::Attempt& which,
                       Timestamp now = noon) {
    try {
        failures.admit(which, now);
    } catch (const http::Problem& problem) {
        std::string all;
        for (const auto& policy : problem.violated_policies) all += (all.empty() ? "" : " ") + policy;
        return all;
    }
    return "";
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
    LoginFailures failures({}, true);
    for (int i = 0; i < LoginFailures::address_free_failures; ++i)
        failures.failed(attempt("user" + std::to_string(i)), noon);
    CHECK(stopped_by(failures, attempt("ana")) == "");
    fail(failures, attempt("one more"), 1);
    CHECK(stopped_by(failures, attempt("ana")) == "login-address");
    CHECK(stopped_by(failures, attempt("ana", "192.0.2.2")) == "");
    // One account of one's own forgives nothing.
    failures.succeeded(attempt("ana"));
    CHECK(stopped_by(failures, attempt("ana")) == "login-address");
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
        failures.succeeded(attempt("ben"));
        // Nothing is left to an orderly end: what another process reads is there already.
        const LoginFailures other(file, true);
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
        return std::filesystem::file_size(file) / 2;
    }();
    for (std::size_t i = 0; i < LoginFailures::file_records_spare; ++i)
        fail(failures, attempt("marker-name"), 1);
    CHECK(std::filesystem::file_size(file) <= (LoginFailures::file_records_spare + 4) * record_bytes);
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
