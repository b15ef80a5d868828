// That a feed ticket works once: on one server, and on several that share a database. Run on PostgreSQL, too.
#include "query/spent_tickets.hpp"

#include "infra/sql/migrations.hpp"
#include "projections/bookkeeping.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/temporary_folder.hpp"

#include <doctest/doctest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <future>

namespace dacapo {
namespace {

using namespace dacapo::testing;
using namespace std::chrono_literals;

FeedTicket ticket(const ManualClock& clock, std::string id) {
    FeedTicket made;
    made.id = std::move(id);
    made.issued_at = clock.now();
    made.expires_at = clock.now() + FeedTickets::lifetime;
    return made;
}

// Each asks before any is answered; in the order of the answers.
std::vector<bool> spend_all(std::vector<SpentTickets*> servers, const FeedTicket& of) {
    boost::asio::io_context loop;
    std::vector<std::future<bool>> answers;
    for (auto* server : servers)
        answers.push_back(boost::asio::co_spawn(loop, server->spend(of), boost::asio::use_future));
    loop.run();
    std::vector<bool> all;
    for (auto& answer : answers) all.push_back(answer.get());
    return all;
}

bool spend(SpentTickets& server, const FeedTicket& of) { return spend_all({&server}, of).front(); }

struct Database {
    TemporaryFolder folder;
    ManualClock clock;
    std::string url = database_url_for(folder / "read.db");

    void migrate() {
        sql::Session session(url, sql::Use::write);
        sql::migrate(session, bookkeeping_migrations());
    }
    int row_count() {
        return sql::Session(url, sql::Use::write)
            .value<int>("SELECT count(*) FROM spent_feed_tickets")
            .value();
    }
};

}  // namespace

TEST_CASE("a ticket is spent by the first who asks") {
    ManualClock clock;
    SpentTicketsInMemory server(clock);
    const auto one = ticket(clock, "one");
    CHECK(spend_all({&server, &server, &server}, one) == std::vector{true, false, false});
    CHECK(spend(server, ticket(clock, "two")));
    CHECK_FALSE(spend(server, one));
}

TEST_CASE("a ticket from before a server's start is spent: it may have been") {
    ManualClock clock;
    const auto before = ticket(clock, "one");
    clock.advance(1ms);
    SpentTicketsInMemory server(clock);
    CHECK_FALSE(spend(server, before));
    CHECK(spend(server, ticket(clock, "two")));
}

TEST_CASE("spent tickets are forgotten once they have expired") {
    ManualClock clock;
    SpentTicketsInMemory server(clock);
    for (int i = 0; i < 100; ++i) spend(server, ticket(clock, std::to_string(i)));
    CHECK(server.size() == 100);
    clock.advance(FeedTickets::lifetime);
    spend(server, ticket(clock, "new"));
    CHECK(server.size() == 1);
}

TEST_CASE("a ticket is spent once on all servers that share a database") {
    Database database;
    database.migrate();
    std::vector<std::unique_ptr<SpentTicketsTable>> servers;
    std::vector<SpentTickets*> asked;
    for (int i = 0; i < 4; ++i) {
        servers.push_back(std::make_unique<SpentTicketsTable>(database.clock, database.url));
        for (int k = 0; k < 4; ++k) asked.push_back(servers.back().get());
    }
    for (int round = 0; round < 5; ++round) {
        const auto answers = spend_all(asked, ticket(database.clock, std::to_string(round)));
        CHECK(std::ranges::count(answers, true) == 1);
    }
    CHECK(database.row_count() == 5);
}

TEST_CASE("rows of spent tickets are deleted once no server's clock finds them good") {
    Database database;
    database.migrate();
    SpentTicketsTable server(database.clock, database.url);
    for (int i = 0; i < 10; ++i) spend(server, ticket(database.clock, std::to_string(i)));
    database.clock.advance(FeedTickets::lifetime);
    spend(server, ticket(database.clock, "soon"));
    CHECK(database.row_count() == 11);
    database.clock.advance(clock_skew_max + 1ms);
    spend(server, ticket(database.clock, "late"));
    CHECK(database.row_count() == 2);
}

TEST_CASE("a ticket is neither good nor spent while the database does not answer") {
    Database database;
    SpentTicketsTable server(database.clock, database.url);  // without its table yet
    const auto one = ticket(database.clock, "one");
    CHECK_THROWS_AS(spend(server, one), sql::Error);
    database.migrate();
    CHECK(spend(server, one));
}

}  // namespace dacapo
