// Gives every event of the log to other systems, at least once and in order within each stream, and remembers
// how far it is beside the read models. On a thread and a connection of its own: what it waits for, no read
// model waits for.
#pragma once

#include "infra/cloud_event.hpp"
#include "projections/bookkeeping.hpp"
#include "projections/shard_share.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

namespace dacapo {

struct IntegrationOptions {
    std::string database_url;
    std::string source;  // of the CloudEvents
    // Returns when all of them are durable there; false when it was stopped, and throws, with perhaps the
    // first few there. They come again then.
    std::function<bool(std::span<const CloudEvent>, const std::atomic<bool>& stopping)> publish;
    // Called once for each new kind of trouble until a batch succeeds again.
    std::function<void(std::string_view)> trouble = [](std::string_view) {};
    std::size_t batch_records_max = 2'000;
};

class Integration {
public:
    Integration(EventLog& log, IntegrationOptions options);
    ~Integration() { stop(); }
    Integration(const Integration&) = delete;
    Integration& operator=(const Integration&) = delete;

    void start();
    // Does not wait for the brokers: what was not known to be durable comes again. Idempotent.
    void stop();
    // These from now on, for other workers have the rest. Any thread.
    void publish_only(std::vector<int> shards);
    // Records of these shards that have not been given out. Any thread.
    std::int64_t lag_records() const;

    // One batch; false when there is nothing to do. What the thread does, for tests.
    bool step();

private:
    bool prepare();
    void remember(const Frontier& passed);
    void run();
    void report(std::string_view what);
    void rest(std::chrono::milliseconds time);

    EventLog& log_;
    const IntegrationOptions options_;
    ShardShare share_;
    std::unique_ptr<sql::Session> session_;
    std::optional<Checkpoints> checkpoints_;
    bool prepared_ = false;
    std::set<std::string, std::less<>> reported_;

    mutable std::mutex mutex_;
    Frontier passed_;
    std::condition_variable wake_;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

}  // namespace dacapo
