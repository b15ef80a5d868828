// The groups in which the API document shows its operations, each with what it is for.
#pragma once

#include <boost/json.hpp>
#include <set>
#include <string>

namespace dacapo {

// The tags in use, in the order of the page. Throws std::logic_error for one that is described nowhere.
boost::json::array tags_of(std::set<std::string> used);

}  // namespace dacapo
