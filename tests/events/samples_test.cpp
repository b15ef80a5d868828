// One record of every event version that was ever stored lies in tests/samples, named by event and version.
// Together they tell one story. Files are added when an event or a version is; none is ever changed.
#include "events/codec.hpp"
#include "tests/support/every_event.hpp"
#include "tests/support/projected.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <set>

namespace dacapo {
namespace {

struct Sample {
    std::string name;
    std::string text;
    Record record;
};

std::vector<Sample> samples() {
    std::vector<Sample> all;
    for (const auto& file :
         std::filesystem::directory_iterator(std::filesystem::path(DACAPO_SOURCE_DIR) / "tests/samples")) {
        std::ifstream in(file.path(), std::ios::binary);
        Sample sample{file.path().stem().string(), {std::istreambuf_iterator<char>(in), {}}, {}};
        CAPTURE(sample.name);
        REQUIRE_NOTHROW(sample.record = decode(sample.text));
        all.push_back(std::move(sample));
    }
    std::sort(all.begin(), all.end(),
              [](const Sample& one, const Sample& other) { return one.record.time < other.record.time; });
    return all;
}

std::string file_name_of(const Event& event) {
    return std::string(type_of(event).name) + ".v" + std::to_string(type_of(event).version);
}

}  // namespace

TEST_CASE("every event has a sample of the version that is written today") {
    std::set<std::string> names;
    for (const auto& sample : samples()) names.insert(sample.name);
    for (const auto& event : testing::every_event())
        CHECK_MESSAGE(names.contains(file_name_of(event)), file_name_of(event));
}

TEST_CASE("every sample holds the event and the version that its name says") {
    for (const auto& sample : samples()) {
        const auto record = boost::json::parse(sample.text);
        const auto& stored = record.at("events").as_array().back();
        CHECK(sample.name == std::string(stored.at("type").as_string()) + ".v" +
                                 boost::json::serialize(stored.at("type_version")));
    }
}

TEST_CASE("a sample of the present version is written again as it was read") {
    for (const auto& sample : samples()) {
        if (sample.name != file_name_of(sample.record.events.back().event)) continue;  // An older version.
        CHECK(encode(sample.record) + "\n" == sample.text);
    }
}

TEST_CASE("all samples are projected without an error") {
    testing::MemoryLog log;
    for (const auto& sample : samples()) {
        PendingRecord pending{std::make_shared<LogEntry>(LogEntry{0, sample.record}), sample.text};
        log.append(std::span(&pending, 1));
    }
    TemporaryFolder folder;
    testing::Projector projector(log, folder / "read.db");
    projector.catch_up();
    CHECK(projector.progress.passed() == log.head());
    CHECK(projector.rows("parked_events") == "");
    // The story has arrived.
    const auto rows = projector.all();
    for (const char* text : {"ana@example.org", "Salut ! 🎷", "Called off"})
        CHECK(rows.find(text) != rows.npos);
}

}  // namespace dacapo
