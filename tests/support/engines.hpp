// Which tests a program leaves out on other engines than the embedded ones. Each says why: a test without
// such a mark holds on every mix.
//   DACAPO_TEST_LOG=kafka             the event log on a real Kafka
//   DACAPO_TEST_DATABASE=postgresql   the read models on a real PostgreSQL
//   DACAPO_TEST_TOPOLOGY=cluster      several servers behind the proxy; wants both
#pragma once

#include "tests/support/deployment.hpp"
#include "tests/support/kafka.hpp"
#include "tests/support/postgres.hpp"

#include <doctest/doctest.h>

namespace dacapo::test {

// Decorators: TEST_CASE("..." * embedded_log_only("it damages the log's file")).
struct LeftOut {
    bool here;
    const char* why;
    void fill(doctest::detail::TestCase& test) const {
        if (!here) return;
        test.m_skip = true;
        test.m_description = why;
    }
};

inline LeftOut embedded_log_only(const char* why) { return {testing::on_kafka(), why}; }
inline LeftOut kafka_only(const char* why) { return {!testing::on_kafka(), why}; }
inline LeftOut embedded_tables_only(const char* why) { return {testing::on_postgresql(), why}; }
inline LeftOut postgresql_only(const char* why) { return {!testing::on_postgresql(), why}; }
inline LeftOut one_server_only(const char* why) { return {testing::on_cluster(), why}; }

}  // namespace dacapo::test
