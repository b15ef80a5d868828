// Events per second of a rebuild of the read models from Kafka into an empty PostgreSQL, next to its floors:
// the same rows by COPY, and by the upsert from arrays that the projection uses, both with the rows made
// beforehand.
//   kafka_rebuild_bench MESSAGES kafka://HOST:PORT/NAME postgresql://...
// The log is made and filled when it is empty, and measured as it is otherwise. Prints a line of JSON a
// round.
#include "events/codec.hpp"
#include "infra/kafka/kafka_log.hpp"
#include "infra/kafka/topics.hpp"
#include "infra/sql/table.hpp"
#include "projections/all.hpp"
#include "projections/messages.hpp"
#include "projections/runner.hpp"
#include "tests/bench/message_events.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <cstdio>
#include <cstdlib>

namespace {

using namespace dacapo;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t user_count = 10'000;
constexpr int batch_records = 1'000;
constexpr std::size_t rows_a_transaction = 10'000;
constexpr int rounds = 3;

double seconds_since(Clock::time_point begun) {
    return std::chrono::duration<double>(Clock::now() - begun).count();
}

std::unique_ptr<KafkaLog> opened(const std::string& url) {
    KafkaLogOptions options;
    options.url = parse_kafka_url(url);
    return open_kafka_log(options);
}

void fill(const std::string& url, std::int64_t message_count) {
    KafkaTopicsOptions topics;
    topics.url = parse_kafka_url(url);
    migrate_kafka(topics);
    const auto log = opened(url);
    if (log->head().total() > 0) return;
    std::mt19937 random(1);
    const auto shard_count = log->shard_count();
    std::int64_t made = 0;
    for (int shard = 0; shard < shard_count; ++shard) {
        const auto term = log->take(shard);
        const auto count = message_count / shard_count;
        for (std::int64_t sequence = 0; sequence < count;) {
            std::vector<PendingRecord> batch;
            for (int i = 0; i < batch_records && sequence < count; ++i) {
                Record record;
                record.shard = shard;
                record.term = term;
                record.sequence = ++sequence;
                record.actor = UserId{1};
                record.time = Timestamp(std::chrono::milliseconds(1'700'000'000'000 + made));
                for (auto& event : bench::message(++made, random, user_count))
                    record.events.push_back({event.stream, record.sequence, std::move(event.event)});
                auto payload = encode(record);
                batch.push_back(
                    {std::make_shared<LogEntry>(LogEntry{0, std::move(record)}), std::move(payload)});
            }
            log->append(batch);
        }
    }
}

std::vector<LogEntryPtr> all_of(KafkaLog& log) {
    std::vector<LogEntryPtr> entries;
    auto place = log.start();
    for (auto page = log.read_after(place, 10'000); !page.empty(); page = log.read_after(place, 10'000)) {
        advance_over(place, page);
        std::ranges::move(page, std::back_inserter(entries));
    }
    return entries;
}

std::vector<MessageRow> rows_of(const std::vector<LogEntryPtr>& entries) {
    std::vector<MessageRow> rows;
    for (const auto& entry : entries) {
        const auto& e = std::get<MessageSent>(std::get<ConversationEvent>(entry->record.events[0].event));
        rows.push_back({e.message_id, e.conversation_id, e.sequence, e.sender_id, e.receiver_id, e.content,
                        e.event_id, e.client_id, e.sent_at});
    }
    return rows;
}

void empty_database(const std::string& url) {
    sql::Session session(url, sql::Use::write);
    session.script("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
}

double upsert_rate(const std::string& url, const std::vector<MessageRow>& rows) {
    empty_database(url);
    sql::Session session(url, sql::Use::write);
    sql::Table<MessageRow> table(session);
    table.create();
    const auto begun = Clock::now();
    for (std::size_t first = 0; first < rows.size(); first += rows_a_transaction) {
        sql::Transaction transaction(session);
        for (std::size_t i = first; i < std::min(rows.size(), first + rows_a_transaction); ++i)
            table.upsert(rows[i]);
        table.flush();
        transaction.commit();
    }
    return static_cast<double>(rows.size()) / seconds_since(begun);
}

std::string copy_line(const MessageRow& row) {
    return fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t\\N\t\\N\t{}\n", row.id.value, row.conversation_id.value,
                       row.sequence, row.sender_id.value, row.receiver_id.value, row.content,
                       row.created_at.time_since_epoch().count());
}

double copy_rate(const std::string& url, const std::vector<MessageRow>& rows) {
    empty_database(url);
    {
        sql::Session session(url, sql::Use::write);
        sql::Table<MessageRow>(session).create();
    }
    std::vector<std::string> lines;
    for (const auto& row : rows) lines.push_back(copy_line(row));
    const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(url.c_str()), PQfinish);
    const auto begun = Clock::now();
    for (std::size_t first = 0; first < lines.size(); first += rows_a_transaction) {
        PQclear(PQexec(connection.get(), "COPY messages FROM STDIN"));
        for (std::size_t i = first; i < std::min(lines.size(), first + rows_a_transaction); ++i)
            PQputCopyData(connection.get(), lines[i].data(), static_cast<int>(lines[i].size()));
        PQputCopyEnd(connection.get(), nullptr);
        while (PGresult* const result = PQgetResult(connection.get())) {
            if (PQresultStatus(result) != PGRES_COMMAND_OK)
                throw std::runtime_error(PQresultErrorMessage(result));
            PQclear(result);
        }
    }
    return static_cast<double>(rows.size()) / seconds_since(begun);
}

// From opening the log, as a projector that starts on an empty database.
double rebuild_rate(const std::string& log_url, const std::string& database_url, double& open_s) {
    empty_database(database_url);
    const auto begun = Clock::now();
    const auto log = opened(log_url);
    open_s = seconds_since(begun);
    const SystemClock clock;
    Progress progress{log->start()};
    sql::ReadDatabaseOptions database_options;
    database_options.url = database_url;
    sql::ReadDatabase database(database_options);
    sql::migrate(database.writer(), bookkeeping_migrations());
    Runner runner(*log, database, all_projections(database.writer()), progress, clock, {});
    runner.prepare();
    while (runner.step()) continue;
    const auto rate = static_cast<double>(
        database.writer().value<std::int64_t>("SELECT count(*) FROM messages").value_or(0));
    return rate / seconds_since(begun);
}

}  // namespace

int main(int argument_count, char** arguments) {
    if (argument_count != 4) {
        std::fputs("usage: kafka_rebuild_bench MESSAGES kafka://HOST:PORT/NAME postgresql://...\n", stderr);
        return 2;
    }
    const std::string log_url = arguments[2], database_url = arguments[3];
    fill(log_url, std::atoll(arguments[1]));
    const auto entries = all_of(*opened(log_url));
    const auto rows = rows_of(entries);
    for (int round = 0; round < rounds; ++round) {
        double open_s = 0;
        const auto copied = copy_rate(database_url, rows);
        const auto upserted = upsert_rate(database_url, rows);
        const auto rebuilt = rebuild_rate(log_url, database_url, open_s);
        std::printf(
            "{\"messages\": %zu, \"copy\": %.0f, \"upsert\": %.0f, \"rebuild\": %.0f, \"open_s\": %.2f}\n",
            rows.size(), copied, upserted, rebuilt, open_s);
        std::fflush(stdout);
    }
}
