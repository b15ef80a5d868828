#include "command/password_checks.hpp"

#include "command/common_passwords.hpp"
#include "domain/account.hpp"
#include "infra/http/problem.hpp"

namespace dacapo {

namespace asio = boost::asio;

http::Problem passwords_busy() {
    http::Problem problem(503, "overloaded", "Too many passwords are being checked.");
    problem.headers.emplace_back("Retry-After", "2");
    return problem;
}

void check_new_password(const std::string& password, const std::string& pointer, api::Faults& faults) {
    if (password_is_weak(password))
        faults.push_back({pointer, "too_short", "Must have at least 8 characters."});
    if (password_is_too_long(password))
        faults.push_back({pointer, "too_long", "Must have at most 72 bytes."});
    if (password_is_common(password))
        faults.push_back(
            {pointer, "too_common", "Is one of the most common passwords, which are tried first."});
}

asio::awaitable<std::string> password_hash(PasswordPool& pool, std::string password) {
    try {
        co_return co_await pool.hash(std::move(password));
    } catch (const PoolFull&) {
        throw passwords_busy();
    }
}

asio::awaitable<bool> password_fits(PasswordPool& pool, std::string password, std::string hash) {
    const bool may_fit = !password_is_too_long(password);
    if (!may_fit) password.resize(password_bytes_max);
    try {
        const bool fits = co_await pool.verify(std::move(password), std::move(hash));
        co_return fits&& may_fit;
    } catch (const PoolFull&) {
        throw passwords_busy();
    } catch (const std::invalid_argument&) {
        co_return false;
    }
}

asio::awaitable<std::string> costlier_hash(PasswordPool& pool, std::string password, std::string known_hash) {
    const auto known_cost = password_cost_of(known_hash);
    if (!known_cost || *known_cost >= pool.cost()) co_return std::string();
    try {
        co_return co_await pool.hash(std::move(password));
    } catch (const PoolFull&) {
        co_return std::string();
    }
}

}  // namespace dacapo
