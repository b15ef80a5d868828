// Holds answers against /openapi.json: status, media type, headers, body and problem code must be what the
// document says, and what is in no document (framing, unknown paths, WebSocket handshakes) a problem that is
// explained. So that the document is tested by every test that asks a server anything.
#pragma once

#include "tests/support/answer_watch.hpp"
#include "tests/support/http_client.hpp"

#include <atomic>
#include <boost/json.hpp>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace dacapo::test {

// The document that is kept: docs/api/openapi.json.
std::string kept_document();

class Documented {
public:
    // The document itself, as text.
    void read(std::string_view document);
    // Any thread.
    void check(std::string_view method, std::string_view target, const HttpAnswer& answer);
    // check(), for an AnswerWatch that ends before this does.
    AnswerWatch::See watcher();
    // From now on a 500 is what `default` says of it. Otherwise nothing that a test does may bring one.
    void expect_internal_errors() { internal_errors_expected_ = true; }
    // What was found, one a line; each once.
    std::string faults() const;
    // What is wrong with this answer; empty when nothing is. Without a method: nobody could read the request.
    std::string fault_of(std::string_view method, std::string_view target, const HttpAnswer& answer) const;

    // "get /users/{user_id}" of every documented operation.
    std::set<std::string> operations() const;
    // The operation that a request asks for; empty when there is none.
    std::string operation_name(std::string_view method, std::string_view target) const;

    // Where `value` is not what the schema says; empty when it is.
    std::string mismatch(const boost::json::value& value, const boost::json::value& schema) const;

private:
    struct Operation {
        std::string name;  // empty when there is none
        const boost::json::object* object = nullptr;
    };
    Operation operation(std::string_view method, std::string_view target) const;
    const boost::json::value& resolved(const boost::json::value& value) const;

    std::string fault_in_problem(const HttpAnswer& answer) const;
    std::string fault_in(const boost::json::object& operation, std::string_view method,
                         const HttpAnswer& answer) const;
    std::string fault_in_body(const boost::json::object& response, const HttpAnswer& answer) const;
    std::string fault_in_headers(const boost::json::object& operation, const boost::json::object& response,
                                 const HttpAnswer& answer) const;
    std::string fault_without_operation(std::string_view method, std::string_view target,
                                        const HttpAnswer& answer) const;
    std::string fault_in_allow(std::string_view path, const HttpAnswer& answer) const;

    std::atomic<bool> internal_errors_expected_ = false;
    boost::json::value document_;
    mutable std::mutex mutex_;
    std::set<std::string> faults_;
};

}  // namespace dacapo::test
