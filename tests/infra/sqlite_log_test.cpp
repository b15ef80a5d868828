// What the embedded log promises to who writes and reads it.
#include "infra/log/sqlite_log.hpp"

#include "tests/support/log_records.hpp"
#include "tests/support/temporary_folder.hpp"

#include <doctest/doctest.h>
#include <future>
#include <thread>

namespace dacapo {
namespace {

using namespace std::chrono_literals;

SqliteLogOptions options_in(const TemporaryFolder& folder, int shard_count = 4) {
    SqliteLogOptions options;
    options.file = folder / "log.db";
    options.shard_count = shard_count;
    return options;
}

// No record stays in memory: every read goes through SQLite and the codec.
SqliteLogOptions without_tail(SqliteLogOptions options) {
    options.tail_records_max = 0;
    return options;
}

std::vector<Record> records_of(const std::vector<LogEntryPtr>& entries) {
    std::vector<Record> records;
    for (const auto& entry : entries) records.push_back(entry->record);
    return records;
}

std::vector<Record> records_of(const std::vector<PendingRecord>& batch) {
    std::vector<Record> records;
    for (const auto& pending : batch) records.push_back(pending.entry->record);
    return records;
}

TEST_CASE("records come back as they were written, in order and at dense positions") {
    TemporaryFolder folder;
    for (const bool with_tail : {true, false}) {
        CAPTURE(with_tail);
        auto options = options_in(folder);
        options.file = folder / (with_tail ? "one.db" : "two.db");
        const auto log = open_sqlite_log(with_tail ? options : without_tail(options));
        SampleWriter writer(*log);
        auto written = records_of(writer.append(5));
        for (const auto& record : records_of(writer.append(3, "\xC3\xA9 \"quoted\" \n")))
            written.push_back(record);

        const auto entries = log->read_after(0, 100);
        CHECK(records_of(entries) == written);
        for (std::size_t i = 0; i < entries.size(); ++i)
            CHECK(entries[i]->position == static_cast<Position>(i + 1));
        CHECK(log->head() == 8);
    }
}

TEST_CASE("append tells each record its position") {
    TemporaryFolder folder;
    const auto log = open_sqlite_log(options_in(folder));
    SampleWriter writer(*log);
    writer.append(2);
    const auto written = writer.append(2);
    CHECK(written[0].entry->position == 3);
    CHECK(written[1].entry->position == 4);
}

TEST_CASE("an empty batch changes nothing") {
    TemporaryFolder folder;
    const auto log = open_sqlite_log(options_in(folder));
    log->append({});
    CHECK(log->head() == 0);
    CHECK(log->read_after(0, 10).empty());
}

TEST_CASE("a reopened log goes on where it ended and keeps its epoch") {
    TemporaryFolder folder;
    auto log = open_sqlite_log(options_in(folder));
    const auto epoch = log->epoch();
    CHECK(epoch.size() == 16);
    CHECK(epoch.find_first_not_of("0123456789abcdef") == std::string::npos);
    SampleWriter(*log).append(6);
    log.reset();

    log = open_sqlite_log(options_in(folder));
    CHECK(log->epoch() == epoch);
    CHECK(log->head() == 6);
    CHECK(log->warnings().empty());
    SampleWriter(*log, {{0, 2}, {1, 2}, {2, 1}, {3, 1}}).append(4);
    CHECK(log->head() == 10);
    CHECK(log->read_after(0, 100).size() == 10);
    CHECK_FALSE(log->verify(0, nullptr));
}

TEST_CASE("two logs have different epochs") {
    TemporaryFolder one;
    TemporaryFolder other;
    CHECK(open_sqlite_log(options_in(one))->epoch() != open_sqlite_log(options_in(other))->epoch());
}

TEST_CASE("a record that is not its shard's next is a mistake of the caller and leaves the log as it was") {
    TemporaryFolder folder;
    const auto log = open_sqlite_log(options_in(folder));
    SampleWriter writer(*log);
    writer.append(1);
    std::vector<PendingRecord> batch;
    SUBCASE("a gap") { batch = {pending(sample_record(1, 1)), pending(sample_record(0, 3))}; }
    SUBCASE("a repeat") { batch = {pending(sample_record(1, 1)), pending(sample_record(1, 1))}; }
    SUBCASE("no such shard") { batch = {pending(sample_record(4, 1))}; }
    CHECK_THROWS_AS(log->append(batch), std::logic_error);
    CHECK(log->head() == 1);
    writer.append(4);
    CHECK(log->head() == 5);
    CHECK_FALSE(log->verify(0, nullptr));
}

TEST_CASE("pages end at the count that was asked for") {
    TemporaryFolder folder;
    for (const bool with_tail : {true, false}) {
        auto options = options_in(folder);
        options.file = folder / (with_tail ? "one.db" : "two.db");
        const auto log = open_sqlite_log(with_tail ? options : without_tail(options));
        SampleWriter(*log).append(10);
        CHECK(log->read_after(0, 4).size() == 4);
        CHECK(log->read_after(8, 4).size() == 2);
        CHECK(log->read_after(8, 4).front()->position == 9);
        CHECK(log->read_after(10, 4).empty());
        CHECK(log->read_after(11, 4).empty());
        CHECK(log->read_after(0, 0).empty());
    }
}

TEST_CASE("no page has more than 10,000 records") {
    TemporaryFolder folder;
    auto options = options_in(folder);
    SUBCASE("from memory") {}
    SUBCASE("from the file") { options = without_tail(options); }
    const auto log = open_sqlite_log(options);
    SampleWriter(*log).append(10'001);
    CHECK(log->read_after(0, 50'000).size() == 10'000);
    CHECK(log->read_after(10'000, 50'000).size() == 1);
}

TEST_CASE("the tail is bounded by records and by bytes") {
    TemporaryFolder folder;
    auto options = options_in(folder);
    SUBCASE("by records") { options.tail_records_max = 3; }
    SUBCASE("by bytes") { options.tail_bytes_max = 3 * encode(sample_record(0, 1)).size() + 10; }
    const auto log = open_sqlite_log(options);
    SampleWriter writer(*log);
    std::vector<PendingRecord> written;
    for (int i = 0; i < 8; ++i) written.push_back(writer.append(1).front());
    // What the log handed out of its memory is the very object; what it has let go is decoded anew.
    for (std::size_t i = 0; i < written.size(); ++i) {
        CAPTURE(i);
        CHECK((log->read_at(0, static_cast<Position>(i + 1)) == written[i].entry) == (i >= 5));
    }
    // One page may come from both.
    CHECK(records_of(log->read_after(0, 100)) == records_of(written));
    CHECK(log->read_after(3, 4).size() == 4);
    CHECK(log->read_after(5, 100).size() == 3);
}

TEST_CASE("read_at finds old and new records and nothing else") {
    TemporaryFolder folder;
    auto options = options_in(folder);
    options.tail_records_max = 2;
    const auto log = open_sqlite_log(options);
    const auto written = SampleWriter(*log).append(5);
    for (Position position = 1; position <= 5; ++position) {
        const auto entry = log->read_at(0, position);
        REQUIRE(entry);
        CHECK(entry->position == position);
        CHECK(entry->record == written[static_cast<std::size_t>(position - 1)].entry->record);
    }
    CHECK_FALSE(log->read_at(0, 0));
    CHECK_FALSE(log->read_at(0, 6));
    CHECK_FALSE(log->read_at(0, -1));
}

TEST_CASE("a follower on another thread sees every record once and in order") {
    TemporaryFolder folder;
    auto options = options_in(folder);
    options.tail_records_max = 16;  // So that the follower falls behind what is in memory now and then.
    const auto log = open_sqlite_log(options);
    constexpr Position total = 2000;
    auto follower = std::async(std::launch::async, [&] {
        Position position = 0;
        while (position < total) {
            if (!log->wait_past(position, 10s)) break;
            for (const auto& entry : log->read_after(position, 100)) {
                if (entry->position != position + 1) return Position{-1};
                position = entry->position;
            }
        }
        return position;
    });
    SampleWriter writer(*log);
    for (Position written = 0; written < total; written += 20) writer.append(20);
    CHECK(follower.get() == total);
}

TEST_CASE("wait_past gives up after its patience and wake ends it at once") {
    TemporaryFolder folder;
    const auto log = open_sqlite_log(options_in(folder));
    CHECK_FALSE(log->wait_past(0, 1ms));
    std::atomic<bool> returned = false;
    std::thread waiter([&] {
        log->wait_past(0, 1min);
        returned = true;
    });
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!returned && std::chrono::steady_clock::now() < deadline) {
        log->wake();
        std::this_thread::yield();
    }
    CHECK(returned);
    waiter.join();
}

TEST_CASE("a reader beside the writer pages and follows") {
    TemporaryFolder folder;
    const auto log = open_sqlite_log(options_in(folder));
    SampleWriter writer(*log);
    const auto first = records_of(writer.append(3));
    const auto reader = open_sqlite_log_reader(folder / "log.db");
    CHECK(reader->epoch() == log->epoch());
    CHECK(reader->shard_count() == 4);
    CHECK(reader->head() == 3);
    CHECK(records_of(reader->read_after(0, 10)) == first);
    CHECK_FALSE(reader->wait_past(3, 1ms));

    auto next = std::async(std::launch::async, [&] { return reader->wait_past(3, 10s); });
    writer.append(1);
    CHECK(next.get());
    CHECK(reader->read_at(0, 4)->position == 4);
    CHECK_FALSE(reader->read_at(0, 5));
    CHECK_FALSE(reader->verify(0, nullptr));
    std::vector<PendingRecord> batch{pending(sample_record(0, 2))};
    CHECK_THROWS_AS(reader->append(batch), std::logic_error);
}

TEST_CASE("a reader needs a log") {
    TemporaryFolder folder;
    CHECK_THROWS_AS(open_sqlite_log_reader(folder / "log.db"), LogRefused);
}

TEST_CASE("readers open while no writer lives") {
    TemporaryFolder folder;
    SampleWriter(*open_sqlite_log(options_in(folder))).append(0);
    {
        const auto log = open_sqlite_log(options_in(folder));
        SampleWriter(*log).append(3);
    }
    CHECK(open_sqlite_log_reader(folder / "log.db")->read_after(0, 10).size() == 3);
}

TEST_CASE("records survive a checkpoint under a reader") {
    TemporaryFolder folder;
    auto options = without_tail(options_in(folder));
    options.checkpoint_pages = 4;
    const auto log = open_sqlite_log(options);
    const auto reader = open_sqlite_log_reader(folder / "log.db");
    SampleWriter writer(*log);
    for (int i = 0; i < 100; ++i) {
        writer.append(10);
        CHECK(reader->head() == 10 * (i + 1));
    }
    CHECK(reader->read_after(0, 10'000).size() == 1000);
    // Without a checkpoint every batch would have left two pages or more behind.
    CHECK(std::filesystem::file_size(folder / "log.db-wal") < 100 * 4096);
}

TEST_CASE("a resting writer checkpoints by itself") {
    TemporaryFolder folder;
    auto options = options_in(folder);
    options.rest_before_checkpoint = 1ms;
    const auto log = open_sqlite_log(options);
    const auto size_before = std::filesystem::file_size(folder / "log.db");
    SampleWriter(*log).append(1000);
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (std::filesystem::file_size(folder / "log.db") == size_before &&
           std::chrono::steady_clock::now() < deadline)
        std::this_thread::yield();
    CHECK(std::filesystem::file_size(folder / "log.db") > size_before);
}

TEST_CASE("verify stops when it is told to and says how far it has come") {
    TemporaryFolder folder;
    const auto log = open_sqlite_log(options_in(folder));
    SampleWriter(*log).append(20'500);
    std::vector<Position> reached;
    CHECK_FALSE(log->verify(0, [&](Position position) {
        reached.push_back(position);
        return true;
    }));
    CHECK(reached == std::vector<Position>{10'000, 20'000, 20'500});
    reached.clear();
    CHECK_FALSE(log->verify(0, [&](Position position) {
        reached.push_back(position);
        return false;
    }));
    CHECK(reached == std::vector<Position>{10'000});
}

}  // namespace
}  // namespace dacapo
