#include "infra/kafka/tail.hpp"

#include <algorithm>

namespace dacapo::kafka {
namespace {

using std::chrono::milliseconds;

// How soon a tail that is being destroyed notices.
constexpr milliseconds poll_wait{100};
// Bounds how long the first record of a chunk waits for the last one to be decoded.
constexpr std::size_t chunk_records_max = 1'000;

// Nothing more can come of this partition without losing what lies between; everything else librdkafka tries
// again.
bool is_the_end(rd_kafka_resp_err_t error) {
    switch (error) {
        case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
        case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR__FATAL:
            return true;
        default:
            return false;
    }
}

}  // namespace

Tail::Tail(const KafkaUrl& url, PacedConsumer& consumer, const Frontier& start, RecentRecords& recent,
           std::span<const std::unique_ptr<OwnShard>> own, Metrics& metrics, TailCalls calls)
    : url_(url),
      consumer_(consumer),
      recent_(recent),
      own_(own),
      metrics_(metrics),
      gathering_(metrics.gauge("dacapo_kafka_gathering",
                               "1 while brokers gather records for this follower before they answer")),
      calls_(std::move(calls)),
      void_records_(metrics, calls_.warning) {
    std::vector<Consumer::Start> starts;
    for (int shard = 0; shard < std::ssize(own); ++shard) {
        shards_.push_back(std::make_unique<Shard>(shard, start.at(shard)));
        starts.push_back({shard, shards_.back()->fold.next_offset()});
    }
    consumer_.assign(url_.events_topic(), starts);
    thread_ = std::thread([this] { run(); });
}

Tail::~Tail() {
    stopping_ = true;
    thread_.join();
}

void Tail::run() {
    try {
        while (!stopping_) read_chunk();
    } catch (const std::exception& error) {
        // Nobody is served from a log that has a hole: not the followers, not the writers.
        recent_.fail(error.what());
        for (const auto& shard : own_) shard->break_off(error.what());
        calls_.fault(error.what());
    }
    const std::lock_guard lock(mutex_);
    ended_ = true;
    read_.notify_all();
}

void Tail::read_chunk() {
    try {
        std::size_t count = 0;
        for (auto message = consumer_.poll(poll_wait); message; message = consumer_.poll(milliseconds{0})) {
            take(message);
            if (++count == chunk_records_max) break;
        }
    } catch (...) {
        settle();  // What came before the fault is as good as ever.
        throw;
    }
    settle();
}

void Tail::take(const Message& message) {
    if (message.error() != RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (is_the_end(message.error()))
            throw LogRefused("the log can no longer be read: " + message.error_text());
        metrics_.counter("dacapo_kafka_read_errors_total", "Reading was interrupted and went on").add();
        return;
    }
    const auto shard = message.partition();
    const auto index = static_cast<std::size_t>(shard);
    auto& reading = *shards_[index];
    const auto judged = reading.fold.take(message);
    switch (judged.what) {
        case Judged::What::valid: {
            auto entry = own_[index]->take_own(judged.record, judged.position);
            if (!entry) entry = decoded(shard, judged.position, judged.record);
            fresh_.push_back({std::move(entry), judged.record.payload.size()});
            // The writer only needs to hear of the last of several.
            if (reading.settling.empty() || reading.settling.back().what != Judged::What::valid)
                reading.settling.push_back(judged);
            else
                reading.settling.back() = judged;
            break;
        }
        case Judged::What::barrier:
            reading.settling.push_back(judged);
            break;
        case Judged::What::void_record:
            void_records_.note(shard, message.offset(), judged.reason);
            break;
        case Judged::What::begun:
        case Judged::What::other:
            break;
    }
    // Only here: a message that is damage does not count as read.
    reading.read_to = reading.fold.next_offset();
}

// Visible first, acknowledged then: whoever has an answer finds its record.
void Tail::settle() {
    gathering_.set(consumer_.is_gathering() ? 1 : 0);
    recent_.publish(fresh_);
    fresh_.clear();
    for (std::size_t i = 0; i < shards_.size(); ++i) {
        auto& shard = *shards_[i];
        if (shard.read_to == shard.next_offset.load(std::memory_order_relaxed)) continue;
        shard.next_offset.store(shard.read_to, std::memory_order_relaxed);
        for (const auto& judged : shard.settling) {
            if (judged.what == Judged::What::valid) {
                own_[i]->saw_valid(judged.record.mark);
            } else if (own_[i]->saw_barrier(judged.session, judged.position, judged.record)) {
                metrics_.counter("dacapo_kafka_deposed_total", "Another process took a shard that was ours")
                    .add();
                calls_.deposed(static_cast<int>(i));
            }
        }
        if (shard.settling.empty()) own_[i]->saw_progress();
        shard.settling.clear();
    }
    const std::lock_guard lock(mutex_);
    ++chunks_;
    read_.notify_all();
}

bool Tail::await_read(std::span<const std::int64_t> ends, milliseconds patience) {
    const auto read = [&] {
        for (std::size_t i = 0; i < ends.size(); ++i)
            if (shards_[i]->next_offset.load(std::memory_order_relaxed) < ends[i]) return false;
        return true;
    };
    const auto sum = [&] {
        std::int64_t offsets = 0;
        for (const auto& shard : shards_) offsets += shard->next_offset.load(std::memory_order_relaxed);
        return offsets;
    };
    std::unique_lock lock(mutex_);
    auto before = sum();
    auto deadline = std::chrono::steady_clock::now() + patience;
    while (!read() && !ended_) {
        if (read_.wait_until(lock, deadline) == std::cv_status::timeout && sum() == before) return false;
        if (sum() == before) continue;
        before = sum();
        deadline = std::chrono::steady_clock::now() + patience;
    }
    return read();
}

std::int64_t Tail::lag() const {
    std::int64_t lag = 0;
    for (std::size_t i = 0; i < shards_.size(); ++i) {
        const auto end = consumer_.end_heard(url_.events_topic(), static_cast<int>(i));
        if (end)
            lag += std::max<std::int64_t>(0, *end - shards_[i]->next_offset.load(std::memory_order_relaxed));
    }
    return lag;
}

}  // namespace dacapo::kafka
