// How many connections a server takes that may open so many files.
#include "infra/descriptors.hpp"
#include "serve_limits.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>

namespace dacapo {
namespace {

TEST_CASE("connections leave room for files, at most half of what there is, and never pass their own limit") {
    CHECK(connections_max(1'000'000, 2) == 10'000);
    CHECK(connections_max(10'143, 2) == 9'999);
    CHECK(connections_max(1'024, 2) == 880);
    CHECK(connections_max(1'024, 64) == 512);
    CHECK(connections_max(256, 2) == 128);
    CHECK(connections_max(64, 2) == 32);
}

TEST_CASE("the limit of descriptors is raised as far as the process may") {
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const rlimit lowered{before.rlim_max - 1, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &lowered) == 0);
    CHECK(descriptor_limit() == before.rlim_max - 1);
    raise_descriptor_limit();
    CHECK(descriptor_limit() == before.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace
}  // namespace dacapo
