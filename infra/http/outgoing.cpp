#include "infra/http/outgoing.hpp"

#include <sys/uio.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <string_view>

namespace dacapo::http {
namespace {

constexpr std::size_t kept_bytes_max = 64 * 1024;

iovec part_of(std::string_view text, std::size_t skipped) {
    text.remove_prefix(skipped);
    return {const_cast<char*>(text.data()), text.size()};
}

}  // namespace

bool Outgoing::send(Channel& channel) {
    while (sent_ < size() || channel.has_unsent()) {
        std::array<iovec, 2> parts;
        std::size_t part_count = 0;
        if (sent_ < bytes_.size()) parts[part_count++] = part_of(bytes_, sent_);
        const auto sent_of_shared = sent_ - std::min(sent_, bytes_.size());
        if (shared_ && sent_of_shared < shared_->size())
            parts[part_count++] = part_of(*shared_, sent_of_shared);
        const ssize_t count = channel.send(std::span(parts.data(), part_count));
        if (count < 0) {
            if (errno == EINTR) continue;
            return false;
        }
        sent_ += static_cast<std::size_t>(count);
    }
    clear();
    return true;
}

void Outgoing::clear() {
    shared_.reset();
    bytes_.clear();
    sent_ = 0;
    if (bytes_.capacity() > kept_bytes_max) bytes_.shrink_to_fit();
}

}  // namespace dacapo::http
