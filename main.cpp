// The program: its subcommands, each read from top to bottom here; what they do is built in serve.cpp and
// seed.cpp. Exit codes: 0 done, 1 something that should not happen, 2 refused (configuration, log, port), 3
// the log broke.
#include "infra/descriptors.hpp"
#include "infra/http/listener.hpp"
#include "infra/kafka/topics.hpp"
#include "infra/log/sqlite_log.hpp"
#include "projections/bookkeeping.hpp"
#include "seed.hpp"
#include "serve.hpp"
#include "serve_waiting.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>

namespace {

using namespace dacapo;

constexpr int exit_refused = 2;
constexpr int exit_log_broken = 3;

Config configured(const std::vector<std::string>& flags) {
    return load_config(flags, process_environment(), read_small_file(".env").value_or(""), read_small_file);
}

[[noreturn]] void end_broken(LogLines& lines, const std::string& what) {
    lines.error("the event log is broken; nothing more is acknowledged", {{"error", what}});
    lines.flush(std::chrono::seconds(1));
    fmt::print(stderr, "dacapo: the event log is broken: {}\n", what);
    std::_Exit(exit_log_broken);
}

// The signals that end a server, blocked in every thread and waited for in the first.
sigset_t ending_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
}

int serve(const std::vector<std::string>& flags, Roles roles) {
    const auto config = configured(flags);
    auto signals = ending_signals();
    if (config.has_tls()) sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    if (config.is_production()) {
        const rlimit none{0, 0};
        setrlimit(RLIMIT_CORE, &none);  // A core dump would hold passwords and tokens.
        prctl(PR_SET_DUMPABLE,
              0);  // Also where cores are piped to a program, which that limit does not stop.
    }
    raise_descriptor_limit();
    const SystemClock clock;
    LogLines lines(config.log_level, clock);
    for (const auto& warning : config.warnings) lines.warn("configuration", {{"warning", warning}});
    const auto told_to_end = [&signals](std::chrono::milliseconds within) {
        const timespec time{within.count() / 1000, within.count() % 1000 * 1'000'000};
        return sigtimedwait(&signals, nullptr, &time) > 0;
    };
    if (!wait_for_parts(config, roles, lines, told_to_end)) return 0;
    ServerOptions options;
    options.on_broken = [&lines](const std::string& what) { end_broken(lines, what); };
    Server server(config, roles, lines, clock, std::move(options));
    server.start();
    int signal = 0;
    while (sigwait(&signals, &signal) == 0 && signal == SIGHUP) server.reload_certificate();
    // A second signal does not wait.
    pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
    std::signal(SIGTERM, SIG_DFL);
    std::signal(SIGINT, SIG_DFL);
    server.stop();
    return 0;
}

std::unique_ptr<SqliteLog> open_log_of(const Config& config) {
    if (config.event_log_file.has_parent_path())
        std::filesystem::create_directories(config.event_log_file.parent_path());
    SqliteLogOptions options;
    options.file = config.event_log_file;
    return open_sqlite_log(options);
}

int seed(const std::vector<std::string>& flags, const SeedAmounts& amounts, bool if_empty) {
    const auto config = configured(flags);
    const auto log = open_log_of(config);
    if (if_empty && log->head() != log->start()) {
        fmt::print("The log has {} records; nothing was added.\n", log->head().total());
        return 0;
    }
    const SystemClock clock;
    const auto snapshots = config.data_dir / "snapshots";
    if (amounts.users == 0 && amounts.messages == 0 && amounts.events == 0) {
        seed_demo(*log, clock, snapshots, config.password_cost);
        fmt::print(
            "Seeded {} records. Log in as zoe@example.org (an admin), malik@, ines@, tom@ or "
            "lena@example.org\n"
            "with the password \"{}\".\n",
            log->head().total(), seed_password);
    } else {
        seed_amounts(*log, clock, snapshots, amounts,
                     [](std::int64_t records) { fmt::print(stderr, "{} records\n", records); });
        fmt::print("Seeded {} records.\n", log->head().total());
    }
    return 0;
}

int verify(const std::vector<std::string>& flags) {
    const auto config = configured(flags);
    const auto log = open_sqlite_log_reader(config.event_log_file);
    const auto fault = log->verify(0, [](Position) { return true; });
    if (fault) {
        fmt::print(stderr, "dacapo: position {}: {}\n", fault->position, fault->why);
        return exit_refused;
    }
    fmt::print("{} records, every hash chain unbroken.\n", log->head().total());
    return 0;
}

void make_topics(const Config& config) {
    KafkaTopicsOptions options;
    options.url = *config.event_log_kafka;
    options.properties = config.kafka_properties;
    options.replication_factor = config.kafka_replication_factor;
    options.min_insync_replicas = config.kafka_min_insync_replicas;
    for (const auto& done : migrate_kafka(options)) fmt::print("{}\n", done);
}

