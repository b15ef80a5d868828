#include "infra/crypto/password.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <memory>
#include <optional>

namespace asio = boost::asio;
using namespace dacapo;

namespace {

constexpr int quick = password_cost_min;

// Runs a coroutine on a context of its own and gives its value or throws its exception. The pool is stopped
// before that context goes away.
template <class T>
T run(PasswordPool& pool, asio::awaitable<T> work) {
    asio::io_context context;
    std::optional<T> result;
    std::exception_ptr error;
    auto done = [&](std::exception_ptr failed, T value) {
        error = failed;
        result = std::move(value);
    };
    asio::co_spawn(context, std::move(work), done);
    context.run();
    pool.stop();
    if (error) std::rethrow_exception(error);
    return std::move(*result);
}

asio::awaitable<int> wait_for_hash(PasswordPool& pool, int& outcome) {
    try {
        co_await pool.hash("correct horse");
        outcome = 1;
    } catch (const PoolStopped&) {
        outcome = 2;
    } catch (const PoolFull&) {
        outcome = 3;
    }
    co_return outcome;
}

}  // namespace

TEST_CASE("a password matches its own bcrypt hash and no other") {
    const auto hash = hash_password("p\xC3\xA9t\xC3\xA9", quick);
    CHECK(hash.starts_with("$2b$04$"));
    CHECK(hash.size() == 60);
    CHECK(password_matches("p\xC3\xA9t\xC3\xA9", hash));
    CHECK_FALSE(password_matches("pete", hash));
    CHECK_FALSE(password_matches("", hash));
    CHECK(hash_password("same", quick) != hash_password("same", quick));
}

TEST_CASE("a published bcrypt vector verifies") {
    const std::string hash = "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    CHECK(password_matches("U*U", hash));
    CHECK_FALSE(password_matches("U*V", hash));
}

TEST_CASE("text that is not a hash matches nothing") {
    for (const char* text : {"", "*0", "*1", "$2b$", "plain", "$6$salt$abc",
                             "$2b$99$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"})
        CHECK_FALSE(password_matches("plain", text));
}

TEST_CASE("a wrong password takes as long against a hash of a lower cost as against that of nobody") {
    constexpr int cost = 10;
    const auto old_hash = hash_password("correct horse", quick);
    const auto quickest = [&](const std::optional<std::string>& hash) {
        auto best = std::chrono::steady_clock::duration::max();
        for (int i = 0; i < 3; ++i) {
            PasswordPool pool(1, cost, 10);
            const auto began = std::chrono::steady_clock::now();
            CHECK_FALSE(run(pool, pool.verify("battery staple", hash.value_or(pool.dummy_hash()))));
            best = std::min(best, std::chrono::steady_clock::now() - began);
        }
        return best;
    };
    const auto of_nobody = quickest(std::nullopt);
    const auto of_old_hash = quickest(old_hash);
    // 64 times as quick without care.
    CHECK(of_old_hash > of_nobody / 2);
    CHECK(of_old_hash < of_nobody * 2);
}

TEST_CASE("72 bytes are hashed and 73 are refused") {
    const std::string longest(bcrypt_bytes_max, 'x');
    CHECK(password_matches(longest, hash_password(longest, quick)));
    CHECK_THROWS_AS(hash_password(longest + 'x', quick), std::length_error);
    CHECK_THROWS_AS(password_matches(longest + 'x', "any"), std::length_error);
    CHECK_THROWS_AS(hash_password(std::string("a\0b", 3), quick), std::invalid_argument);
}

TEST_CASE("a cost outside the limits is refused") {
    CHECK_THROWS_AS(hash_password("x", password_cost_min - 1), std::invalid_argument);
    CHECK_THROWS_AS(PasswordPool(1, password_cost_max + 1, 1), std::invalid_argument);
}

TEST_CASE("the pool hashes and verifies and resumes on the executor of the caller") {
    PasswordPool pool(2, quick, 8);
    const auto caller = std::this_thread::get_id();
    auto work = [&]() -> asio::awaitable<bool> {
        auto hash = co_await pool.hash("correct horse");
        CHECK(std::this_thread::get_id() == caller);
        const bool wrong = co_await pool.verify("battery staple", hash);
        CHECK_FALSE(wrong);
        co_return co_await pool.verify("correct horse", hash);
    };
    CHECK(run(pool, work()));
}

TEST_CASE("the dummy hash has the cost of the pool and matches nothing") {
    PasswordPool pool(1, quick, 8);
    CHECK(pool.dummy_hash().starts_with("$2b$04$"));
    CHECK(pool.dummy_hash().size() == 60);
    auto work = [&]() -> asio::awaitable<bool> {
        const bool empty = co_await pool.verify("", pool.dummy_hash());
        const bool none = co_await pool.verify("x", "not a hash");
        co_return empty || none;
    };
    CHECK_FALSE(run(pool, work()));
}

TEST_CASE("a password too long for bcrypt never reaches the queue") {
    PasswordPool pool(1, quick, 8);
    CHECK_THROWS_AS(run(pool, pool.hash(std::string(73, 'x'))), std::length_error);
    CHECK(pool.queue_depth() == 0);
}

TEST_CASE("a full queue refuses at once and counts it") {
    constexpr std::size_t queue_max = 2;
    asio::io_context context;
    PasswordPool pool(1, 8, queue_max);
    constexpr int count = 20;
    std::vector<int> outcomes(count);
    for (auto& outcome : outcomes) asio::co_spawn(context, wait_for_hash(pool, outcome), [](auto, int) {});
    context.run();
    const auto full = std::count(outcomes.begin(), outcomes.end(), 3);
    CHECK(full > 0);
    CHECK(full + std::count(outcomes.begin(), outcomes.end(), 1) == count);
    CHECK(pool.rejected_count() == static_cast<std::uint64_t>(full));
}

TEST_CASE("a pool that goes away lets those who wait know") {
    auto pool = std::make_unique<PasswordPool>(1, 10, 100);
    asio::io_context context;
    std::vector<int> outcomes(8);
    for (auto& outcome : outcomes) asio::co_spawn(context, wait_for_hash(*pool, outcome), [](auto, int) {});
    context.poll();
    pool.reset();
    context.run();
    CHECK(std::count(outcomes.begin(), outcomes.end(), 2) >= 7);
    CHECK(std::count(outcomes.begin(), outcomes.end(), 0) == 0);
}

TEST_CASE("a stopped pool leaves the executors of its callers alone and refuses what comes later") {
    PasswordPool pool(1, quick, 8);
    for (int i = 0; i < 50; ++i) {
        PasswordPool stopped(1, quick, 8);
        CHECK(run(stopped, stopped.hash("correct horse")).size() == 60);
    }
    pool.stop();
    CHECK_THROWS_AS(run(pool, pool.hash("correct horse")), PoolFull);
}

TEST_CASE("nothing leaks when the context stops before the pool") {
    auto witness = std::make_shared<int>(0);
    const std::weak_ptr<int> alive = witness;
    {
        asio::io_context context;
        PasswordPool pool(1, quick, 100);
        auto work = [](PasswordPool& passwords, std::shared_ptr<int>) -> asio::awaitable<void> {
            for (;;) co_await passwords.hash("x");
        };
        for (int i = 0; i < 4; ++i) asio::co_spawn(context, work(pool, witness), asio::detached);
        witness.reset();
        context.poll();
        context.stop();
        CHECK_FALSE(alive.expired());
    }
    CHECK(alive.expired());
}
