// Snapshots in a database that several servers share; run on PostgreSQL, too.
#include "command/snapshot_table.hpp"

#include "command/snapshot.hpp"
#include "infra/crypto/digest.hpp"
#include "infra/sql/migrations.hpp"
#include "projections/bookkeeping.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/temporary_folder.hpp"

#include <doctest/doctest.h>
#include <atomic>

namespace dacapo {
namespace {

using namespace dacapo::testing;
using namespace std::chrono_literals;

constexpr auto written_soon = 20s;

struct Database {
    TemporaryFolder folder;
    ManualClock clock;
    std::string url = database_url_for(folder / "read.db");
    std::atomic<int> warnings{0};

    void migrate() {
        sql::Session session(url, sql::Use::write);
        sql::migrate(session, bookkeeping_migrations());
    }
    // One server's.
    std::unique_ptr<SnapshotTable> store(const std::string& epoch = "00000000000000aa") {
        SnapshotTableOptions options;
        options.database_url = url;
        options.epoch = epoch;
        options.on_warning = [this](const std::string&) { ++warnings; };
        options.retry_pause = 5ms;
        return std::make_unique<SnapshotTable>(clock, std::move(options));
    }
    void execute(const std::string& statement) { sql::Session(url, sql::Use::write).execute(statement); }
    int row_count() {
        return sql::Session(url, sql::Use::write).value<int>("SELECT count(*) FROM shard_snapshots").value();
    }
};

struct Migrated : Database {
    Migrated() { migrate(); }
    std::unique_ptr<SnapshotTable> one = store();
    std::unique_ptr<SnapshotTable> other = store();

    std::string loaded(SnapshotTable& from, int shard = 7) {
        std::string why;
        const auto bytes = from.load(shard, why);
        return bytes ? *bytes : "nothing: " + why;
    }
    void saved(SnapshotTable& by, Position position, const std::string& bytes, int shard = 7) {
        by.save(shard, position, bytes);
        REQUIRE(by.await_written(written_soon));
    }
};

}  // namespace

TEST_CASE_FIXTURE(Migrated, "a snapshot saved by one server is loaded by another, bytes and all") {
    std::string bytes;
    for (int i = 0; i < 100'000; ++i) bytes += static_cast<char>(i % 256);
    CHECK(loaded(*other) == "nothing: ");
    saved(*one, 12, bytes);
    saved(*one, 12, "of another shard", 3);
    CHECK(loaded(*other) == bytes);
    CHECK(loaded(*other, 3) == "of another shard");
    CHECK(loaded(*other, 4) == "nothing: ");
    CHECK(warnings == 0);
}

TEST_CASE_FIXTURE(Migrated, "a server that lags behind does not replace what is further along") {
    saved(*one, 12, "twelve");
    saved(*other, 9, "nine");
    CHECK(loaded(*one) == "twelve");
    saved(*other, 15, "fifteen");
    CHECK(loaded(*one) == "fifteen");
}

TEST_CASE_FIXTURE(Migrated, "what another log has left is not used, and is replaced whatever its position") {
    const auto elsewhere = store("00000000000000bb");
    saved(*elsewhere, 1'000, "of another log");
    CHECK(loaded(*one) == "nothing: it is of another log");
    saved(*one, 2, "two");
    CHECK(loaded(*one) == "two");
}

TEST_CASE_FIXTURE(Migrated, "a damaged row is not used, and is gone once it is discarded") {
    saved(*one, 12, "twelve");
    SUBCASE("not what was written") { execute("UPDATE shard_snapshots SET content = '!'"); }
    SUBCASE("one letter of it") {
        execute("UPDATE shard_snapshots SET content = substr(content, 1, length(content) - 8) || 'AAAAAAAA'");
    }
    CHECK(loaded(*other) == "nothing: it is damaged");
    other->discard(7);
    REQUIRE(other->await_written(written_soon));
    CHECK(row_count() == 0);
}

TEST_CASE_FIXTURE(Migrated, "a row of another state, by its own words, is not used") {
    auto sealed = seal_snapshot("00000000000000aa", 7, "twelve");
    saved(*one, 12, "twelve");
    sealed.replace(sealed.find(state_fingerprint()), 16, "0123456789abcdef");
    execute("UPDATE shard_snapshots SET content = '" + base64url(sealed) + '\'');
    CHECK(loaded(*other) == "nothing: it was written by a build with another state");
}

TEST_CASE_FIXTURE(Migrated, "what has been replaced meanwhile is not discarded") {
    saved(*one, 12, "twelve");
    CHECK(loaded(*other) == "twelve");
    saved(*one, 13, "thirteen");
    other->discard(7);
    REQUIRE(other->await_written(written_soon));
    CHECK(loaded(*one) == "thirteen");
}

TEST_CASE_FIXTURE(Migrated, "builds with another state have rows of their own, for a week after the last") {
    saved(*one, 12, "twelve");
    execute("UPDATE shard_snapshots SET fingerprint = 'older'");
    CHECK(loaded(*other) == "nothing: ");
    saved(*other, 13, "thirteen");
    CHECK(row_count() == 2);
    clock.advance(std::chrono::hours(24 * 7 + 1));
    saved(*other, 14, "fourteen");
    CHECK(row_count() == 1);
    CHECK(loaded(*other) == "fourteen");
}

TEST_CASE_FIXTURE(Database,
                  "without its database nobody waits, one warning is given, and it is tried again") {
    const auto one = store();
    std::string why;
    CHECK(one->load(7, why) == std::nullopt);
    CHECK(why.empty());
    one->save(7, 12, "twelve");
    one->save(7, 13, "thirteen");
    one->save(8, 1, "one");
    CHECK_FALSE(one->await_written(50ms));
    CHECK(warnings == 1);
    migrate();
    REQUIRE(one->await_written(written_soon));
    CHECK(one->load(7, why) == "thirteen");
    CHECK(one->load(8, why) == "one");
    CHECK(warnings == 1);
}

TEST_CASE_FIXTURE(Database, "a server that ends writes what waits, and does not wait for a database") {
    auto one = store();
    one->save(7, 12, "twelve");
    SUBCASE("that is away") { one.reset(); }
    SUBCASE("that is there") {
        migrate();
        one.reset();
        std::string why;
        CHECK(store()->load(7, why) == "twelve");
    }
}

TEST_CASE_FIXTURE(Migrated,
                  "what could not be written while PostgreSQL was down is written when it is back") {
    if (!on_postgresql()) return;
    Postgres::instance().crash();
    one->save(7, 12, "twelve");
    CHECK_FALSE(one->await_written(100ms));
    CHECK(loaded(*other) == "nothing: ");
    Postgres::instance().start();
    REQUIRE(one->await_written(written_soon));
    CHECK(loaded(*one) == "twelve");
    CHECK(warnings == 2);  // one each
}

}  // namespace dacapo
