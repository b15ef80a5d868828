#include "infra/log/log_database.hpp"

#include "infra/clock.hpp"
#include "infra/log/append_only.hpp"
#include "infra/log/stored_records.hpp"

#include <openssl/rand.h>
#include <sqlite3.h>
#include <cerrno>
#include <chrono>

namespace dacapo {
namespace {

constexpr int application_id = 0x64616361;  // "daca"

// Positions are the row ids. No second index: one on random keys costs six to eight times the throughput.
constexpr const char* schema_sql =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE record(position INTEGER PRIMARY KEY, shard INTEGER NOT NULL, sequence INTEGER NOT NULL,"
    " command_id BLOB NOT NULL, recorded_at INTEGER NOT NULL, hash BLOB NOT NULL, payload TEXT NOT NULL) "
    "STRICT;"
    "CREATE TABLE chain_head(shard INTEGER PRIMARY KEY, position INTEGER NOT NULL, sequence INTEGER NOT NULL,"
    " hash BLOB NOT NULL) STRICT;";
constexpr const char* insert_meta_sql = "INSERT INTO meta(key, value) VALUES (?1, ?2)";
constexpr const char* insert_record_sql =
    "INSERT INTO record(position, shard, sequence, command_id, recorded_at, hash, payload)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
constexpr const char* save_head_sql =
    "INSERT OR REPLACE INTO chain_head(shard, position, sequence, hash) VALUES (?1, ?2, ?3, ?4)";

std::string new_epoch() {
    std::array<unsigned char, 8> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
        throw std::runtime_error("no random numbers from OpenSSL");
    RecordHash padded{};
    std::copy(bytes.begin(), bytes.end(), padded.begin());
    return hex_of(padded).substr(0, 2 * bytes.size());
}

bool is_out_of_space(const SqliteError& error) {
    return error.primary_code() == SQLITE_FULL || error.system_error == ENOSPC ||
           error.system_error == EDQUOT;
}

// Whether SQLite promises that the transaction left nothing behind. Everything else, a failed sync above all,
// leaves open what is durable: since Linux drops the pages of a failed sync, trying again would report a
// false success.
bool is_before_sync(const SqliteError& error) {
    switch (error.extended_code) {
        case SQLITE_IOERR_WRITE:
        case SQLITE_IOERR_READ:
        case SQLITE_IOERR_SHORT_READ:
        case SQLITE_IOERR_NOMEM:
        case SQLITE_IOERR_LOCK:
        case SQLITE_IOERR_SHMOPEN:
        case SQLITE_IOERR_SHMSIZE:
        case SQLITE_IOERR_SHMLOCK:
        case SQLITE_IOERR_SHMMAP:
            return true;
        default:
            return error.primary_code() == SQLITE_FULL || error.primary_code() == SQLITE_BUSY ||
                   error.primary_code() == SQLITE_NOMEM || error.primary_code() == SQLITE_CANTOPEN;
    }
}

SqliteConnection open_connection(const SqliteLogOptions& options) {
    try {
        return SqliteConnection(
            options.file, options.create ? SqliteAccess::create : SqliteAccess::read_write, options.vfs);
    } catch (const SqliteError& error) {
        throw LogRefused("cannot open the log " + options.file.string() + ": " + error.what());
    }
}

}  // namespace

struct LogDatabase::Statements {
    explicit Statements(SqliteConnection& connection)
        : begin(connection, "BEGIN IMMEDIATE"),
          commit(connection, "COMMIT"),
          insert_record(connection, insert_record_sql),
          save_head(connection, save_head_sql) {}

