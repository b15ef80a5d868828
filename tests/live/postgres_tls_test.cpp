// PostgreSQL with TLS: sslmode=verify-full believes the authority and the host that the URL names, and nobody
// else. What is refused is told with the setting's name and never with its password.
#include "tests/support/certificates.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/waited.hpp"

#include "infra/sql/session.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dacapo {
namespace {

using testing::Postgres;

// The program's PostgreSQL with a certificate for "localhost", as long as this lives.
class Secured {
public:
    Secured() {
        const std::filesystem::path data = owner_.value<std::string>("SHOW data_directory").value();
        authority.issue("localhost", data / "server.crt", data / "server.key");
        struct stat as_server {};
        ::stat(data.c_str(), &as_server);
        for (const char* file : {"server.crt", "server.key"}) {
            REQUIRE(::chmod((data / file).c_str(), 0600) == 0);
            REQUIRE(::chown((data / file).c_str(), as_server.st_uid, as_server.st_gid) == 0);
        }
        speaks_tls("on");
    }
    ~Secured() { speaks_tls("off"); }

    std::string url(const std::string& host, const std::filesystem::path& trusted) const {
        auto changed = plain_url();
        const std::string address = "127.0.0.1";
        changed.replace(changed.find(address), address.size(), host);
        return changed + "&hostaddr=" + address + "&sslmode=verify-full&sslrootcert=" + trusted.string();
    }
    static std::string plain_url() { return Postgres::instance().schema("secured"); }
    static std::string password() {
        const auto url = plain_url();
        const auto begin = url.find(':', url.find("://") + 3) + 1;
        return url.substr(begin, url.find('@') - begin);
    }

    TemporaryFolder folder;
    const test::Authority authority{"an authority of ours", folder / "ca.pem"};
    const test::Authority other{"another authority", folder / "other.pem"};

private:
    void speaks_tls(const std::string& setting) {
        owner_.execute("ALTER SYSTEM SET ssl = " + setting);
        owner_.execute("SELECT pg_reload_conf()");
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (owner_.value<std::string>("SHOW ssl") != setting)
            REQUIRE(std::chrono::steady_clock::now() < deadline);
    }
    sql::Session owner_{plain_url(), sql::Use::write};
};

std::string refusal_of(const std::string& url) {
    try {
        const sql::Session session(url, sql::Use::write);
    } catch (const sql::Error& error) {
        CHECK(error.kind == sql::ErrorKind::unreachable);
        return error.what();
    }
    return "";
}

bool contains(const std::string& text, const std::string& part) {
    CAPTURE(text);
    return text.find(part) != text.npos;
}

TEST_CASE("a database is believed whose certificate the named authority has signed for the named host") {
    const Secured secured;
    sql::Session session(secured.url("localhost", secured.authority.certificate()), sql::Use::write);
    CHECK(session.value<bool>("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").value());
}

TEST_CASE("a database with a certificate of another authority or for another host is refused") {
    const Secured secured;
    const auto foreign = refusal_of(secured.url("localhost", secured.other.certificate()));
    CHECK_MESSAGE(contains(foreign, "certificate verify failed"), foreign);
    const auto elsewhere = refusal_of(secured.url("db.example", secured.authority.certificate()));
    CHECK_MESSAGE(contains(elsewhere, "does not match host name \"db.example\""), elsewhere);
    const auto missing = refusal_of(secured.url("localhost", secured.folder / "none.pem"));
    CHECK_MESSAGE(contains(missing, "does not exist"), missing);
    for (const auto& text : {foreign, elsewhere, missing}) CHECK_FALSE(contains(text, secured.password()));
}

TEST_CASE("a database without TLS is refused where it must be verified") {
    std::string url;
    {
        const Secured secured;
        url = secured.url("localhost", secured.authority.certificate());
    }
    CHECK(contains(refusal_of(url), "SSL"));
    CHECK_NOTHROW(sql::Session(Secured::plain_url(), sql::Use::write));
}

TEST_CASE("a server whose database is not believed names DATABASE_URL, and its password nowhere") {
    const Secured secured;
    const auto start = [&](const std::filesystem::path& trusted) {
        const auto config = load_config({"--data-dir=" + secured.folder.path().string()},
                                        {{"DATABASE_URL", secured.url("localhost", trusted)}}, "",
                                        [](const std::string&) { return std::nullopt; });
        return testing::wait_once(config, Roles{});
    };
    const auto refused = start(secured.other.certificate());
    CHECK_FALSE(refused.all_there);
    CHECK(contains(refused.readyz, "DATABASE_URL"));
    CHECK(contains(refused.logged, "\"setting\":\"DATABASE_URL\""));
    CHECK(contains(refused.logged, "certificate verify failed"));
    for (const auto& told : {refused.readyz, refused.logged}) CHECK_FALSE(contains(told, secured.password()));
    CHECK(start(secured.authority.certificate()).all_there);
}

}  // namespace
}  // namespace dacapo
