#include "serve_waiting.hpp"

#include "infra/http/listener.hpp"
#include "infra/http/problem.hpp"
#include "infra/kafka/founding.hpp"
#include "infra/log/event_log.hpp"
#include "infra/sql/session.hpp"
#include "query/health.hpp"

#include <algorithm>
#include <mutex>
#include <optional>

namespace dacapo {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds brokers_answer_max{5'000};
constexpr milliseconds pause_first{500};
constexpr milliseconds pause_max{10'000};

// What is missing, and the setting that says where it should be.
struct Missing {
    std::string part;
    std::string setting;
    std::string why;
};

std::optional<Missing> missing_brokers(const Config& config) {
    if (!config.event_log_kafka) return std::nullopt;
    try {
        kafka::read_founding(*config.event_log_kafka, config.kafka_properties, brokers_answer_max);
        return std::nullopt;
    } catch (const kafka::BrokersAway& away) {
        return Missing{"event_log", "EVENT_LOG", away.what()};
    }
}

std::optional<Missing> missing_database(const Config& config, Roles roles) {
    // A file is there or can be made; and who only decides needs none.
    if (!config.database_file.empty() || !(roles.project || roles.query)) return std::nullopt;
    try {
        const sql::Session session(config.database_url, sql::Use::write);
        return std::nullopt;
    } catch (const sql::Error& error) {
        if (error.kind != sql::ErrorKind::unreachable) throw;
        return Missing{"read_database", "DATABASE_URL", error.what()};
    }
}

std::optional<Missing> first_missing(const Config& config, Roles roles) {
    auto missing = missing_brokers(config);
    return missing ? missing : missing_database(config, roles);
}

// Answers in the server's place while there is none: alive, and not ready, because.
class Placeholder {
public:
    explicit Placeholder(const Config& config)
        : listener_(options(config), http::Router({livez_query()}, {}), hooks()) {
        listener_.start();
    }
    std::uint16_t port() const { return listener_.port(); }
    void tell(const Missing& missing) {
        const std::lock_guard lock(mutex_);
        missing_ = missing;
    }

private:
    static http::ListenerOptions options(const Config& config) {
        http::ListenerOptions made;
        made.host = config.host;
        made.port = config.port;
        made.thread_count = 1;
        made.tls_in_front = config.public_url.starts_with("https://");
        return made;
    }
    http::Hooks hooks() {
        http::Hooks made;
        made.check_role = [this](http::Method, const http::Route* route) {
            if (!route) throw not_ready();
        };
        return made;
    }
    http::Problem not_ready() {
        const std::lock_guard lock(mutex_);
        http::Problem problem(503, "not_ready",
                              "The server waits for what it cannot begin without; errors names it.",
                              {{"/parts/" + missing_.part, "failed", missing_.setting + " is not reached."}});
        problem.headers.emplace_back("Retry-After", "1");
        return problem;
    }

    std::mutex mutex_;
    Missing missing_;
    http::Listener listener_;
};

}  // namespace

bool wait_for_parts(const Config& config, Roles roles, LogLines& lines, const EndsWithin& ends_within) {
    std::optional<Placeholder> placeholder;
    for (auto pause = pause_first;; pause = std::min(pause * 2, pause_max)) {
        const auto missing = first_missing(config, roles);
        if (!missing) return true;
        if (!placeholder) placeholder.emplace(config);
        placeholder->tell(*missing);
        lines.warn("waiting", {{"part", missing->part},
                               {"setting", missing->setting},
                               {"error", missing->why},
                               {"port", placeholder->port()}});
        if (ends_within(pause)) return false;
    }
}

}  // namespace dacapo
