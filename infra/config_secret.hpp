// What production does not take for a secret: texts that whoever tries to forge a token guesses first.
// Apart from the table of variables, because all that sign are judged alike.
#pragma once

#include <string>
#include <string_view>

namespace dacapo {

// Different bytes. 32 random digits to the base of 16, the smallest alphabet that tools print keys in, have
// fewer once in 27 million times, and 64 never; a key pressed again and again, or a date, has.
inline constexpr int secret_distinct_bytes_min = 8;

// What is wrong with it ("must ..."), without the value; empty: nothing that can be seen from here.
std::string fault_of_secret(std::string_view text);

}  // namespace dacapo
