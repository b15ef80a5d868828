#include "query/documents/docs_page.hpp"

#include "query/documents/problems.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

using namespace dacapo;

namespace {

std::string text_of(const std::string& file) {
    std::ifstream in(DACAPO_SOURCE_DIR "/web/docs/" + file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

bool is_served(const std::string& path) {
    return path == "/openapi.json" || path.starts_with('#') ||
           std::ranges::any_of(docs_files(), [&](const DocsFile& file) { return file.path == path; });
}

}  // namespace

TEST_CASE("the page has a place with a text of its own for every problem") {
    const auto page = docs_page();
    CHECK(page.find("<!-- problems -->") == std::string::npos);
    std::set<std::string_view> meanings;
    for (const auto& problem : problem_docs()) {
        CAPTURE(problem.code);
        CHECK(page.find("id=\"problem-" + std::string(problem.code) + "\"") != std::string::npos);
        CHECK(meanings.insert(problem.meaning).second);
        CHECK(problem.meaning.find_first_of("<>&") == std::string_view::npos);
        CHECK(problem.meaning.ends_with('.'));
    }
    CHECK(meaning_of("title_taken").starts_with("A live event"));
    CHECK_THROWS_AS(meaning_of("made_up"), std::logic_error);
}

TEST_CASE("every file of /docs is gzip'd and has a quoted ETag and a path of its own") {
    std::set<std::string_view> paths, etags;
    for (const auto& file : docs_files()) {
        CAPTURE(file.path);
        REQUIRE(file.bytes.size() > 20);
        CHECK(file.bytes.substr(0, 3) == "\x1f\x8b\x08");
        REQUIRE(file.etag.size() == 18);
        CHECK(file.etag.front() == '"');
        CHECK(file.etag.back() == '"');
        CHECK(paths.insert(file.path).second);
        CHECK(etags.insert(file.etag).second);
    }
}

TEST_CASE("the page asks only for what this server gives") {
    const auto page = docs_page();
    int references = 0;
    for (const std::string attribute : {"src=\"", "href=\""})
        for (auto at = page.find(attribute); at != std::string::npos; at = page.find(attribute, at + 1)) {
            const auto begin = at + attribute.size();
            const std::string target = page.substr(begin, page.find('"', begin) - begin);
            if (target == "data:,") continue;  // No icon, and no request for one.
            CAPTURE(target);
            CHECK(is_served(target));
            ++references;
        }
    CHECK(references >= 3);
}

TEST_CASE("neither the page nor its initializer names another host or holds a script inside the HTML") {
    const std::string page = text_of("index.html");
    CHECK(page.find("://") == std::string::npos);
    CHECK(text_of("initializer.js").find("://") == std::string::npos);
    for (auto at = page.find("<script"); at != std::string::npos; at = page.find("<script", at + 1))
        CHECK(page.compare(at, 13, "<script src=\"") == 0);
    CHECK(docs_security_policy.find("script-src 'self';") != std::string_view::npos);
}
