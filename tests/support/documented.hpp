// Holds answers against /openapi.json: status, media type, body and problem code must be what the document
// says. So that the document is tested by every test that asks a server anything.
#pragma once

#include "tests/support/http_client.hpp"

#include <boost/json.hpp>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace dacapo::test {

class Documented {
public:
    // The document itself, as text.
    void read(std::string_view document);
    // Any thread.
    void check(std::string_view method, std::string_view target, const HttpAnswer& answer);
    // What was found, one a line; each once.
    std::string faults() const;
    // "GET /users/{user_id}" of every documented operation, and of those that were asked for.
    std::set<std::string> operations() const;
    std::set<std::string> seen() const;

    // Where `value` is not what the schema says; empty when it is.
    std::string mismatch(const boost::json::value& value, const boost::json::value& schema,
                         const std::string& at = {}) const;

private:
    const boost::json::value* operation(std::string_view method, std::string_view target,
                                        std::string& name) const;
    static std::string fault_in_fields(const HttpAnswer& answer);
    std::string fault_in(const boost::json::value& operation, const HttpAnswer& answer, bool has_body) const;
    std::string fault_in_problem(const boost::json::value& response, const HttpAnswer& answer) const;
    std::string fault_in_object(const boost::json::object& value, const boost::json::object& schema,
                                const std::string& at) const;

    boost::json::value document_;
    mutable std::mutex mutex_;
    std::set<std::string> faults_;
    std::set<std::string> seen_;
};

}  // namespace dacapo::test
