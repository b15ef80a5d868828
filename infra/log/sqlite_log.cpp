#include "infra/log/sqlite_log.hpp"

#include "infra/log/log_database.hpp"
#include "infra/log/log_head.hpp"
#include "infra/log/log_tail.hpp"
#include "infra/log/stored_records.hpp"
#include "infra/log/writer_lock.hpp"

#include <fcntl.h>
#include <algorithm>
#include <thread>

namespace dacapo {
namespace {

using std::chrono::milliseconds;

std::filesystem::path beside(std::filesystem::path file, const char* extension) {
    return file.replace_extension(extension);
}

// A new file is only durable when its folder's entry is.
void sync_folder(const std::filesystem::path& folder) {
    const UniqueFd fd(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd) ::fsync(fd.get());
}

// Before SQLite sees the file, which it would make anew without a word.
const SqliteLogOptions& require_file(const SqliteLogOptions& options) {
    if (options.shard_count < 1) throw std::invalid_argument("a log has at least one shard");
    if (options.file.empty()) throw LogRefused("the event log is not a file: this needs one of SQLite");
    if (!options.create && !std::filesystem::exists(options.file))
        throw LogRefused("there is no log at " + options.file.string());
    const auto folder = options.file.parent_path();
    std::error_code error;
    if (!folder.empty()) std::filesystem::create_directories(folder, error);
    if (error) throw LogRefused("cannot make the folder " + folder.string() + ": " + error.message());
    return options;
}

class SqliteLogWriter : public SqliteLog {
public:
    explicit SqliteLogWriter(const SqliteLogOptions& options)
        : options_(require_file(options)),
          lock_(beside(options.file, ".lock")),
          head_file_(open_head_file()),
          database_(open_database()),
          records_(options.file, options.vfs),
          heads_(checked_heads()),
          tail_(records_.head(), options.tail_records_max, options.tail_bytes_max),
          keeper_([this] { keep_house(); }) {}

    ~SqliteLogWriter() override {
        {
            const std::lock_guard lock(writer_mutex_);
            stopping_ = true;
        }
        keeper_wakes_.notify_all();
        keeper_.join();
        head_file_.sync();
    }

    int shard_count() const override { return records_.shard_count(); }
    const std::string& epoch() const override { return records_.epoch(); }
    Frontier head() const override { return tail_.head(); }
    void append(std::span<PendingRecord> batch) override;
    std::vector<LogEntryPtr> read_after(const Frontier& after, std::size_t count_max) override;
    LogEntryPtr read_at(int shard, Position position) override;
    bool wait_past(const Frontier& after, milliseconds patience) override {
        return tail_.wait_past(after.at(0), patience);
    }
    void wake() override { tail_.wake(); }
    std::vector<std::string> warnings() const override { return warnings_; }
    std::optional<LogFault> verify(Position from, const std::function<bool(Position)>& progress) override {
        return records_.first_fault(from, tail_.head(), progress);
    }

private:
    LogHeadFile open_head_file();
    LogDatabase open_database();
    ChainHeads checked_heads();
    void require_reach(Position last) const;
    void require_head_record(Position last);
    void checkpoint_locked();
    void keep_house();

    const SqliteLogOptions options_;
    std::vector<std::string> warnings_;
    WriterLock lock_;
    LogHeadFile head_file_;
    std::optional<std::string> broken_;  // why, for every later append
    LogDatabase database_;
    StoredRecords records_;
    ChainHeads heads_;
    LogTail tail_;

