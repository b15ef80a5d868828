#include "infra/kafka/owners.hpp"

#include "events/json_writer.hpp"
#include "infra/crypto/flat_json.hpp"
#include "infra/kafka/client.hpp"

#include <charconv>
#include <map>
#include <mutex>

namespace dacapo {
namespace {

using kafka::Config;
using std::chrono::milliseconds;

constexpr milliseconds poll_wait{100};

// A hint may be lost or come twice: no idempotence, and so no fatal end either.
Config announcing_config(const ShardOwnersOptions& options) {
    return Config(options.url, options.properties,
                  {{"linger.ms", "0"}, {"delivery.report.only.error", "true"}});
}

Config reading_config(const ShardOwnersOptions& options) {
    // Compaction takes away what is old, which is what this topic is for.
    return Config(options.url, options.properties,
                  {
                      {"group.id", "dacapo-reader"},
                      {"enable.auto.commit", "false"},
                      {"enable.auto.offset.store", "false"},
                      {"auto.offset.reset", "earliest"},
                      {"allow.auto.create.topics", "false"},
                  });
}

std::optional<int> shard_of(std::string_view key) {
    int shard = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), shard);
    if (error != std::errc() || end != key.data() + key.size()) return std::nullopt;
    return shard;
}

}  // namespace

class ShardOwners::Board {
public:
    explicit Board(const ShardOwnersOptions& options)
        : topic_(options.url.owners_topic()),
          producer_(announcing_config(options), [](const kafka::Producer::Failure&) {}),
          consumer_(reading_config(options)) {
        const kafka::Consumer::Start start{0, RD_KAFKA_OFFSET_BEGINNING};
        consumer_.assign(topic_, std::span(&start, 1));
        thread_ = std::thread([this] { read(); });
    }
    ~Board() {
        stopping_ = true;
        thread_.join();
    }

    void announce(int shard, const std::string& url, std::int64_t term) {
        std::string value;
        JsonWriter json(value);
        json.begin_object();
        json.member("url", url);
        json.member("term", term);
        json.end_object();
        // A full queue means that the brokers are away, and then nobody can write either.
        producer_.send(topic_, 0, std::to_string(shard), value, {}, 0);
    }

    std::optional<std::string> url_of(int shard) const {
        const std::lock_guard lock(mutex_);
        const auto found = owners_.find(shard);
        if (found == owners_.end()) return std::nullopt;
        return found->second.url;
    }

private:
    struct Owner {
        std::string url;
        std::int64_t term = 0;
    };

    void read() {
        while (!stopping_)
            if (const auto message = consumer_.poll(poll_wait);
                message && message.error() == RD_KAFKA_RESP_ERR_NO_ERROR)
                take(message);
    }

    // What is not an announcement is skipped: nothing rests on this topic.
    void take(const kafka::Message& message) {
        const auto shard = shard_of(message.key());
        const auto value = FlatJson::parse(message.value());
        if (!shard || !value) return;
        const auto url = value->text("url");
        const auto term = value->integer("term");
        if (!url || !term) return;
        const std::lock_guard lock(mutex_);
        auto& owner = owners_[*shard];
        if (owner.term <= *term) owner = {std::string(*url), *term};
    }

    const std::string topic_;
    kafka::Producer producer_;
    kafka::Consumer consumer_;
    mutable std::mutex mutex_;
    std::map<int, Owner> owners_;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

ShardOwners::ShardOwners(const ShardOwnersOptions& options) : board_(std::make_unique<Board>(options)) {}

ShardOwners::~ShardOwners() = default;

void ShardOwners::announce(int shard, const std::string& url, std::int64_t term) {
    board_->announce(shard, url, term);
}

std::optional<std::string> ShardOwners::url_of(int shard) const { return board_->url_of(shard); }

}  // namespace dacapo
