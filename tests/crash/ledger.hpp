// What clients remember of every command they sent: acknowledged, refused, or unknown because no answer came.
// It lives in the process that does the killing, so nothing of it is ever lost.
#pragma once

#include "events/ids.hpp"
#include "infra/log/event_log.hpp"

#include <deque>
#include <map>
#include <string>
#include <vector>

namespace dacapo::test {

enum class Outcome { unknown, acknowledged, refused };
enum class Asked { registration, event, join, leave, message, check_in };

struct Command {
    Asked asked{};
    std::string target;
    std::string body;
    std::string key;     // Idempotency-Key; empty: a message known by its client_id alone
    std::string needle;  // what finds it in the log: see needle_of_key(), needle_of_client_id()
    UserId user;         // who sent it; none for a registration

    Outcome outcome = Outcome::unknown;
    int status = 0;  // 0: no answer
    bool repeated = false;
    std::int64_t id =
        0;  // what the answer numbered: the user, event, message or check-in; of a join the event
    std::string position;            // where the answer says it stands: the token,
    std::map<int, Position> places;  // and what is in it, by shard
};

// All commands of one client, in the order in which they were sent.
using Ledger = std::deque<Command>;

// The needle of a command with an Idempotency-Key, as the log keeps it.
std::string needle_of_key(UserId user, const std::string& path, const std::string& key);
std::string needle_of_key_hash(const std::array<std::uint8_t, 16>& hash);
std::string needle_of_client_id(UserId sender, const std::string& client_id);

}  // namespace dacapo::test
