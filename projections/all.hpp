// Every read model there is. A new one is a file of its own and one line here.
#pragma once

#include "projections/projection.hpp"

namespace dacapo {

Projections all_projections(sql::Session& writer);

}  // namespace dacapo
