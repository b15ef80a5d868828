// Events per second of a rebuild through the runner, next to a bare loop of prepared inserts into the same
// tables. Also lists of 20 per second through a session. Prints figures and asserts nothing.
// DACAPO_TEST_DATABASE=postgresql measures that engine.
#include "tests/bench/message_events.hpp"
#include "tests/support/projected.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <cstdlib>
#include <random>

namespace {

using namespace dacapo;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begun) {
    return std::chrono::duration<double>(Clock::now() - begun).count();
}

// The same rows, straight into the tables, in transactions of as many.
double raw_rate(testing::MemoryLog& log, const std::filesystem::path& file) {
    sql::Session session(testing::database_url_for(file), sql::Use::write);
    session.script(sql::create_text(session.dialect(), MessageRow::create));
    auto& insert = session.prepared("INSERT INTO messages VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
    const auto begun = Clock::now();
    Position position = 0;
    for (auto entries = log.read_after(0, 10'000); !entries.empty();
         entries = log.read_after(position, 10'000)) {
        sql::Transaction transaction(session);
        for (const auto& entry : entries) {
            const auto& e = std::get<MessageSent>(std::get<ConversationEvent>(entry->record.events[0].event));
            insert.bind(1, e.message_id);
            insert.bind(2, e.conversation_id);
            insert.bind(3, e.sequence);
            insert.bind(4, e.sender_id);
            insert.bind(5, e.receiver_id);
            insert.bind(6, e.content);
            insert.bind(7, e.event_id);
            insert.bind(8, e.client_id);
            insert.bind(9, e.sent_at);
            insert.step();
            insert.reset();
        }
        transaction.commit();
        position = entries.back()->position;
    }
    return static_cast<double>(position) / seconds_since(begun);
}

double runner_rate(testing::MemoryLog& log, const std::filesystem::path& file,
                   std::size_t batch_records_max) {
    RunnerOptions options;
    options.batch_records_max = batch_records_max;
    testing::Projector projector(log, file, options);
    projector.runner.prepare();
    const auto begun = Clock::now();
    projector.catch_up();
    return static_cast<double>(log.head().total()) / seconds_since(begun);
}

std::size_t read_list(sql::Session& session, std::int64_t user) {
    std::size_t bytes = 0;
    session.query(
        "SELECT m.id, m.conversation_id, m.sender_id, m.receiver_id, m.content, m.event_id, m.client_id, "
        "m.created_at, "
        "coalesce(r.up_to, 0) >= m.sequence FROM messages m LEFT JOIN read_markers r ON "
        "r.conversation_id = m.conversation_id AND r.user_id = m.receiver_id WHERE m.receiver_id = $1 "
        "ORDER BY m.created_at DESC, m.id DESC LIMIT 20",
        user, [&](const sql::Row& row) {
            bytes += row.get<std::string_view>(4).size();
            bytes += static_cast<std::size_t>(row.get<MessageId>(0).value & 1);
            bytes += row.get<std::optional<std::string_view>>(6).value_or("").size();
            bytes += row.get<bool>(8) ? 1 : 0;
        });
    return bytes;
}

double list_rate(const std::filesystem::path& file, std::int64_t user_count) {
    sql::Session session(testing::database_url_for(file), sql::Use::read);
    constexpr int count = 20'000;
    std::size_t bytes = 0;
    const auto begun = Clock::now();
    for (std::int64_t i = 0; i < count; ++i) bytes += read_list(session, i * 7919 % user_count + 1);
    return bytes == 0 ? 0 : count / seconds_since(begun);
}

// The same lists asked for by 64 coroutines of one I/O thread.
double handed_over_rate(const std::filesystem::path& file, std::int64_t user_count,
                        std::size_t reader_count) {
    sql::ReadDatabase database({.url = testing::database_url_for(file), .reader_count = reader_count});
    boost::asio::io_context context(1);
    constexpr int count = 20'000, asker_count = 64;
    int next = 0;
    auto ask = [&]() -> boost::asio::awaitable<void> {
        while (next < count) {
            const auto user = static_cast<std::int64_t>(next++) * 7919 % user_count + 1;
            auto work = [user](sql::Session& session) { return read_list(session, user); };
            co_await database.run(std::move(work));
        }
    };
    for (int i = 0; i < asker_count; ++i) boost::asio::co_spawn(context, ask(), boost::asio::detached);
    const auto begun = Clock::now();
    context.run();
    return count / seconds_since(begun);
}

}  // namespace

int main(int argument_count, char** arguments) {
    const std::int64_t message_count = argument_count > 1 ? std::atoll(arguments[1]) : 200'000;
    const std::int64_t user_count = 10'000;
    testing::MemoryLog log;
    std::mt19937 random(1);
    for (std::int64_t n = 1; n <= message_count; ++n)
        log.add(static_cast<int>(n % 16), bench::message(n, random, user_count));
    for (int round = 0; round < 3; ++round) {
        dacapo::TemporaryFolder folder;
        std::printf("raw inserts %.0f/s, ", raw_rate(log, folder / "raw.db"));
        std::printf("runner %.0f/s, ", runner_rate(log, folder / "read.db", 10'000));
        std::printf("in batches of 50 %.0f/s, ", runner_rate(log, folder / "small.db", 50));
        std::printf("lists of 20 %.0f/s, ", list_rate(folder / "read.db", user_count));
        std::printf("handed to 1 reader %.0f/s, ", handed_over_rate(folder / "read.db", user_count, 1));
        std::printf("to 2 %.0f/s\n", handed_over_rate(folder / "read.db", user_count, 2));
    }
}
