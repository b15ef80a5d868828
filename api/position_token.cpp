#include "api/position_token.hpp"

#include <algorithm>
#include <charconv>

namespace dacapo::api {
namespace {

constexpr std::size_t text_bytes_max = 1024;
constexpr std::size_t epoch_digits = 16;

// Digits only: the library's reader would take a sign.
template <class Number>
bool read_number(std::string_view text, Number& number) {
    if (text.starts_with('-')) return false;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

Frontier PositionToken::frontier(const Frontier& start) const {
    auto frontier = start;
    const auto shard_count = static_cast<int>(start.places().size());
    for (const auto& [shard, position] : places)
        if (start.is_one_sequence() || shard < shard_count) frontier.advance(shard, position);
    return frontier;
}

PositionToken token_of(const std::string& epoch, const Frontier& frontier) {
    PositionToken token{epoch, {}};
    int shard = 0;
    for (const auto position : frontier.places()) {
        if (position > 0) token.places[shard] = position;
        ++shard;
    }
    return token;
}

void PositionToken::merge(const PositionToken& other) {
    for (const auto& [shard, position] : other.places) {
        auto& mine = places[shard];
        mine = std::max(mine, position);
    }
}

std::string to_text(const PositionToken& token) {
    std::string text = token.epoch;
    for (const auto& [shard, position] : token.places) {
        text += '.';
        text += std::to_string(shard);
        text += '-';
        text += std::to_string(position);
    }
    return text;
}

std::optional<PositionToken> position_from_text(std::string_view text) {
    if (text.size() < epoch_digits || text.size() > text_bytes_max) return std::nullopt;
    PositionToken token;
    token.epoch = text.substr(0, epoch_digits);
    const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    if (!std::all_of(token.epoch.begin(), token.epoch.end(), is_hex)) return std::nullopt;
    text.remove_prefix(epoch_digits);
    while (!text.empty()) {
        if (text.front() != '.') return std::nullopt;
        text.remove_prefix(1);
        const auto part = text.substr(0, std::min(text.find('.'), text.size()));
        const auto dash = part.find('-');
        int shard = 0;
        Position position = 0;
        if (dash == part.npos || !read_number(part.substr(0, dash), shard) ||
            !read_number(part.substr(dash + 1), position))
            return std::nullopt;
        auto& place = token.places[shard];
        place = std::max(place, position);
        text.remove_prefix(part.size());
    }
    return token;
}

}  // namespace dacapo::api
