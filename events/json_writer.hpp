// Writes JSON (RFC 8259) straight into a string: no tree in between, because every event and every answer
// pays for it. Strings must be valid UTF-8 (all input is checked at the border); they are escaped here and
// nowhere else.
#pragma once

#include "events/ids.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dacapo {

class JsonWriter {
public:
    explicit JsonWriter(std::string& out) : out_(out) {}

    void begin_object() {
        separate();
        out_ += '{';
        first_ = true;
    }
    void end_object() {
        out_ += '}';
        first_ = false;
    }
    void begin_array() {
        separate();
        out_ += '[';
        first_ = true;
    }
    void end_array() {
        out_ += ']';
        first_ = false;
    }

    // The key is a literal of ours: it is not escaped.
    void key(std::string_view name) {
        if (!first_) out_ += ',';
        out_ += '"';
        out_ += name;
        out_ += "\":";
        first_ = true;  // The value that follows takes no comma.
    }

    void null() {
        separate();
        out_ += "null";
    }
    void value(bool flag) {
        separate();
        out_ += flag ? "true" : "false";
    }
    void value(std::int64_t number);
    void value(std::uint64_t number);
    void value(int number) { value(static_cast<std::int64_t>(number)); }
    void value(double number);  // shortest text that reads back the same; not a number becomes null
    void value(std::string_view text);
    void value(const std::string& text) { value(std::string_view(text)); }
    void value(const char* text) { value(std::string_view(text)); }
    // Already JSON.
    void raw(std::string_view json) {
        separate();
        out_ += json;
    }

    template <class T>
    void member(std::string_view name, const T& content) {
        key(name);
        value(content);
    }
    template <class T>
    void member(std::string_view name, const std::optional<T>& content) {
        key(name);
        if (content)
            value(*content);
        else
            null();
    }

private:
    void separate() {
        if (!first_) out_ += ',';
        first_ = false;
    }

    std::string& out_;
    bool first_ = true;
};

}  // namespace dacapo
