// What holds for every answer, whatever was asked: the fields that browsers and caches go by, and that a
// problem's code is explained, has a status that is its own, comes with the fields that belong to that
// status, and tells nothing of how the server works inside.
#pragma once

#include "tests/support/http_client.hpp"

#include <boost/json.hpp>
#include <string>
#include <string_view>

namespace dacapo::test {

// Each returns what is wrong; empty when nothing is.
std::string fault_in_fields(const HttpAnswer& answer);
std::string fault_in_switch(std::string_view target, const HttpAnswer& answer);  // of a 101
std::string fault_in_code(const boost::json::value& problem, const HttpAnswer& answer);
// SQL, files, exceptions, engines. The members that hold what the client itself sent are not looked at.
std::string fault_in_words(const boost::json::value& problem);

// Whether this field may come with any answer, so that it stands with no operation.
bool is_general_field(std::string_view name);
// Refused before any route is known, so in no route's documentation.
bool is_code_before_routes(std::string_view code);
// /ws and /ws/{token}, with or without /api before it, which are in no OpenAPI document.
bool is_socket_path(std::string_view target);

}  // namespace dacapo::test
