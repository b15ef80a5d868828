#include "api/list.hpp"

#include "infra/text.hpp"
#include "infra/wall_time.hpp"

#include <algorithm>
#include <charconv>

namespace dacapo::api {

std::optional<std::string_view> QueryReader::value(std::string_view name) const {
    return request_.query_value(name);
}

void QueryReader::fault(std::string_view name, std::string code, std::string message) {
    faults_.push_back({"/query/" + std::string(name), std::move(code), std::move(message)});
}

std::string QueryReader::one_of(std::span<const std::string_view> names) {
    std::string text = "One of:";
    for (const auto name : names) text.append(text.back() == ':' ? " " : ", ").append(name);
    return text + ".";
}

std::int64_t QueryReader::number(std::string_view name, std::int64_t least, std::int64_t most,
                                 std::int64_t otherwise) {
    const auto given = value(name);
    if (!given) return otherwise;
    const auto digits = given->substr(given->starts_with('-') ? 1 : 0);
    if (digits.empty() || digits.find_first_not_of("0123456789") != digits.npos) {
        fault(name, "wrong_type", "A whole number is wanted.");
        return otherwise;
    }
    std::int64_t number = 0;
    const auto error = std::from_chars(given->data(), given->data() + given->size(), number).ec;
    if (error != std::errc{} || number < least || number > most) {
        fault(name, "out_of_range",
              "At least " + std::to_string(least) + ", at most " + std::to_string(most) + ".");
        return otherwise;
    }
    return number;
}

Page QueryReader::page() {
    Page page;
    page.skip = number("skip", 0, skip_max, 0);
    page.limit = number("limit", 1, limit_max, limit_default);
    page.count = flag("count", false);
    return page;
}

Page QueryReader::page(const Cursors& cursors, std::string question) {
    Page asked = page();
    const auto given = value("cursor");
    if (!given) return asked;
    if (value("skip")) fault("cursor", "excluded", "Either skip or cursor, not both.");
    asked.walk = Walk{std::move(question), std::nullopt};
    if (given->empty()) return asked;
    asked.walk->from = cursors.read(*given, asked.walk->question);
    cursor_unknown_ = !asked.walk->from;
    return asked;
}

std::optional<std::string> QueryReader::text(std::string_view name, std::size_t code_points_max) {
    const auto given = value(name);
    if (!given) return std::nullopt;
    auto clean = normalised(*given);
    if (!clean) {
        fault(name, "control_character", "Control characters are not allowed.");
        return std::nullopt;
    }
    if (code_points(*clean) > code_points_max) {
        fault(name, "too_long", "At most " + std::to_string(code_points_max) + " characters.");
        return std::nullopt;
    }
    if (clean->empty()) return std::nullopt;
    return clean;
}

std::optional<std::int64_t> QueryReader::id(std::string_view name) {
    if (!value(name)) return std::nullopt;
    const auto id = number(name, 1, id_limit - 1, 0);
    return id ? std::optional(id) : std::nullopt;
}

bool QueryReader::flag(std::string_view name, bool otherwise) {
    const auto given = value(name);
    if (!given) return otherwise;
    if (*given == "true" || *given == "1") return true;
    if (*given == "false" || *given == "0") return false;
    fault(name, "wrong_type", "Either true or false.");
    return otherwise;
}

std::optional<Timestamp> QueryReader::time(std::string_view name, std::string_view zone) {
    const auto given = value(name);
    if (!given) return std::nullopt;
    constexpr std::size_t day_bytes = 10;  // YYYY-MM-DD
    std::string text(*given);
    if (text.size() == day_bytes) text += "T00:00:00";
    const auto parsed = parse_wall_time(text, zone);
    if (const auto* time = std::get_if<WallTime>(&parsed)) return time->instant;
    fault(name, "not_a_time", "A time as 2024-03-14T12:00:00Z, or a day as 2024-03-14, that exists.");
    return std::nullopt;
}

std::optional<std::size_t> QueryReader::choice(std::string_view name,
                                               std::span<const std::string_view> names) {
    const auto given = value(name);
    if (!given) return std::nullopt;
    const auto found = std::find(names.begin(), names.end(), *given);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    fault(name, "unknown_value", one_of(names));
    return std::nullopt;
}

void QueryReader::done() const {
    if (!faults_.empty())
        throw http::Problem(422, "invalid", "The query has faults; errors lists them.", faults_);
    if (cursor_unknown_)
        throw http::Problem(
            400, "cursor_unknown",
            "The cursor is none of this list with these filters in this order. Begin again with an "
            "empty one.");
}

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           c == '-' || c == '.' || c == '_' || c == '~';
        if (plain) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

namespace {

// `place`: "skip=20" or "cursor=...".
std::string link_to(std::string_view public_url, const http::Request& request, std::string_view place,
                    std::int64_t limit, std::string_view relation) {
    std::string text = "<";
    text.append(public_url).append(request.path).append("?");
    for (const auto& [name, value] : request.query) {
        if (name == "skip" || name == "limit" || name == "cursor") continue;
        text.append(percent_encoded(name)).append("=").append(percent_encoded(value)).append("&");
    }
    text.append(place).append("&limit=").append(std::to_string(limit));
    return text.append(">; rel=\"").append(relation).append("\"");
}

std::string skip_text(std::int64_t skip) { return "skip=" + std::to_string(skip); }

}  // namespace

std::string link_of(std::string_view public_url, const http::Request& request, const Page& page, bool more) {
    std::string links;
    if (more && page.skip + page.limit <= skip_max)
        links = link_to(public_url, request, skip_text(page.skip + page.limit), page.limit, "next");
    if (page.skip > 0) {
        if (!links.empty()) links += ", ";
        // Never overlaps this page: a first page may be shorter than the others.
        const auto limit = std::min(page.limit, page.skip);
        links += link_to(public_url, request, skip_text(page.skip - limit), limit, "prev");
    }
    return links;
}

std::string link_of(std::string_view public_url, const http::Request& request, const Page& page, bool more,
                    const std::optional<Shown>& shown, const Cursors& cursors) {
    if (!shown) return {};
    std::string links;
    const auto add = [&](const Cursor& cursor, std::string_view relation) {
        if (!links.empty()) links += ", ";
        const auto place = "cursor=" + cursors.text_of(cursor, page.walk->question);
        links += link_to(public_url, request, place, page.limit, relation);
    };
    // On the side where the walk comes from there is always something.
    const auto* from = page.cursor();
    const bool backwards = from && from->side == Side::before;
    if (backwards || more) add({Side::after, shown->last}, "next");
    if (backwards ? more : from != nullptr) add({Side::before, shown->first}, "prev");
    return links;
}

std::string question_of(const http::Request& request) {
    std::size_t size = request.path.size();
    for (const auto& [name, value] : request.query) size += name.size() + value.size() + 8;
    std::string text;
    text.reserve(size);
    text = request.path;
    for (const auto& [name, value] : request.query) {
        // Lengths keep apart what separators could not: names and values may hold any character.
        text.append("?").append(std::to_string(name.size())).append(":").append(name);
        text.append(std::to_string(value.size())).append(":").append(value);
    }
    return text;
}

}  // namespace dacapo::api
