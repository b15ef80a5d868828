#include "tests/support/answer_watch.hpp"

#include <map>
#include <mutex>

namespace dacapo::test {
namespace {

struct Watches {
    std::mutex mutex;  // held while an answer is shown, so that no watch ends under it
    std::map<std::uint16_t, const AnswerWatch*> by_port;
};

Watches& watches() {
    static Watches all;
    return all;
}

}  // namespace

AnswerWatch::AnswerWatch(std::uint16_t port, See see) : port_(port), see_(std::move(see)) {
    const std::lock_guard lock(watches().mutex);
    watches().by_port[port_] = this;
}

AnswerWatch::~AnswerWatch() {
    const std::lock_guard lock(watches().mutex);
    const auto found = watches().by_port.find(port_);
    if (found != watches().by_port.end() && found->second == this) watches().by_port.erase(found);
}

void AnswerWatch::show(std::uint16_t port, std::string_view method, std::string_view target,
                       const HttpAnswer& answer) {
    const std::lock_guard lock(watches().mutex);
    const auto found = watches().by_port.find(port);
    if (found != watches().by_port.end()) found->second->see_(method, target, answer);
}

}  // namespace dacapo::test
