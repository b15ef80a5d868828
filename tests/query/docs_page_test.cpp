#include "query/documents/docs_page.hpp"

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
    return path == "/openapi.json" ||
           std::ranges::any_of(docs_files(), [&](const DocsFile& file) { return file.path == path; });
}

}  // namespace

TEST_CASE("the page comes first among the files of /docs") {
    REQUIRE(!docs_files().empty());
    CHECK(docs_files().front().path == "/docs");
    CHECK(docs_files().front().content_type == "text/html; charset=utf-8");
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
    const std::string page = text_of("index.html");
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
