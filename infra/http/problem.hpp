// RFC 9457 problem details: the one shape of every error, from every layer.
#pragma once

#include "infra/http/message.hpp"

#include <string>
#include <vector>

namespace dacapo::http {

struct FieldError {
    std::string pointer;  // RFC 6901, for example "/title"
    std::string code;     // for example "too_long"
    std::string message;
};

struct Problem {
    int status = 500;
    std::string code;    // stable, snake_case, documented
    std::string detail;  // a sentence for people; never SQL, paths or exception texts
    std::vector<FieldError> errors;
    std::vector<std::pair<std::string, std::string>> headers;  // WWW-Authenticate, Allow, Retry-After
    std::vector<std::string> violated_policies;                // of a 429: the names of what was exceeded

    Problem(int status_, std::string code_, std::string detail_, std::vector<FieldError> errors_ = {})
        : status(status_), code(std::move(code_)), detail(std::move(detail_)), errors(std::move(errors_)) {}
};

// What the registry of problem types has a name for is called by it; the rest is described by our own
// documents.
std::string problem_type(int status, std::string_view code);

// Handlers throw a Problem as an answer; the session turns it into a response.
Response to_response(const Problem& problem, const Request& request);

}  // namespace dacapo::http
