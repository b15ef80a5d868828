// What production is warned of when it speaks to a database or to brokers that others could stand in for.
#include "infra/config.hpp"

#include <doctest/doctest.h>

namespace dacapo {
namespace {

std::vector<std::string> warnings(Environment environment) {
    const std::string secret = "thirty-two bytes for these tests";
    environment.insert({{"APP_ENV", "production"}, {"JWT_SECRET", secret}, {"CLUSTER_SECRET", secret}});
    return load_config({}, environment, {}, [](const std::string&) { return std::nullopt; }).warnings;
}

bool warned(const Environment& environment, const std::string& of) {
    const auto lines = warnings(environment);
    return lines.size() == 1 && lines.front().starts_with(of + ": ");
}

TEST_CASE("a database elsewhere whose certificate is not verified is warned of in production") {
    for (const char* url :
         {"postgresql://u:p@db.example/d", "postgresql://u:p@db.example/d?sslmode=require",
          "postgresql://u:p@db.example/d?sslmode=verify-ca", "postgresql://u:p@10.0.0.5/d?sslmode=disable",
          "postgresql://u:p@localhost,db.example/d", "postgresql:///d?host=db.example",
          "postgresql://u:p@localhost/d?hostaddr=10.0.0.5", "postgresql://u:p@/d?service=other",
          "postgresql://u:p@[2001:db8::1]/d"}) {
        CHECK_MESSAGE(warned({{"DATABASE_URL", url}}, "DATABASE_URL"), url);
        CHECK_MESSAGE(warnings({{"DATABASE_URL", url}, {"APP_ENV", "development"}}).empty(), url);
    }
    for (const char* url :
         {"postgresql://u:p@db.example/d?sslmode=verify-full&sslrootcert=/etc/ca.pem",
          "postgresql://u:p@localhost/d", "postgresql://u:p@127.0.0.1:5433/d", "postgresql://u:p@[::1]/d",
          "postgresql:///d", "postgresql:///d?host=/run/postgresql", "postgresql://u:p@/d",
          "sqlite:x/read.db"})
        CHECK_MESSAGE(warnings({{"DATABASE_URL", url}}).empty(), url);
    CHECK(warnings({{"DATABASE_URL", "postgresql://u:marker@db.example/d"}}).front().find("marker") ==
          std::string::npos);
}

TEST_CASE("brokers elsewhere are warned of in production unless their certificates are verified") {
    const auto with = [](Environment more) {
        more.insert({"EVENT_LOG", "kafka://127.0.0.1:9092,b.example:9093/dacapo"});
        return more;
    };
    const std::string protocol = "KAFKA_SECURITY_PROTOCOL";
    CHECK(warned(with({}), protocol));
    for (const char* value : {"plaintext", "sasl_plaintext", "SASL_PLAINTEXT"})
        CHECK_MESSAGE(warned(with({{protocol, value}}), protocol), value);
    for (const char* value : {"ssl", "SSL", "SASL_SSL", "sasl_ssl"})
        CHECK_MESSAGE(warnings(with({{protocol, value}})).empty(), value);
    const std::string verification = "KAFKA_ENABLE_SSL_CERTIFICATE_VERIFICATION";
    CHECK(warned(with({{protocol, "ssl"}, {verification, "false"}}), verification));
    const std::string names = "KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM";
    CHECK(warned(with({{protocol, "ssl"}, {names, "none"}}), names));
    CHECK(warnings({{"EVENT_LOG", "kafka://127.0.0.1:9092,localhost,[::1]:9092/dacapo"}}).empty());
    CHECK(warnings(with({{"APP_ENV", "development"}})).empty());
}

}  // namespace
}  // namespace dacapo
