#include "projections/cloud_events.hpp"

#include "events/codec.hpp"
#include "tests/support/every_event.hpp"

#include <doctest/doctest.h>
#include <boost/json.hpp>
#include <map>
#include <set>

namespace dacapo {
namespace {

namespace json = boost::json;

const std::string epoch = "00000000000000aa";

// One event of a kind as the first of its stream.
CloudEvent given_out(const Event& event, StreamId stream = {StreamKind::roster, 33}) {
    LogEntry entry;
    entry.record.shard = 1;
    entry.record.sequence = 7;
    entry.record.events = {{stream, 1, event}};
    auto events = cloud_events_of(entry, epoch, "/dacapo");
    REQUIRE(events.size() == 1);
    return events.front();
}

std::map<std::string, std::string> attributes_of(const CloudEvent& event) {
    std::map<std::string, std::string> attributes;
    for (const auto& [name, value] : event.attributes) attributes.emplace(name, value);
    return attributes;
}

struct Keys {
    std::set<std::string> open, personal;
};

Keys keys_of(const Event& event) {
    Keys keys;
    const auto collect = [&](auto alternative) {
        alternative.fields(alternative, [&]<class... Marks>(const char* key, auto&, Marks&&...) {
            (sizeof...(Marks) > 0 ? keys.personal : keys.open).insert(key);
        });
    };
    std::visit([&](const auto& aggregate) { std::visit(collect, aggregate); }, event);
    return keys;
}

const std::set<std::string> secrets{"refresh_hash", "client_id"};

}  // namespace

TEST_CASE("an event has the attributes of CloudEvents 1.0 and those that order it") {
    LogEntry entry;
    entry.position = 812;
    auto& record = entry.record;
    record.shard = 1;
    record.sequence = 7;
    record.time = Timestamp{std::chrono::milliseconds{1'710'417'600'123}};
    record.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    record.events = {{{StreamKind::roster, 33}, 12, RosterEvent(ParticipantJoined{{33}, {5}, record.time})},
                     {{StreamKind::gathering, 33}, 4, GatheringEvent(GatheringDeleted{{33}, {5}})}};
    const auto events = cloud_events_of(entry, epoch, "/dacapo");
    REQUIRE(events.size() == 2);
    CHECK(attributes_of(events[0]) ==
          std::map<std::string, std::string>{{"specversion", "1.0"},
                                             {"id", "00000000000000aa-1-7-0"},
                                             {"source", "/dacapo"},
                                             {"type", "roster.participant-joined"},
                                             {"typeversion", "1"},
                                             {"subject", "roster-33"},
                                             {"time", "2024-03-14T12:00:00.123Z"},
                                             {"partitionkey", "roster-33"},
                                             {"sequence", "0000000000000012"},
                                             {"traceparent", record.traceparent}});
    CHECK(events[0].data == R"({"gathering_id":33,"user_id":5,"joined_at":1710417600123})");
    CHECK(events[0].partition_key == "roster-33");
    CHECK(events[0].shard == 1);
    auto second = attributes_of(events[1]);
    CHECK(second["id"] == "00000000000000aa-1-7-1");
    CHECK(second["subject"] == "gathering-33");
    CHECK(second["sequence"] == "0000000000000004");
}

TEST_CASE("the same record gives the same events whenever it is read, and no two share an id") {
    std::set<std::string> ids;
    for (const int shard : {0, 1})
        for (const std::int64_t sequence : {1, 2, 11}) {
            LogEntry entry;
            entry.record.shard = shard;
            entry.record.sequence = sequence;
            for (int i = 0; i < 12; ++i)
                entry.record.events.push_back(
                    {{StreamKind::roster, 33}, i + 1, RosterEvent(ParticipantJoined{{33}, {i}, {}})});
            const auto once = cloud_events_of(entry, epoch, "/dacapo");
            const auto again = cloud_events_of(entry, epoch, "/dacapo");
            for (std::size_t i = 0; i < once.size(); ++i) {
                CHECK(once[i].attributes == again[i].attributes);
                CHECK(once[i].data == again[i].data);
                CHECK(ids.insert(attributes_of(once[i])["id"]).second);
            }
        }
}

TEST_CASE("numbers beyond the 32 bits of the standard are texts, in the order of the events") {
    LogEntry entry;
    entry.record.shard = 1;
    entry.record.sequence = (std::int64_t{1} << 53) - 1;
    for (const std::int64_t version : {std::int64_t{9}, std::int64_t{10}, std::int64_t{1} << 40})
        entry.record.events.push_back(
            {{StreamKind::roster, 33}, version, RosterEvent(ParticipantJoined{{33}, {1}, {}})});
    const auto events = cloud_events_of(entry, epoch, "/dacapo");
    CHECK(attributes_of(events[0])["id"] == "00000000000000aa-1-9007199254740991-0");
    CHECK(attributes_of(events[2])["sequence"] == "0001099511627776");
    CHECK(attributes_of(events[0])["sequence"] < attributes_of(events[1])["sequence"]);
    CHECK(attributes_of(events[1])["sequence"] < attributes_of(events[2])["sequence"]);
}

TEST_CASE("every kind of event is given out by its stored name, whole but for what is personal or secret") {
    std::size_t personal_count = 0;
    for (const auto& event : testing::every_event()) {
        const auto type = std::string(type_of(event).name);
        CAPTURE(type);
        const auto given = given_out(event);
        CHECK(attributes_of(given)["type"] == type);
        CHECK(attributes_of(given)["typeversion"] == std::to_string(type_of(event).version));
        std::set<std::string> found;
        const auto data = json::parse(given.data).as_object();
        for (const auto& [key, value] : data) found.insert(std::string(key));
        const auto keys = keys_of(event);
        personal_count += keys.personal.size();
        auto expected = keys.open;
        for (const auto& secret : secrets) expected.erase(secret);
        CHECK(found == expected);
        // And what is given out stands there as it does in the log.
        Record record;
        record.events = {{{StreamKind::roster, 33}, 1, event}};
        const auto stored = json::parse(encode(record)).at("events").at(0).at("data").as_object();
        for (const auto& [key, value] : data) CHECK(stored.at(key) == value);
    }
    CHECK(personal_count >= 10);
}

TEST_CASE("no text of a person leaves the log") {
    const auto registered = given_out(AccountEvent(
        AccountRegistered{{5}, "nina", "nina@example.org", "Nina S.", "$2b$12$abc", Role::user, {}}));
    CHECK(registered.data == R"({"user_id":5,"role":"user","registered_at":0})");
    const auto message = given_out(ConversationEvent(
        MessageSent{{1}, {2}, 3, {5}, {6}, "see you at eight", std::nullopt, "my own name for it", {}}));
    CHECK(message.data.find("eight") == std::string::npos);
    CHECK(message.data.find("my own") == std::string::npos);
    const auto opened = given_out(SessionEvent(SessionOpened{{1}, {5}, "0a1b2c", {}}));
    CHECK(opened.data == R"({"session_id":1,"user_id":5,"opened_at":0})");
}

}  // namespace dacapo
