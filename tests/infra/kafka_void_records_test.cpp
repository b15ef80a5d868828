#include "infra/kafka/void_records.hpp"

#include <doctest/doctest.h>
#include <vector>

using namespace dacapo;
using namespace std::chrono_literals;

TEST_CASE("of void records all are counted, and the first of each kind in a minute is told") {
    Metrics metrics;
    std::vector<std::string> told;
    kafka::VoidRecords records(metrics, [&](const std::string& what) { told.push_back(what); });
    const kafka::VoidRecords::Clock::time_point noon{};
    records.note(3, 812, "old_term", noon);
    for (int i = 1; i <= 40; ++i) records.note(3, 812 + i, "old_term", noon + 1s * i);
    records.note(0, 5, "foreign", noon + 59s);
    records.note(4, 9, "old_term", noon + 61s);
    records.note(4, 10, "old_term", noon + 62s);
    records.note(4, 11, "old_term", noon + 200s);
    CHECK(told == std::vector<std::string>{
                      "a record that counts for nobody (old_term) at offset 812 of shard 3",
                      "a record that counts for nobody (foreign) at offset 5 of shard 0",
                      "a record that counts for nobody (old_term) at offset 9 of shard 4; 40 more since the "
                      "last that was told",
                      "a record that counts for nobody (old_term) at offset 11 of shard 4; 1 more since the "
                      "last that was told"});
    CHECK(metrics.text().find("dacapo_kafka_void_records_total{reason=\"old_term\"} 44\n") !=
          std::string::npos);
}
