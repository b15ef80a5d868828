// Somebody who keeps a feed open through the proxy: connects again when it breaks and asks for what came
// since.
#pragma once

#include "tests/crash/feed_memory.hpp"

#include <cstdint>
#include <string>
#include <thread>

namespace dacapo::test {

class Listener {
public:
    Listener(std::uint16_t port, UserId user, std::string token);

    UserId user() const { return user_; }
    const FeedMemory& memory() const { return memory_; }

private:
    void run(const std::stop_token& stop);
    void listen(const std::stop_token& stop);

    const std::uint16_t port_;
    const UserId user_;
    const std::string token_;
    FeedMemory memory_;
    std::jthread thread_;
};

}  // namespace dacapo::test
