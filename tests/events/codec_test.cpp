#include "events/codec.hpp"
#include "tests/support/every_event.hpp"

#include <doctest/doctest.h>
#include <boost/json.hpp>
#include <cmath>
#include <limits>
#include <set>

namespace dacapo {
namespace {

namespace json = boost::json;

Record record_of(std::vector<Event> events) {
    Record record;
    record.shard = 7;
    record.term = 3;
    record.sequence = 42;
    for (std::size_t i = 0; i < record.command_id.bytes.size(); ++i)
        record.command_id.bytes[i] = static_cast<std::uint8_t>(i * 17);
    record.actor = UserId{5};
    record.time = Timestamp{std::chrono::milliseconds{1'710'417'600'123}};
    std::int64_t version = 0;
    for (auto& event : events)
        record.events.push_back({{StreamKind::check_in, id_limit - 1}, ++version, std::move(event)});
    return record;
}

// The stored object of a record with one event, to be damaged.
json::object stored() {
    return json::parse(encode(record_of({RosterEvent{ParticipantJoined{GatheringId{16}, UserId{2}, {}}}})))
        .as_object();
}
json::object& event_of(json::object& record) { return record["events"].as_array()[0].as_object(); }

void check_refused(const json::object& record, const std::string& why) {
    CAPTURE(json::serialize(record));
    CHECK_THROWS_WITH_AS(decode(json::serialize(record)), doctest::Contains(why.c_str()), CodecError);
}

}  // namespace

TEST_CASE("every event reads back as it was written with and without its optional fields") {
    for (const bool with_optional_fields : {true, false}) {
        for (const auto& event : testing::every_event(with_optional_fields)) {
            CAPTURE(std::string(type_of(event).name));
            const auto record = record_of({event});
            CHECK(decode(encode(record)) == record);
            // What is written is JSON to others too.
            const auto data = json::parse(encode(record)).at("events").at(0);
            CHECK(data.at("type") == json::string(type_of(event).name));
            CHECK(data.at("type_version") == type_of(event).version);
        }
    }
}

TEST_CASE("stored names are unique and told by their aggregate") {
    std::set<std::string> names;
    for (const auto& event : testing::every_event()) {
        const std::string name(type_of(event).name);
        CHECK(names.insert(name).second);
        CHECK(name.find('.') != std::string::npos);
        CHECK(type_of(event).version >= 1);
    }
}

TEST_CASE("a record of many events keeps everything around them") {
    auto record = record_of(testing::every_event());
    CHECK(decode(encode(record)) == record);
    record.correlation_id = "request \"1\"";
    record.causation_id = "clock";
    record.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    record.idempotency = IdempotencyMark{};
    record.idempotency->key_hash.fill(0xAB);
    record.idempotency->fingerprint = std::numeric_limits<std::uint64_t>::max();
    CHECK(decode(encode(record)) == record);
    record.idempotency->fingerprint = 1;
    record.events.clear();
    CHECK(decode(encode(record)) == record);
}

TEST_CASE("every kind of stream is named and found again") {
    for (const auto kind : {StreamKind::account, StreamKind::session, StreamKind::title,
                            StreamKind::gathering, StreamKind::roster, StreamKind::conversation,
                            StreamKind::check_in, StreamKind::instrument, StreamKind::genre}) {
        auto record = record_of({RosterEvent{RosterClosed{}}});
        record.events[0].stream = {kind, 33};
        CHECK(decode(encode(record)).events[0].stream == record.events[0].stream);
        CHECK(text_of(record.events[0].stream) == std::string(name_of(kind)) + "-33");
    }
    CHECK(text_of({StreamKind::check_in, 33}) == "check-in-33");
}

TEST_CASE("coordinates read back exactly") {
    for (const double degrees :
         {48.8566, 2.3522219000000177, -179.99999999999997, 1e-300, 5e-324, 1.7976931348623157e308, 0.1, -0.0,
          0.30000000000000004, 123456789012345680.0}) {
        CheckedIn checked_in;
        checked_in.latitude = degrees;
        const auto record = record_of({CheckInEvent{checked_in}});
        const auto again = decode(encode(record));
        CHECK(*std::get<CheckedIn>(std::get<CheckInEvent>(again.events[0].event)).latitude == degrees);
    }
}

TEST_CASE("an event that this build does not know is refused by name") {
    auto unknown = stored();
    event_of(unknown)["type"] = "roster.participant-vanished";
    check_refused(unknown, "unknown event type \"roster.participant-vanished\"");
    auto newer = stored();
    event_of(newer)["type_version"] = 2;
    check_refused(newer, "newer build");
    auto stream = stored();
    event_of(stream)["stream"] = "contract-5";
    check_refused(stream, "unknown stream");
    for (const char* bad :
         {"roster", "roster-", "roster-x", "roster-1x", "-5", "", "roster-99999999999999999999"}) {
        event_of(stream)["stream"] = bad;
        check_refused(stream, "unknown stream");
    }
}

TEST_CASE("a key that is missing or of a wrong type is refused") {
    for (const char* key : {"shard", "term", "seq", "command_id", "actor", "time", "events"}) {
        auto record = stored();
        record.erase(key);
        check_refused(record, "");
        record = stored();
        record[key] = true;
        check_refused(record, "");
    }
    for (const char* key : {"stream", "version", "type", "type_version", "data"}) {
        auto record = stored();
        event_of(record).erase(key);
        check_refused(record, "");
    }
    for (const char* key : {"gathering_id", "user_id", "joined_at"}) {
        auto record = stored();
        event_of(record)["data"].as_object().erase(key);
        check_refused(record, "missing key");
        record = stored();
        event_of(record)["data"].as_object()[key] = "five";
        check_refused(record, "");
    }
    auto record = stored();
    record["command_id"] = "00";
    check_refused(record, "hexadecimal");
    record["command_id"] = std::string(31, '0') + "g";
    check_refused(record, "hexadecimal");
}

TEST_CASE("an unknown value of an enum is refused") {
    auto record = json::parse(encode(record_of({SessionEvent{SessionEnded{}}}))).as_object();
    event_of(record)["data"].as_object()["reason"] = "bored";
    check_refused(record, "unknown value \"bored\"");
}

TEST_CASE("damaged text is refused and never anything else") {
    const auto good = encode(record_of(testing::every_event()));
    for (std::size_t length = 0; length < good.size(); length += 7)
        CHECK_THROWS_AS(decode(good.substr(0, length)), CodecError);
    CHECK_THROWS_AS(decode(good + "}"), CodecError);
    for (const char* text : {"", "null", "[]", "5", "\"x\"", "{", "{}"})
        CHECK_THROWS_AS(decode(text), CodecError);
    CHECK_THROWS_AS(decode(std::string(40, '[') + std::string(40, ']')), CodecError);
    // A damaged byte gives another record or a refusal, but no other exception.
    for (std::size_t at = 0; at < good.size(); at += 3) {
        auto bad = good;
        bad[at] = static_cast<char>(bad[at] ^ 1);
        try {
            decode(bad);
        } catch (const CodecError&) {
        }
    }
    CheckedIn checked_in;
    checked_in.latitude = 12.25;
    auto infinite = encode(record_of({CheckInEvent{checked_in}}));
    infinite.replace(infinite.find("12.25"), 5, "1e400");
    CHECK_THROWS_WITH_AS(decode(infinite), doctest::Contains("out of range"), CodecError);
}

TEST_CASE("a key that this build does not know is left alone") {
    auto record = stored();
    record["new"] = 1;
    event_of(record)["data"].as_object()["new"] = 1;
    CHECK(decode(json::serialize(record)) == decode(json::serialize(stored())));
}

TEST_CASE("a command id is 32 hexadecimal digits") {
    CommandId id;
    id.bytes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF};
    CHECK(hex_of(id) == "00010203040506070809aabbccddeeff");
    CHECK(command_id_of(hex_of(id)) == id);
    CHECK_THROWS_AS(command_id_of("-1010203040506070809aabbccddeeff"), CodecError);
    CHECK_THROWS_AS(command_id_of(hex_of(id) + "0"), CodecError);
}

}  // namespace dacapo
