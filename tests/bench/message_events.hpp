// Messages between random people, for measuring what becomes of them.
#pragma once

#include "events/record.hpp"

#include <random>
#include <string>
#include <vector>

namespace dacapo::bench {

inline std::vector<StreamEvent> message(std::int64_t n, std::mt19937& random, std::int64_t user_count) {
    const UserId sender{static_cast<std::int64_t>(random()) % user_count + 1};
    const UserId receiver{static_cast<std::int64_t>(random()) % user_count + 1};
    const ConversationId conversation{sender.value * user_count + receiver.value};
    const Timestamp time(std::chrono::milliseconds(1'700'000'000'000 + n));
    MessageSent sent{{n * 16 + n % 16},    conversation, n,  sender, receiver,
                     std::string(60, 'x'), {},           {}, time};
    return {{{StreamKind::conversation, conversation.value}, ConversationEvent(std::move(sent))}};
}

}  // namespace dacapo::bench
