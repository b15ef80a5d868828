// Fills an empty log with records: a small demo to look at, or any amount for measuring.
// Everything goes through the deciders, so a seeded log is one that people could have made.
#pragma once

#include "infra/clock.hpp"
#include "infra/log/event_log.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace dacapo {

inline constexpr const char* seed_password = "dacapo-demo";

// Five people (one an admin), instruments and genres, events with participants, check-ins and messages.
// `password_cost` as for bcrypt.
void seed_demo(EventLog& log, const Clock& clock, const std::filesystem::path& snapshot_folder,
               int password_cost);

struct SeedAmounts {
    std::int64_t users = 0;
    std::int64_t messages = 0;  // between random pairs of users
    std::int64_t events = 0;
};
// Accounts user1 .. userN, all with `seed_password` under one hash, each with an open session; repeatable.
void seed_amounts(EventLog& log, const Clock& clock, const std::filesystem::path& snapshot_folder,
                  const SeedAmounts& amounts, const std::function<void(std::int64_t records)>& progress);

}  // namespace dacapo
