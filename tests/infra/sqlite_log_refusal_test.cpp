// When the embedded log refuses to start, and what it names then: the position, the holder, the other number.
#include "infra/log/log_head.hpp"
#include "infra/log/sqlite_handle.hpp"
#include "infra/log/sqlite_log.hpp"
#include "tests/support/log_records.hpp"
#include "tests/support/temporary_folder.hpp"

#include <doctest/doctest.h>
#include <fstream>

namespace dacapo {
namespace {

namespace fs = std::filesystem;

struct Logs {
    SqliteLogOptions options(int shard_count = 4) const {
        SqliteLogOptions wanted;
        wanted.file = file;
        wanted.shard_count = shard_count;
        wanted.tail_records_max = 0;
        return wanted;
    }
    void write(int count) const { SampleWriter(*open_sqlite_log(options())).append(count); }
    void execute(const char* sql) const { SqliteConnection(file, SqliteAccess::read_write, {}).execute(sql); }
    std::string read_head() const {
        std::ifstream in(head);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    void write_head(const std::string& line) const { std::ofstream(head, std::ios::trunc) << line; }

    TemporaryFolder folder;
    fs::path file = folder / "log.db";
    fs::path head = folder / "log.head";
};

std::string refusal_of(const SqliteLogOptions& options) {
    try {
        open_sqlite_log(options);
    } catch (const LogRefused& refused) {
        return refused.what();
    }
    return "not refused";
}

bool contains(const std::string& text, const std::string& part) {
    CAPTURE(text);
    const bool found = text.find(part) != std::string::npos;
    CHECK(found);
    return found;
}

TEST_CASE("a second writer is refused with the process that holds the log") {
    Logs logs;
    const auto log = open_sqlite_log(logs.options());
    contains(refusal_of(logs.options()), "held by process " + std::to_string(::getpid()));
}

TEST_CASE("the lock ends with its writer") {
    Logs logs;
    open_sqlite_log(logs.options()).reset();
    CHECK(open_sqlite_log(logs.options())->head() == 0);
}

TEST_CASE("another shard count is refused and both are named") {
    Logs logs;
    logs.write(3);
    const auto text = refusal_of(logs.options(8));
    contains(text, "has 4 shards");
    contains(text, "8 are configured");
}

TEST_CASE("a log that is not there is refused when none may be made") {
    Logs logs;
    auto options = logs.options();
    options.create = false;
    contains(refusal_of(options), "there is no log");
    CHECK_FALSE(fs::exists(logs.file));
}

TEST_CASE("a file that is no log is refused") {
    Logs logs;
    SUBCASE("text") {
        std::ofstream(logs.file) << std::string(8192, 'x');
        contains(refusal_of(logs.options()), logs.file.string());
    }
    SUBCASE("another database") {
        SqliteConnection(logs.file, SqliteAccess::create, {}).execute("CREATE TABLE other(x)");
        contains(refusal_of(logs.options()), "not a log of dacapo");
    }
    SUBCASE("a newer format") {
        logs.write(1);
        logs.execute("UPDATE meta SET value = '2' WHERE key = 'format'");
        contains(refusal_of(logs.options()), "has format 2");
    }
}

TEST_CASE("a log that ends before log.head is refused") {
    Logs logs;
    logs.write(6);
    SUBCASE("its newest records are gone") {
        logs.execute("DELETE FROM record WHERE position > 4");
        contains(refusal_of(logs.options()), "ends at position 4 but log.head says 6");
    }
    SUBCASE("an older copy was put back") {
        const auto line = logs.read_head();
        fs::remove(logs.file);
        fs::remove(logs.head);
        logs.write(2);
        logs.write_head(line);
        contains(refusal_of(logs.options()), "ends at position 2 but log.head says 6");
    }
    SUBCASE("it is gone") {
        fs::remove(logs.file);
        contains(refusal_of(logs.options()), "ends at position 0 but log.head says 6");
        CHECK_FALSE(fs::exists(logs.file));
    }
    SUBCASE("it is empty") {
        fs::resize_file(logs.file, 0);
        contains(refusal_of(logs.options()), "ends at position 0 but log.head says 6");
    }
}

TEST_CASE("another log than the one log.head knows is refused") {
    Logs logs;
    logs.write(6);
    logs.write_head(log_head_line(5, RecordHash{}));
    contains(refusal_of(logs.options()), "the record at position 5");
}

TEST_CASE("a log.head that lags behind is accepted") {
    Logs logs;
    logs.write(2);
    const auto line = logs.read_head();
    SampleWriter(*open_sqlite_log(logs.options()), {{0, 1}, {1, 1}}).append(2);
    logs.write_head(line);
    const auto log = open_sqlite_log(logs.options());
    CHECK(log->head() == 4);
    CHECK(log->warnings().empty());
}

TEST_CASE("a torn or missing log.head is a warning") {
    Logs logs;
    logs.write(6);
    auto line = logs.read_head();
    SUBCASE("torn") { logs.write_head(line.substr(0, 40)); }
    SUBCASE("changed") {
        line[30] = line[30] == '9' ? '8' : '9';
        logs.write_head(line);
    }
    SUBCASE("too long") { logs.write_head(line + line); }
    SUBCASE("missing") { fs::remove(logs.head); }
    auto log = open_sqlite_log(logs.options());
    CHECK(log->warnings().size() == 1);
    SampleWriter(*log, {{0, 2}, {1, 2}, {2, 1}, {3, 1}}).append(1);
    log.reset();
    CHECK(parse_log_head(logs.read_head().substr(0, line.size())).has_value());
}

TEST_CASE("a log that ends before what the read models have seen is refused") {
    Logs logs;
    logs.write(6);
    auto options = logs.options();
    options.must_reach = 7;
    contains(refusal_of(options), "ends at position 6 but the read models have seen position 7");
    options.must_reach = 6;
    CHECK(open_sqlite_log(options)->head() == 6);
}

TEST_CASE("a read model that has seen records refuses a log that is not there") {
    Logs logs;
    auto options = logs.options();
    options.must_reach = 3;
    contains(refusal_of(options), "ends at position 0");
    CHECK_FALSE(fs::exists(logs.file));
}

TEST_CASE("damage before the end is refused at the start with its position") {
    Logs logs;
    logs.write(40);
    std::string where = "position 17";
    SUBCASE("a changed payload") {
        logs.execute("UPDATE record SET payload = replace(payload, 'note', 'nose') WHERE position = 17");
    }
    SUBCASE("a changed hash") { logs.execute("UPDATE record SET hash = zeroblob(32) WHERE position = 17"); }
    SUBCASE("a short hash") { logs.execute("UPDATE record SET hash = x'00' WHERE position = 17"); }
    SUBCASE("another shard") { logs.execute("UPDATE record SET shard = 3 WHERE position = 17"); }
    SUBCASE("no such shard") { logs.execute("UPDATE record SET shard = 4 WHERE position = 17"); }
    SUBCASE("another sequence") { logs.execute("UPDATE record SET sequence = 9 WHERE position = 17"); }
    SUBCASE("a missing row") { logs.execute("DELETE FROM record WHERE position = 17"); }
    SUBCASE("a missing row and everything counted as if it had never been") {
        logs.execute(
            "DELETE FROM record WHERE position = 17;"
            "UPDATE record SET position = position - 1 WHERE position > 17");
        where = "position 39";  // The end is where log.head knows better.
    }
    contains(refusal_of(logs.options()), where);
}

TEST_CASE("a chain head that disagrees with its records is refused") {
    Logs logs;
    logs.write(8);
    SUBCASE("of another sequence") { logs.execute("UPDATE chain_head SET sequence = 3 WHERE shard = 1"); }
    SUBCASE("of another hash") { logs.execute("UPDATE chain_head SET hash = zeroblob(32) WHERE shard = 1"); }
    SUBCASE("of another place") { logs.execute("UPDATE chain_head SET position = 2 WHERE shard = 1"); }
    SUBCASE("of no shard") { logs.execute("UPDATE chain_head SET shard = 9 WHERE shard = 1"); }
    CHECK(refusal_of(logs.options()) != "not refused");
}

TEST_CASE("a bit flipped in the file is found") {
    Logs logs;
    logs.write(400);
    std::fstream file(logs.file, std::ios::in | std::ios::out | std::ios::binary);
    std::string bytes(std::istreambuf_iterator<char>(file), {});
    const auto sought = encode(sample_record(2, 50));
    const auto at = bytes.find(sought);
    REQUIRE(at != std::string::npos);
    file.clear();
    file.seekp(static_cast<std::streamoff>(at + 20));
    file.put(static_cast<char>(sought[20] ^ 1));
    file.close();
    contains(refusal_of(logs.options()), "position 199: the hash chain is broken");
}

TEST_CASE("damage before the part that the start checks is found by verify and by reading") {
    Logs logs;
    logs.write(40);
    std::string why = "the hash chain is broken";
    SUBCASE("a changed payload") {
        logs.execute("UPDATE record SET payload = replace(payload, 'note', 'nose') WHERE position = 17");
    }
    SUBCASE("a missing row") {
        logs.execute("DELETE FROM record WHERE position = 17");
        why = "the record is missing";
    }
    SUBCASE("a column that disagrees") {
        logs.execute("UPDATE record SET recorded_at = 1 WHERE position = 17");
        why = "its columns do not agree with its payload";
    }
    auto options = logs.options();
    options.verify_from = 20;
    const auto log = open_sqlite_log(options);
    const auto fault = log->verify(0, nullptr);
    REQUIRE(fault);
    CHECK(fault->position == 17);
    CHECK(fault->why == why);
    CHECK(log->read_after(0, 16).size() == 16);
    CHECK_THROWS_AS(log->read_after(0, 17), LogRefused);
    CHECK_THROWS_WITH_AS(log->read_after(16, 5), doctest::Contains("position 17"), LogRefused);
    CHECK(log->read_after(17, 100).size() == 23);
}

TEST_CASE("a damaged database page is refused") {
    Logs logs;
    logs.write(400);
    std::fstream file(logs.file, std::ios::in | std::ios::out | std::ios::binary);
    const auto pages = fs::file_size(logs.file) / 4096;
    file.seekp(static_cast<std::streamoff>(pages / 2 * 4096));
    file << std::string(4096, '\xFF');
    file.close();
    contains(refusal_of(logs.options()), "position");
}

TEST_CASE("a cut file is refused") {
    Logs logs;
    logs.write(400);
    fs::resize_file(logs.file, fs::file_size(logs.file) / 2);
    CHECK(refusal_of(logs.options()) != "not refused");
}

}  // namespace
}  // namespace dacapo
