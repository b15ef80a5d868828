#include "events/codec.hpp"

#include "events/field_writer.hpp"
#include "events/json_reader.hpp"

#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <concepts>

namespace dacapo {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 9> stream_kind_names{
    "account", "session", "title", "gathering", "roster", "conversation", "check-in", "instrument", "genre"};

// The mirror of field_writer.hpp. Boost.JSON throws boost::system::system_error on a wrong type.

void read(const json::value& from, std::string& to) { to = from.as_string(); }
void read(const json::value& from, std::int64_t& to) { to = from.to_number<std::int64_t>(); }
void read(const json::value& from, double& to) {
    to = from.to_number<double>();
    if (!std::isfinite(to)) throw CodecError("a number that is out of range");
}
void read(const json::value& from, bool& to) { to = from.as_bool(); }
void read(const json::value& from, Timestamp& to) {
    to = Timestamp{std::chrono::milliseconds{from.to_number<std::int64_t>()}};
}
template <class Tag>
void read(const json::value& from, Id<Tag>& to) {
    to.value = from.to_number<std::int64_t>();
}
template <NamedEnum Enum>
void read(const json::value& from, Enum& to) {
    if (!enum_from_name(std::string_view(from.as_string()), to))
        throw CodecError("unknown value \"" + std::string(from.as_string()) + "\"");
}
template <HasFields T>
void read(const json::value& from, T& to);
template <class T>
void read(const json::value& from, std::vector<T>& to) {
    for (const auto& item : from.as_array()) read(item, to.emplace_back());
}
template <HasFields T>
void read_fields(const json::object& from, T& to) {
    T::fields(to, [&]<class Member>(const char* key, Member& member, auto&&...) {
        const json::value* value = from.if_contains(key);
        if constexpr (requires { member.has_value(); }) {
            if (value && !value->is_null()) read(*value, member.emplace());
        } else {
            if (!value) throw CodecError(std::string("missing key \"") + key + "\"");
            read(*value, member);
        }
    });
}
template <HasFields T>
void read(const json::value& from, T& to) {
    read_fields(from.as_object(), to);
}

// An event type with `upcast(object, version)` turns older stored shapes into today's before they are read.
template <class T>
concept HasUpcast = requires(json::object& stored) {
    T::upcast(stored, 1);
};

template <class T>
T read_event(json::object& stored, int version) {
    if (version > T::type.version)
        throw CodecError("version " + std::to_string(version) + " was written by a newer build");
    if constexpr (HasUpcast<T>) {
        if (version < T::type.version) T::upcast(stored, version);
    }
    T event;
    read_fields(stored, event);
    return event;
}

template <class Aggregate, std::size_t I = 0>
bool try_read_aggregate(std::string_view name, json::object& stored, int version, Event& to) {
    if constexpr (I == std::variant_size_v<Aggregate>) {
        return false;
    } else {
        using Candidate = std::variant_alternative_t<I, Aggregate>;
        if (Candidate::type.name == name) {
            to = Aggregate(read_event<Candidate>(stored, version));
            return true;
        }
        return try_read_aggregate<Aggregate, I + 1>(name, stored, version, to);
    }
}

template <std::size_t I = 0>
void read_any_event(std::string_view name, json::object& stored, int version, Event& to) {
    if constexpr (I == std::variant_size_v<Event>) {
        throw CodecError("unknown event type \"" + std::string(name) + "\"");
    } else {
        if (try_read_aggregate<std::variant_alternative_t<I, Event>>(name, stored, version, to)) return;
        read_any_event<I + 1>(name, stored, version, to);
    }
}

StreamId stream_from(std::string_view text) {
    const auto dash = text.rfind('-');
    for (std::size_t i = 0; dash != text.npos && i < stream_kind_names.size(); ++i) {
        if (stream_kind_names[i] != text.substr(0, dash)) continue;
        StreamId stream{static_cast<StreamKind>(i), 0};
        const auto [end, error] =
            std::from_chars(text.data() + dash + 1, text.data() + text.size(), stream.key);
        if (error == std::errc{} && end == text.data() + text.size()) return stream;
    }
    throw CodecError("unknown stream \"" + std::string(text) + "\"");
}

template <std::size_t Size>
void append_hex(std::string& out, const std::array<std::uint8_t, Size>& bytes) {
    static constexpr std::string_view digits = "0123456789abcdef";
    for (const auto byte : bytes) {
        out += digits[byte >> 4];
        out += digits[byte & 0xF];
    }
}

template <std::size_t Size>
std::array<std::uint8_t, Size> bytes_from_hex(std::string_view hex) {
    std::array<std::uint8_t, Size> bytes{};
    if (hex.size() != 2 * Size) throw CodecError("not " + std::to_string(2 * Size) + " hexadecimal digits");
    for (std::size_t i = 0; i < Size; ++i) {
        const auto [end, error] = std::from_chars(hex.data() + 2 * i, hex.data() + 2 * i + 2, bytes[i], 16);
        if (error != std::errc{} || end != hex.data() + 2 * i + 2) throw CodecError("not hexadecimal digits");
    }
    return bytes;
}

void write_event(JsonWriter& out, const RecordedEvent& recorded) {
    const auto type = type_of(recorded.event);
    out.begin_object();
    out.member("stream", text_of(recorded.stream));
    out.member("version", recorded.version);
    out.member("type", type.name);
    out.member("type_version", type.version);
    out.key("data");
    FieldWriter<AllFields> writer(out);
    std::visit(
        [&](const auto& aggregate) {
            std::visit([&](const auto& event) { writer.write(event); }, aggregate);
        },
        recorded.event);
    out.end_object();
}

Record read_record(json::object& from) {
    Record record;
    const auto text = [&](const char* key) -> std::string {
        const auto* value = from.if_contains(key);
        return value ? std::string(value->as_string()) : std::string();
    };
    const auto number = [&](const char* key) { return from.at(key).to_number<std::int64_t>(); };
    record.shard = static_cast<int>(number("shard"));
    record.term = number("term");
    record.sequence = number("seq");
    record.command_id = command_id_of(std::string_view(from.at("command_id").as_string()));
    record.actor.value = number("actor");
    record.time = Timestamp{std::chrono::milliseconds{number("time")}};
    record.correlation_id = text("correlation_id");
    record.causation_id = text("causation_id");
    record.traceparent = text("traceparent");
    if (auto* mark = from.if_contains("idempotency")) {
        auto& object = mark->as_object();
        record.idempotency =
            IdempotencyMark{bytes_from_hex<16>(std::string_view(object.at("key_hash").as_string())),
                            object.at("fingerprint").to_number<std::uint64_t>()};
    }
    for (auto& item : from.at("events").as_array()) {
        auto& object = item.as_object();
        RecordedEvent recorded;
        recorded.stream = stream_from(std::string_view(object.at("stream").as_string()));
        recorded.version = object.at("version").to_number<std::int64_t>();
        read_any_event(std::string_view(object.at("type").as_string()), object.at("data").as_object(),
                       object.at("type_version").to_number<int>(), recorded.event);
        record.events.push_back(std::move(recorded));
    }
    return record;
}

}  // namespace

