// Cursors of lists: whole, or refused.
#include "api/cursor.hpp"

#include <doctest/doctest.h>

#include <limits>

namespace dacapo {
namespace {

using api::Cursor;
using api::Cursors;
using api::Side;

constexpr std::string_view question = "/events?jam/starts_at";

TEST_CASE("a cursor comes back as it was given") {
    const Cursors cursors("secret");
    using Limits = std::numeric_limits<std::int64_t>;
    for (const Cursor cursor :
         {Cursor{Side::after, {0, 1}}, Cursor{Side::before, {1'710'417'600'000, 42}},
          Cursor{Side::after, {Limits::min(), Limits::max()}}, Cursor{Side::before, {-1, -1}}}) {
        const auto text = cursors.text_of(cursor, question);
        CHECK(text.size() == 59);
        CHECK(cursors.read(text, question) == cursor);
        CHECK(Cursors("secret").read(text, question) == cursor);  // on another server of the cluster
    }
}

TEST_CASE("a cursor with any character changed is refused") {
    const Cursors cursors("secret");
    const auto text = cursors.text_of({Side::after, {1000, 7}}, question);
    for (std::size_t at = 0; at < text.size(); ++at)
        for (const char other : {'A', 'B', '_', '=', '.', '\0'}) {
            auto changed = text;
            changed[at] = other;
            if (changed != text) CHECK_FALSE(cursors.read(changed, question).has_value());
        }
    CHECK_FALSE(cursors.read(text + "A", question).has_value());
    CHECK_FALSE(cursors.read(text.substr(1), question).has_value());
    CHECK_FALSE(cursors.read("", question).has_value());
    CHECK_FALSE(cursors.read(base64url(std::string(44, '\0')), question).has_value());
}

TEST_CASE("a cursor of another question or of another secret is refused") {
    const Cursors cursors("secret");
    const auto text = cursors.text_of({Side::after, {1000, 7}}, question);
    CHECK_FALSE(cursors.read(text, "/events?jam/-starts_at").has_value());
    CHECK_FALSE(Cursors("another").read(text, question).has_value());
}

TEST_CASE("while secrets are exchanged, cursors of both are read") {
    const Cursor cursor{Side::after, {1000, 7}};
    const auto before = Cursors("secret").text_of(cursor, question);
    const Cursors after("another", "secret");
    CHECK(after.read(before, question) == cursor);
    CHECK(after.read(after.text_of(cursor, question), question) == cursor);
    CHECK(after.text_of(cursor, question) == Cursors("another").text_of(cursor, question));
    CHECK_FALSE(after.read(before, "/events?jam/-starts_at").has_value());
    CHECK_FALSE(after.read(Cursors("").text_of(cursor, question), question).has_value());
}

}  // namespace
}  // namespace dacapo
