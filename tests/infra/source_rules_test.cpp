// Rules that the sources themselves must keep, read from the checkout: time comes from one place, SQL is no
// place for values, and no route escapes the authorisation matrix.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>
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

// A line's string literals, and what stands around them.
struct Line {
    std::string quoted;
    std::string code;
};
Line parts_of(const std::string& text) {
    Line line;
    bool inside = false;
    for (const char c : text) {
        if (c == '"') inside = !inside;
        (inside ? line.quoted : line.code) += c;
    }
    return line;
}

bool has_one_of(const std::string& text, std::initializer_list<const char*> words) {
    return std::ranges::any_of(words, [&](const char* word) { return text.find(word) != text.npos; });
}

std::set<std::string> files_with(const std::function<bool(const Line& line)>& wanted) {
    std::set<std::string> found;
    for_each_source([&](const std::string& name, const std::string& text) {
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);)
            if (wanted(parts_of(line))) found.insert(name);
    });
    return found;
}

}  // namespace

TEST_CASE("the machine's clock is read in one file") {
    std::set<std::string> readers;
    for_each_source([&](const std::string& name, const std::string& text) {
        if (text.find("system_clock::now()") != text.npos) readers.insert(name);
    });
    readers.erase("infra/clock.hpp");  // which says so in a comment
    CHECK(readers == std::set<std::string>{"infra/clock.cpp"});
}

// Values are bound. What is put together is names of tables and columns, and these files are read with care.
TEST_CASE("statements are put together in few files, out of nothing that anybody sends") {
    const auto composed = files_with([](const Line& line) {
        return has_one_of(line.quoted,
                          {"SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", " WHERE ", "ORDER BY "}) &&
               has_one_of(line.code, {"format(", " + ", " += ", "append(", "<<"});
    });
    CHECK(composed == std::set<std::string>{"infra/sql/table.hpp", "query/event_list.cpp", "query/events.cpp",
                                            "query/health.cpp"});
}

// The matrix is held against the API document, which has neither of these.
TEST_CASE("what the API document does not have is the feed and the way between servers") {
    const auto code_with = [](const char* text) {
        return files_with([text](const Line& line) { return line.code.find(text) != line.code.npos; });
    };
    CHECK(code_with(".internal = true") == std::set<std::string>{"command/neighbours.cpp"});
    CHECK(code_with("http::SocketRoute") ==
          std::set<std::string>{"query/feed_hub.hpp", "query/feed_routes.cpp"});
}

}  // namespace dacapo
