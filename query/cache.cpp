#include "query/cache.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace dacapo {
namespace {

// What an entry costs beside its texts: list and map nodes, the watch, the shared pointers' blocks.
constexpr std::size_t entry_bytes = 320;

constexpr std::uint64_t mixed(std::uint64_t word) {
    word ^= word >> 33;
    word *= 0xFF51AFD7ED558CCDULL;
    word ^= word >> 33;
    word *= 0xC4CEB9FE1A85EC53ULL;
    return word ^ (word >> 33);
}

// Eight bytes a step: a page of a list is hashed for every answer that is not cached.
std::uint64_t hash_of(std::string_view bytes) {
    std::uint64_t hash = 0x9E3779B97F4A7C15ULL ^ bytes.size();
    while (!bytes.empty()) {
        const auto count = std::min<std::size_t>(bytes.size(), 8);
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data(), count);
        hash = (hash ^ mixed(word)) * 0x9E3779B97F4A7C15ULL;
        hash ^= hash >> 29;
        bytes.remove_prefix(count);
    }
    return hash;
}

std::size_t size_of(const std::string& key, const Answer& answer) {
    std::size_t bytes = entry_bytes + key.size() + answer.body->size() + answer.etag.size();
    for (const auto& [name, value] : answer.headers)
        bytes += sizeof(answer.headers[0]) + name.size() + value.size();
    return bytes;
}

}  // namespace

std::uint32_t TagCounters::slot_of(Tag tag) {
    const auto kind = static_cast<std::uint64_t>(tag.kind) << 56;
    return static_cast<std::uint32_t>(mixed(static_cast<std::uint64_t>(tag.id) ^ kind) % counter_count);
}

Watch::Watch(const TagCounters& counters, std::span<const Tag> tags) : generation_(counters.generation()) {
    if (tags.size() > tag_count_max) throw std::length_error("an answer depends on too many tags");
    for (const auto tag : tags) {
        const auto slot = TagCounters::slot_of(tag);
        seen_[count_++] = {slot, counters.at(slot)};
    }
}

AnswerPtr Cache::find(std::string_view key) {
    const auto found = places_.find(key);
    if (found == places_.end()) {
        ++stats_.misses;
        return nullptr;
    }
    const auto entry = found->second;
    if (!entry->watch.unchanged(counters_)) {
        erase(entry);
        ++stats_.misses;
        return nullptr;
    }
    ++stats_.hits;
    if (entry != entries_.begin()) entries_.splice(entries_.begin(), entries_, entry);
    return entry->answer;
}

void Cache::put(std::string key, AnswerPtr answer, const Watch& watch) {
    const auto bytes = size_of(key, *answer);
    if (bytes > bytes_max_ / 8 || !watch.unchanged(counters_)) return;
    if (const auto found = places_.find(key); found != places_.end()) erase(found->second);
    while (bytes_ + bytes > bytes_max_) {
        erase(std::prev(entries_.end()));
        ++stats_.evictions;
    }
    entries_.push_front({std::move(key), std::move(answer), watch, bytes});
    places_.emplace(entries_.front().key, entries_.begin());
    bytes_ += bytes;
}

void Cache::erase(Entries::iterator entry) {
    bytes_ -= entry->bytes;
    places_.erase(entry->key);
    entries_.erase(entry);
}

namespace {
std::atomic<std::uint64_t> caches_made{0};
}

Caches::Caches(std::size_t bytes_max_per_thread)
    : bytes_max_per_thread_(bytes_max_per_thread), serial_(++caches_made) {}

Cache& Caches::here() {
    thread_local std::uint64_t owner = 0;
    thread_local Cache* cache = nullptr;
    if (owner != serial_) {
        const std::lock_guard lock(mutex_);
        auto& mine = caches_[std::this_thread::get_id()];
        if (!mine) mine = std::make_unique<Cache>(counters_, bytes_max_per_thread_);
        cache = mine.get();
        owner = serial_;
    }
    return *cache;
}

std::string etag_of(std::string_view body, std::string_view headers) {
    const auto hash = mixed(hash_of(body) ^ mixed(hash_of(headers) + 1));
    // Eleven characters and the quotes fit a std::string without an allocation.
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string text = "\"";
    for (int shift = 0; shift < 66; shift += 6) text += letters[(hash >> shift) & 63];
    return text += '"';
}

}  // namespace dacapo
