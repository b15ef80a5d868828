// The lock that keeps a second process from writing the same log: flock(2) on `log.lock`.
// SQLite alone would let two writers take turns, and each would hold a state that the other had changed.
#pragma once

#include "infra/log/unique_fd.hpp"

#include <filesystem>

namespace dacapo {

// Held until destroyed or until the process is gone, however it ended. The file itself stays.
class WriterLock {
public:
    // Throws LogRefused with the id of the process that holds it.
    explicit WriterLock(const std::filesystem::path& file);

private:
    UniqueFd file_;
};

}  // namespace dacapo
