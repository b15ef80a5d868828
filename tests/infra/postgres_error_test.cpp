// What PostgreSQL's states mean for whoever asked, and what may be said of its URLs.
#include "infra/sql/postgres_error.hpp"
#include "infra/sql/postgres_url.hpp"

#include "infra/sql/create_text.hpp"

#include <doctest/doctest.h>

namespace dacapo::sql {
namespace {

TEST_CASE("troubles of the server pass and faults of a statement do not") {
    for (const char* state :
         {"08006", "08001", "57P01", "57P02", "57P03", "53300", "28P01", "3D000", "25P03"})
        CHECK_MESSAGE(kind_of_sqlstate(state) == ErrorKind::unreachable, state);
    for (const char* state : {"40001", "40P01", "55P03", "57014", "0A000", "26000", "53200", "53400"})
        CHECK_MESSAGE(kind_of_sqlstate(state) == ErrorKind::busy, state);
    for (const char* state : {"58030", "XX001", "25006", "42501", "F0001", "", "nonsense"})
        CHECK_MESSAGE(kind_of_sqlstate(state) == ErrorKind::storage, state);
    for (const char* state : {"22003", "22021", "23505", "23514", "42P01", "42601", "P0001", "54001"})
        CHECK_MESSAGE(kind_of_sqlstate(state) == ErrorKind::statement, state);
    CHECK(kind_of_sqlstate("53100") == ErrorKind::full);
}

TEST_CASE("a URL is shown without any password in it") {
    const auto shown = [](const char* url) { return without_password(url); };
    CHECK(shown("postgresql://u:secret@h:5432/d?sslmode=require") ==
          "postgresql://u:***@h:5432/d?sslmode=require");
    CHECK(shown("postgres://u@h/d") == "postgres://u@h/d");
    CHECK(shown("postgresql://h:5432/d") == "postgresql://h:5432/d");
    CHECK(shown("postgresql:///d?user=u&password=secret&host=h") ==
          "postgresql:///d?user=u&password=***&host=h");
    for (const char* url :
         {"postgresql://u:se@cret@h/d", "postgresql://u:se/cret@h/d", "postgresql://u:se?cret@h/d",
          "postgresql://u:secret@h/d?password=secret", "postgresql:///d?pass%77ord=secret",
          "postgresql://u:secret@", "postgresql://u:se:cret@h", "postgresql://u@[::1?x=y]/d?password=secret",
          "postgresql://u@[::1],[::2?x]/d?y=z&password=secret",
          "postgresql://[::1?x=y],[h]/d?password=secret"}) {
        const auto text = shown(url);
        CHECK_MESSAGE(text.find("cret") == std::string::npos, text);
        CHECK_MESSAGE(text.find(":se") == std::string::npos, text);
    }
    CHECK(shown("postgresql://u:secret@[::1],h:1/d?sslmode=require") ==
          "postgresql://u:***@[::1],h:1/d?sslmode=require");
    CHECK(shown("secret") == "***");
}

TEST_CASE("a postgresql URL is what libpq takes for one") {
    CHECK(is_postgres_url("postgresql://u:p@h:5432/d"));
    CHECK(is_postgres_url("postgres://h/d?sslmode=verify-full&application_name=x"));
    CHECK(is_postgres_url("postgresql://h1:1,h2:2/d?target_session_attrs=read-write"));
    for (const char* url : {"postgresql://h/d?no_such_option=1", "postgresql:h", "host=h dbname=d",
                            "mysql://h/d", "postgresql://[h/d", "postgresql://u:%zz@h/d"})
        CHECK_FALSE_MESSAGE(is_postgres_url(url), url);
}

TEST_CASE("a table's words are those of its engine") {
    constexpr std::string_view create =
        "CREATE TABLE t (id INTEGER PRIMARY KEY, x REAL, s TEXT NOT NULL, INTEGER_ TEXT DEFAULT 'a TEXT') "
        "WITHOUT ROWID";
    CHECK(create_text(Dialect::sqlite, create) == create);
    CHECK(create_text(Dialect::postgresql, create) ==
          "CREATE TABLE t (id BIGINT PRIMARY KEY, x DOUBLE PRECISION, s TEXT COLLATE \"C\" NOT NULL, "
          "INTEGER_ TEXT COLLATE \"C\" DEFAULT 'a TEXT') ");
}

}  // namespace
}  // namespace dacapo::sql
