#include "infra/log/stored_records.hpp"

#include <algorithm>
#include <condition_variable>

namespace dacapo {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Another process's commits are seen by looking; p99 of 1 ms behind at this rate, for some 5 microseconds a
// look.
constexpr milliseconds poll_interval{1};

class SqliteLogReader : public SqliteLog {
public:
    SqliteLogReader(const std::filesystem::path& file, const std::string& vfs) : records_(file, vfs) {}

    int shard_count() const override { return records_.shard_count(); }
    const std::string& epoch() const override { return records_.epoch(); }
    Frontier head() const override { return records_.head(); }
    void append(std::span<PendingRecord>) override {
        throw std::logic_error("this log is open for reading only");
    }

    std::vector<LogEntryPtr> read_after(const Frontier& after, std::size_t count_max) override {
        const auto position = after.at(0);
        const auto count = static_cast<Position>(std::min(count_max, page_records_max));
        return records_.page(position, std::min(records_.head(), position + count));
    }

    LogEntryPtr read_at(int, Position position) override {
        if (position < 1 || position > records_.head()) return nullptr;
        return records_.page(position - 1, position).front();
    }

    bool wait_past(const Frontier& after, milliseconds patience) override {
        const auto position = after.at(0);
        const auto deadline = steady_clock::now() + patience;
        std::unique_lock lock(mutex_);
        const auto wakes_before = wakes_;
        while (records_.head() <= position) {
            if (steady_clock::now() >= deadline || wakes_ != wakes_before) return false;
            woken_.wait_until(lock, std::min(deadline, steady_clock::now() + poll_interval));
        }
        return true;
    }

    void wake() override {
        {
            const std::lock_guard lock(mutex_);
            ++wakes_;
        }
        woken_.notify_all();
    }

    std::vector<std::string> warnings() const override { return {}; }
    std::optional<LogFault> verify(Position from, const std::function<bool(Position)>& progress) override {
        return records_.first_fault(from, records_.head(), progress);
    }

private:
    StoredRecords records_;
    std::mutex mutex_;
    std::condition_variable woken_;
    std::uint64_t wakes_ = 0;
};

}  // namespace

std::unique_ptr<SqliteLog> open_sqlite_log_reader(const std::filesystem::path& file, const std::string& vfs) {
    if (!std::filesystem::exists(file)) throw LogRefused("there is no log at " + file.string());
    return std::make_unique<SqliteLogReader>(file, vfs);
}

}  // namespace dacapo
