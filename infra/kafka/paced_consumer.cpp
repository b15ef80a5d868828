#include "infra/kafka/paced_consumer.hpp"

#include <utility>
#include <vector>

namespace dacapo::kafka {

PacedConsumer::PacedConsumer(Config prompt, std::function<Config()> gathering, Pace pace)
    : prompt_(std::move(prompt)), make_gathering_(std::move(gathering)), pace_(pace) {}

void PacedConsumer::assign(const std::string& topic, std::span<const Consumer::Start> starts) {
    topic_ = topic;
    next_.clear();
    for (const auto& [partition, offset] : starts) next_[partition] = offset;
    reading_.load()->assign(topic, starts);
}

Message PacedConsumer::poll(std::chrono::milliseconds patience) {
    if (make_gathering_) consider(Clock::now());
    auto message = reading_.load()->poll(patience);
    if (!message || message.error() != RD_KAFKA_RESP_ERR_NO_ERROR) return message;
    next_[message.partition()] = message.offset() + 1;
    ++records_;
    // Who waited for a record has waited for an answer of the brokers.
    if (patience.count() > 0) ++answers_;
    return message;
}

void PacedConsumer::consider(Clock::time_point now) {
    const std::chrono::duration<double> passed = now - considered_;
    if (passed < pace_.interval) return;
    considered_ = now;
    const auto records = static_cast<double>(std::exchange(records_, 0));
    const auto answers = static_cast<double>(std::exchange(answers_, 0));
    if (is_gathering()) {
        if (records < pace_.records_per_s_min * passed.count()) read_by(prompt_);
    } else if (answers > pace_.answers_per_s_max * passed.count() &&
               records < pace_.records_per_answer_min * answers) {
        if (!gathering_) gathering_.emplace(make_gathering_());
        read_by(*gathering_);
    }
    // What the other one is told by its brokers must not heap up.
    if (gathering_) (is_gathering() ? prompt_ : *gathering_).poll(std::chrono::milliseconds{0});
}

// What the one before has fetched and not handed out is fetched again.
void PacedConsumer::read_by(Consumer& other) {
    reading_.load()->assign(topic_, {});
    std::vector<Consumer::Start> starts;
    for (const auto& [partition, offset] : next_) starts.push_back({partition, offset});
    other.assign(topic_, starts);
    reading_ = &other;
}

}  // namespace dacapo::kafka
