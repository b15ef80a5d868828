// What a client may ask of a list: which page of it, by skip or by cursor, its total, and typed filters; and
// the `Link` to its neighbours. Every fault of the query string is collected, so that one 422 names them all.
#pragma once

#include "api/cursor.hpp"
#include "events/enum_names.hpp"
#include "infra/http/problem.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dacapo::api {

inline constexpr std::int64_t limit_default = 100;
inline constexpr std::int64_t limit_max = 500;
// Past this an offset costs more than it tells anybody; a filter or a narrower time gets there sooner.
inline constexpr std::int64_t skip_max = 100'000;
inline constexpr std::size_t search_code_points_max = 100;

// A list that is walked by cursor: what its cursors are bound to, and where this page begins.
struct Walk {
    std::string question;
    std::optional<Cursor> from;  // none: at the list's first entry

    bool operator==(const Walk&) const = default;
};

struct Page {
    std::int64_t skip = 0;
    std::int64_t limit = limit_default;
    bool count = false;                       // the total is wanted
    std::optional<Walk> walk = std::nullopt;  // by cursor and not by skip

    const Cursor* cursor() const { return walk && walk->from ? &*walk->from : nullptr; }
    bool operator==(const Page&) const = default;
};

// Where the entries that a page shows begin and end, in the list's order.
struct Shown {
    Place first;
    Place last;
};

// Reads a request's query parameters. Ask for each, then call done(): it throws the 422 with every fault
// found, or 400 `cursor_unknown`.
class QueryReader {
public:
    explicit QueryReader(const http::Request& request) : request_(request) {}

    Page page();
    // The same of a list that also takes `cursor`, whose filters and order `question` tells.
    Page page(const Cursors& cursors, std::string question);
    // Absent or empty: nothing.
    std::optional<std::string> text(std::string_view name, std::size_t code_points_max);
    std::optional<std::int64_t> id(std::string_view name);
    bool flag(std::string_view name, bool otherwise);
    // An instant (RFC 3339), a wall time or a day's first moment in `zone`.
    std::optional<Timestamp> time(std::string_view name, std::string_view zone);
    template <NamedEnum Enum>
    std::optional<Enum> choice(std::string_view name) {
        const auto given = value(name);
        if (!given) return std::nullopt;
        Enum chosen{};
        if (enum_from_name(*given, chosen)) return chosen;
        fault(name, "unknown_value", one_of(EnumNames<Enum>::names));
        return std::nullopt;
    }
    // The place among `names` of what was given; nothing when absent.
    std::optional<std::size_t> choice(std::string_view name, std::span<const std::string_view> names);

    void fault(std::string_view name, std::string code, std::string message);
    void done() const;

private:
    std::optional<std::string_view> value(std::string_view name) const;
    std::int64_t number(std::string_view name, std::int64_t least, std::int64_t most, std::int64_t otherwise);
    static std::string one_of(std::span<const std::string_view> names);

    const http::Request& request_;
    std::vector<http::FieldError> faults_;
    bool cursor_unknown_ = false;
};

// The value of `Link` (RFC 8288) for this page: `next` when `more` follows, `prev` when something was
// skipped, all other query parameters kept. Built from the configured base, never from Host. Empty when there
// is neither.
std::string link_of(std::string_view public_url, const http::Request& request, const Page& page, bool more);

// The same of a page by cursor. Nothing when it shows nothing: there is no place to go on from.
std::string link_of(std::string_view public_url, const http::Request& request, const Page& page, bool more,
                    const std::optional<Shown>& shown, const Cursors& cursors);

// One spelling for one question: the path and the query as they were sent. Two requests with the same text
// are answered alike but for who asks.
std::string question_of(const http::Request& request);

// Percent-encodes all but RFC 3986's unreserved characters.
std::string percent_encoded(std::string_view text);

}  // namespace dacapo::api
