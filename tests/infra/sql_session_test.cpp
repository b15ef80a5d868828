// Values through a real SQLite file and back, and statements that leave nothing open behind them.
#include "infra/sql/table.hpp"
#include "tests/support/temporary_folder.hpp"

#include <doctest/doctest.h>

namespace dacapo::sql {
namespace {

struct OneFile {
    TemporaryFolder folder;
    std::string url = "sqlite:" + (folder / "read.db").string();
    Session session{url, Use::write};
};

TEST_CASE_FIXTURE(OneFile, "values come back as they went in") {
    session.script(
        "CREATE TABLE t (i INTEGER, r REAL, s TEXT, n TEXT, id INTEGER, at INTEGER, role TEXT, b INTEGER)");
    const Timestamp time(std::chrono::milliseconds(1'710'417'600'123));
    session.execute("INSERT INTO t VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", id_limit - 1, 48.85,
                    "O'Hara; -- é", std::optional<std::string>(), UserId{5'000'000'000}, time,
                    Role::commercial, true);
    const auto rows = session.query("SELECT * FROM t", [&](const Row& row) {
        CHECK(row.get<std::int64_t>(0) == 9'007'199'254'740'991);
        CHECK(row.get<double>(1) == 48.85);
        CHECK(row.get<std::string_view>(2) == "O'Hara; -- é");
        CHECK(row.is_null(3));
        CHECK(row.get<std::optional<std::string>>(3) == std::nullopt);
        CHECK(row.get<std::optional<std::string>>(2) == "O'Hara; -- é");
        CHECK(row.get<UserId>(4) == UserId{5'000'000'000});
        CHECK(row.get<Timestamp>(5) == time);
        CHECK(row.get<Role>(6) == Role::commercial);
        CHECK(row.get<bool>(7));
    });
    CHECK(rows == 1);
}

TEST_CASE_FIXTURE(OneFile, "a text keeps its NUL and an empty one is not null") {
    session.script("CREATE TABLE t (s TEXT)");
    const std::string text("ad\0min", 6);
    session.execute("INSERT INTO t VALUES ($1)", text);
    session.execute("INSERT INTO t VALUES ($1)", std::string_view());
    CHECK(session.value<std::string>("SELECT s FROM t WHERE rowid = 1") == text);
    CHECK(session.value<std::optional<std::string>>("SELECT s FROM t WHERE rowid = 2") ==
          std::optional<std::string>(""));
}

TEST_CASE_FIXTURE(OneFile, "parameters go by their number whatever their order in the text") {
    CHECK(session.value<std::string>("SELECT $2 || $1 || $2", "a", "b") == "bab");
    CHECK(session.value<std::string>("SELECT ?2 || ?1", "a", "b") == "ba");
    CHECK(session.value<std::string>("SELECT ? || ?", "a", "b") == "ab");
}

TEST_CASE_FIXTURE(OneFile, "a wrong number of parameters is a fault of the program") {
    CHECK_THROWS_AS(session.execute("SELECT $1", 1, 2), std::logic_error);
    CHECK_THROWS_AS(session.execute("SELECT $1, $2", 1), std::logic_error);
    CHECK_THROWS_AS(session.execute("SELECT :name", 1), std::logic_error);
}

TEST_CASE_FIXTURE(OneFile, "faults are sorted and never show a bound value") {
    session.script("CREATE TABLE t (id INTEGER PRIMARY KEY, secret TEXT UNIQUE)");
    session.execute("INSERT INTO t VALUES (1, $1)", "hunter2");
    try {
        session.execute("INSERT INTO t VALUES (2, $1)", "hunter2");
        FAIL("accepted");
    } catch (const Error& error) {
        CHECK(error.kind == ErrorKind::statement);
        CHECK(std::string(error.what()).find("hunter2") == std::string::npos);
    }
    CHECK_THROWS_AS(session.execute("SELECT * FROM missing"), Error);
    CHECK_THROWS_AS(session.execute("SELECT 1; DROP TABLE t"), Error);
    CHECK_THROWS_AS(session.execute(""), Error);
    CHECK(session.value<int>("SELECT count(*) FROM t") == 1);
}

TEST_CASE_FIXTURE(OneFile, "a query that stops half way leaves no transaction open") {
    session.script("CREATE TABLE t (i INTEGER); INSERT INTO t VALUES (1), (2), (3)");
    struct Enough {};
    CHECK_THROWS_AS(session.query("SELECT i FROM t", [](const Row&) { throw Enough{}; }), Enough);
    CHECK(session.value<int>("SELECT i FROM t ORDER BY i") == 1);
    // Only a log that no statement still reads can be emptied.
    CHECK(session.value<int>("PRAGMA wal_checkpoint(TRUNCATE)") == 0);
}

TEST_CASE_FIXTURE(OneFile, "a statement inside its own rows is refused") {
    session.script("CREATE TABLE t (i INTEGER); INSERT INTO t VALUES (1)");
    constexpr std::string_view select = "SELECT i FROM t";
    CHECK_THROWS_AS(session.query(select, [&](const Row&) { session.value<int>(select); }), std::logic_error);
}

TEST_CASE_FIXTURE(OneFile,
                  "a transaction that does not reach its end is undone and a savepoint undoes its part") {
    session.script("CREATE TABLE t (i INTEGER)");
    {
        Transaction transaction(session);
        session.execute("INSERT INTO t VALUES (1)");
    }
    CHECK(session.value<int>("SELECT count(*) FROM t") == 0);
    Transaction transaction(session);
    session.execute("INSERT INTO t VALUES (1)");
    {
        Savepoint part(session);
        session.execute("INSERT INTO t VALUES (2)");
    }
    {
        Savepoint part(session);
        session.execute("INSERT INTO t VALUES (3)");
        part.keep();
    }
    transaction.commit();
    CHECK(session.value<std::string>("SELECT group_concat(i) FROM t") == "1,3");
    CHECK_FALSE(session.in_transaction());
}

TEST_CASE_FIXTURE(OneFile, "a reading session cannot write and never checkpoints") {
    session.script("CREATE TABLE t (i INTEGER)");
    Session reader(url, Use::read);
    CHECK_THROWS_AS(reader.execute("INSERT INTO t VALUES (1)"), Error);
    CHECK(reader.value<int>("PRAGMA wal_autocheckpoint") == 0);
    CHECK(session.value<int>("PRAGMA wal_autocheckpoint") == 16384);
    CHECK(session.value<std::string>("PRAGMA journal_mode") == "wal");
    CHECK(session.value<int>("PRAGMA synchronous") == 1);
}

TEST_CASE_FIXTURE(OneFile, "what is read consistently is one state of the database") {
    session.script("CREATE TABLE t (i INTEGER); INSERT INTO t VALUES (1)");
    Session reader(url, Use::read);
    reader.consistently([&] {
        CHECK(reader.value<int>("SELECT count(*) FROM t") == 1);
        session.execute("INSERT INTO t VALUES (2)");
        CHECK(reader.value<int>("SELECT count(*) FROM t") == 1);
    });
    CHECK(reader.value<int>("SELECT count(*) FROM t") == 2);
}

TEST_CASE_FIXTURE(OneFile, "the statements kept are bounded and all of them still work") {
    for (std::size_t i = 0; i < Session::statement_count_max * 2; ++i)
        CHECK(session.value<std::size_t>("SELECT " + std::to_string(i)) == i);
    CHECK(session.value<int>("SELECT 0") == 0);
}

struct PlaceRow {
    static constexpr std::string_view table = "places";
    static constexpr int key_count = 2;
    static constexpr const char* create =
        "CREATE TABLE places (a INTEGER, b INTEGER, name TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID";
    std::int64_t a = 0, b = 0;
    std::string name;
    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("a", self.a);
        field("b", self.b);
        field("name", self.name);
    }
};

TEST_CASE_FIXTURE(OneFile,
                  "the last row of a key wins and rows are written before any statement on their table") {
    Table<PlaceRow> places(session);
    places.create();
    places.upsert({1, 2, "old"});
    places.upsert({1, 2, "new"});
    places.upsert({1, 3, "other"});
    CHECK(session.value<int>("SELECT count(*) FROM places") == 0);
    CHECK(places.execute("UPDATE places SET name = name || '!' WHERE b = $1", 2) == 1);
    CHECK(places.value<std::string>("SELECT group_concat(name) FROM places") == "new!,other");
    places.upsert({1, 2, "newest"});
    places.discard();
    places.upsert({9, 9, "last"});
    places.flush();
    CHECK(places.value<std::string>("SELECT group_concat(name) FROM places") == "new!,other,last");
    places.drop();
    CHECK_THROWS_AS(session.execute("SELECT * FROM places"), Error);
}

TEST_CASE("a URL that is no path of a SQLite file is refused") {
    CHECK_THROWS_AS(Session("postgresql://host/db", Use::write), Error);
    CHECK_THROWS_AS(Session("sqlite:", Use::write), Error);
    CHECK_THROWS_AS(Session("sqlite:/nowhere/at/all/read.db", Use::write), Error);
    CHECK_THROWS_AS(Session("sqlite:a\" timeout=\"9", Use::write), Error);
}

}  // namespace
}  // namespace dacapo::sql
