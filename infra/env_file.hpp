// Reads the text of a `.env` file: NAME=value lines, quotes and comments, and nothing else.
// Strict on purpose: a line that would be guessed at is an error with its number.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dacapo {

struct EnvFile {
    std::vector<std::pair<std::string, std::string>> variables;  // in order; no name twice
    std::vector<std::string> errors;                             // ".env:3: no '=' after the name"
};

// `NAME=value`, also after `export `. A bare value ends at white space followed by `#`; in single quotes
// everything is literal; in double quotes \n \t \" \\ and \$ are escapes. No variable is expanded, no value
// spans lines.
EnvFile parse_env_file(std::string_view text);

}  // namespace dacapo
