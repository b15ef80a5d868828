// What production is warned of: connections outwards that anybody on the way could read, or answer.
// Apart from the loading, because it judges what two other systems are told rather than a value of ours.
#pragma once

#include "infra/config.hpp"

#include <string>
#include <vector>

namespace dacapo {

// Empty in development, and for databases and brokers on this machine. Warnings and no faults: a network may
// be a private one, which cannot be seen from here.
std::vector<std::string> outbound_warnings(const Config& config);

}  // namespace dacapo
