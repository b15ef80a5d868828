// What text from outside must look like before anything else sees it, and the folded form for comparing it.
// Here because Unicode is easy to get nearly right: everything rests on utf8proc's tables.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace dacapo {

enum class Lines {
    one,   // no control characters at all
    many,  // line feed and tab are allowed; CR LF becomes LF
};

// The text as it is stored: NFC, without Unicode white space at either end. Nothing when it is not valid
// UTF-8 or holds a control character (general category Cc, so also U+0000 and U+0080 to U+009F).
std::optional<std::string> normalised(std::string_view text, Lines lines = Lines::one);

// The form under which two texts are the same for titles and searches: case, accents, compatibility forms and
// invisible characters folded, white space trimmed and collapsed to single spaces; ligatures and barred
// letters that Unicode does not decompose are spelled out (oe, ae, ss, o, l, d, ...). Only accents are
// stripped: marks that spell other words (Japanese voicing, Indic vowels) stay. Bytes that are not UTF-8
// count as U+FFFD.
std::string fold(std::string_view text);

// RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF.
bool is_valid_utf8(std::string_view text);

// The length of valid UTF-8 in code points, which is how every limit on text counts.
std::size_t code_points(std::string_view text);

// The text made safe for logs and terminals: control characters and bytes that are not UTF-8 become U+FFFD.
std::string printable(std::string_view text);

}  // namespace dacapo
