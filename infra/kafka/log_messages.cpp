#include "infra/kafka/log_messages.hpp"

#include "events/json_writer.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace dacapo::kafka {
namespace {

constexpr std::size_t hex_digits = 16;

template <class Number>
std::optional<Number> number_of(std::optional<std::string_view> text, int base = 10) {
    Number number{};
    if (!text) return std::nullopt;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number, base);
    if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
    return number;
}

LogMessage record_of(const Message& message) {
    const auto term = number_of<std::int64_t>(message.header("term"));
    const auto sequence = number_of<std::int64_t>(message.header("sequence"));
    const auto hash = message.header("hash");
    if (!term || !sequence || !hash || hash->size() != sizeof(RecordHash)) return ForeignMessage{};
    RecordMessage record{{*term, *sequence}, {}, message.value()};
    std::memcpy(record.hash.data(), hash->data(), hash->size());
    return record;
}

LogMessage barrier_of(const Message& message) {
    const auto session = number_of<WriterSession>(message.header("session"), 16);
    if (!session) return ForeignMessage{};
    return BarrierMessage{*session};
}

LogMessage founding_of(const Message& message) {
    const auto epoch = message.header("epoch");
    const auto shards = number_of<int>(message.header("shards"));
    if (!epoch || epoch->size() != hex_digits || !number_of<std::uint64_t>(epoch, 16) || !shards)
        return ForeignMessage{};
    return FoundingMessage{std::string(*epoch), *shards};
}

}  // namespace

LogMessage parse(const Message& message) {
    const auto kind = message.header("kind").value_or("");
    if (kind == "record") return record_of(message);
    if (kind == "barrier") return barrier_of(message);
    if (kind == "founding") return founding_of(message);
    return ForeignMessage{};
}

bool send_record(Producer& producer, const KafkaUrl& url, int shard, std::string_view key,
                 const RecordMessage& record, std::uint64_t tag) {
    const fmt::format_int term(record.mark.term);
    const fmt::format_int sequence(record.mark.sequence);
    const std::array headers{
        Header{"kind", "record"}, Header{"term", {term.data(), term.size()}},
        Header{"sequence", {sequence.data(), sequence.size()}},
        Header{"hash", {reinterpret_cast<const char*>(record.hash.data()), record.hash.size()}}};
    return producer.send(url.events_topic(), shard, key, record.payload, headers, tag);
}

bool send_barrier(Producer& producer, const KafkaUrl& url, int shard, WriterSession session,
                  std::string_view node_url) {
    std::string value;
    JsonWriter json(value);
    json.begin_object();
    json.member("url", node_url);
    json.end_object();
    const auto name = hex_of(session);
    const std::array headers{Header{"kind", "barrier"}, Header{"session", name}};
    return producer.send(url.events_topic(), shard, {}, value, headers, session);
}

bool send_founding(Producer& producer, const KafkaUrl& url, const FoundingMessage& founding) {
    const auto shards = std::to_string(founding.shard_count);
    const std::array headers{Header{"kind", "founding"}, Header{"epoch", founding.epoch},
                             Header{"shards", shards}};
    return producer.send(url.events_topic(), 0, {}, {}, headers, 0);
}

std::string hex_of(std::uint64_t number) { return fmt::format("{:016x}", number); }

}  // namespace dacapo::kafka
