// The passwords that most people choose, and that are therefore tried first. Built into the program from a
// list that others keep (cmake/common_passwords.cmake), so that it needs no file at run time.
#pragma once

#include <cstddef>
#include <string_view>

namespace dacapo {

// Whether it is one of the 3,000 most common passwords of eight characters or more; ASCII case does not
// count.
bool password_is_common(std::string_view password);

std::size_t common_password_count();

}  // namespace dacapo
