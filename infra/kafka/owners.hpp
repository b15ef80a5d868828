// Where the writer of each shard is reached: the compacted topic `<name>.shard-owners`, read by every
// process. A hint like the lease: who follows it to the wrong process is answered by that process.
#pragma once

#include "infra/kafka/properties.hpp"
#include "infra/kafka/url.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace dacapo {

struct ShardOwnersOptions {
    KafkaUrl url;
    kafka::Properties properties;
};

class ShardOwners {
public:
    // Reads in the background. Throws std::runtime_error for settings that librdkafka refuses.
    explicit ShardOwners(const ShardOwnersOptions& options);
    ~ShardOwners();

    // Tells everybody, soon and without waiting. Any thread. A later term stays whoever tells of an earlier
    // one.
    void announce(int shard, const std::string& url, std::int64_t term);
    // Nothing while nobody has been heard of. Any thread; does not block.
    std::optional<std::string> url_of(int shard) const;

private:
    class Board;
    std::unique_ptr<Board> board_;
};

}  // namespace dacapo
