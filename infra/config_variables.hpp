// The table behind config.hpp: one row a variable, with how it is read, shown and defaulted.
// Apart from the loading, so that a new variable is one row and one member of Config.
#pragma once

#include "infra/config.hpp"

#include <span>

namespace dacapo {

struct ConfigVariable {
    std::string_view name;
    bool secret;  // NAME_FILE is taken as well, and a flag is warned of
    // Sees the variables of the rows before it. Empty: there is no default, and `read` is not called.
    std::string (*default_text)(const Config& config);
    // What is wrong ("must be ..."), without the value; empty when it was taken.
    std::string (*read)(Config& config, std::string_view text);
    std::string (*show)(const Config& config);
    // Of a secret: `show` leaves out what must not be seen, and the rest helps whoever looks for a mistake.
    bool shows_safely = false;
};

// APP_ENV first, then DATA_DIR and the address, because other defaults depend on them.
std::span<const ConfigVariable> config_table();

}  // namespace dacapo
