// A real Kafka for the tests that ask for one: a broker that ends with the test program however that ends,
// with topics of its own for each test.
#pragma once

#include "infra/kafka/url.hpp"
#include "tests/support/temporary_folder.hpp"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

namespace dacapo::testing {

// DACAPO_TEST_LOG=kafka: the event log of every test lies there instead of in a file.
bool on_kafka();

class Broker {
public:
    // One broker; returns when it answers.
    Broker();
    // The program's one, started by the first call.
    static Broker& instance();

    KafkaUrl url(const std::string& name) const { return {address_, name}; }
    void kill() { run(script("kill") + " 1"); }
    void revive() { run(script("revive") + " 1"); }

private:
    struct Close {
        void operator()(std::FILE* pipe) const { ::pclose(pipe); }
    };
    std::string script(const std::string& command) const;
    std::filesystem::path answer() const { return folder_ / "answer"; }
    static void run(const std::string& command);

    TemporaryFolder folder_;
    std::unique_ptr<std::FILE, Close> held_;
    std::string address_;
};

// The event log that a test calls by the name of a file: that file, or new topics, made.
std::string event_log_url_for(const std::filesystem::path& file);

}  // namespace dacapo::testing
