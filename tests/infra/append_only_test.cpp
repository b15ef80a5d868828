// The connection that writes the event log adds records and can change none.
#include "infra/log/sqlite_log.hpp"
#include "tests/support/log_records.hpp"
#include "tests/support/temporary_folder.hpp"

#include <doctest/doctest.h>
#include <sqlite3.h>

namespace dacapo {
namespace {

// The log keeps its connection to itself; SQLite shows every one that is opened.
sqlite3* writer = nullptr;
int remember_writer(sqlite3* opened, char**, const void*) {
    if (sqlite3_db_readonly(opened, "main") == 0) writer = opened;
    return SQLITE_OK;
}

class WriterSeen {
public:
    WriterSeen() { sqlite3_auto_extension(reinterpret_cast<void (*)()>(remember_writer)); }
    ~WriterSeen() { sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(remember_writer)); }
};

TEST_CASE("no statement through the log's writing connection changes or removes a record") {
    const TemporaryFolder folder;
    SqliteLogOptions options;
    options.file = folder / "log.db";
    options.shard_count = 4;
    SampleWriter(*open_sqlite_log(options)).append(3);

    writer = nullptr;
    const WriterSeen seen;
    const auto log = open_sqlite_log(options);
    REQUIRE(writer != nullptr);
    const auto run = [](const char* statement) {
        return sqlite3_exec(writer, statement, nullptr, nullptr, nullptr);
    };
    for (const char* statement : {"UPDATE record SET payload = '{}'",
                                  "UPDATE record SET hash = x'00' WHERE position = 2",
                                  "DELETE FROM record",
                                  "DELETE FROM record WHERE position = 3",
                                  "DELETE FROM meta",
                                  "UPDATE meta SET value = 'x' WHERE key = 'epoch'",
                                  "INSERT INTO meta VALUES ('a', 'b')",
                                  "DELETE FROM chain_head",
                                  "UPDATE chain_head SET sequence = 0",
                                  "DROP TABLE record",
                                  "ALTER TABLE record RENAME TO r",
                                  "ALTER TABLE record DROP COLUMN payload",
                                  "CREATE TABLE other (x)",
                                  "CREATE TEMP TABLE other (x)",
                                  "CREATE TRIGGER t AFTER INSERT ON record BEGIN DELETE FROM record; END",
                                  "CREATE VIEW v AS SELECT 1",
                                  "CREATE INDEX i ON record(shard)",
                                  "ATTACH ':memory:' AS other",
                                  "PRAGMA journal_mode = DELETE",
                                  "PRAGMA writable_schema = ON",
                                  "VACUUM"}) {
        CAPTURE(statement);
        CHECK((run(statement) & 0xFF) == SQLITE_AUTH);
    }
    CHECK(run("SELECT payload FROM record") == SQLITE_OK);

    SampleWriter(*log, {{0, 1}, {1, 1}, {2, 1}}).append(3);
    CHECK(log->head().total() == 6);
    CHECK_FALSE(log->verify(0, [](Position) { return true; }));
}

}  // namespace
}  // namespace dacapo