int migrate(const std::vector<std::string>& flags) {
    const auto config = configured(flags);
    if (config.event_log_kafka) make_topics(config);
    if (config.database_file.has_parent_path())
        std::filesystem::create_directories(config.database_file.parent_path());
    sql::Session writer(config.database_url, sql::Use::write);
    const auto applied = sql::migrate(writer, bookkeeping_migrations());
    for (const auto& migration : applied) fmt::print("{} {}\n", migration.version, migration.name);
    if (applied.empty()) fmt::print("Nothing to do.\n");
    return 0;
}

// The document depends on the program alone, so its server is one that never starts, on a folder that nobody
// keeps.
int print_openapi() {
    auto pattern = (std::filesystem::temp_directory_path() / "dacapo-openapi-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) throw std::runtime_error("no temporary folder can be made");
    const std::filesystem::path folder = pattern;
    {
        const auto config =
            load_config({"--port=0", "--public-url=http://127.0.0.1:8000", "--data-dir=" + folder.string(),
                         "--event-log=sqlite:" + (folder / "log.db").string(),
                         "--database-url=sqlite:" + (folder / "read.db").string()},
                        {}, "", read_small_file);
        const SystemClock clock;
        LogLines lines(LogLevel::error, clock, STDERR_FILENO);
        const Server server(config, {}, lines, clock, {});
        fmt::print("{}\n", server.api_document());
    }
    std::filesystem::remove_all(folder);
    return 0;
}

int check_config(const std::vector<std::string>& flags) {
    const auto config = configured(flags);
    fmt::print("{}", describe(config));
    for (const auto& warning : config.warnings) fmt::print(stderr, "warning: {}\n", warning);
    return 0;
}

int run(int argc, char** argv) {
    CLI::App app(
        "dacapo: an event-sourced backend for musicians, their events and the agency that sells them");
    app.require_subcommand(1);
    app.footer("Every variable of .env.example is also a flag: PORT=8000 is --port 8000.");
    SeedAmounts amounts;
    bool if_empty = false;
    const auto command = [&](const char* name, const char* what) {
        auto* added = app.add_subcommand(name, what);
        added->allow_extras();
        return added;
    };
    const auto* serve_command = command("serve", "Run everything in one process");
    const auto* command_command = command("command", "Run a command server of a cluster");
    const auto* project_command = command("project", "Run a projector of a cluster");
    const auto* query_command = command("query", "Run a query server of a cluster");
    auto* seed_command = command("seed", "Fill an empty log with a demo, or with amounts for measuring");
    seed_command->add_option("--users", amounts.users)
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{100'000'000}));
    seed_command->add_option("--messages", amounts.messages)
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000'000}));
    seed_command->add_option("--events", amounts.events)
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{100'000'000}));
    seed_command->add_flag("--if-empty", if_empty, "Do nothing when the log has records");
    const auto* verify_command = command("verify", "Check every record of the log");
    const auto* migrate_command = command("migrate",
                                          "Make the topics of a cluster, and bring the bookkeeping of the "
                                          "read models' database up to this version");
    const auto* check_command = command("check-config", "Print the configuration, without secrets");
    const auto* openapi_command = command("openapi", "Print the API document, OpenAPI 3.1");
    const auto* version_command = command("version", "Print the version");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : exit_refused;
    }
    const auto* chosen = app.get_subcommands().front();
    const auto flags = chosen->remaining();
    if (chosen == serve_command) return serve(flags, {});
    if (chosen == command_command) return serve(flags, {.command = true, .project = false, .query = false});
    if (chosen == project_command) return serve(flags, {.command = false, .project = true, .query = false});
    if (chosen == query_command) return serve(flags, {.command = false, .project = false, .query = true});
    if (chosen == seed_command) return seed(flags, amounts, if_empty);
    if (chosen == verify_command) return verify(flags);
    if (chosen == migrate_command) return migrate(flags);
    if (chosen == check_command) return check_config(flags);
    if (chosen == openapi_command) return print_openapi();
    if (chosen == version_command) fmt::print("dacapo {}\n", program_version);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const ConfigErrors& errors) {
        for (const auto& line : errors.lines) fmt::print(stderr, "dacapo: {}\n", line);
        return exit_refused;
    } catch (const LogRefused& refused) {
        fmt::print(stderr, "dacapo: {}\n", refused.what());
        return exit_refused;
    } catch (const sql::NotMigrated& refused) {
        fmt::print(stderr, "dacapo: {}\n", refused.what());
        return exit_refused;
    } catch (const sql::Error& error) {
        fmt::print(stderr, "dacapo: DATABASE_URL: {}\n", error.what());
        return exit_refused;
    } catch (const http::TlsFault& fault) {
        fmt::print(stderr, "dacapo: {}\n", fault.what());
        return exit_refused;
    } catch (const http::PortTaken& taken) {
        fmt::print(stderr, "dacapo: {}\n", taken.what());
        return exit_refused;
    } catch (const std::exception& error) {
        fmt::print(stderr, "dacapo: {}\n", error.what());
        return 1;
    }
}
