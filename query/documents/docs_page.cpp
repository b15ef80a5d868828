#include "query/documents/docs_page.hpp"

#include "query/documents/problems.hpp"

#include <array>
#include <stdexcept>

// From docs_files.S, which cmake/embed_docs.cmake writes: where each file begins and ends, and its ETag.
#define DACAPO_DOCS_FILE(name)                    \
    extern const char dacapo_docs_##name[];       \
    extern const char dacapo_docs_##name##_end[]; \
    extern const char dacapo_docs_##name##_etag[]

extern "C" {
extern const char dacapo_docs_index[];
extern const char dacapo_docs_index_end[];
DACAPO_DOCS_FILE(initializer);
DACAPO_DOCS_FILE(bundle);
DACAPO_DOCS_FILE(style);
DACAPO_DOCS_FILE(licence);
}
#undef DACAPO_DOCS_FILE

namespace dacapo {
namespace {

constexpr std::string_view script = "text/javascript; charset=utf-8";
constexpr std::string_view style = "text/css; charset=utf-8";
constexpr std::string_view text = "text/plain; charset=utf-8";

}  // namespace

std::span<const DocsFile> docs_files() {
#define DACAPO_DOCS_BYTES(name) \
    std::string_view(dacapo_docs_##name, dacapo_docs_##name##_end), dacapo_docs_##name##_etag
    static const std::array<DocsFile, 4> files{{
        {"/docs/initializer.js", script, DACAPO_DOCS_BYTES(initializer)},
        {"/docs/swagger-ui-bundle.js", script, DACAPO_DOCS_BYTES(bundle)},
        {"/docs/swagger-ui.css", style, DACAPO_DOCS_BYTES(style)},
        {"/docs/swagger-ui-bundle.js.LICENSE.txt", text, DACAPO_DOCS_BYTES(licence)},
    }};
#undef DACAPO_DOCS_BYTES
    return files;
}

std::string docs_page() {
    constexpr std::string_view place = "<!-- problems -->";
    std::string page(dacapo_docs_index, dacapo_docs_index_end);
    const auto at = page.find(place);
    if (at == page.npos) throw std::logic_error("the page has no place for the table of problems");
    return page.replace(at, place.size(), problem_table_html());
}

}  // namespace dacapo
