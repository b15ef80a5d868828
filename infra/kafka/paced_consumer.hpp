// A consumer that reads in the manner that the load asks for. While little comes, brokers answer as soon as
// there is a record. While much comes in small pieces, they are asked to gather it for some milliseconds: an
// answer costs both sides about the same whatever it holds, and each follower of the log asks for one after
// every write. librdkafka takes its manner once, at the start, so there are two consumers, one of which
// reads.
#pragma once

#include "infra/kafka/client.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <optional>

namespace dacapo::kafka {

class PacedConsumer {
public:
    using Clock = std::chrono::steady_clock;
    struct Pace {
        // Decided anew so often.
        std::chrono::milliseconds interval{1'000};
        // More answers than this, with fewer records each: gather from now on.
        double answers_per_s_max = 120;
        double records_per_answer_min = 64;
        // Fewer records than this: no longer.
        double records_per_s_min = 100;
    };

    // No `gathering`: every record is read at once, as whoever waits for its own records needs it.
    PacedConsumer(Config prompt, std::function<Config()> gathering, Pace pace);

    // One thread at a time, like Consumer's.
    void assign(const std::string& topic, std::span<const Consumer::Start> starts);
    Message poll(std::chrono::milliseconds patience);
    Consumer::Range range(const std::string& topic, int partition, std::chrono::milliseconds patience) {
        return prompt_.range(topic, partition, patience);
    }
    // Any thread.
    std::optional<std::int64_t> end_heard(const std::string& topic, int partition) const {
        return reading_.load()->end_heard(topic, partition);
    }
    bool is_gathering() const { return reading_.load() != &prompt_; }

private:
    void consider(Clock::time_point now);
    void read_by(Consumer& other);

    Consumer prompt_;
    const std::function<Config()> make_gathering_;
    std::optional<Consumer> gathering_;  // once it has been needed
    std::atomic<Consumer*> reading_{&prompt_};
    const Pace pace_;
    std::string topic_;
    std::map<int, std::int64_t> next_;  // of each partition, the offset to go on with
    Clock::time_point considered_ = Clock::now();
    std::size_t answers_ = 0;
    std::size_t records_ = 0;
};

}  // namespace dacapo::kafka
