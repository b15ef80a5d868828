// How many files and sockets this process may have open at once.
// Here because a server that lets connections take all of them can open no file any more, and so must know.
#pragma once

#include <cstddef>

namespace dacapo {

// What the kernel allows at this moment (the soft RLIMIT_NOFILE).
std::size_t descriptor_limit();

// Raises it as far as the process may by itself (to the hard limit). Services are often started with 1,024,
// which is kept low only for programs that use select(2); none of ours does.
void raise_descriptor_limit();

}  // namespace dacapo
