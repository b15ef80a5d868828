// Every group of query routes, each in the file of its feature. main joins them into one table.
// All keep a reference to the context, which must outlive the router.
#pragma once

#include "infra/http/route.hpp"
#include "query/context.hpp"

#include <vector>

namespace dacapo {

std::vector<http::Route> user_queries(const QueryContext& context);
std::vector<http::Route> session_queries(const QueryContext& context);
std::vector<http::Route> event_queries(const QueryContext& context);
std::vector<http::Route> roster_queries(const QueryContext& context);
std::vector<http::Route> message_queries(const QueryContext& context);
std::vector<http::Route> check_in_queries(const QueryContext& context);
std::vector<http::Route> catalogue_queries(const QueryContext& context);

}  // namespace dacapo
