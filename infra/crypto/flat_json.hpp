// A strict reader of one flat JSON object: members are plain strings and integers, and no member comes twice.
// Tokens need no more, and a general parser would accept duplicate members, of which each reader takes
// another one.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace dacapo {

class FlatJson {
public:
    // Nothing for anything else: nesting, fractions, escapes, literals, duplicate members, text after the
    // object. What it gives back points into `text`.
    static std::optional<FlatJson> parse(std::string_view text);

    bool has(std::string_view name) const { return find(name) != nullptr; }
    // Nothing when there is no such member or when it is of the other kind.
    std::optional<std::string_view> text(std::string_view name) const;
    std::optional<std::int64_t> integer(std::string_view name) const;

private:
    using Value = std::variant<std::string_view, std::int64_t>;
    struct Member {
        std::string_view name;
        Value value;
    };

    static constexpr std::size_t member_count_max = 32;

    const Value* find(std::string_view name) const;

    std::vector<Member> members_;
};

}  // namespace dacapo
