#include "tests/support/kafka.hpp"

#include "infra/kafka/topics.hpp"
#include "tests/support/deployment.hpp"

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <future>
#include <stdexcept>
#include <string_view>
#include <thread>

namespace dacapo::testing {
namespace {

constexpr std::chrono::seconds start_patience{120};
constexpr std::chrono::milliseconds look_again{50};

// Topics are made while the test before still runs: that takes half a second.
class NextLogs {
public:
    static NextLogs& instance() {
        static NextLogs one;
        return one;
    }
    std::string take() {
        auto made = std::move(next_);
        made.wait();
        next_ = make();  // Also when that one failed, so that only one test does.
        return made.get();
    }

private:
    NextLogs() : broker_(Broker::instance()), next_(make()) {}
    std::future<std::string> make() {
        return std::async(std::launch::async, [this, number = ++count_] {
            KafkaTopicsOptions options;
            options.url = broker_.url("log" + std::to_string(number));
            migrate_kafka(options);
            return options.url.text();
        });
    }

    Broker& broker_;  // ends after this
    int count_ = 0;
    std::future<std::string> next_;
};

}  // namespace

bool on_kafka() {
    const char* const engine = std::getenv("DACAPO_TEST_LOG");
    return engine != nullptr && std::string_view(engine) == "kafka";
}

// The script waits for the end of its input, whose other end no other child of ours gets.
Broker::Broker() : held_(::popen((script("hold") + " 0 1 >'" + answer().string() + "'").c_str(), "we")) {
    if (!held_) throw std::runtime_error("the broker does not start");
    const auto deadline = std::chrono::steady_clock::now() + start_patience;
    while (!(std::ifstream(answer()) >> address_)) {
        if (std::chrono::steady_clock::now() > deadline)
            throw std::runtime_error("the broker does not answer");
        std::this_thread::sleep_for(look_again);
    }
}

Broker& Broker::instance() {
    static Broker one;
    return one;
}

std::string Broker::script(const std::string& command) const {
    // Two command servers that start together divide the shards once; else the second would take half of them
    // away from the first while a test runs.
    return std::string(on_cluster() ? "BROKER_GROUP_WAIT_MS=400 " : "") + DACAPO_SOURCE_DIR +
           "/scripts/kafka.sh " + command + " '" + (folder_ / "broker").string() + '\'';
}

void Broker::run(const std::string& command) {
    if (std::system((command + " >/dev/null").c_str()) != 0) throw std::runtime_error(command + " failed");
}

std::string event_log_url_for(const std::filesystem::path& file) {
    if (!on_kafka()) return "sqlite:" + file.string();
    return NextLogs::instance().take();
}

}  // namespace dacapo::testing
