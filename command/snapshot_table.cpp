#include "command/snapshot_table.hpp"

#include "command/snapshot.hpp"
#include "infra/crypto/digest.hpp"

#include <fmt/format.h>
#include <utility>

namespace dacapo {
namespace {

using std::chrono::steady_clock;

// One connection attempt may take that long, and a start asks for many shards.
constexpr std::chrono::milliseconds reconnect_pause{2'000};
// Builds with other states keep rows of their own, so that old and new ones can run beside each other. What
// nobody has renewed for so long is of a build that has gone.
constexpr std::chrono::hours other_builds_kept{24 * 7};

constexpr std::string_view upsert_snapshot = R"(
    INSERT INTO shard_snapshots (shard, fingerprint, epoch, position, saved_at, content)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (shard, fingerprint) DO UPDATE SET epoch = excluded.epoch, position = excluded.position,
        saved_at = excluded.saved_at, content = excluded.content
    WHERE shard_snapshots.epoch <> excluded.epoch OR shard_snapshots.position < excluded.position)";
constexpr std::string_view delete_old_builds =
    "DELETE FROM shard_snapshots WHERE shard = $1 AND fingerprint <> $2 AND saved_at < $3";
constexpr std::string_view select_snapshot =
    "SELECT position, content FROM shard_snapshots WHERE shard = $1 AND fingerprint = $2";
constexpr std::string_view delete_snapshot =
    "DELETE FROM shard_snapshots WHERE shard = $1 AND fingerprint = $2 AND position = $3";

}  // namespace

SnapshotTable::SnapshotTable(const Clock& clock, SnapshotTableOptions options)
    : clock_(clock), options_(std::move(options)), fingerprint_(state_fingerprint()) {
    thread_ = std::thread([this] { run(); });
}

SnapshotTable::~SnapshotTable() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void SnapshotTable::save(int shard, Position position, std::string bytes) {
    {
        const std::lock_guard lock(mutex_);
        auto& work = waiting_[shard];
        work.position = position;
        work.bytes = std::move(bytes);
    }
    changed_.notify_all();
}

void SnapshotTable::discard(int shard) {
    {
        const std::lock_guard lock(mutex_);
        const auto loaded = loaded_.find(shard);
        if (loaded == loaded_.end()) return;
        waiting_[shard].discarded = loaded->second;
    }
    changed_.notify_all();
}

std::optional<std::string> SnapshotTable::load(int shard, std::string& why) {
    std::optional<std::string> content;
    Position position = 0;
    try {
        const std::lock_guard lock(session_mutex_);
        session().query(select_snapshot, shard, fingerprint_, [&](const sql::Row& row) {
            position = row.get<Position>(0);
            content = row.get<std::string>(1);
        });
    } catch (const sql::Error& error) {
        trouble(fmt::format("snapshots of shards cannot be read: {}", error.what()));
        return std::nullopt;
    }
    if (!content) return std::nullopt;
    {
        const std::lock_guard lock(mutex_);
        loaded_[shard] = position;
    }
    const auto sealed = base64url_decoded(*content);
    if (sealed) return unseal_snapshot(*sealed, options_.epoch, shard, why);
    why = "it is damaged";
    return std::nullopt;
}

bool SnapshotTable::await_written(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [this] { return waiting_.empty() && !writing_; });
}

void SnapshotTable::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        const auto next = waiting_.extract(waiting_.begin());
        writing_ = true;
        lock.unlock();
        const bool written = write(next.key(), next.mapped());
        lock.lock();
        writing_ = false;
        if (!written) put_back(next.key(), std::move(next.mapped()));
        changed_.notify_all();
        if (written) continue;
        if (stopping_) return;
        changed_.wait_for(lock, options_.retry_pause, [this] { return stopping_; });
    }
}

bool SnapshotTable::write(int shard, const Work& work) {
    try {
        const std::lock_guard lock(session_mutex_);
        auto& database = session();
        if (work.discarded) database.execute(delete_snapshot, shard, fingerprint_, *work.discarded);
        if (!work.bytes.empty()) {
            const auto now = clock_.now();
            const auto content = base64url(seal_snapshot(options_.epoch, shard, work.bytes));
            database.execute(upsert_snapshot, shard, fingerprint_, options_.epoch, work.position, now,
                             content);
            database.execute(delete_old_builds, shard, fingerprint_, now - other_builds_kept);
        }
        in_trouble_ = false;
        return true;
    } catch (const std::exception& error) {
        trouble(fmt::format("snapshots of shards cannot be written: {}", error.what()));
        return false;
    }
}

// What has come meanwhile is newer.
void SnapshotTable::put_back(int shard, Work work) {
    auto& waiting = waiting_[shard];
    if (!waiting.discarded) waiting.discarded = work.discarded;
    if (waiting.bytes.empty()) {
        waiting.position = work.position;
        waiting.bytes = std::move(work.bytes);
    }
}

// Made when it is first needed: the database may be away at the start. Later it comes back by itself.
sql::Session& SnapshotTable::session() {
    if (session_) return *session_;
    if (steady_clock::now() < next_attempt_)
        throw sql::Error(sql::ErrorKind::unreachable, "the database was away a moment ago");
    try {
        session_ = std::make_unique<sql::Session>(options_.database_url, sql::Use::write);
    } catch (const sql::Error&) {
        next_attempt_ = steady_clock::now() + reconnect_pause;
        throw;
    }
    return *session_;
}

void SnapshotTable::trouble(const std::string& what) {
    {
        const std::lock_guard lock(session_mutex_);
        if (std::exchange(in_trouble_, true)) return;
    }
    options_.on_warning(what);
}

}  // namespace dacapo
