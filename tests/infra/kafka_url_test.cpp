// What may be configured of Kafka: its address, and librdkafka's properties but for those that safety rests
// on.
#include "infra/kafka/properties.hpp"
#include "infra/kafka/url.hpp"

#include <doctest/doctest.h>

namespace dacapo {
namespace {

TEST_CASE("a Kafka address names brokers and an installation") {
    CHECK(parse_kafka_url("kafka://one:9092,two:9192/dacapo") == KafkaUrl{"one:9092,two:9192", "dacapo"});
    CHECK(parse_kafka_url("kafka://10.0.0.1/a.b-c_D") == KafkaUrl{"10.0.0.1:9092", "a.b-c_D"});
    CHECK(parse_kafka_url("kafka://[::1]:9,[fe80::2]/x") == KafkaUrl{"[::1]:9,[fe80::2]:9092", "x"});
    CHECK(parse_kafka_url("kafka://h:1/dacapo").text() == "kafka://h:1/dacapo");
    CHECK(parse_kafka_url("kafka://h:1/dacapo").events_topic() == "dacapo.events");
}

TEST_CASE("what is not a Kafka address is refused") {
    for (const auto* text : {"",
                             "kafka:",
                             "kafka://",
                             "kafka://h",
                             "kafka://h:1",
                             "kafka://h:1/",
                             "kafka:///dacapo",
                             "kafka://h:0/d",
                             "kafka://h:65536/d",
                             "kafka://h:x/d",
                             "kafka://h:1,/d",
                             "kafka://,h:1/d",
                             "kafka://h:1/d/e",
                             "kafka://h:1/.",
                             "kafka://h:1/d e",
                             "kafka://h h:1/d",
                             "kafka://user@h:1/d",
                             "http://h:1/d",
                             "kafka://h:1/d?x=y",
                             "kafka://:1/d",
                             "kafka://[]:1/d",
                             "kafka://::1/d"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(parse_kafka_url(text), std::invalid_argument);
    }
    CHECK_THROWS_AS(parse_kafka_url("kafka://h:1/" + std::string(201, 'a')), std::invalid_argument);
}

TEST_CASE("a variable names a property of librdkafka") {
    CHECK(kafka::property_of_variable("KAFKA_SOCKET_TIMEOUT_MS") == "socket.timeout.ms");
    CHECK(kafka::property_of_variable("KAFKA_SASL_PASSWORD") == "sasl.password");
    CHECK_FALSE(kafka::property_of_variable("KAFKA_"));
    CHECK_FALSE(kafka::property_of_variable("SOCKET_TIMEOUT_MS"));
    CHECK_FALSE(kafka::property_of_variable("KAFKA_REPLICATION_FACTOR"));
    CHECK_FALSE(kafka::property_of_variable("KAFKA_MIN_INSYNC_REPLICAS"));
}

TEST_CASE("properties that safety rests on are fixed, and the refusal says why") {
    for (const auto* property : {"acks", "request.required.acks", "enable.idempotence", "max.in.flight",
                                 "max.in.flight.requests.per.connection", "auto.offset.reset", "check.crcs",
                                 "enable.auto.commit", "group.id", "transactional.id", "bootstrap.servers"}) {
        CAPTURE(property);
        CHECK(kafka::refusal_of_property(property) != "");
    }
    CHECK(kafka::refusal_of_property("acks") ==
          "is fixed: an acknowledged event must be on every in-sync replica");
    CHECK(kafka::refusal_of_property("socket.timeout.ms") == "");
    CHECK(kafka::refusal_of_property("sasl.mechanism") == "");
}

}  // namespace
}  // namespace dacapo
