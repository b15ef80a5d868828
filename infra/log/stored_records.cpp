#include "infra/log/stored_records.hpp"

#include "events/codec.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace dacapo {
namespace {

constexpr std::size_t idle_readers_max = 8;
constexpr std::size_t page_ends_max = 16;

constexpr const char* select_page_sql =
    "SELECT position, shard, sequence, command_id, recorded_at, hash, payload FROM record"
    " WHERE position > ?1 AND position <= ?2 ORDER BY position";
constexpr const char* select_head_sql = "SELECT max(position) FROM record";
constexpr const char* select_heads_sql = "SELECT shard, position, sequence, hash FROM chain_head";
constexpr const char* select_meta_sql = "SELECT value FROM meta WHERE key = ?1";

struct DamagedLog : LogRefused {
    explicit DamagedLog(LogFault found)
        : LogRefused("the log is damaged at position " + std::to_string(found.position) + ": " + found.why),
          fault(std::move(found)) {}
    LogFault fault;
};

DamagedLog damaged_at(Position position, const std::string& why) { return DamagedLog({position, why}); }

RecordHash hash_of(std::string_view bytes) {
    RecordHash hash{};
    if (bytes.size() == hash.size()) std::memcpy(hash.data(), bytes.data(), hash.size());
    return hash;
}

LogEntryPtr entry_of(const StoredRow& row) {
    auto entry = std::make_shared<LogEntry>();
    entry->position = row.position;
    entry->record = decode(row.payload);
    const auto& record = entry->record;
    const std::string_view command_id(reinterpret_cast<const char*>(record.command_id.bytes.data()),
                                      record.command_id.bytes.size());
    if (record.shard != row.shard || record.sequence != row.sequence || command_id != row.command_id ||
        record.time.time_since_epoch().count() != row.recorded_at_ms)
        throw CodecError("its columns do not agree with its payload");
    return entry;
}

}  // namespace

struct StoredRecords::Reader {
    Reader(const std::filesystem::path& file, const std::string& vfs)
        : connection(file, SqliteAccess::read_only, vfs),
          select_page(connection, select_page_sql),
          select_head(connection, select_head_sql) {}

    SqliteConnection connection;
    SqliteStatement select_page;
    SqliteStatement select_head;
};

// A connection of the pool for as long as this lives; a new one when all are in use.
class StoredRecords::Lease {
public:
    Lease(const StoredRecords& owner, std::unique_ptr<Reader> reader)
        : owner_(owner), reader_(std::move(reader)) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() {
        reader_->select_page.reset();
        reader_->select_head.reset();
        const std::lock_guard lock(owner_.mutex_);
        if (owner_.idle_.size() < idle_readers_max) owner_.idle_.push_back(std::move(reader_));
    }
    Reader* operator->() const { return reader_.get(); }

private:
    const StoredRecords& owner_;
    std::unique_ptr<Reader> reader_;
};

StoredRecords::StoredRecords(std::filesystem::path file, std::string vfs)
    : file_(std::move(file)), vfs_(std::move(vfs)) {
    read_meta();
}
StoredRecords::~StoredRecords() = default;

StoredRecords::Lease StoredRecords::lease() const {
    {
        const std::lock_guard lock(mutex_);
        if (!idle_.empty()) {
            auto reader = std::move(idle_.back());
            idle_.pop_back();
            return Lease(*this, std::move(reader));
        }
    }
    try {
        return Lease(*this, std::make_unique<Reader>(file_, vfs_));
    } catch (const SqliteError& error) {
        throw LogRefused("cannot read the log " + file_.string() + ": " + error.what());
    }
}

void StoredRecords::read_meta() {
    const auto reader = lease();
    std::string format;
    std::string shards;
    try {
        SqliteStatement select(reader->connection, select_meta_sql);
        const auto value_of = [&](std::string_view key) {
            select.reset();
            select.bind_text(1, key);
            return select.step() ? std::string(select.bytes(0)) : std::string();
        };
        format = value_of("format");
        shards = value_of("shard_count");
        epoch_ = value_of("epoch");
    } catch (const SqliteError& error) {
        throw LogRefused("cannot read the log " + file_.string() + ": " + error.what());
    }
    if (format != std::to_string(log_format))
        throw LogRefused("the log " + file_.string() + " has format " + (format.empty() ? "(none)" : format) +
                         "; this build reads format " + std::to_string(log_format));
    const auto [end, error] = std::from_chars(shards.data(), shards.data() + shards.size(), shard_count_);
    if (error != std::errc{} || end != shards.data() + shards.size() || shard_count_ < 1 ||
        epoch_.size() != 16)
        throw LogRefused("the log " + file_.string() + " is damaged: its shard count or epoch is unreadable");
}

Position StoredRecords::head() const {
    const auto reader = lease();
    try {
        return reader->select_head.step() ? reader->select_head.number(0) : 0;
    } catch (const SqliteError& error) {
        throw LogRefused("cannot read the head of the log " + file_.string() + ": " + error.what());
    }
}

