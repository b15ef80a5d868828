// The named parts of the API document: the schema and one example of every resource, and of a problem.
// Made from the resources' own field lists, so that the document cannot differ from the answers.
#pragma once

#include <boost/json.hpp>
#include <string_view>

namespace dacapo {

// The value of `components`: schemas with examples, the bearer scheme, shared headers.
boost::json::object api_components();

// A problem as a client gets it, for the examples of an operation.
boost::json::object problem_example(int status, std::string_view code, std::string_view path);

}  // namespace dacapo
