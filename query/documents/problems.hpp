// Every `code` that a problem can carry, with what it says to whoever gets it. It is here so that the page
// /docs has a place for each problem type to lead to, and so that no code is sent that is explained nowhere.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace dacapo {

struct ProblemDoc {
    std::string_view code;
    std::string_view statuses;  // "400", or "503, 504"
    std::string_view meaning;   // what happened, and what to do about it; plain text
};

// By code.
std::span<const ProblemDoc> problem_docs();

// Throws std::logic_error for a code that is explained nowhere.
std::string_view meaning_of(std::string_view code);

// A table of all of them, each with the anchor that its `type` names: #problem-<code>.
std::string problem_table_html();

}  // namespace dacapo
