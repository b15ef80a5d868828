// What every part of a running server is handed: the configuration, the outside world and the opened log.
// One program plays three roles; which parts a process has follows from its roles.
#pragma once

#include "infra/clock.hpp"
#include "infra/config.hpp"
#include "infra/crypto/feed_ticket.hpp"
#include "infra/crypto/token.hpp"
#include "infra/kafka/kafka_log.hpp"
#include "infra/log/sqlite_log.hpp"
#include "infra/log_lines.hpp"
#include "infra/metrics.hpp"
#include "serve.hpp"
#include "serve_log_start.hpp"

#include <memory>

namespace dacapo {

// The log by whichever engine the configuration names. Exactly one of the two is there.
struct OpenedLog {
    std::unique_ptr<SqliteLog> sqlite;
    std::unique_ptr<KafkaLog> kafka;

    EventLog& log() const { return kafka ? static_cast<EventLog&>(*kafka) : *sqlite; }
};

// Throws LogRefused.
OpenedLog open_log(const Config& config, Roles roles, const ServerOptions& options, LogStart& start,
                   LogLines& lines, Metrics& metrics);

struct ServerNeeds {
    const Config& config;
    const ServerOptions& options;
    LogLines& lines;
    const Clock& clock;
    Metrics& metrics;
    const OpenedLog& log;
    LogStart& log_start;
    const AccessTokens& access_tokens;
    const RefreshTokens& refresh_tokens;
    const FeedTickets& feed_tickets;
};

std::size_t thread_count_of(const Config& config);

}  // namespace dacapo
