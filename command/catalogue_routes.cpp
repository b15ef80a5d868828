// Adding, renaming and retiring instruments and genres: the same three routes for both.
#include "api/body.hpp"
#include "api/resources.hpp"
#include "command/preconditions.hpp"
#include "command/routes.hpp"

#include <fmt/format.h>
#include <boost/asio/use_awaitable.hpp>

namespace dacapo {
namespace {

namespace asio = boost::asio;

// What differs between the two kinds.
struct Instruments {
    using Entry = Instrument;
    using Kind = InstrumentKind;
    using Shown = api::Instrument;
    static constexpr StreamKind stream = StreamKind::instrument;
    static constexpr std::string_view one = "instrument";
    static constexpr std::string_view many = "instruments";
    static constexpr std::string_view example = R"({"name": "Double bass"})";
    static const auto* find(const ShardState& state, InstrumentId id) { return state.instrument(id); }
    static InstrumentId next(const ShardState& state) { return state.next_instrument(); }
    static const auto& names(const ShardState& state) { return state.instrument_names; }
};
struct Genres {
    using Entry = Genre;
    using Kind = GenreKind;
    using Shown = api::Genre;
    static constexpr StreamKind stream = StreamKind::genre;
    static constexpr std::string_view one = "genre";
    static constexpr std::string_view many = "genres";
    static constexpr std::string_view example = R"({"name": "Bossa nova"})";
    static const auto* find(const ShardState& state, GenreId id) { return state.genre(id); }
    static GenreId next(const ShardState& state) { return state.next_genre(); }
    static const auto& names(const ShardState& state) { return state.genre_names; }
};

struct NameBody {
    std::string name;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("name", self.name, api::Text{1, catalogue_name_characters_max},
              api::Hint{"Unique among those in use; case and accents do not count."});
    }
};

// Before the body is looked at: what is wrong with it is nobody's business who may not write.
void require_admin(const http::Request& request) {
    if (request.principal->role != Role::admin) throw problem_of(CatalogueRefusal::admin_only);
}

NameBody read_name(const http::Request& request) {
    auto body = api::read_body<NameBody>(request);
    // Names are compared folded; one made of invisible characters alone would be the same as any other such.
    if (fold(body.name).empty()) api::throw_invalid({{"/name", "required", "Must have visible characters."}});
    return body;
}

template <class Of>
typename Of::Kind::Id name_owner(const ShardState& state, const std::string& folded_name) {
    const auto& names = Of::names(state);
    const auto found = names.find(folded_name);
    return found == names.end() ? typename Of::Kind::Id{} : found->second;
}

template <class Of>
http::Response shown(typename Of::Kind::Id id, const std::string& name, std::int64_t version) {
    http::Response response;
    response.body = api::to_json(typename Of::Shown{id, name, false, version});
    return response;
}

template <class Of>
asio::awaitable<http::Response> add_entry(CommandHandling& commands, http::Request& request) {
    using Added = typename Of::Kind::Added;
    require_admin(request);
    const auto body = read_name(request);
    Decide decide = [&](const ShardState& state, const Context& by) {
        const auto id = Of::next(state);
        const typename Of::Entry::Add command{id, body.name, name_owner<Of>(state, fold(body.name))};
        return verdict_of<typename Of::Entry>(Of::Entry::decide(command, {}, by), {Of::stream, id.value});
    };
    MakeAnswer answer = [](const LogEntry* entry) {
        const auto* added = find_event<Added, typename Of::Entry::Event>(entry);
        auto response = shown<Of>(added->id, added->name, 1);
        response.set_header("Location", fmt::format("/{}/{}", Of::many, added->id.value));
        return response;
    };
    co_return co_await commands.run(request, commands.shards().accounts(), std::move(decide),
                                    std::move(answer));
}

// What a change of an entry is decided on, once the client's preconditions hold.
template <class Of>
typename Of::Entry::State entry_to_change(const ShardState& state, typename Of::Kind::Id id,
                                          const http::Request& request, std::int64_t& version) {
    const auto* found = Of::find(state, id);
    if (!found) return {};
    version = found->version;
    Preconditions::of(request).check(version);
    return found->state;
}

template <class Of>
asio::awaitable<http::Response> rename_entry(CommandHandling& commands, http::Request& request) {
    require_admin(request);
    const typename Of::Kind::Id id{request.ids.at(0)};
    const auto body = read_name(request);
    std::int64_t version_before = 0;
    Decide decide = [&](const ShardState& state, const Context& by) {
        const auto entry = entry_to_change<Of>(state, id, request, version_before);
        const typename Of::Entry::Rename command{body.name, name_owner<Of>(state, fold(body.name))};
        return verdict_of<typename Of::Entry>(Of::Entry::decide(command, entry, by), {Of::stream, id.value});
    };
    MakeAnswer answer = [&](const LogEntry* entry) {
        return shown<Of>(id, body.name, entry ? entry->record.events.at(0).version : version_before);
    };
    co_return co_await commands.run(request, commands.shards().accounts(), std::move(decide),
                                    std::move(answer));
}

template <class Of>
asio::awaitable<http::Response> retire_entry(CommandHandling& commands, http::Request& request) {
    require_admin(request);
    const typename Of::Kind::Id id{request.ids.at(0)};
    Decide decide = [&](const ShardState& state, const Context& by) {
        std::int64_t version = 0;
        const auto entry = entry_to_change<Of>(state, id, request, version);
        return verdict_of<typename Of::Entry>(Of::Entry::decide(typename Of::Entry::Retire{}, entry, by),
                                              {Of::stream, id.value});
    };
    MakeAnswer answer = [](const LogEntry*) {
        http::Response response;
        response.status = 204;
        return response;
    };
    co_return co_await commands.run(request, commands.shards().accounts(), std::move(decide),
                                    std::move(answer));
}

template <class Of>
void add_routes(std::vector<http::Route>& routes, CommandHandling& commands) {
    const auto schema = api::schema_text<typename Of::Shown>();
    const http::ResponseDoc not_admin{403, "Only an admin may.", "", {"admin_only"}};
    const http::ResponseDoc none{404, fmt::format("There is no such {}.", Of::one), "", {"not_found"}};
    const http::ResponseDoc taken{400, "The name is used.", "", {"name_taken"}};
    const http::ResponseDoc changed{
        412, "Changed since the version in If-Match.", "", {"precondition_failed"}};
    const std::string title(Of::Shown::name);

    http::Route route;
    route.method = http::Method::post;
    route.pattern = fmt::format("/{}", Of::many);
    route.operation_id = "add" + title;
    route.tag = "catalogue";
    route.summary = fmt::format("Add {} {} (admin)", Of::one == "instrument" ? "an" : "a", Of::one);
    route.access = http::Access::user;
    route.command = true;
    route.creates = true;
    route.description =
        "So that people can choose it. A name in use is 400, whatever its case and accents; a retired entry "
        "frees its "
        "name.";
    route.body_schema = api::body_schema<NameBody>();
    route.body_example = Of::example;
    route.responses =
        with_common_problems({{200, fmt::format("The {}.", Of::one), schema, {}}, taken, not_admin});
    route.handler = [&commands](http::Request& request) { return add_entry<Of>(commands, request); };
    routes.push_back(route);

    route.method = http::Method::put;
    route.pattern = fmt::format("/{}/{{{}_id}}", Of::many, Of::one);
    route.operation_id = "rename" + title;
    route.summary = fmt::format("Rename {} {} (admin)", Of::one == "instrument" ? "an" : "a", Of::one);
    route.description =
        "Everything that refers to it shows the new name. A retired entry keeps its name: 409.";
    route.creates = false;
    route.responses = with_common_problems({{200, fmt::format("The {}.", Of::one), schema, {}},
                                            taken,
                                            not_admin,
                                            none,
                                            {409, "It is retired.", "", {"retired"}},
                                            changed});
    route.handler = [&commands](http::Request& request) { return rename_entry<Of>(commands, request); };
    routes.push_back(route);

    route.method = http::Method::del;
    route.operation_id = "retire" + title;
    route.summary = fmt::format("Retire {} {} (admin)", Of::one == "instrument" ? "an" : "a", Of::one);
    route.description =
        "It can no longer be chosen. It leaves the list and frees its name; what refers to it still shows "
        "it.";
    route.body_schema.clear();
    route.body_example.clear();
    route.responses = with_common_problems({{204, "Retired.", "", {}}, not_admin, none, changed});
    route.handler = [&commands](http::Request& request) { return retire_entry<Of>(commands, request); };
    routes.push_back(std::move(route));
}

}  // namespace

std::vector<http::Route> catalogue_routes(CommandHandling& commands) {
    std::vector<http::Route> routes;
    add_routes<Instruments>(routes, commands);
    add_routes<Genres>(routes, commands);
    return routes;
}

}  // namespace dacapo
