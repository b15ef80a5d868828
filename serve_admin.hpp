// The listener of operators, ADMIN_PORT: metrics and health on an address that the world does not see.
// Apart from serve.cpp because it knows nothing of what the server is for.
#pragma once

#include "infra/http/listener.hpp"
#include "query/health.hpp"
#include "serve_parts.hpp"

#include <memory>

namespace dacapo {

// Null where none is configured. Plain HTTP, on one thread of its own: what is asked here is answered while
// the others are busy. Throws http::PortTaken. References are kept.
std::unique_ptr<http::Listener> make_admin_listener(const ServerNeeds& needs, const HealthSources& health);

}  // namespace dacapo
