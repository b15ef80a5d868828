// How the log's records stand in Kafka: what a reader must know to judge a record is in its headers, the
// record's own text is its value. Names and shapes are for ever, like those of the events.
//
//   kind=record    term, sequence: decimal; hash: 32 bytes, chained as in infra/log/chain.hpp; key: its first
//   stream kind=barrier   session: 16 hexadecimal digits; value: who took the shard, for people kind=founding
//   epoch: 16 hexadecimal digits, shards: decimal; the first record of partition 0
#pragma once

#include "infra/kafka/client.hpp"
#include "infra/log/chain.hpp"
#include "infra/log/shard_protocol.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace dacapo::kafka {

struct RecordMessage {
    RecordMark mark;
    RecordHash hash{};
    std::string_view payload;  // lives as long as the message
};
struct BarrierMessage {
    WriterSession session = 0;
};
struct FoundingMessage {
    std::string epoch;
    int shard_count = 0;
};
// Not of this program: void for everybody.
struct ForeignMessage {};

using LogMessage = std::variant<RecordMessage, BarrierMessage, FoundingMessage, ForeignMessage>;

LogMessage parse(const Message& message);

// The three below answer whether there was room in the producer's queue; `tag` comes back with a failure.
bool send_record(Producer& producer, const KafkaUrl& url, int shard, std::string_view key,
                 const RecordMessage& record, std::uint64_t tag);
bool send_barrier(Producer& producer, const KafkaUrl& url, int shard, WriterSession session,
                  std::string_view node_url);
bool send_founding(Producer& producer, const KafkaUrl& url, const FoundingMessage& founding);

// 16 hexadecimal digits.
std::string hex_of(std::uint64_t number);

}  // namespace dacapo::kafka
