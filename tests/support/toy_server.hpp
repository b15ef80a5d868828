// The HTTP plumbing with a few toy routes behind it, for tests of the plumbing alone.
// Limits are chosen per test, so that each can be passed in a second.
#pragma once

#include "infra/http/listener.hpp"
#include "tests/support/answer_watch.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace dacapo::test {

class ToyServer {
public:
    // Routes: GET /hello; GET and PUT /things/{thing_id}; GET /files/{name}; POST /echo (body at most 1,000
    // bytes); POST /big (1 MB); GET /whoami (a token is needed; "good" is user 7, "slow-good" only after a
    // turn of the loop); GET /maybe (token optional); GET /broken (throws); GET /wait (answers when release()
    // is called); GET /large (2 MB). WebSockets: /ws and /ws/{token} (echo; "close" is answered by a close
    // 4001; "flood" by 4 MB; "throw" throws; the token "bad" is refused with 401; offered "toy.v1" is
    // chosen). `hooks`: those that the toy does not set itself.
    explicit ToyServer(http::ListenerOptions options = {}, http::Hooks hooks = {});
    // Stops, and fails the test for every answer without the fields that all of them have.
    ~ToyServer();

    std::uint16_t port() const { return listener_->port(); }
    http::Listener& listener() { return *listener_; }

    void release();
    // Waits until a request has reached /wait.
    bool reached_wait(std::size_t count = 1);

    struct Seen {
        std::string pattern;
        int status = 0;
        std::string request_id;
        std::string remote_address;
        std::chrono::nanoseconds duration{};
    };
    std::vector<Seen> exchanges();
    std::vector<std::string> internal_errors();
    // Waits until a WebSocket has closed; its code, or 0 when none did in time.
    std::uint16_t closed_code();

private:
    struct State;
    std::shared_ptr<State> state_;
    std::unique_ptr<http::Listener> listener_;
    std::set<std::string> faults_;
    std::optional<AnswerWatch> watch_;
};

}  // namespace dacapo::test
