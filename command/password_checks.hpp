// What every route that takes a password does with it: the rules of a new one, and hashing on the pool.
// Here because logging in, registering and changing a password must treat a password alike.
#pragma once

#include "api/body.hpp"
#include "infra/crypto/password.hpp"

#include <boost/asio/awaitable.hpp>
#include <string>

namespace dacapo {

// At least 8 characters, at most 72 bytes, none of the most common ones; `pointer` names the member of the
// body.
void check_new_password(const std::string& password, const std::string& pointer, api::Faults& faults);

// 503 `overloaded`: too many passwords are waiting.
http::Problem passwords_busy();

// Both throw Problem (503 `overloaded`) when too many passwords are waiting.
boost::asio::awaitable<std::string> password_hash(PasswordPool& pool, std::string password);
// A password that is too long fits nothing, and takes as long as any other to say so.
boost::asio::awaitable<bool> password_fits(PasswordPool& pool, std::string password, std::string hash);

// Another hash of a password that was just proved, where PASSWORD_COST has risen since `known_hash` was made.
// Empty where that is not so, or nobody has time for it: the next log-in will do.
boost::asio::awaitable<std::string> costlier_hash(PasswordPool& pool, std::string password,
                                                  std::string known_hash);

}  // namespace dacapo
