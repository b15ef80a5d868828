// A real Kafka for one test, from the jars that scripts/kafka.sh fetches.
#pragma once

#include "infra/kafka/url.hpp"
#include "tests/support/temporary_folder.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace dacapo::testing {

// One broker, which ends with the test, however that ends: the script waits for the end of its input, whose
// other end no other child of ours gets.
class Broker {
public:
    Broker() : held_(::popen((script("hold") + " 0 1 >'" + answer().string() + "'").c_str(), "we")) {
        if (!held_) throw std::runtime_error("the broker does not start");
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(120);
        while (!(std::ifstream(answer()) >> address_)) {
            if (std::chrono::steady_clock::now() > deadline)
                throw std::runtime_error("the broker does not answer");
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
    }
    KafkaUrl url(const std::string& name) const { return {address_, name}; }
    void kill() { run(script("kill") + " 1"); }
    void revive() { run(script("revive") + " 1"); }

private:
    struct Close {
        void operator()(std::FILE* pipe) const { ::pclose(pipe); }
    };
    std::string script(const std::string& command) const {
        return std::string(DACAPO_SOURCE_DIR) + "/scripts/kafka.sh " + command + " '" +
               (folder_ / "broker").string() + '\'';
    }
    std::filesystem::path answer() const { return folder_ / "answer"; }
    static void run(const std::string& command) {
        if (std::system((command + " >/dev/null").c_str()) != 0)
            throw std::runtime_error(command + " failed");
    }

    TemporaryFolder folder_;
    std::unique_ptr<std::FILE, Close> held_;
    std::string address_;
};

}  // namespace dacapo::testing
