// No code is sent that is explained nowhere, and none is explained that nobody sends: the sources are read.
#include "query/documents/problems.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

using namespace dacapo;

namespace {

std::string text_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// All that the program is made of but the texts of the problems themselves.
std::string program_text() {
    const std::filesystem::path top(DACAPO_SOURCE_DIR);
    std::string text;
    const auto is_source = [](const std::filesystem::path& file) {
        return (file.extension() == ".cpp" || file.extension() == ".hpp") && file.stem() != "problems";
    };
    for (const auto& entry : std::filesystem::directory_iterator(top))
        if (is_source(entry.path())) text += text_of(entry.path());
    for (const char* folder : {"api", "command", "domain", "infra", "projections", "query"})
        for (const auto& entry : std::filesystem::recursive_directory_iterator(top / folder))
            if (is_source(entry.path())) text += text_of(entry.path());
    return text;
}

// A status and a code side by side, or one of the helpers that have the status inside.
std::set<std::string> codes_sent(const std::string& text) {
    static const std::regex pattern(
        R"re((?:\b[45][0-9][0-9],\s*|\b(?:refuse_token|come_again|unavailable)\(\s*)"([a-z_0-9]+)")re");
    std::set<std::string> codes;
    for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at)
        codes.insert((*at)[1]);
    return codes;
}

std::string proxy_text() {
    return text_of(std::filesystem::path(DACAPO_SOURCE_DIR) / "deploy" / "haproxy" / "haproxy.cfg");
}

const ProblemDoc* doc_of(std::string_view code) {
    const auto found = std::ranges::find(problem_docs(), code, &ProblemDoc::code);
    return found == problem_docs().end() ? nullptr : &*found;
}

}  // namespace

TEST_CASE("every code that the program sends is explained") {
    const auto codes = codes_sent(program_text());
    CHECK(codes.size() > 60);
    for (const auto& code : codes) CHECK_NOTHROW_MESSAGE(meaning_of(code), code);
}

TEST_CASE("every code that is explained is sent") {
    const auto text = program_text() + proxy_text();
    for (const auto& problem : problem_docs())
        CHECK_MESSAGE(text.find('"' + std::string(problem.code) + '"') != std::string::npos, problem.code);
}

TEST_CASE("every code that the proxy sends is explained, with the status that it has there") {
    static const std::regex pattern(
        R"re(status ([0-9]+) .*"type":"/docs#problem-([a-z_]+)".*"status":([0-9]+),.*"code":"([a-z_]+)")re");
    const auto text = proxy_text();
    int count = 0;
    for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at, ++count) {
        const auto code = (*at)[4].str();
        CAPTURE(code);
        CHECK((*at)[2] == code);
        CHECK((*at)[1] == (*at)[3]);
        const auto* doc = doc_of(code);
        REQUIRE(doc);
        CHECK(doc->statuses.find((*at)[1].str()) != std::string_view::npos);
    }
    CHECK(count == 8);
}
