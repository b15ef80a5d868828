// What the embedded log does when the disk is full, when a sync fails, and when the power goes.
#include "infra/log/sqlite_log.hpp"
#include "tests/support/forgetful_vfs.hpp"
#include "tests/support/log_records.hpp"
#include "tests/support/temporary_folder.hpp"

#include <doctest/doctest.h>
#include <sqlite3.h>

namespace dacapo {
namespace {

struct ForgetfulLog {
    ForgetfulLog() {
        register_forgetful_vfs();
        forgetful::heal();
        options.file = folder / "log.db";
        options.shard_count = 4;
        options.vfs = forgetful_vfs_name;
        options.tail_records_max = 0;
        // Only batches sync, so that a test can count them.
        options.rest_before_checkpoint = std::chrono::hours(1);
    }
    ~ForgetfulLog() { forgetful::heal(); }

    TemporaryFolder folder;
    SqliteLogOptions options;
};

TEST_CASE("a batch that finds the disk full leaves the log as it was and the next one succeeds") {
    ForgetfulLog forgetful_log;
    auto log = open_sqlite_log(forgetful_log.options);
    SampleWriter writer(*log);
    writer.append(5);
    int code = 0;
    SUBCASE("full") { code = SQLITE_FULL; }
    SUBCASE("unwritable") { code = SQLITE_IOERR_WRITE; }
    // Fails at the first, second ... write of the batch: in its middle, in its last page.
    int failures = 0;
    for (int nth = 1; nth < 100; ++nth) {
        forgetful::fail_writes(nth, code);
        bool failed = false;
        try {
            writer.append(40);
        } catch (const LogWriteFailed& failure) {
            failed = true;
            CHECK(failure.disk_full == (code == SQLITE_FULL));
        }
        forgetful::heal();
        if (!failed) break;
        ++failures;
        CHECK(log->head() == 5);
        CHECK(log->read_after(0, 100).size() == 5);
    }
    CHECK(failures > 3);
    CHECK(log->head() == 45);
    CHECK_FALSE(log->verify(0, nullptr));
    log.reset();
    CHECK(open_sqlite_log(forgetful_log.options)->head() == 45);
}

TEST_CASE("records that failed to be written do not come back after a crash") {
    ForgetfulLog forgetful_log;
    auto log = open_sqlite_log(forgetful_log.options);
    SampleWriter writer(*log);
    writer.append(5);
    forgetful::fail_writes(3, SQLITE_FULL);
    CHECK_THROWS_AS(writer.append(40), LogWriteFailed);
    forgetful::lose_unsynced();
    log.reset();
    CHECK(open_sqlite_log(forgetful_log.options)->head() == 5);
}

TEST_CASE("after a failed sync the log takes nothing more") {
    ForgetfulLog forgetful_log;
    auto log = open_sqlite_log(forgetful_log.options);
    SampleWriter writer(*log);
    writer.append(5);
    forgetful::fail_syncs(1);
    CHECK_THROWS_AS(writer.append(1), LogBroken);
    CHECK(log->head() == 5);
    for (int i = 0; i < 3; ++i) CHECK_THROWS_AS(writer.append(1), LogBroken);
    CHECK(log->head() == 5);
    // A restart reads what is there: the batch, or not.
    forgetful::lose_unsynced();
    log.reset();
    CHECK(open_sqlite_log(forgetful_log.options)->head() == 5);
}

TEST_CASE("a checkpoint whose sync fails breaks the log at the next batch") {
    ForgetfulLog forgetful_log;
    forgetful_log.options.checkpoint_pages = 1;
    const auto log = open_sqlite_log(forgetful_log.options);
    SampleWriter writer(*log);
    writer.append(5);
    writer.append(1);
    const auto syncs_before = forgetful::sync_count();
    writer.append(1);
    const auto syncs_per_batch = static_cast<int>(forgetful::sync_count() - syncs_before);
    CHECK(syncs_per_batch > 1);  // The batch's own comes first and the checkpoint's last.
    forgetful::fail_syncs(syncs_per_batch);
    writer.append(1);
    CHECK(log->head() == 8);  // These records are durable: their own sync succeeded.
    forgetful::heal();
    CHECK_THROWS_AS(writer.append(1), LogBroken);
    CHECK(log->head() == 8);
}

// Batches of 1 to 7 records, now and then a checkpoint, then a power cut. Returns how many were acknowledged.
Position write_until_power_cut(const SqliteLogOptions& options) {
    auto log = open_sqlite_log(options);
    SampleWriter writer(*log);
    for (int i = 0; i < 50; ++i) writer.append(1 + i % 7);
    const auto acknowledged = log->head().at(0);
    forgetful::lose_unsynced();
    return acknowledged;
}

TEST_CASE("a power cut loses no batch that was acknowledged") {
    ForgetfulLog forgetful_log;
    SUBCASE("without checkpoints") {}
    SUBCASE("with checkpoints between") { forgetful_log.options.checkpoint_pages = 30; }
    const auto acknowledged = write_until_power_cut(forgetful_log.options);
    const auto log = open_sqlite_log(forgetful_log.options);
    CHECK(log->head() == acknowledged);
    CHECK(log->read_after(0, 10'000).size() == static_cast<std::size_t>(acknowledged));
    CHECK_FALSE(log->verify(0, nullptr));
}

TEST_CASE("a log that does not sync its batches is seen to lose them") {
    ForgetfulLog forgetful_log;
    forgetful_log.options.sync_batches = false;
    const auto acknowledged = write_until_power_cut(forgetful_log.options);
    CHECK_THROWS_AS(open_sqlite_log(forgetful_log.options), LogRefused);  // log.head remembers.
    std::filesystem::remove(forgetful_log.folder / "log.head");
    CHECK(open_sqlite_log(forgetful_log.options)->head().at(0) < acknowledged);
}

TEST_CASE("each batch is synced once") {
    ForgetfulLog forgetful_log;
    const auto log = open_sqlite_log(forgetful_log.options);
    SampleWriter writer(*log);
    writer.append(1);  // Syncs the new write-ahead log's header as well.
    const auto before = forgetful::sync_count();
    for (int i = 0; i < 10; ++i) writer.append(3);
    CHECK(forgetful::sync_count() - before == 10);
}

}  // namespace
}  // namespace dacapo
