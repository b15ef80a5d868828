// The requests of a .http file, as editors' REST clients read them: separated by ###, with variables in
// double braces.
#pragma once

#include "tests/support/http_client.hpp"

#include <functional>
#include <istream>
#include <string>
#include <vector>

namespace dacapo::test {

struct FileRequest {
    std::string name;  // of `# @name`
    int status = 0;    // that it expects: of `# 200`
    std::string method;
    std::string target;
    Headers headers;
    std::string body;
};

// With {{host}} left out of the targets and every other variable as it stands. Throws std::runtime_error with
// the line of what it does not know.
std::vector<FileRequest> requests_of(std::istream& file);

// `text` with each {{name}} replaced by what `value_of` says of it.
std::string with_values(const std::string& text,
                        const std::function<std::string(const std::string&)>& value_of);

}  // namespace dacapo::test
