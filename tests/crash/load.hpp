// Clients that send commands over real sockets as fast as they are told and keep a ledger of every answer.
// Each lives on over any number of servers on the same folder, and repeats what it never got an answer to.
#pragma once

#include "tests/crash/availability.hpp"
#include "tests/crash/ledger.hpp"
#include "tests/support/http_client.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <random>
#include <thread>

namespace dacapo::test {

// What all clients know of the world: each other and the newest events.
struct Town {
    std::mutex mutex;
    std::vector<UserId> people;
    std::deque<std::int64_t> events;      // the newest only, so that many meet at the same ones
    std::vector<std::string> complaints;  // answers that no server may give
    std::atomic<std::int64_t> acknowledged{0};
    Availability availability;
    // Where several servers pass requests on: one that got no answer may lie with a server that sleeps, and
    // arrive after its repeat has been refused.
    bool late_arrivals = false;

    void complain(std::string what);
    std::string complaint_text();
};

class LoadClient {
public:
    LoadClient(Town& town, int number, std::uint64_t seed);

    // Makes an account. Throws unless it works.
    void enrol(std::uint16_t port);
    // Sends commands until `stop`, or until the connection is gone; one in `pace`, or as fast as it can for
    // 0.
    void run(std::uint16_t port, const std::atomic<bool>& stop, std::chrono::microseconds pace);
    // Until `stop`, whatever becomes of the servers: connects again, and repeats what stayed unknown.
    void outlast(std::uint16_t port, const std::atomic<bool>& stop, std::chrono::microseconds pace);
    // Sends half of what stayed unknown again under the same names.
    void repeat_unknown(std::uint16_t port);
    // One message to somebody: how it was answered, and how fast.
    int send_one(std::uint16_t port);

    const Ledger& ledger() const { return ledger_; }
    UserId id() const { return id_; }
    const std::string& token() const { return token_; }

private:
    Command next_command();
    Command made(Asked asked, std::string target, std::string body);
    Command message();
    Command seat(bool joins);
    // False when no answer came; the command is then unknown.
    bool send(HttpClient& http, Command& command);
    void take_answer(Command& command, const HttpAnswer& answer);
    void read_back(HttpClient& http, const Command& command);

    Town& town_;
    const int number_;
    std::mt19937_64 random_;
    std::int64_t count_ = 0;
    std::size_t repeated_up_to_ = 0;
    UserId id_;
    std::string token_;
    Ledger ledger_;
};

// All clients, a thread each.
class Load {
public:
    Load(int client_count, std::uint64_t seed);
    ~Load() { stop(); }

    void enrol(std::uint16_t port);
    void start(std::uint16_t port, std::chrono::microseconds pace);
    void start_outlasting(std::uint16_t port, std::chrono::microseconds pace);
    void stop();  // they end by themselves when the server is gone; this waits for them
    // False when fewer commands have been acknowledged, in all, after the patience of a test.
    bool await_acknowledged(std::int64_t count) const;
    void repeat_unknown(std::uint16_t port);

    std::vector<std::unique_ptr<LoadClient>> clients;
    Town town;

private:
    std::atomic<bool> stop_{false};
    std::vector<std::thread> threads_;
};

}  // namespace dacapo::test
