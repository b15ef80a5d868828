// Brokers behind TLS: one whose certificate another authority has signed, or for another host, is refused
// before anything is said to it.
#include "tests/support/certificates.hpp"
#include "tests/support/tls_server.hpp"
#include "tests/support/waited.hpp"

#include <doctest/doctest.h>

namespace dacapo {
namespace {

struct Cluster {
    Cluster(const std::string& host) {
        authority.issue(host, folder / "broker.pem", folder / "broker.key");
        broker.emplace(folder / "broker.pem", folder / "broker.key");
    }
    testing::Waited start(const std::filesystem::path& trusted) {
        auto config =
            load_config({"--data-dir=" + folder.path().string()},
                        {{"EVENT_LOG", "kafka://localhost:" + std::to_string(broker->port()) + "/dacapo"},
                         {"KAFKA_SECURITY_PROTOCOL", "ssl"},
                         {"KAFKA_SSL_CA_LOCATION", trusted.string()}},
                        "", [](const std::string&) { return std::nullopt; });
        config.kafka_properties.emplace("log_level", "0");  // It tells every attempt on standard error.
        return testing::wait_once(config, {.command = true, .project = false, .query = false});
    }

    TemporaryFolder folder;
    const test::Authority authority{"an authority of ours", folder / "ca.pem"};
    const test::Authority other{"another authority", folder / "other.pem"};
    std::optional<test::TlsServer> broker;
};

void refuses(Cluster& cluster, const std::filesystem::path& trusted) {
    const auto refused = cluster.start(trusted);
    CHECK_FALSE(refused.all_there);
    CHECK_MESSAGE(refused.readyz.find("EVENT_LOG") != std::string::npos, refused.readyz);
    CHECK_MESSAGE(refused.logged.find("\"setting\":\"EVENT_LOG\"") != std::string::npos, refused.logged);
    CHECK(cluster.broker->connections() > 0);
    CHECK(cluster.broker->bytes_received() == 0);
}

TEST_CASE("a broker with a certificate of another authority is refused, and nothing is said to it") {
    Cluster cluster("localhost");
    refuses(cluster, cluster.other.certificate());
}

TEST_CASE("a broker with a certificate for another host is refused, and nothing is said to it") {
    Cluster cluster("broker.example");
    refuses(cluster, cluster.authority.certificate());
}

TEST_CASE("a broker whose certificate is right for its host is spoken to") {
    Cluster cluster("localhost");
    cluster.start(cluster.authority.certificate());  // It never answers.
    CHECK(cluster.broker->bytes_received() > 0);
}

}  // namespace
}  // namespace dacapo
