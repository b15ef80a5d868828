// Every read model there is. A new one is a file of its own and one line here.
#pragma once

#include "projections/projection.hpp"

#include <string_view>
#include <vector>

namespace dacapo {

Projections all_projections(sql::Session& writer);

// The tables that they write and queries read.
struct ReadTable {
    std::string_view projection;
    std::string_view name;
};
std::vector<ReadTable> read_tables();

}  // namespace dacapo
