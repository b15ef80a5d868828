#include "command/snapshot_store.hpp"

#include "command/snapshot.hpp"
#include "infra/crypto/digest.hpp"

#include <fmt/format.h>
#include <sstream>

namespace dacapo {
namespace {

constexpr std::string_view format_name = "dacapo-snapshot-1";

}  // namespace

std::string seal_snapshot(std::string_view epoch, int shard, std::string_view bytes) {
    auto sealed = fmt::format("{} {} {} {} {} {}\n", format_name, epoch, shard, state_fingerprint(),
                              bytes.size(), sha256_hex(bytes));
    sealed += bytes;
    return sealed;
}

std::optional<std::string> unseal_snapshot(std::string_view sealed, std::string_view epoch, int shard,
                                           std::string& why) {
    const auto line_end = sealed.find('\n');
    std::istringstream line(std::string(sealed.substr(0, line_end)));
    std::string format, written_epoch, fingerprint, digest;
    int written_for = -1;
    std::size_t size = 0;
    line >> format >> written_epoch >> written_for >> fingerprint >> size >> digest;
    if (!line || line_end == sealed.npos || format != format_name) {
        why = "it is damaged";
        return std::nullopt;
    }
    const auto bytes = sealed.substr(line_end + 1);
    if (written_epoch != epoch || written_for != shard)
        why = "it is of another log";
    else if (fingerprint != state_fingerprint())
        why = "it was written by a build with another state";
    else if (bytes.size() < size)
        why = "it ends early";
    else if (bytes.size() > size || sha256_hex(bytes) != digest)
        why = "it is damaged";
    else
        return std::string(bytes);
    return std::nullopt;
}

ShardState fresh_state(int shard, int shard_count) {
    ShardState state;
    state.shard = shard;
    state.shard_count = shard_count;
    return state;
}

std::vector<ShardState> states_of_snapshots(SnapshotStore& store, const std::vector<int>& shards,
                                            int shard_count, const UnusedSnapshot& unused) {
    std::vector<ShardState> states;
    for (int i = 0; i < shard_count; ++i) states.push_back(fresh_state(i, shard_count));
    for (const auto shard : shards) {
        auto& state = states[static_cast<std::size_t>(shard)];
        std::string why;
        try {
            if (const auto bytes = store.load(shard, why)) decode_snapshot(*bytes, state);
        } catch (const std::exception& error) {
            why = error.what();
        }
        if (why.empty()) continue;
        state = fresh_state(shard, shard_count);
        store.discard(shard);
        unused(shard, why);
    }
    return states;
}

}  // namespace dacapo