ChainHeads StoredRecords::chain_heads() const {
    const auto reader = lease();
    ChainHeads heads(static_cast<std::size_t>(shard_count_));
    try {
        SqliteStatement select(reader->connection, select_heads_sql);
        while (select.step()) {
            const auto shard = select.number(0);
            if (shard < 0 || shard >= shard_count_)
                throw LogRefused("the log " + file_.string() + " is damaged: it has a head for shard " +
                                 std::to_string(shard));
            heads[static_cast<std::size_t>(shard)] = {select.number(1), select.number(2),
                                                      hash_of(select.bytes(3))};
        }
    } catch (const SqliteError& error) {
        throw LogRefused("cannot read the chain heads of the log " + file_.string() + ": " + error.what());
    }
    return heads;
}

void StoredRecords::visit(Position position, Position last, const Visit& visit) const {
    const auto reader = lease();
    auto& select = reader->select_page;
    auto seen = position;
    try {
        select.bind(1, position);
        select.bind(2, last);
        while (select.step()) {
            const StoredRow row{select.number(0), select.number(1), select.number(2), select.bytes(3),
                                select.number(4), select.bytes(5),  select.bytes(6)};
            visit(row);
            seen = row.position;
        }
    } catch (const SqliteError& error) {
        throw damaged_at(seen + 1, error.what());
    }
    if (seen != last) throw damaged_at(seen + 1, "the record is missing");
}

ChainCheck StoredRecords::check_from(Position position) const {
    const std::lock_guard lock(mutex_);
    for (const auto& end : page_ends_)
        if (end.position == position) return ChainCheck(position, end.heads);
    return ChainCheck(position, shard_count_);
}

void StoredRecords::remember(const ChainCheck& check, Position position) const {
    auto heads = check.heads();
    if (!heads) return;
    const std::lock_guard lock(mutex_);
    if (page_ends_.size() == page_ends_max) page_ends_.erase(page_ends_.begin());
    page_ends_.push_back({position, std::move(*heads)});
}

std::vector<LogEntryPtr> StoredRecords::page(Position position, Position last) const {
    last = std::min(last, position + static_cast<Position>(page_records_max));
    std::vector<LogEntryPtr> entries;
    if (last <= position) return entries;
    entries.reserve(static_cast<std::size_t>(last - position));
    auto check = check_from(position);
    visit(position, last, [&](const StoredRow& row) {
        const auto expected = position + std::ssize(entries) + 1;
        if (const auto fault = check.fault_of(row); !fault.empty()) throw damaged_at(expected, fault);
        try {
            entries.push_back(entry_of(row));
        } catch (const CodecError& error) {
            throw damaged_at(expected, error.what());
        }
    });
    remember(check, last);
    return entries;
}

std::optional<RecordHash> StoredRecords::hash_at(Position position) const {
    std::optional<RecordHash> hash;
    if (position > 0 && position <= head())
        visit(position - 1, position, [&](const StoredRow& row) { hash = hash_of(row.hash); });
    return hash;
}

std::optional<LogFault> StoredRecords::first_fault(Position position, Position last,
                                                   const std::function<bool(Position)>& progress) const {
    ChainCheck check(position, shard_count_);
    while (position < last) {
        const auto page_last = std::min(last, position + static_cast<Position>(page_records_max));
        try {
            visit(position, page_last, [&](const StoredRow& row) {
                if (const auto why = check.fault_of(row); !why.empty()) throw damaged_at(position + 1, why);
                entry_of(row);
                position = row.position;
            });
        } catch (const DamagedLog& error) {
            return error.fault;
        } catch (const CodecError& error) {
            return LogFault{position + 1, error.what()};
        }
        if (progress && !progress(position)) break;
    }
    return std::nullopt;
}

void StoredRecords::require_sound_end(Position position) const {
    const auto last = head();
    const auto heads = chain_heads();
    Position total = 0;
    for (const auto& head : heads) total += head.sequence;
    // Each record is one step of one chain, so as many steps as positions means that none is missing between.
    if (total != last)
        throw damaged_at(std::min(total, last) + 1,
                         "the chains of the shards count " + std::to_string(total) +
                             " records, but the log ends at position " + std::to_string(last));
    ChainCheck check(position, shard_count_);
    auto expected = position;
    for (auto page_last = position; page_last < last;) {
        page_last = std::min(last, page_last + static_cast<Position>(page_records_max));
        visit(expected, page_last, [&](const StoredRow& row) {
            ++expected;
            if (const auto fault = check.fault_of(row); !fault.empty()) throw damaged_at(expected, fault);
        });
    }
    for (std::size_t shard = 0; shard < heads.size(); ++shard) {
        const auto& head = heads[shard];
        const auto& found = check.head_of(shard);
        if (found ? *found != head : head.position > position)
            throw damaged_at(head.position,
                             "the chain of shard " + std::to_string(shard) + " ends elsewhere");
        if (!found && head.position > 0 && hash_at(head.position) != head.hash)
            throw damaged_at(head.position,
                             "the newest record of shard " + std::to_string(shard) + " has another hash");
    }
}

}  // namespace dacapo
