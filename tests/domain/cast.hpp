// The people and the hours of the domain's tests, so that every test tells of the same few.
// All ids are plain numbers: nothing in the domain depends on how they are placed.
#pragma once

#include "domain/decision.hpp"

#include <chrono>

namespace dacapo {

using namespace std::chrono_literals;

inline constexpr UserId ana{1};
inline constexpr UserId ben{2};
inline constexpr UserId cem{3};
inline constexpr UserId dia{4};
inline constexpr UserId eve{5};
inline constexpr Timestamp noon = std::chrono::sys_days{std::chrono::year{2030} / 6 / 1} + 12h;

inline Context as(UserId actor, Timestamp now = noon) { return {actor, Role::user, now}; }
inline Context as_admin(UserId actor, Timestamp now = noon) { return {actor, Role::admin, now}; }
inline Context by_clock(Timestamp now) { return {UserId{}, Role::user, now}; }

}  // namespace dacapo
