// The catalogue's read routes on real tables.
#include "tests/support/query_server.hpp"

#include <doctest/doctest.h>
#include <boost/json.hpp>

namespace dacapo {
namespace {

namespace json = boost::json;
using testing::header_of;

constexpr Timestamp noon = Timestamp(std::chrono::milliseconds(1000));

struct Shop : testing::QueryServer {
    Shop() {
        std::int64_t id = 0;
        for (const char* name : {"Oud", "cello", "Éventail", "Cajón"}) {
            ++id;
            instrument(id, InstrumentAdded{{id}, name, noon});
        }
        genre(1, GenreAdded{{1}, "Raï", noon});
        genre(2, GenreAdded{{2}, "fado", noon});
    }
    void instrument(std::int64_t id, InstrumentEvent event) {
        add(0, {{StreamKind::instrument, id}, Event(std::move(event))});
    }
    void genre(std::int64_t id, GenreEvent event) {
        add(0, {{StreamKind::genre, id}, Event(std::move(event))});
    }

    // "Cajón, cello"
    std::string names(const std::string& target) {
        const auto response = get(target);
        CHECK(response.status == 200);
        std::string text;
        const auto list = json::parse(response.content());
        for (const auto& item : list.as_array()) {
            if (!text.empty()) text += ", ";
            text += item.at("name").as_string();
        }
        return text;
    }
};

TEST_CASE_FIXTURE(Shop, "instruments and genres are listed by name without case and accents") {
    CHECK(names("/instruments") == "Cajón, cello, Éventail, Oud");
    CHECK(names("/genres") == "fado, Raï");
}

TEST_CASE_FIXTURE(Shop, "the catalogue is listed in pages") {
    CHECK(names("/instruments?skip=1&limit=2") == "cello, Éventail");
    const auto page = get("/instruments?skip=1&limit=2&count=true");
    CHECK(header_of(page, "X-Total-Count") == "4");
    CHECK(header_of(page, "Link").find("rel=\"next\"") != std::string::npos);
    CHECK(header_of(get("/instruments?skip=2&limit=2"), "Link").find("rel=\"next\"") == std::string::npos);
    CHECK(problem_of("/genres?limit=501") == "422 invalid");
}

TEST_CASE_FIXTURE(Shop, "one entry is shown with all fields of the contract") {
    CHECK(get("/instruments/4").content() == R"({"id":4,"name":"Cajón","retired":false,"version":1})");
    CHECK(get("/genres/2").content() == R"({"id":2,"name":"fado","retired":false,"version":1})");
    CHECK(problem_of("/instruments/5") == "404 not_found");
    CHECK(problem_of("/genres/3") == "404 not_found");
}

TEST_CASE_FIXTURE(Shop, "a retired entry leaves the list and its count and is still shown by itself") {
    instrument(2, InstrumentRetired{{2}});
    CHECK(names("/instruments") == "Cajón, Éventail, Oud");
    CHECK(header_of(get("/instruments?count=true"), "X-Total-Count") == "3");
    CHECK(get("/instruments/2").content() == R"({"id":2,"name":"cello","retired":true,"version":2})");
}

TEST_CASE_FIXTURE(Shop, "a kept answer of the catalogue goes with the next change of its kind alone") {
    for (const char* target : {"/instruments", "/instruments/1"}) {
        CAPTURE(target);
        const auto before = get(target);
        const auto hits = caches->here().stats().hits;
        genre(1, GenreRenamed{{1}, std::string("Raï of ") + target});
        CHECK(get(target).content() == before.content());
        CHECK(caches->here().stats().hits == hits + 1);
        instrument(1, InstrumentRenamed{{1}, std::string("Ud of ") + target});
        CHECK(get(target).content() != before.content());
    }
    CHECK(names("/genres") == "fado, Raï of /instruments/1");
}

TEST_CASE_FIXTURE(Shop, "an entity tag of one entry begins with its version and gives 304 until it changes") {
    const auto first = get("/instruments/1");
    const auto etag = header_of(first, "ETag");
    CHECK(etag.starts_with("\"v1-"));
    CHECK(get("/instruments/1", {}, {.if_none_match = etag}).status == 304);
    const auto list_etag = header_of(get("/instruments"), "ETag");
    CHECK(get("/instruments", {}, {.if_none_match = list_etag}).status == 304);
    instrument(1, InstrumentRenamed{{1}, "Ud"});
    const auto second = get("/instruments/1", {}, {.if_none_match = etag});
    CHECK(second.status == 200);
    CHECK(header_of(second, "ETag").starts_with("\"v2-"));
    CHECK(get("/instruments", {}, {.if_none_match = list_etag}).status == 200);
}

}  // namespace
}  // namespace dacapo
