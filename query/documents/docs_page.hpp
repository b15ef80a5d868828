// The page /docs and its files, built into the program: our own index and initializer, swagger-ui's bundle
// and style. It is here so that the page needs no other host and no file beside the program, and runs under a
// strict policy.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace dacapo {

struct DocsFile {
    std::string_view path;          // where it is served, for example "/docs/swagger-ui.css"
    std::string_view content_type;  // with its charset
    std::string_view bytes;         // gzip'd: answer with `Content-Encoding: gzip`
    std::string_view etag;          // quoted, made from the bytes
};

// What the page asks for. The bytes live as long as the program.
std::span<const DocsFile> docs_files();

// The page itself, HTML, not packed: it ends with the table of all problems, to which their types lead.
std::string docs_page();

// The Content-Security-Policy of the page: scripts only from our own files, requests only to this server.
// swagger-ui sets style attributes and shows its icons as data: images, hence the two exceptions.
inline constexpr std::string_view docs_security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

}  // namespace dacapo
