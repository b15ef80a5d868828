// The answers of one connection that have not left yet: bytes of its own and, behind them, at most one large
// body that it shares with the cache. It is here so that a thousand slow readers of one document cost no
// thousand copies of it.
#pragma once

#include "infra/http/channel.hpp"

#include <memory>
#include <string>

namespace dacapo::http {

class Outgoing {
public:
    // What is written goes here; nothing may be written behind a shared body before that has left.
    std::string& bytes() { return bytes_; }
    void share(std::shared_ptr<const std::string> body) { shared_ = std::move(body); }

    bool shares() const { return shared_ != nullptr; }
    std::size_t size() const { return bytes_.size() + (shared_ ? shared_->size() : 0); }

    // Sends what the channel takes without waiting. True when everything has left; otherwise errno says why
    // not.
    bool send(Channel& channel);

private:
    void clear();

    std::string bytes_;
    std::shared_ptr<const std::string> shared_;
    std::size_t sent_ = 0;  // of both together
};

}  // namespace dacapo::http
