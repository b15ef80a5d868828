// The opaque cursor of long lists: where in a list's order a page begins, and on which side of that place.
// Signed, and bound to the list, its filters and its order, so that nobody can make one up or carry it to
// another question.
#pragma once

#include "infra/crypto/digest.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dacapo::api {

// What a list is sorted by, and the id that breaks ties. Lists by id alone leave `value` at 0.
struct Place {
    std::int64_t value = 0;
    std::int64_t id = 0;

    bool operator==(const Place&) const = default;
};

enum class Side : std::uint8_t { after, before };

struct Cursor {
    Side side = Side::after;
    Place place;

    bool operator==(const Cursor&) const = default;
};

// Issues and reads cursors. Every server of a cluster has the same secret, so each reads the others'.
class Cursors {
public:
    // `other_secret`: cursors signed with it are read as well, while the secrets are exchanged; empty: none
    // is.
    explicit Cursors(std::string_view secret, std::string_view other_secret = {});

    // `question`: the list with its filters and order, in any text that differs whenever they do. 59
    // characters.
    std::string text_of(const Cursor& cursor, std::string_view question) const;
    // Nothing when it is none of ours for this question.
    std::optional<Cursor> read(std::string_view text, std::string_view question) const;

private:
    HmacKey key_;
    std::optional<HmacKey> other_key_;
};

}  // namespace dacapo::api