    SqliteStatement begin;
    SqliteStatement commit;
    SqliteStatement insert_record;
    SqliteStatement save_head;
};

LogDatabase::LogDatabase(const SqliteLogOptions& options)
    : connection_(open_connection(options)),
      statements_(nullptr, [](Statements* statements) { delete statements; }) {
    try {
        set_up(options);
        allow_only_appends(connection_);
        statements_.reset(new Statements(connection_));
    } catch (const SqliteError& error) {
        throw LogRefused("cannot use the log " + options.file.string() + ": " + error.what());
    }
    const auto count_pages = [](void* pages, sqlite3*, const char*, int size) {
        *static_cast<int*>(pages) = size;
        return SQLITE_OK;
    };
    sqlite3_wal_hook(connection_.get(), count_pages, &wal_pages_);
}

void LogDatabase::set_up(const SqliteLogOptions& options) {
    connection_.execute("PRAGMA journal_mode = WAL");
    connection_.execute(options.sync_batches ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    connection_.execute("PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF");
    const auto stored_id = connection_.query_number("PRAGMA application_id");
    if (stored_id == application_id) return;
    if (connection_.query_number("SELECT count(*) FROM sqlite_schema") > 0)
        throw LogRefused(options.file.string() + " is a database, but not a log of dacapo");
    if (!options.create) throw LogRefused("the log " + options.file.string() + " is empty");

    connection_.execute("BEGIN IMMEDIATE");
    connection_.execute(schema_sql);
    SqliteStatement insert_meta(connection_, insert_meta_sql);
    const auto store = [&](std::string_view key, const std::string& value) {
        insert_meta.bind_text(1, key);
        insert_meta.bind_text(2, value);
        insert_meta.run();
    };
    const auto now = SystemClock().now().time_since_epoch();
    store("format", std::to_string(log_format));
    store("epoch", new_epoch());
    store("shard_count", std::to_string(options.shard_count));
    store("created_at", std::to_string(now.count()));
    connection_.execute(("PRAGMA application_id = " + std::to_string(application_id)).c_str());
    connection_.execute("COMMIT");
}

void LogDatabase::write(std::span<const PendingRecord> batch, Position first, ChainHeads& heads) {
    auto next = heads;
    try {
        statements_->begin.run();
        insert(batch, first, next);
        save_heads(heads, next);
        statements_->commit.run();
    } catch (const SqliteError& error) {
        if (!is_before_sync(error))
            throw LogBroken(std::string("the log cannot be trusted any more: ") + error.what());
        roll_back();
        throw LogWriteFailed(std::string("the log could not be written: ") + error.what(),
                             is_out_of_space(error));
    } catch (const std::logic_error&) {
        roll_back();
        throw;
    }
    heads = std::move(next);
}

void LogDatabase::insert(std::span<const PendingRecord> batch, Position first, ChainHeads& heads) {
    auto& row = statements_->insert_record;
    auto position = first;
    for (const auto& [entry, payload] : batch) {
        const auto& record = entry->record;
        if (record.shard < 0 || record.shard >= std::ssize(heads))
            throw std::logic_error("there is no shard " + std::to_string(record.shard));
        auto& head = heads[static_cast<std::size_t>(record.shard)];
        if (record.sequence != head.sequence + 1)
            throw std::logic_error("shard " + std::to_string(record.shard) + " is at sequence " +
                                   std::to_string(head.sequence) + ", the record has " +
                                   std::to_string(record.sequence));
        head = {position, record.sequence, hasher_.next(head.hash, payload)};
        row.bind(1, position);
        row.bind(2, record.shard);
        row.bind(3, record.sequence);
        row.bind_blob(4, record.command_id.bytes);
        row.bind(5, record.time.time_since_epoch().count());
        row.bind_blob(6, head.hash);
        row.bind_text(7, payload);
        row.run();
        ++position;
    }
}

// The heads let a start go on without reading the whole log back for a shard that has been quiet.
void LogDatabase::save_heads(const ChainHeads& before, const ChainHeads& after) {
    auto& row = statements_->save_head;
    for (std::size_t shard = 0; shard < after.size(); ++shard) {
        if (after[shard] == before[shard]) continue;
        row.bind(1, static_cast<std::int64_t>(shard));
        row.bind(2, after[shard].position);
        row.bind(3, after[shard].sequence);
        row.bind_blob(4, after[shard].hash);
        row.run();
    }
}

void LogDatabase::roll_back() {
    // SQLite has often rolled back by itself, depending on the error.
    if (!connection_.in_transaction()) return;
    try {
        connection_.execute("ROLLBACK");
    } catch (const SqliteError& error) {
        throw LogBroken(std::string("the log could not be rolled back: ") + error.what());
    }
}

void LogDatabase::checkpoint() {
    const int code =
        sqlite3_wal_checkpoint_v2(connection_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC)
        throw LogBroken(std::string("a checkpoint of the log failed: ") + connection_.error().what());
}

}  // namespace dacapo
