// The OpenAPI 3.1 document, made from the same table of routes that the router dispatches by, and the page
// that shows it. What is not registered is not documented, and nothing registered is left out.
#pragma once

#include "infra/http/route.hpp"

#include <span>
#include <string>
#include <vector>

namespace dacapo {

struct DocumentInfo {
    std::string public_url;  // without a slash at the end
    std::string version;
};

// As JSON text. Throws std::logic_error when a route has no operation id of its own, or a schema that is not
// JSON.
std::string openapi_document(std::span<const http::Route> routes, const DocumentInfo& info);

// Adds GET /openapi.json, /docs and the page's files to all other routes, and documents them together.
std::vector<http::Route> with_documents(std::vector<http::Route> routes, const DocumentInfo& info);

}  // namespace dacapo
