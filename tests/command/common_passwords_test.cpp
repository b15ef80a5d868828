// The list of common passwords, as it was built in.
#include "command/common_passwords.hpp"

#include <doctest/doctest.h>

namespace dacapo {

TEST_CASE("the most common passwords are known whatever their case") {
    CHECK(common_password_count() == 3000);
    for (const auto* common :
         {"password", "12345678", "PassWord1", "QWERTYUIOP", "iloveyou", "p@ssw0rd", "trustno1"})
        CHECK_MESSAGE(password_is_common(common), common);
}

TEST_CASE("other passwords are not") {
    for (const auto* other :
         {"", "\n", "password\n12345678", "passwor", "password ", "correct horse", "four-strings"})
        CHECK_MESSAGE(!password_is_common(other), other);
}

}  // namespace dacapo
