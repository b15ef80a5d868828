// How the fields of an event become JSON: for the log, which keeps all of them, and for others, who get no
// personal ones. One function for each kind of field; reading is its mirror in codec.cpp.
#pragma once

#include "events/enum_names.hpp"
#include "events/fields.hpp"
#include "events/json_writer.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace dacapo {

template <class T>
concept HasFields = requires(T& value) {
    T::fields(value, [](const char*, auto&, auto&&...) {});
};

// Every field; or none that is marked personal, and none of these keys.
struct AllFields {
    template <class... Marks>
    static constexpr bool keeps(const char*) {
        return true;
    }
};
struct SharedFields {
    // Whoever can guess a refresh token could check the guess; and `client_id` is whatever text a client
    // chose.
    static constexpr std::array<std::string_view, 2> secret_keys{"refresh_hash", "client_id"};

    template <class... Marks>
    static bool keeps(const char* key) {
        return !(std::is_same_v<std::remove_cvref_t<Marks>, Personal> || ...) &&
               std::ranges::find(secret_keys, key) == secret_keys.end();
    }
};

template <class Fields>
class FieldWriter {
public:
    explicit FieldWriter(JsonWriter& out) : out_(out) {}

    void write(const std::string& value) { out_.value(value); }
    void write(std::int64_t value) { out_.value(value); }
    void write(double value) { out_.value(value); }
    void write(bool value) { out_.value(value); }
    void write(Timestamp value) { out_.value(std::int64_t{value.time_since_epoch().count()}); }
    template <class Tag>
    void write(Id<Tag> value) {
        out_.value(value.value);
    }
    template <NamedEnum Enum>
    void write(Enum value) {
        out_.value(name_of(value));
    }
    template <class T>
    void write(const std::vector<T>& values) {
        out_.begin_array();
        for (const auto& value : values) write(value);
        out_.end_array();
    }
    template <HasFields T>
    void write(const T& value) {
        out_.begin_object();
        T::fields(value, [&]<class... Marks>(const char* key, const auto& member, Marks&&...) {
            if (Fields::template keeps<Marks...>(key)) write_member(key, member);
        });
        out_.end_object();
    }

private:
    template <class T>
    void write_member(const char* key, const T& value) {
        out_.key(key);
        write(value);
    }
    // Absent means none: an optional field without a value is not written.
    template <class T>
    void write_member(const char* key, const std::optional<T>& value) {
        if (value) write_member(key, *value);
    }

    JsonWriter& out_;
};

}  // namespace dacapo
