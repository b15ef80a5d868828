// Rules that the sources themselves must keep, read from the checkout: time comes from one place.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <functional>
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

}  // namespace

TEST_CASE("the machine's clock is read in one file") {
    std::set<std::string> readers;
    for_each_source([&](const std::string& name, const std::string& text) {
        if (text.find("system_clock::now()") != text.npos) readers.insert(name);
    });
    readers.erase("infra/clock.hpp");  // which says so in a comment
    CHECK(readers == std::set<std::string>{"infra/clock.cpp"});
}

}  // namespace dacapo
