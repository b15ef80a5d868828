#include "infra/kafka/old_records.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace dacapo::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// More readers than this at once are made anew each time.
constexpr std::size_t idle_readers_max = 4;
constexpr milliseconds poll_wait{100};

Config page_reader_config(const KafkaUrl& url, Properties properties) {
    // Once this is full, librdkafka 2.0.2 asks for no more for a whole second, however soon there is room
    // again: it must hold what a rebuild takes in a second. A rebuild with 4 MB waited two thirds of its
    // time.
    properties.insert_or_assign("queued.max.messages.kbytes", "65536");
    return consumer_config(url, properties);
}

}  // namespace

struct OldRecords::Reader {
    Reader(const KafkaUrl& url, const Properties& properties)
        : topic(url.events_topic()), consumer(page_reader_config(url, properties)) {}

    void go_to(int new_shard, Position after) {
        if (fold && shard == new_shard && position == after) return;
        shard = new_shard;
        position = after;
        fold.emplace(shard, after);
        const Consumer::Start start{shard, fold->next_offset()};
        consumer.assign(topic, std::span(&start, 1));
    }
    // An idle reader at the end of the log would fetch all that is written from now on.
    void rest() {
        fold.reset();
        consumer.assign(topic, {});
    }
    // The next message of the partition.
    Message next(milliseconds patience) {
        const auto deadline = steady_clock::now() + patience;
        while (steady_clock::now() < deadline) {
            auto message = consumer.poll(poll_wait);
            if (!message) continue;
            if (message.error() == RD_KAFKA_RESP_ERR_NO_ERROR) return message;
            if (message.error() == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET)
                throw LogRefused(fmt::format("offset {} of shard {} is gone: {}", fold->next_offset(), shard,
                                             message.error_text()));
        }
        throw LogInDoubt(
            fmt::format("the brokers give no record of shard {} after position {}", shard, position));
    }

    std::string topic;
    Consumer consumer;
    int shard = 0;
    Position position = 0;              // of the newest valid record read
    std::optional<PartitionFold> fold;  // none: assigned to nothing
};

// A reader that threw is not used again.
class OldRecords::Lease {
public:
    Lease(OldRecords& owner, std::unique_ptr<Reader> reader) : owner_(owner), reader_(std::move(reader)) {}
    Reader* operator->() const { return reader_.get(); }
    void give_back() {
        std::unique_ptr<Reader> surplus;  // Closed without the lock.
        const std::lock_guard lock(owner_.mutex_);
        owner_.idle_.push_back(std::move(reader_));
        if (owner_.idle_.size() > idle_readers_max) {
            surplus = std::move(owner_.idle_.front());
            owner_.idle_.erase(owner_.idle_.begin());
        }
    }

private:
    OldRecords& owner_;
    std::unique_ptr<Reader> reader_;
};

OldRecords::OldRecords(KafkaUrl url, Properties properties, milliseconds patience)
    : url_(std::move(url)), properties_(std::move(properties)), patience_(patience) {}

OldRecords::~OldRecords() = default;

OldRecords::Lease OldRecords::lease(int shard, Position after) {
    {
        const std::lock_guard lock(mutex_);
        auto found = std::ranges::find_if(idle_, [&](const std::unique_ptr<Reader>& reader) {
            return reader->fold && reader->shard == shard && reader->position == after;
        });
        // Else one that stands nowhere: another's place is still wanted.
        if (found == idle_.end())
            found = std::ranges::find_if(idle_, [](const auto& reader) { return !reader->fold; });
        if (found == idle_.end() && idle_.size() == idle_readers_max) found = idle_.begin();
        if (found != idle_.end()) {
            Lease lease(*this, std::move(*found));
            idle_.erase(found);
            return lease;
        }
    }
    return Lease(*this, std::make_unique<Reader>(url_, properties_));
}

std::vector<LogEntryPtr> OldRecords::page(int shard, Position after, Position last, std::size_t count_max) {
    auto reader = lease(shard, after);
    reader->go_to(shard, after);
    std::vector<LogEntryPtr> page;
    while (page.size() < count_max && reader->position < last) {
        const auto message = reader->next(patience_);
        const auto judged = reader->fold->take(message);
        if (judged.what != Judged::What::valid) continue;
        page.push_back(decoded(shard, judged.position, judged.record));
        reader->position = judged.position;
    }
    if (reader->position >= last) reader->rest();
    reader.give_back();
    return page;
}

LogEntryPtr OldRecords::at(int shard, Position position) {
    auto reader = lease(shard, position);
    reader->rest();
    reader->go_to(shard, position);
    const auto message = reader->next(patience_);
    const auto parsed = parse(message);
    LogEntryPtr entry;
    if (const auto* record = std::get_if<RecordMessage>(&parsed); record && message.offset() == position - 1)
        entry = decoded(shard, position, *record);
    reader->rest();
    reader.give_back();
    return entry;
}

}  // namespace dacapo::kafka