std::string_view name_of(StreamKind kind) { return stream_kind_names[static_cast<std::size_t>(kind)]; }

std::string text_of(StreamId stream) {
    std::string text(name_of(stream.kind));
    text += '-';
    text += std::to_string(stream.key);
    return text;
}

EventType type_of(const Event& event) {
    return std::visit(
        [](const auto& aggregate) {
            return std::visit([](const auto& alternative) { return alternative.type; }, aggregate);
        },
        event);
}

std::string hex_of(const CommandId& id) {
    std::string text;
    append_hex(text, id.bytes);
    return text;
}

CommandId command_id_of(std::string_view hex) { return CommandId{bytes_from_hex<16>(hex)}; }

std::string encode(const Record& record) {
    std::string payload;
    payload.reserve(512);
    JsonWriter out(payload);
    out.begin_object();
    out.member("shard", record.shard);
    out.member("term", record.term);
    out.member("seq", record.sequence);
    out.member("command_id", hex_of(record.command_id));
    out.member("actor", record.actor.value);
    out.member("time", std::int64_t{record.time.time_since_epoch().count()});
    if (!record.correlation_id.empty()) out.member("correlation_id", record.correlation_id);
    if (!record.causation_id.empty()) out.member("causation_id", record.causation_id);
    if (!record.traceparent.empty()) out.member("traceparent", record.traceparent);
    if (record.idempotency) {
        std::string key_hash;
        append_hex(key_hash, record.idempotency->key_hash);
        out.key("idempotency");
        out.begin_object();
        out.member("key_hash", key_hash);
        out.member("fingerprint", record.idempotency->fingerprint);
        out.end_object();
    }
    out.key("events");
    out.begin_array();
    for (const auto& recorded : record.events) write_event(out, recorded);
    out.end_array();
    out.end_object();
    return payload;
}

Record decode(std::string_view payload) {
    try {
        std::array<unsigned char, 8192> scratch;
        json::monotonic_resource memory(scratch.data(), scratch.size());
        boost::system::error_code error;
        auto value = read_json(payload, error, &memory);
        if (error) throw CodecError("not JSON: " + error.message());
        return read_record(value.as_object());
    } catch (const CodecError&) {
        throw;
    } catch (const std::exception& error) {
        throw CodecError(std::string("not a record: ") + error.what());
    }
}

}  // namespace dacapo
