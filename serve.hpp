// A whole server: every part built once and handed the references it needs, in the order in which they start
// and stop. Apart from main.cpp so that the tests run the very same thing.
#pragma once

#include "infra/config.hpp"
#include "infra/log_lines.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace dacapo {

struct ServerOptions {
    // Ends the process with exit code 3: the sync of the log failed. Must not return.
    std::function<void(const std::string& what)> on_broken;
    std::string log_vfs;   // SQLite's file system for the event log; empty: the default one
    bool log_sync = true;  // false only in tests, which must see that it loses records
    std::size_t snapshot_every_records = 200'000;
    std::size_t password_queue_max = 64;
};

// What a process does. All of it on one machine; on a cluster one each, any number of times.
struct Roles {
    bool command = true;  // takes POST, PUT, PATCH and DELETE, and decides for the shards that it owns
    bool project = true;  // builds the read models
    bool query = true;    // answers GET and feeds live sockets
};

class Server {
public:
    // Opens the log and the read models, binds the port. Throws LogRefused, http::PortTaken, sql::Error.
    Server(const Config& config, Roles roles, LogLines& lines, const Clock& clock, ServerOptions options);
    ~Server();

    // Replays what the snapshots lack, then serves.
    void start();
    // Nothing acknowledged is lost. Idempotent.
    void stop();

    // Of TLS_CERT and TLS_KEY, for the connections to come; when they are not good the old ones stay, and it
    // is logged.
    void reload_certificate();

    std::uint16_t port() const;
    // Of ADMIN_PORT; nothing where none is configured.
    std::optional<std::uint16_t> admin_port() const;
    // What GET /openapi.json answers.
    std::string api_document() const;

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

inline constexpr const char* program_version = "0.1.0";

}  // namespace dacapo
