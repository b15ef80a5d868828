// What may be said about a postgresql: URL without connecting: whether it is one, and how to show it.
// Here because the configuration checks it, logs show it, and neither may show its password.
#pragma once

#include <string>
#include <string_view>

namespace dacapo::sql {

// `postgresql://user:password@host:port/database?option=value` (or `postgres://`), as libpq reads it.
bool is_postgres_url(const std::string& url);

// Whether nobody on the way can take the server's place: all its hosts are this machine, or `sslmode` is
// verify-full.
bool is_local_or_verified(const std::string& url);

// The same URL with `***` in place of any password.
std::string without_password(std::string_view url);

}  // namespace dacapo::sql
