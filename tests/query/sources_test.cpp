// Rules that the sources themselves must keep, read from the checkout: every code of a problem is written
// down, and time comes from one place.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <regex>
#include <set>
#include <string>

namespace dacapo {
namespace {

const std::filesystem::path top = DACAPO_SOURCE_DIR;

std::string text_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

void for_each_source(const std::function<void(const std::string& name, const std::string& text)>& visit) {
    for (const auto* folder : {"api", "command", "domain", "events", "infra", "projections", "query"})
        for (const auto& entry : std::filesystem::recursive_directory_iterator(top / folder)) {
            const auto extension = entry.path().extension();
            if (extension == ".cpp" || extension == ".hpp")
                visit(std::filesystem::relative(entry.path(), top).string(), text_of(entry.path()));
        }
}

// The codes in the table of docs/http.md.
std::set<std::string> codes_of_the_page() {
    std::set<std::string> codes;
    const auto page = text_of(top / "docs" / "http.md");
    const std::regex row("\\n\\| [45][0-9]{2} \\|([^|]*)\\|"), code("`([a-z_]+)`");
    for (std::sregex_iterator at(page.begin(), page.end(), row), end; at != end; ++at) {
        const std::string cell = (*at)[1];
        for (std::sregex_iterator in(cell.begin(), cell.end(), code); in != end; ++in) codes.insert((*in)[1]);
    }
    return codes;
}

}  // namespace

TEST_CASE("every code of a problem stands in the API document or on the page of what comes before a route") {
    const auto document = text_of(top / "docs" / "api" / "openapi.json");
    const auto page = codes_of_the_page();
    // No client meets them: servers of a cluster ask each other, and what is made gets an id that nobody had.
    const std::set<std::string> internal{"not_of_this_cluster", "unknown_question",   "already_added",
                                         "already_open",        "already_registered", "already_scheduled"};
    std::set<std::string> found;
    const std::regex problem("[45][0-9]{2},\\s*\"([a-z][a-z_]+)\"");
    for_each_source([&](const std::string&, const std::string& text) {
        for (std::sregex_iterator at(text.begin(), text.end(), problem), end; at != end; ++at)
            found.insert((*at)[1]);
    });
    CHECK(found.size() > 50);
    for (const auto& code : found) {
        const bool documented = document.find("\"" + code + "\": {") != document.npos;
        CHECK_MESSAGE((documented || page.contains(code) || internal.contains(code)), code);
    }
}

TEST_CASE("every code on the page is one that the sources give") {
    std::string all;
    for_each_source([&](const std::string& name, const std::string& text) {
        if (name.starts_with("infra/http") || name.starts_with("query")) all += text;
    });
    for (const auto& name : {"serve.cpp", "serve_command.cpp", "serve_authentication.cpp"})
        all += text_of(top / name);
    const auto page = codes_of_the_page();
    CHECK(page.size() > 25);
    for (const auto& code : page) CHECK_MESSAGE(all.find('"' + code + '"') != all.npos, code);
}

TEST_CASE("the machine's clock is read in one file") {
    std::set<std::string> readers;
    for_each_source([&](const std::string& name, const std::string& text) {
        if (text.find("system_clock::now()") != text.npos) readers.insert(name);
    });
    readers.erase("infra/clock.hpp");  // which says so in a comment
    CHECK(readers == std::set<std::string>{"infra/clock.cpp"});
}

}  // namespace dacapo
