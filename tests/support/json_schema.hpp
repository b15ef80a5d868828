// The part of JSON Schema (2020-12) that the API document uses. Small and ours, so that it is strict where a
// library is lenient: a keyword or format that it does not know is a fault, and so is a member that an
// object's schema does not name.
#pragma once

#include <boost/json.hpp>
#include <string>

namespace dacapo::test {

class JsonSchemas {
public:
    // `document` is where $ref leads to; it outlives this.
    explicit JsonSchemas(const boost::json::value& document) : document_(document) {}

    // Where `value`, found at this JSON pointer, is not what the schema says; empty when it is.
    std::string mismatch(const boost::json::value& value, const boost::json::value& schema,
                         const std::string& at = {}) const;
    // What mismatch() could not judge by, here or in any schema within; empty when it knows all of it. Does
    // not follow $ref.
    std::string unknown_in(const boost::json::value& schema, const std::string& at = {}) const;

private:
    std::string in_scalar(const boost::json::value& value, const boost::json::object& rules,
                          const std::string& at) const;
    std::string in_object(const boost::json::object& value, const boost::json::object& rules,
                          const std::string& at) const;
    std::string in_combination(const boost::json::value& value, const boost::json::object& rules,
                               const std::string& at) const;
    const boost::json::value& resolved(const boost::json::value& schema) const;
    // The schema of this member, in the object's own properties or in those of what it combines.
    const boost::json::value* property(const boost::json::object& rules, std::string_view name) const;
    bool names_members(const boost::json::object& rules) const;
    // Without the check that every member is named, which is the outermost schema's.
    std::string open_mismatch(const boost::json::value& value, const boost::json::value& schema,
                              const std::string& at) const;

    const boost::json::value& document_;
};

}  // namespace dacapo::test
