// Keeps a session registry in step with the log where no shard is decided: on the query servers of a cluster.
// Reads the accounts' shard alone, ahead of the read models, so that a session that was ended anywhere is
// ended here within the second.
#pragma once

#include "infra/session_registry.hpp"

#include <atomic>
#include <functional>
#include <string>
#include <thread>

namespace dacapo {

class SessionFollower {
public:
    // `known`: the registry has all of the accounts' shard up to there. `on_broken` is told when the log
    // cannot be followed any more.
    SessionFollower(EventLog& log, SessionRegistry& sessions, Position known,
                    std::function<void(const std::string& what)> on_broken);
    ~SessionFollower() { stop(); }
    SessionFollower(const SessionFollower&) = delete;
    SessionFollower& operator=(const SessionFollower&) = delete;

    // Takes in all there is, then goes on in the background. Throws LogRefused.
    void start();
    void stop();

private:
    bool step();
    void run();

    EventLog& log_;
    SessionRegistry& sessions_;
    const std::function<void(const std::string&)> on_broken_;
    Frontier followed_;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

}  // namespace dacapo
