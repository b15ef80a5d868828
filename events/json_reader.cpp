#include "events/json_reader.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <charconv>
#include <functional>
#include <set>
#include <vector>

namespace dacapo {
namespace {

namespace json = boost::json;
using error_code = boost::system::error_code;

// Boost.JSON's own parser does the same, but for the doubles and the names.
struct Builder {
    static constexpr std::size_t max_object_size = std::size_t(-1);
    static constexpr std::size_t max_array_size = std::size_t(-1);
    static constexpr std::size_t max_key_size = std::size_t(-1);
    static constexpr std::size_t max_string_size = std::size_t(-1);

    explicit Builder(std::optional<std::string>* twice_) : twice(twice_) {}

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_object_begin(error_code&) {
        if (twice) names.emplace_back();
        return true;
    }
    bool on_object_end(std::size_t count, error_code&) {
        if (twice) names.pop_back();
        values.push_object(count);
        return true;
    }
    bool on_array_begin(error_code&) { return true; }
    bool on_array_end(std::size_t count, error_code&) {
        values.push_array(count);
        return true;
    }
    bool on_key_part(json::string_view text, std::size_t, error_code&) {
        if (twice) name.append(text.data(), text.size());
        values.push_chars(text);
        return true;
    }
    bool on_key(json::string_view text, std::size_t, error_code&) {
        if (twice) {
            name.append(text.data(), text.size());
            if (!names.back().insert(name).second) *twice = name;
            name.clear();
        }
        values.push_key(text);
        return true;
    }
    bool on_string_part(json::string_view text, std::size_t, error_code&) {
        values.push_chars(text);
        return true;
    }
    bool on_string(json::string_view text, std::size_t, error_code&) {
        values.push_string(text);
        return true;
    }
    bool on_number_part(json::string_view, error_code&) { return true; }
    bool on_int64(std::int64_t number, json::string_view, error_code&) {
        values.push_int64(number);
        return true;
    }
    bool on_uint64(std::uint64_t number, json::string_view, error_code&) {
        values.push_uint64(number);
        return true;
    }
    bool on_double(double number, json::string_view text, error_code&) {
        // The whole number: the text is given in one piece. Out of range, Boost's infinity or zero stays.
        std::from_chars(text.data(), text.data() + text.size(), number);
        values.push_double(number);
        return true;
    }
    bool on_bool(bool flag, error_code&) {
        values.push_bool(flag);
        return true;
    }
    bool on_null(error_code&) {
        values.push_null();
        return true;
    }
    bool on_comment_part(json::string_view, error_code&) { return true; }
    bool on_comment(json::string_view, error_code&) { return true; }

    json::value_stack values;
    std::optional<std::string>* twice;
    std::vector<std::set<std::string, std::less<>>> names;  // of the objects that are open
    std::string name;
};

}  // namespace

json::value read_json(std::string_view text, error_code& error, json::storage_ptr memory,
                      std::optional<std::string>* twice) {
    json::parse_options options;
    options.max_depth = json_nesting_max;
    json::basic_parser<Builder> parser(options, twice);
    auto& values = parser.handler().values;
    values.reset(std::move(memory));
    const auto consumed = parser.write_some(false, text.data(), text.size(), error);
    if (!error && consumed < text.size()) error = json::error::extra_data;
    if (error) return nullptr;
    return values.release();
}

}  // namespace dacapo