    std::mutex writer_mutex_;
    std::condition_variable keeper_wakes_;
    bool stopping_ = false;
    bool keeper_sleeps_ = false;
    std::uint64_t batches_ = 0;
    int checkpointed_pages_ = 0;
    std::thread keeper_;
};

LogHeadFile SqliteLogWriter::open_head_file() {
    const auto file = beside(options_.file, ".head");
    try {
        return LogHeadFile(file);
    } catch (const std::system_error& error) {
        throw LogRefused(std::string("cannot open the log's head: ") + error.what());
    }
}

LogDatabase SqliteLogWriter::open_database() {
    // A log that is gone must not be made anew in silence.
    if (!std::filesystem::exists(options_.file)) require_reach(0);
    return LogDatabase(options_);
}

ChainHeads SqliteLogWriter::checked_heads() {
    sync_folder(options_.file.parent_path());
    sync_folder(std::filesystem::absolute(options_.file).parent_path().parent_path());
    if (records_.shard_count() != options_.shard_count)
        throw LogRefused("the log " + options_.file.string() + " has " +
                         std::to_string(records_.shard_count()) + " shards, but " +
                         std::to_string(options_.shard_count) +
                         " are configured: the number is fixed when a log is made");
    const auto last = records_.head();
    require_reach(last);
    require_head_record(last);
    const auto unverified = std::max<Position>(0, last - static_cast<Position>(page_records_max));
    records_.require_sound_end(std::clamp<Position>(options_.verify_from.value_or(unverified), 0, last));
    return records_.chain_heads();
}

void SqliteLogWriter::require_reach(Position last) const {
    const auto ends = "the log " + options_.file.string() + " ends at position " + std::to_string(last);
    if (last < options_.must_reach)
        throw LogRefused(ends + " but the read models have seen position " +
                         std::to_string(options_.must_reach));
    const auto said = head_file_.content();
    if (said && last < said->position)
        throw LogRefused(ends + " but log.head says " + std::to_string(said->position) +
                         ": its end was lost");
}

void SqliteLogWriter::require_head_record(Position last) {
    const auto said = head_file_.content();
    if (!said && !head_file_.is_empty())
        warnings_.push_back("log.head is unreadable and was not used to check the log");
    else if (!said && last > 0)
        warnings_.push_back("log.head is missing and was not used to check the log");
    else if (said && said->position > 0 && records_.hash_at(said->position) != said->hash)
        throw LogRefused("the record at position " + std::to_string(said->position) + " of the log " +
                         options_.file.string() + " is not the one that log.head names");
}

void SqliteLogWriter::append(std::span<PendingRecord> batch) {
    if (batch.empty()) return;
    const std::lock_guard lock(writer_mutex_);
    if (broken_) throw LogBroken(*broken_);
    const auto first = tail_.head() + 1;
    const auto pages_before = database_.wal_pages();
    try {
        database_.write(batch, first, heads_);
    } catch (const LogBroken& error) {
        broken_ = error.what();
        throw;
    }
    auto position = first;
    for (auto& pending : batch) pending.entry->position = position++;
    const auto& last = batch.back().entry->record;
    head_file_.write(position - 1, heads_[static_cast<std::size_t>(last.shard)].hash);
    tail_.publish(batch);

    ++batches_;
    if (database_.wal_pages() <= pages_before) checkpointed_pages_ = 0;  // It began anew.
    // A sync that fails in here concerns records that are already durable: the next append says so.
    if (database_.wal_pages() - checkpointed_pages_ >= options_.checkpoint_pages) checkpoint_locked();
    if (keeper_sleeps_) keeper_wakes_.notify_all();
}

void SqliteLogWriter::checkpoint_locked() {
    try {
        database_.checkpoint();
        checkpointed_pages_ = database_.wal_pages();
    } catch (const LogBroken& error) {
        broken_ = error.what();
    }
}

// Checkpoints when the writer rests, and syncs log.head now and then, so that no batch pays for either.
void SqliteLogWriter::keep_house() {
    std::unique_lock lock(writer_mutex_);
    std::uint64_t batches_seen = 0;
    while (!stopping_) {
        keeper_sleeps_ = true;
        keeper_wakes_.wait(lock, [&] { return stopping_ || batches_ != batches_seen; });
        keeper_sleeps_ = false;
        while (!stopping_ && batches_ != batches_seen) {
            batches_seen = batches_;
            keeper_wakes_.wait_for(lock, options_.rest_before_checkpoint, [&] { return stopping_; });
            lock.unlock();
            head_file_.sync();
            lock.lock();
        }
        if (!stopping_ && !broken_ && database_.wal_pages() != checkpointed_pages_) checkpoint_locked();
    }
}

std::vector<LogEntryPtr> SqliteLogWriter::read_after(const Frontier& after, std::size_t count_max) {
    const auto position = after.at(0);
    const auto count = std::min(count_max, page_records_max);
    auto newest = tail_.after(position, count);
    if (!newest.empty() || count == 0) return newest;
    const auto last = std::min(tail_.head(), position + static_cast<Position>(count));
    auto stored = records_.page(position, std::min(last, tail_.first() - 1));
    const auto reached = position + std::ssize(stored);
    if (reached >= last || stored.empty()) return stored;
    newest = tail_.after(reached, static_cast<std::size_t>(last - reached));
    stored.insert(stored.end(), newest.begin(), newest.end());
    return stored;
}

LogEntryPtr SqliteLogWriter::read_at(int, Position position) {
    if (position < 1 || position > tail_.head()) return nullptr;
    if (auto entry = tail_.at(position)) return entry;
    return records_.page(position - 1, position).front();
}

}  // namespace

std::unique_ptr<SqliteLog> open_sqlite_log(const SqliteLogOptions& options) {
    return std::make_unique<SqliteLogWriter>(options);
}

}  // namespace dacapo
