// GET /events: the list of events with its filters, which all combine, and its orders.
// Apart from the single event, because its SQL is put together from parts.
#pragma once

#include "infra/http/route.hpp"
#include "query/context.hpp"

namespace dacapo {

http::Route event_list_route(const QueryContext& context);

}  // namespace dacapo
