// A request body may be anything: reading it answers with a value or a problem under 500, nothing else, and
// what was accepted keeps the rules. The same bytes are tried as a position.
#include "api/body.hpp"
#include "api/position_token.hpp"
#include "events/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

using namespace dacapo;

struct Body {
    std::string title;
    UserId user_id;
    std::optional<std::string> notes;
    std::optional<std::string> secret;
    std::optional<GatheringKind> type;
    std::optional<double> latitude;
    std::optional<std::optional<std::int64_t>> capacity;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("title", self.title, api::Text{1, 20}, api::Alias{"name"});
        field("user_id", self.user_id);
        field("notes", self.notes, api::Text{0, 50, Lines::many});
        field("secret", self.secret, api::Secret{});
        field("type", self.type);
        field("latitude", self.latitude, api::Range{-90, 90});
        field("capacity", self.capacity, api::Range{1, 100});
    }
};

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    http::Request request;
    request.content_type = "application/json";
    request.body = text;
    try {
        const auto body = api::read_body<Body>(request);
        require(!body.title.empty() && code_points(body.title) <= 20 && normalised(body.title) == body.title);
        require(body.user_id.value >= 1 && body.user_id.value < id_limit);
        require(!body.latitude || (*body.latitude >= -90 && *body.latitude <= 90));
        require(!body.capacity || !*body.capacity || (**body.capacity >= 1 && **body.capacity <= 100));
    } catch (const http::Problem& problem) {
        require(problem.status >= 400 && problem.status < 500);
    }
    if (const auto token = api::position_from_text(text))
        require(api::position_from_text(api::to_text(*token)) == token);
    return 0;
}
