// Values, statements and transactions on a real PostgreSQL, and what happens when its connection ends.
#include "infra/sql/migrations.hpp"
#include "infra/sql/table.hpp"
#include "tests/support/postgres.hpp"

#include <doctest/doctest.h>
#include <csignal>
#include <thread>

namespace dacapo::sql {
namespace {

using testing::Postgres;

std::string fresh_schema() {
    static int count = 0;
    return Postgres::instance().schema("session_" + std::to_string(++count));
}

struct Live {
    std::string url = fresh_schema();
    Session session{url, Use::write};

    // Ends the other session's connection, and waits until its process has closed the socket.
    void terminate(int pid) {
        session.value<bool>("SELECT pg_terminate_backend($1::int)", pid);
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (::kill(pid, 0) == 0) REQUIRE(std::chrono::steady_clock::now() < deadline);
    }
    static int pid_of(Session& other) { return other.value<int>("SELECT pg_backend_pid()").value(); }
};

ErrorKind kind_of(const std::function<void()>& work) {
    try {
        work();
    } catch (const Error& error) {
        return error.kind;
    }
    FAIL("nothing was thrown");
    return ErrorKind::statement;
}

TEST_CASE_FIXTURE(Live, "values come back from PostgreSQL as they went in") {
    session.script(create_text(
        Dialect::postgresql,
        "CREATE TABLE t (i INTEGER, r REAL, s TEXT, n TEXT, id INTEGER, at INTEGER, role TEXT, b INTEGER)"));
    const Timestamp time(std::chrono::milliseconds(1'710'417'600'123));
    session.execute("INSERT INTO t VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", id_limit - 1, 0.1 + 0.2,
                    "O'Hara; -- \"\\ é", std::optional<std::string>(), UserId{5'000'000'000}, time,
                    Role::commercial, true);
    const auto rows = session.query("SELECT t.*, b = 1, b = 2 FROM t", [&](const Row& row) {
        CHECK(row.get<std::int64_t>(0) == 9'007'199'254'740'991);
        CHECK(row.get<double>(1) == 0.1 + 0.2);
        CHECK(row.get<std::string_view>(2) == "O'Hara; -- \"\\ é");
        CHECK(row.get<std::optional<std::string>>(3) == std::nullopt);
        CHECK(row.get<UserId>(4) == UserId{5'000'000'000});
        CHECK(row.get<Timestamp>(5) == time);
        CHECK(row.get<Role>(6) == Role::commercial);
        CHECK(row.get<bool>(7));
        CHECK(row.get<bool>(8));
        CHECK_FALSE(row.get<bool>(9));
        CHECK(row.column_count() == 10);
    });
    CHECK(rows == 1);
    CHECK(session.execute("UPDATE t SET i = $1 WHERE i > $2", -5, 0) == 1);
    CHECK(session.value<std::int64_t>("SELECT i FROM t") == -5);
    CHECK(session.execute("INSERT INTO t (s) VALUES ($1)", std::string_view()) == 1);
    CHECK(session.value<int>("SELECT count(*) FROM t WHERE s = ''") == 1);
}

TEST_CASE_FIXTURE(Live, "texts sort by their bytes as they do in SQLite") {
    session.script(create_text(Dialect::postgresql, "CREATE TABLE t (s TEXT)"));
    for (const char* text : {"b", "a", "B", "é", "z", "_"})
        session.execute("INSERT INTO t VALUES ($1)", text);
    CHECK(session.value<std::string>("SELECT string_agg(s, '' ORDER BY s) FROM t") == "B_abzé");
}

TEST_CASE_FIXTURE(Live, "parameters of PostgreSQL go by their number and one may be left out") {
    CHECK(session.value<std::string>("SELECT $3 || $1 || $3 || '$9'", "a", 7, "b") == "bab$9");
    CHECK_THROWS_AS(session.execute("SELECT $1", 1, 2), std::logic_error);
    CHECK_THROWS_AS(session.execute("SELECT $name", 1), std::logic_error);
}

TEST_CASE_FIXTURE(Live, "faults of a statement are told without any bound value") {
    session.script("CREATE TABLE t (id BIGINT PRIMARY KEY, secret TEXT UNIQUE)");
    session.execute("INSERT INTO t VALUES (1, $1)", "hunter2");
    const std::vector<std::pair<std::string, std::string>> faults{
        {"INSERT INTO t VALUES (2, $1)", "sqlstate 23505: constraint t_secret_key"},
        {"SELECT $1::bigint", "sqlstate 22P02"},
        {"SELECT * FROM missing WHERE x = $1", "sqlstate 42P01: relation \"missing\" does not exist"}};
    for (const auto& [statement, told] : faults) {
        CAPTURE(statement);
        try {
            session.execute(statement, "hunter2");
            FAIL("accepted");
        } catch (const Error& error) {
            CHECK(error.kind == ErrorKind::statement);
            CHECK(std::string(error.what()) == told);
        }
    }
    CHECK(kind_of([&] { session.execute("SELECT $1::text", std::string("a\0b", 3)); }) ==
          ErrorKind::statement);
    CHECK(kind_of([&] { session.execute("SELECT 1; SELECT 2"); }) == ErrorKind::statement);
    CHECK(kind_of([&] { session.execute(""); }) == ErrorKind::statement);
    CHECK(session.value<int>("SELECT count(*) FROM t") == 1);
}

TEST_CASE_FIXTURE(
    Live, "a transaction of PostgreSQL is undone unless it is committed and a savepoint undoes its part") {
    session.script("CREATE TABLE t (i BIGINT PRIMARY KEY)");
    {
        Transaction transaction(session);
        session.execute("INSERT INTO t VALUES (1)");
        CHECK_THROWS_AS(Transaction(session, Access::write), std::logic_error);
    }
    CHECK(session.value<int>("SELECT count(*) FROM t") == 0);
    {
        Transaction transaction(session);
        session.execute("INSERT INTO t VALUES (1)");
        try {
            Savepoint part(session);
            session.execute("INSERT INTO t VALUES (2)");
            session.execute("INSERT INTO t VALUES (1)");
        } catch (const Error&) {
        }
        {
            Savepoint part(session);
            session.execute("INSERT INTO t VALUES (3)");
            part.keep();
        }
        transaction.commit();
    }
    CHECK(session.value<std::string>("SELECT string_agg(i::text, ',' ORDER BY i) FROM t") == "1,3");
    {
        Transaction failed(session);
        session.execute("INSERT INTO t VALUES (4)");
        CHECK_THROWS_AS(session.execute("INSERT INTO t VALUES (1)"), Error);
        CHECK_THROWS_AS(failed.commit(), std::logic_error);
    }
    CHECK_FALSE(session.in_transaction());
    CHECK(session.value<int>("SELECT count(*) FROM t") == 2);
}

TEST_CASE_FIXTURE(Live, "a reader of PostgreSQL sees one state as long as it asks and cannot write") {
    session.script("CREATE TABLE t (i BIGINT); INSERT INTO t VALUES (1)");
    Session reader(url, Use::read);
    reader.consistently([&] {
        CHECK(reader.value<int>("SELECT count(*) FROM t") == 1);
        session.execute("INSERT INTO t VALUES (2)");
        CHECK(reader.value<int>("SELECT count(*) FROM t") == 1);
    });
    CHECK(reader.value<int>("SELECT count(*) FROM t") == 2);
    CHECK(kind_of([&] { reader.execute("INSERT INTO t VALUES (3)"); }) == ErrorKind::storage);
    CHECK(reader.value<std::string>("SHOW statement_timeout") == "5s");
    CHECK(reader.value<std::string>("SHOW application_name") == "dacapo");
    reader.script("SET statement_timeout = '20ms'");
    CHECK(kind_of([&] { reader.value<std::string>("SELECT pg_sleep(10)"); }) == ErrorKind::busy);
}

TEST_CASE_FIXTURE(Live, "who writes alone waits for the others and they for it") {
    session.script("SET lock_timeout = '20ms'");
    Session other(url, Use::write);
    {
        const Transaction beside(other);
        const Transaction too(session);
    }
    {
        const Transaction alone(other, Access::alone);
        CHECK(kind_of([&] { Transaction refused(session); }) == ErrorKind::busy);
        CHECK_FALSE(session.in_transaction());
    }
    const Transaction beside(other);
    CHECK(kind_of([&] { Transaction refused(session, Access::alone); }) == ErrorKind::busy);
}

TEST_CASE_FIXTURE(Live, "a connection that ended while nobody used it is made anew unnoticed") {
    Session other(url, Use::write);
    other.value<int>("SELECT 40 + $1", 2);
    terminate(pid_of(other));
    CHECK(other.value<int>("SELECT 40 + $1", 2) == 42);
    terminate(pid_of(other));
    const Transaction transaction(other);
    CHECK(other.in_transaction());
}

TEST_CASE_FIXTURE(Live, "a connection that ends within a transaction ends the transaction") {
    session.script("CREATE TABLE t (i BIGINT)");
    Session other(url, Use::write);
    {
        Transaction transaction(other);
        other.execute("INSERT INTO t VALUES (1)");
        terminate(pid_of(other));
        CHECK(kind_of([&] { other.execute("INSERT INTO t VALUES (2)"); }) == ErrorKind::unreachable);
        // Not on a new connection, where the first row would be missing.
        CHECK(kind_of([&] { other.execute("INSERT INTO t VALUES (3)"); }) == ErrorKind::unreachable);
        CHECK_FALSE(other.in_transaction());
    }
    other.execute("INSERT INTO t VALUES (4)");
    CHECK(session.value<std::string>("SELECT string_agg(i::text, ',') FROM t") == "4");
}

TEST_CASE_FIXTURE(Live, "a server that is away is tried again with pauses in between") {
    struct Back {
        Back() { Postgres::instance().crash(); }
        ~Back() { start(); }
        void start() {
            if (!started) Postgres::instance().start();
            started = true;
        }
        bool started = false;
    } server;
    CHECK(kind_of([&] { session.value<int>("SELECT 1"); }) == ErrorKind::unreachable);
    const auto begun = std::chrono::steady_clock::now();
    int attempts = 0, refusals = 0;
    while (std::chrono::steady_clock::now() - begun < std::chrono::milliseconds(650)) {
        try {
            session.value<int>("SELECT 1");
        } catch (const Error& error) {
            REQUIRE(error.kind == ErrorKind::unreachable);
            (std::string(error.what()).find("a moment ago") == std::string::npos ? attempts : refusals) += 1;
        }
    }
    CHECK(attempts >= 2);
    CHECK(attempts <= 4);
    CHECK(refusals > attempts);
    server.start();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    std::optional<int> answer;
    while (!answer) {
        REQUIRE(std::chrono::steady_clock::now() < deadline);
        try {
            answer = session.value<int>("SELECT 1");
        } catch (const Error& error) {
            REQUIRE(error.kind == ErrorKind::unreachable);
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
    }
    CHECK(answer == 1);
}

TEST_CASE_FIXTURE(Live, "a table made anew under a prepared statement costs one attempt") {
    session.script("CREATE TABLE t (i BIGINT); INSERT INTO t VALUES (1)");
    CHECK(session.value<int>("SELECT * FROM t") == 1);
    Session other(url, Use::write);
    other.script("DROP TABLE t; CREATE TABLE t (s TEXT); INSERT INTO t VALUES ('x')");
    CHECK(kind_of([&] { session.value<std::string>("SELECT * FROM t"); }) == ErrorKind::busy);
    CHECK(session.value<std::string>("SELECT * FROM t") == "x");
}

TEST_CASE_FIXTURE(Live, "no error of a connection shows its password") {
    auto wrong = url;
    const auto password = wrong.find(':', wrong.find("//")) + 1;
    wrong.replace(password, wrong.find('@') - password, "hunter2");
    for (const auto& bad : {wrong, std::string("postgresql://u:hunter2@127.0.0.1:1/d"),
                            std::string("postgresql://u:hunter2@h/d?no_such_option=1")}) {
        try {
            Session refused(bad, Use::write);
            FAIL("connected");
        } catch (const Error& error) {
            CHECK(std::string(error.what()).find("hunter2") == std::string::npos);
        }
    }
}

struct PlaceRow {
    static constexpr std::string_view table = "places";
    static constexpr int key_count = 2;
    static constexpr const char* create =
        "CREATE TABLE places (a INTEGER, b TEXT, name TEXT, x REAL, role TEXT, PRIMARY KEY (a, b)) WITHOUT "
        "ROWID";
    std::int64_t a = 0;
    std::string_view b;
    std::optional<std::string> name;
    std::optional<double> x;
    Role role = Role::user;
    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("a", self.a);
        field("b", self.b);
        field("name", self.name);
        field("x", self.x);
        field("role", self.role);
    }
};

TEST_CASE_FIXTURE(Live, "rows are written as columns and the last of a key wins") {
    Table<PlaceRow> places(session);
    places.create();
    places.upsert({1, "b", "old", 1.5, Role::admin});
    places.upsert({2, "b", "{\"quoted\\,", std::nullopt, Role::user});
    places.upsert({1, "b", std::nullopt, 2.5, Role::user});
    places.upsert({1, "c", "", std::nullopt, Role::commercial});
    CHECK(session.value<int>("SELECT count(*) FROM places") == 0);
    const auto rows = [&] {
        std::string text;
        places.query("SELECT * FROM places ORDER BY a, b", [&](const Row& row) {
            for (int i = 0; i < row.column_count(); ++i)
                text += (i ? "|" : "") + (row.is_null(i) ? "-" : row.get<std::string>(i));
            text += '\n';
        });
        return text;
    };
    CHECK(rows() == "1|b|-|2.5|user\n1|c||-|commercial\n2|b|{\"quoted\\,|-|user\n");
    places.upsert({2, "b", "new", -0.1, Role::admin});
    places.upsert({9, "z", "gone", 0, Role::admin});
    CHECK(places.execute("DELETE FROM places WHERE a = $1", 9) == 1);
    CHECK(rows() == "1|b|-|2.5|user\n1|c||-|commercial\n2|b|new|-0.1|admin\n");
}

TEST_CASE_FIXTURE(Live, "many processes that migrate at once apply each change once") {
    const std::vector<Migration> both{{1, "one", "CREATE TABLE a (i INTEGER)"},
                                      {2, "two", "CREATE TABLE b (i INTEGER); INSERT INTO b VALUES (1)"}};
    CHECK(missing(session, both).size() == 2);
    std::atomic<std::size_t> applied{0}, failed{0};
    std::vector<std::thread> processes;
    for (int i = 0; i < 8; ++i)
        processes.emplace_back([&] {
            try {
                Session own(url, Use::write);
                applied += migrate(own, both).size();
            } catch (const std::exception&) {
                ++failed;
            }
        });
    for (auto& process : processes) process.join();
    CHECK(applied == 2);
    CHECK(failed == 0);
    CHECK(session.value<int>("SELECT count(*) FROM b") == 1);
    CHECK_THROWS_AS(missing(session, std::span(both).first(1)), NotMigrated);
}

}  // namespace
}  // namespace dacapo::sql
