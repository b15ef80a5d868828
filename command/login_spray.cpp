#include "command/login_spray.hpp"

#include <algorithm>

namespace dacapo {

std::int64_t LoginSpray::level(Timestamp now) const {
    return std::max<std::int64_t>(0, level_ - std::max(now - last_, Timestamp::duration::zero()) / run_off_);
}

void LoginSpray::failed(Timestamp now) {
    const auto before = level(now);
    // Only as far as whole failures have run off, or many quick ones would never run off at all.
    last_ = before == 0 || now < last_ ? now : last_ + run_off_ * (level_ - before);
    level_ = std::min(before + 1, 2 * failures_max_);
}

bool LoginSpray::take_place(Timestamp now) {
    const auto second = std::chrono::floor<std::chrono::seconds>(now);
    if (second != second_) {
        second_ = second;
        taken_ = 0;
    }
    if (taken_ >= newcomers_max_) return false;
    ++taken_;
    return true;
}

void LoginSpray::restore(std::int64_t level, Timestamp last) {
    level_ = std::clamp<std::int64_t>(level, 0, 2 * failures_max_);
    last_ = last;
}

}  // namespace dacapo
