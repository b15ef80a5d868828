// What the query string of a list may say, and the links to its neighbours.
#include "api/list.hpp"

#include <doctest/doctest.h>

namespace dacapo {
namespace {

using api::Page;
using api::QueryReader;

http::Request asking(std::vector<std::pair<std::string, std::string>> query, std::string path = "/users") {
    http::Request request;
    request.path = std::move(path);
    request.query = std::move(query);
    return request;
}

Page page_of(const http::Request& request) {
    QueryReader query(request);
    const auto page = query.page();
    query.done();
    return page;
}

// "pointer code" of every fault, one a line.
template <class Ask>
std::string faults_of(const http::Request& request, Ask&& ask) {
    QueryReader query(request);
    ask(query);
    try {
        query.done();
    } catch (const http::Problem& problem) {
        CHECK(problem.status == 422);
        CHECK(problem.code == "invalid");
        std::string text;
        for (const auto& error : problem.errors) text += error.pointer + " " + error.code + "\n";
        return text;
    }
    return "";
}

std::string page_faults(std::vector<std::pair<std::string, std::string>> query) {
    return faults_of(asking(std::move(query)), [](QueryReader& reader) { reader.page(); });
}

TEST_CASE("a list without parameters begins at the first and holds a hundred") {
    CHECK(page_of(asking({})) == Page{0, 100, false});
    CHECK(page_of(asking({{"colour", "blue"}})) == Page{0, 100, false});
}

TEST_CASE("skip and limit and count are taken as they are up to their limits") {
    CHECK(page_of(asking({{"skip", "20"}, {"limit", "5"}, {"count", "true"}})) == Page{20, 5, true});
    CHECK(page_of(asking({{"skip", "100000"}, {"limit", "500"}, {"count", "0"}})) ==
          Page{100'000, 500, false});
    CHECK(page_of(asking({{"limit", "1"}})).limit == 1);
}

TEST_CASE("a page past a limit is refused and not cut") {
    CHECK(page_faults({{"limit", "501"}}) == "/query/limit out_of_range\n");
    CHECK(page_faults({{"limit", "0"}}) == "/query/limit out_of_range\n");
    CHECK(page_faults({{"skip", "-1"}}) == "/query/skip out_of_range\n");
    CHECK(page_faults({{"skip", "100001"}}) == "/query/skip out_of_range\n");
    CHECK(page_faults({{"skip", "99999999999999999999999"}}) == "/query/skip out_of_range\n");
}

TEST_CASE("what is no number is refused") {
    for (const auto* text : {"", "-", "ten", "1.5", "1e3", "+1", " 1", "0x10", "1 "})
        CHECK_MESSAGE(page_faults({{"limit", text}}) == "/query/limit wrong_type\n", text);
}

TEST_CASE("what is neither true nor false is refused") {
    for (const auto* text : {"", "maybe", "2", "True"})
        CHECK_MESSAGE(page_faults({{"count", text}}) == "/query/count wrong_type\n", text);
}

TEST_CASE("all faults of a query are told at once") {
    const auto request = asking({{"skip", "x"},
                                 {"limit", "1000"},
                                 {"count", "maybe"},
                                 {"type", "opera"},
                                 {"from", "2024-02-31"},
                                 {"organizer", "0"},
                                 {"q", std::string("a\x01")}});
    const auto faults = faults_of(request, [](QueryReader& query) {
        query.page();
        CHECK_FALSE(query.choice<GatheringKind>("type"));
        CHECK_FALSE(query.time("from", "Europe/Paris"));
        CHECK_FALSE(query.id("organizer"));
        CHECK_FALSE(query.text("q", 100));
    });
    CHECK(faults ==
          "/query/skip wrong_type\n/query/limit out_of_range\n/query/count wrong_type\n/query/type "
          "unknown_value\n"
          "/query/from not_a_time\n/query/organizer out_of_range\n/query/q control_character\n");
}

TEST_CASE("a search text counts in characters and not in bytes") {
    std::string hundred;
    for (int i = 0; i < 100; ++i) hundred += "é";
    const auto ask = [](QueryReader& query) { query.text("q", api::search_code_points_max); };
    CHECK(faults_of(asking({{"q", hundred}}), ask).empty());
    CHECK(faults_of(asking({{"q", hundred + "é"}}), ask) == "/query/q too_long\n");
    const auto blank = asking({{"q", "  "}});
    QueryReader query(blank);
    CHECK_FALSE(query.text("q", 100));
    CHECK_NOTHROW(query.done());
}

TEST_CASE("a time is an instant or a wall time or a day in the zone") {
    const auto time = [](std::string text) {
        const auto request = asking({{"from", std::move(text)}});
        QueryReader query(request);
        const auto value = query.time("from", "Europe/Paris");
        query.done();
        return value.value().time_since_epoch().count();
    };
    CHECK(time("2024-03-14T12:00:00Z") == 1'710'417'600'000);
    CHECK(time("2024-03-14T13:00:00") == 1'710'417'600'000);
    CHECK(time("2024-03-14") == 1'710'370'800'000);
}

TEST_CASE("links name the next and the previous page and keep all other parameters") {
    const auto request =
        asking({{"q", "caf\xC3\xA9 & co"}, {"skip", "20"}, {"limit", "10"}, {"count", "true"}});
    CHECK(api::link_of("https://api.example", request, {20, 10, true}, true) ==
          "<https://api.example/users?q=caf%C3%A9%20%26%20co&count=true&skip=30&limit=10>; rel=\"next\", "
          "<https://api.example/users?q=caf%C3%A9%20%26%20co&count=true&skip=10&limit=10>; rel=\"prev\"");
}

TEST_CASE("a first page has no previous one and a last page no next one") {
    const auto request = asking({});
    CHECK(api::link_of("http://h", request, {0, 100, false}, false).empty());
    CHECK(api::link_of("http://h", request, {0, 100, false}, true) ==
          "<http://h/users?skip=100&limit=100>; rel=\"next\"");
    CHECK(api::link_of("http://h", request, {40, 100, false}, false) ==
          "<http://h/users?skip=0&limit=40>; rel=\"prev\"");
    // The page after the last one that may be asked for is not offered.
    CHECK(api::link_of("http://h", request, {99'950, 100, false}, true).find("next") == std::string::npos);
}

TEST_CASE("two questions have one text only when path and query are the same") {
    const auto text = [](std::vector<std::pair<std::string, std::string>> query) {
        return api::question_of(asking(std::move(query)));
    };
    CHECK(text({{"q", "a"}}) == text({{"q", "a"}}));
    CHECK(text({{"q", "a"}}) != text({{"q", "b"}}));
    CHECK(text({{"q", "a"}, {"b", ""}}) != text({{"q", "a?1:b0:"}}));
    CHECK(text({{"ab", "c"}}) != text({{"a", "bc"}}));
    CHECK(text({}) != api::question_of(asking({}, "/events")));
}

}  // namespace
}  // namespace dacapo
