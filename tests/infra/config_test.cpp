#include "infra/config.hpp"

#include "infra/env_file.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <set>

using namespace dacapo;
using namespace std::chrono_literals;

namespace {

const std::string long_secret = "only the tests know this one, ok";

std::optional<std::string> read_nothing(const std::string&) { return std::nullopt; }

Config load(const std::vector<std::string>& flags, const Environment& environment = {},
            std::string_view file = {}) {
    return load_config(flags, environment, file, read_nothing);
}

std::vector<std::string> faults(const std::vector<std::string>& flags, const Environment& environment = {},
                                std::string_view file = {}) {
    try {
        load(flags, environment, file);
    } catch (const ConfigErrors& errors) {
        return errors.lines;
    }
    return {};
}

bool refused(const std::string& name, const std::string& value, Environment more = {}) {
    more[name] = value;
    return faults({}, more).size() == 1;
}

const Environment production{{"APP_ENV", "production"}, {"JWT_SECRET", long_secret}};

Environment in_production(const std::string& name, const std::string& value) {
    auto environment = production;
    environment[name] = value;
    return environment;
}

}  // namespace

TEST_CASE("without any variable there is a configuration for development") {
    const auto config = load({});
    CHECK_FALSE(config.is_production());
    CHECK(config.host == "127.0.0.1");
    CHECK(config.port == 8000);
    CHECK(config.public_url == "http://127.0.0.1:8000");
    CHECK(config.thread_count >= 1);
    CHECK(config.event_log_file == "data/log.db");
    CHECK(config.database_file == "data/read.db");
    CHECK(config.jwt_secret == "hetic");
    CHECK(config.jwt_lifetime == 7 * 24h);
    CHECK(config.localhost_origins);
    CHECK_FALSE(config.rate_limit);
    CHECK(config.password_cost == 12);
    CHECK(config.default_timezone == "Europe/Paris");
    CHECK(config.profile_email == EmailVisibility::everyone);
    CHECK(config.log_level == LogLevel::info);
    CHECK(config.warnings.size() == 1);
}

TEST_CASE("a flag beats the environment which beats the file which beats the default") {
    CHECK(load({}, {}, "PORT=1\n").port == 1);
    CHECK(load({}, {{"PORT", "2"}}, "PORT=1\n").port == 2);
    CHECK(load({"--port", "3"}, {{"PORT", "2"}}, "PORT=1\n").port == 3);
    CHECK(load({"--port=4"}, {{"PORT", "2"}}).port == 4);
    CHECK(load({}, {{"PORT", ""}}, "PORT=1\n").port == 1);
}

TEST_CASE("the environment is also known as NODE_ENV") {
    CHECK(load({}, {{"NODE_ENV", "production"}, {"JWT_SECRET", long_secret}}).is_production());
    CHECK_FALSE(load({}, {{"NODE_ENV", "production"}, {"APP_ENV", "development"}}).is_production());
    CHECK(refused("NODE_ENV", "test"));
}

TEST_CASE("production wants a real secret and careful defaults") {
    const auto config = load({}, production);
    CHECK(config.rate_limit);
    CHECK(config.profile_email == EmailVisibility::self);
    CHECK_FALSE(config.localhost_origins);
    CHECK(config.frontend_origins.empty());
    CHECK(config.warnings.empty());
    CHECK(faults({}, {{"APP_ENV", "production"}}).size() == 1);
    CHECK(faults({}, in_production("JWT_SECRET", "hetic")).size() == 1);
    CHECK(faults({}, in_production("JWT_SECRET", long_secret.substr(1))).size() == 1);
    CHECK(faults({}, in_production("PASSWORD_COST", "9")).size() == 1);
    CHECK(faults({}, in_production("PASSWORD_COST", "10")).empty());
    CHECK(load({}, {{"PASSWORD_COST", "4"}}).password_cost == 4);
}

TEST_CASE("all faults are told at once and none shows a value") {
    const auto lines = faults({"--port", "marker", "--nonsense", "x", "--host"},
                              {{"JWT_EXPIRES_IN", "marker"}, {"DATABASE_URL", "mysql://u:marker@h/d"}},
                              "LOG_LEVEL=marker\nbroken\n");
    CHECK(lines ==
          std::vector<std::string>{
              ".env:2: no '=' after the name",
              "--nonsense: no such flag",
              "an argument without a flag",
              "--host: a value is missing",
              "--port: must be a whole number from 0 to 65535",
              "JWT_EXPIRES_IN: must be a duration such as 15m, 12h, 7d or 3600 (seconds), from 1m to 366d",
              "DATABASE_URL: must be sqlite:PATH or postgresql://USER:PASSWORD@HOST:PORT/DATABASE",
              "LOG_LEVEL in .env: must be one of debug, info, warn, error",
          });
}

TEST_CASE("a flag given twice is a fault") {
    CHECK(faults({"--port", "1", "--port", "2"}) == std::vector<std::string>{"--port: given twice"});
    CHECK(faults({"--jwt-secret", ""}).size() == 1);
}

TEST_CASE("values out of range are refused") {
    CHECK(load({"--port", "0"}).port == 0);
    CHECK(load({"--port", "65535"}).port == 65535);
    for (const char* port : {"65536", "-1", "80x", "0x50", "8 0", "+80"}) CHECK(refused("PORT", port));
    CHECK(load({"--threads", "256"}).thread_count == 256);
    for (const char* count : {"0", "257", "many"}) CHECK(refused("THREADS", count));
    CHECK(load({"--cache-mb", "0"}).cache_mb == 0);
    for (const char* size : {"-1", "1000001", "256M"}) CHECK(refused("CACHE_MB", size));
    CHECK(load({"--password-cost", "16"}).password_cost == 16);
    for (const char* cost : {"3", "17"}) CHECK(refused("PASSWORD_COST", cost));
    for (const char* word : {"yes", "ON", "true"}) CHECK(refused("RATE_LIMIT", word));
    for (const char* word : {"everyone", "Public"}) CHECK(refused("PROFILE_EMAIL", word));
    for (const char* zone : {"Paris", "Europe/Atlantis", "+01:00"}) CHECK(refused("DEFAULT_TIMEZONE", zone));
    for (const char* host : {"a b", "http://x", "x/y"}) CHECK(refused("HOST", host));
}

TEST_CASE("durations are read with and without a unit") {
    CHECK(load({"--jwt-expires-in", "3600"}).jwt_lifetime == 1h);
    CHECK(load({"--jwt-expires-in", "15m"}).jwt_lifetime == 15min);
    CHECK(load({"--jwt-expires-in", "90s"}).jwt_lifetime == 90s);
    CHECK(load({"--jwt-expires-in", "12h"}).jwt_lifetime == 12h);
    CHECK(load({"--jwt-expires-in", "1m"}).jwt_lifetime == 1min);
    CHECK(load({"--jwt-expires-in", "366d"}).jwt_lifetime == 366 * 24h);
    for (const char* text : {"59", "59s", "367d", "7w", "d", "-1d", "1.5h", "7 d", "99999999999999999999d"})
        CHECK(refused("JWT_EXPIRES_IN", text));
}

TEST_CASE("engines are SQLite files") {
    const auto file = [](const std::string& url) {
        return load({"--database-url", url}).database_file.string();
    };
    CHECK(file("sqlite:x/read.db") == "x/read.db");
    CHECK(file("sqlite:/x/read.db") == "/x/read.db");
    CHECK(file("sqlite:///./read.db") == "./read.db");
    CHECK(file("sqlite:////x/read.db") == "/x/read.db");
    for (const char* url : {"sqlite:", "sqlite://", "sqlite://host/x", "sqlite::memory:", "sqlite:x/", "x.db",
                            "sqlite:x.db?mode=ro", "mysql://h/d"}) {
        CHECK_MESSAGE(refused("DATABASE_URL", url), url);
        CHECK_MESSAGE(refused("EVENT_LOG", url), url);
    }
    CHECK(refused("DATABASE_URL", "kafka://h:9092/d"));
    CHECK(refused("EVENT_LOG", "postgresql://h/d"));
    CHECK(load({"--data-dir", "/x"}).event_log_file == "/x/log.db");
    CHECK(load({"--data-dir", "/x"}).database_file == "/x/read.db");
    CHECK(faults({"--event-log", "sqlite:a/x.db", "--database-url", "sqlite:a/./x.db"}).size() == 1);
}

TEST_CASE("the read models may lie in PostgreSQL and its password is never shown") {
    const std::string url = "postgresql://u:marker@h:5432/d?sslmode=require";
    for (const auto& given : {url, std::string("postgres://u:marker@h/d")}) {
        const auto config = load({}, {{"DATABASE_URL", given}});
        CHECK(config.database_url == given);
        CHECK(config.database_file.empty());
        CHECK(describe(config).find("marker") == std::string::npos);
    }
    CHECK(describe(load({}, {{"DATABASE_URL", url}}))
              .find("\nDATABASE_URL=postgresql://u:***@h:5432/d?sslmode=require\n") != std::string::npos);
    CHECK(load({}).database_url == "sqlite:data/read.db");
    const auto read = [&](const std::string& path) {
        return path == "secret" ? std::optional(url + "\n") : std::nullopt;
    };
    CHECK(load_config({}, {{"DATABASE_URL_FILE", "secret"}}, {}, read).database_url == url);
    const std::vector<std::string> flag{"--database-url=" + url, "--jwt-secret-file", "secret"};
    CHECK(load_config(flag, {}, {}, read).warnings.size() == 1);
    for (const char* bad : {"postgresql://h/d?marker=1", "postgresql:marker", "postgres:"})
        CHECK(faults({}, {{"DATABASE_URL", bad}}) ==
              std::vector<std::string>{
                  "DATABASE_URL: must be sqlite:PATH or postgresql://USER:PASSWORD@HOST:PORT/DATABASE"});
}

TEST_CASE("origins are exact and never a wildcard") {
    const auto config = load({"--frontend-url", "https://a.example/, http://localhost:5173"});
    CHECK(config.frontend_origins == std::vector<std::string>{"https://a.example", "http://localhost:5173"});
    CHECK_FALSE(config.localhost_origins);
    for (const char* text :
         {"*", "a.example", "ftp://a.example", "https://a.example/path", "https://a.example,",
          "https://*.example", "https://", "https://a b", "https://u@a.example", "null"})
        CHECK_MESSAGE(refused("FRONTEND_URL", text), text);
    CHECK(load({"--public-url", "https://a.example/base/"}).public_url == "https://a.example/base");
    for (const char* text :
         {"a.example", "https://", "https://a.example/?x", "https://a.example/#x", "javascript:x"})
        CHECK_MESSAGE(refused("PUBLIC_URL", text), text);
    CHECK(load({"--host", "::1", "--port", "1"}).public_url == "http://[::1]:1");
    CHECK(load({"--host", "0.0.0.0", "--port", "1"}).public_url == "http://localhost:1");
}

TEST_CASE("a certificate and its key are set together, and links are then https") {
    const auto config = load({"--tls-cert", "cert.pem", "--tls-key", "key.pem", "--port", "1"});
    CHECK(config.has_tls());
    CHECK(config.public_url == "https://127.0.0.1:1");
    CHECK_FALSE(load({}).has_tls());
    CHECK(faults({"--tls-cert", "cert.pem"}).size() == 1);
    CHECK(faults({"--tls-key", "key.pem"}).size() == 1);
    CHECK(faults({"--tls-cert", "c", "--tls-key", "k", "--event-log", "kafka://127.0.0.1:9092/dacapo"})
              .size() == 1);
}

TEST_CASE("trusted proxies are addresses and networks") {
    const auto config = load({"--trusted-proxy", "10.0.0.7, 192.168.0.0/16,fd00::/8"});
    CHECK(config.trusted_proxies == std::vector<std::string>{"10.0.0.7", "192.168.0.0/16", "fd00::/8"});
    CHECK(load({}).trusted_proxies.empty());
    for (const char* bad : {"proxy.example", "10.0.0.0/33", "10.0.0.7,", "*", "10.0.0.7 10.0.0.8"})
        CHECK_MESSAGE(refused("TRUSTED_PROXY", bad), bad);
}

TEST_CASE("production shows its metrics in private networks only, or behind a proxy that is named") {
    const std::vector<std::string> with_port{"--admin-port", "9090"};
    const std::vector<std::string> and_proxy{"--admin-port", "9090", "--trusted-proxy", "10.0.0.7"};
    for (const char* host : {"0.0.0.0", "::", "192.0.2.1", "2001:db8::1", "dacapo.example"}) {
        CHECK_MESSAGE(faults(with_port, in_production("ADMIN_HOST", host)).size() == 1, host);
        CHECK_MESSAGE(faults(and_proxy, in_production("ADMIN_HOST", host)).empty(), host);
        CHECK_MESSAGE(faults({}, in_production("ADMIN_HOST", host)).empty(), host);  // nothing listens there
    }
    for (const char* host :
         {"127.0.0.1", "localhost", "::1", "10.0.0.5", "172.31.0.1", "192.168.1.1", "fd00::1"})
        CHECK_MESSAGE(faults(with_port, in_production("ADMIN_HOST", host)).empty(), host);
}

TEST_CASE("production serves plain HTTP to the world only behind a proxy that is named") {
    for (const char* host : {"0.0.0.0", "::", "10.0.0.5", "192.0.2.1", "dacapo.example"}) {
        CHECK_MESSAGE(faults({}, in_production("HOST", host)).size() == 1, host);
        CHECK_MESSAGE(faults({"--host", host}).empty(), host);
        CHECK_MESSAGE(faults({"--trusted-proxy", "10.0.0.7"}, in_production("HOST", host)).empty(), host);
        CHECK_MESSAGE(faults({"--tls-cert", "c", "--tls-key", "k"}, in_production("HOST", host)).empty(),
                      host);
    }
    for (const char* host : {"127.0.0.1", "127.8.8.8", "localhost", "::1"})
        CHECK_MESSAGE(faults({}, in_production("HOST", host)).empty(), host);
}

TEST_CASE("in production servers do not trust each other by a secret that everyone knows") {
    const auto production = [](Environment environment) {
        environment["EVENT_LOG"] = "kafka://one:9092/band";
        environment["APP_ENV"] = "production";
        environment["JWT_SECRET"] = long_secret;
        return load_config({}, environment, {}, [](const std::string&) { return std::nullopt; });
    };
    CHECK_THROWS_AS(production({}), ConfigErrors);
    CHECK_THROWS_AS(production({{"CLUSTER_SECRET", "short"}}), ConfigErrors);
    CHECK(production({{"CLUSTER_SECRET", long_secret}}).cluster_secret == long_secret);
    CHECK(load({}).advertised_url == "http://127.0.0.1:8000");
}

TEST_CASE("a secret may stand in a file") {
    const auto read = [](const std::string& path) -> std::optional<std::string> {
        if (path == "secret") return long_secret + "\n";
        if (path == "empty") return "\n";
        return std::nullopt;
    };
    const auto with = [&](const Environment& environment) { return load_config({}, environment, {}, read); };
    CHECK(with({{"JWT_SECRET_FILE", "secret"}}).jwt_secret == long_secret);
    CHECK_THROWS_AS(with({{"JWT_SECRET_FILE", "empty"}}), ConfigErrors);
    CHECK_THROWS_AS(with({{"JWT_SECRET_FILE", "missing"}}), ConfigErrors);
    CHECK_THROWS_AS(with({{"JWT_SECRET_FILE", "secret"}, {"JWT_SECRET", long_secret}}), ConfigErrors);
    CHECK(load_config({"--jwt-secret-file", "secret"}, {}, {}, read).warnings.empty());
}

TEST_CASE("a secret that is exchanged is another one, as long, and may stand in a file") {
    CHECK(load({}).jwt_secret_previous.empty());
    const std::string other = "the secret that came before that";
    CHECK(load({}, in_production("JWT_SECRET_PREVIOUS", other)).jwt_secret_previous == other);
    CHECK(faults({}, in_production("JWT_SECRET_PREVIOUS", other.substr(1))).size() == 1);
    CHECK(faults({}, in_production("JWT_SECRET_PREVIOUS", long_secret)).size() == 1);
    CHECK(refused("JWT_SECRET_PREVIOUS", "hetic"));
    CHECK(load({}, {{"JWT_SECRET_PREVIOUS", "short"}}).jwt_secret_previous == "short");
    const auto read = [&](const std::string&) { return other + "\n"; };
    CHECK(load_config({}, {{"JWT_SECRET_PREVIOUS_FILE", "file"}}, {}, read).jwt_secret_previous == other);
    CHECK(describe(load({}, in_production("JWT_SECRET_PREVIOUS", other))).find(other) == std::string::npos);
    CHECK(describe(load({})).find("JWT_SECRET_PREVIOUS=\n") != std::string::npos);
}

TEST_CASE("production takes no secret that is guessed easily, and says of which setting that is") {
    struct Row {
        std::string secret;
        const char* fault;
    };
    const char* const example = "must be what `openssl rand -base64 48` prints, and not out of an example";
    const char* const repeated = "must not be something short that repeats";
    const char* const few = "must have at least 8 different characters in production";
    const std::vector<Row> table{
        {long_secret.substr(1), "must have at least 32 bytes in production"},
        {std::string(32, 'x'), repeated},
        {std::string(1000, ' '), repeated},
        {"hetichetichetichetichetichetichetic", repeated},
        {"12345678901234567890123456789012", repeated},
        {"0123456789abcdef0123456789abcdef", repeated},
        {"correct horse battery, correct horse battery, cor", repeated},
        {long_secret.substr(1) + long_secret.substr(1), repeated},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", few},
        {"qwertyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", few},
        {"101101110010111101100101010010110111", few},
        {"$(openssl rand -base64 48 | tr -d '\\n')", example},
        {"Change-Me-To-A-Long-And-Random-Secret-Key", example},
        {"CHANGEME_0123456789_abcdefghijkl", example},
        {"A-String-Secret-At-Least-256-Bits-Long", example},
    };
    for (const auto& [secret, fault] : table) {
        CAPTURE(secret);
        for (const std::string name : {"JWT_SECRET", "JWT_SECRET_PREVIOUS", "CLUSTER_SECRET"}) {
            CHECK(faults({}, in_production(name, secret)) == std::vector{name + ": " + fault});
            CHECK(faults({}, {{name, secret}}).empty());
        }
        const auto read = [secret = secret](const std::string&) { return secret + "\n"; };
        CHECK_THROWS_WITH_AS(
            load_config({}, {{"APP_ENV", "production"}, {"JWT_SECRET_FILE", "file"}}, {}, read),
            (std::string("JWT_SECRET_FILE: ") + fault).c_str(), ConfigErrors);
    }
}

TEST_CASE("what tools print for a secret is taken in production") {
    for (const char* secret : {"9f86d081884c7d659a2feaa0c55ad015", "3141592653589793238462643383279502884197",
                               "a3bf4f1b2b0b822cd15d6c15b0f00a089f86d081884c7d659a2feaa0c55ad015",
                               "q1nQm0u1wC5bXk3l2YV8aZ9dRjT6eH7fGsKpLoIiUyMtNrBvCxWzEaSdFgHjKl+/",
                               "wC5bXk3l2YV8aZ9dRjT6eH7fGsKpLoIiwC5bXk3l2YV8aZ9dRjT6eH7fGsKpLoIi",
                               "correct horse battery staple, and more"})
        CHECK_MESSAGE(faults({}, in_production("JWT_SECRET", secret)).empty(), secret);
}

TEST_CASE("what is not understood in the file and secrets in flags are warned of") {
    CHECK(load({}, {{"JWT_SECRET", long_secret}}, "LATER_VARIABLE=x\n").warnings.size() == 1);
    CHECK(load({"--jwt-secret", long_secret}).warnings.size() == 1);
}

TEST_CASE("in production a secret in a flag stops the start, and the flag that names its file does not") {
    Environment environment{{"APP_ENV", "production"}};
    const auto read = [](const std::string&) { return std::optional(long_secret); };
    CHECK(faults({"--jwt-secret", long_secret}, environment) ==
          std::vector<std::string>{"--jwt-secret: shows a secret to everyone who may list processes; use "
                                   "JWT_SECRET_FILE"});
    CHECK_NOTHROW(load_config({"--jwt-secret-file", "secret"}, environment, {}, read));
    environment["JWT_SECRET"] = long_secret;
    CHECK(faults({"--cluster-secret", long_secret}, environment).size() == 1);
    CHECK(faults({"--database-url", "postgresql://u:marker@localhost/d"}, environment).size() == 1);
    CHECK(faults({"--database-url", "postgresql://localhost/d?password=marker"}, environment).size() == 1);
    CHECK(faults({"--database-url", "postgresql://u@localhost/d"}, environment).empty());
    CHECK(faults({"--database-url", "sqlite:x/read.db"}, environment).empty());
}

TEST_CASE("metrics are shown to the world in development only, and the page about the API everywhere") {
    CHECK(load({}).metrics);
    CHECK(load({}).docs);
    CHECK_FALSE(load({}, production).metrics);
    CHECK(load({}, production).docs);
    CHECK_FALSE(load({}).admin_port);
    CHECK(load({"--metrics", "on"}, production).metrics);
    CHECK_FALSE(load({"--metrics", "off"}).metrics);
    CHECK_FALSE(load({"--docs", "off"}).docs);
    const auto config = load({"--admin-port", "9090"});
    CHECK(config.admin_port == 9090);
    CHECK(config.admin_host == "127.0.0.1");
    CHECK_FALSE(config.metrics);
    CHECK(load({"--admin-port", "9090", "--metrics", "on"}).metrics);
    CHECK(load({"--admin-port", "0"}).admin_port == 0);
    for (const char* port : {"65536", "-1", "on"}) CHECK(refused("ADMIN_PORT", port));
    for (const char* word : {"yes", "ON"}) {
        CHECK(refused("METRICS", word));
        CHECK(refused("DOCS", word));
    }
    CHECK(refused("ADMIN_PORT", "8000"));
    CHECK(load({"--port", "0", "--admin-port", "0"}).admin_port == 0);
    CHECK(describe(config).find("\nADMIN_PORT=9090\n") != std::string::npos);
}

TEST_CASE("a configuration is shown without its secrets and reads back the same") {
    const auto config = load({"--port", "1", "--jwt-expires-in", "90m"}, production);
    const auto text = describe(config);
    CHECK(text.find(long_secret) == text.npos);
    CHECK(text.find("JWT_SECRET=(set, not shown)\n") != text.npos);
    CHECK(text.find("\nPORT=1\n") != text.npos);
    CHECK(text.find("\nJWT_EXPIRES_IN=90m\n") != text.npos);
    CHECK(describe(load({}, {{"JWT_SECRET", long_secret}, {"CLUSTER_SECRET", long_secret}}, text)) == text);
}

TEST_CASE("the event log may be on Kafka, with properties that the operator chooses") {
    const auto config = load({}, {{"EVENT_LOG", "kafka://one:9092/dacapo"}, {"KAFKA_SASL_USERNAME", "nina"}},
                             "KAFKA_SASL_USERNAME=other\nKAFKA_SOCKET_TIMEOUT_MS=5000\n");
    REQUIRE(config.event_log_kafka);
    CHECK(*config.event_log_kafka == KafkaUrl{"one:9092", "dacapo"});
    CHECK(config.event_log_file.empty());
    CHECK(config.kafka_properties ==
          kafka::Properties{{"sasl.username", "nina"}, {"socket.timeout.ms", "5000"}});
    CHECK(describe(config).find("\nEVENT_LOG=kafka://one:9092/dacapo\n") != std::string::npos);
    CHECK(load({}, {{"KAFKA_SASL_USERNAME", "nina"}}).kafka_properties.empty());
    CHECK_FALSE(load({}).event_log_kafka);
}

TEST_CASE("a secret of Kafka's clients may stand in a file") {
    const auto read = [](const std::string& path) -> std::optional<std::string> {
        if (path == "password") return "open, sesame\n";
        if (path == "empty") return "\n";
        return std::nullopt;
    };
    const auto with = [&](Environment environment, std::string_view file = {}) {
        environment["EVENT_LOG"] = "kafka://one:9092/dacapo";
        return load_config({}, environment, file, read);
    };
    using kafka::Properties;
    CHECK(with({{"KAFKA_SASL_PASSWORD_FILE", "password"}}).kafka_properties ==
          Properties{{"sasl.password", "open, sesame"}});
    CHECK(with({}, "KAFKA_SSL_KEY_PASSWORD_FILE=password\n").kafka_properties ==
          Properties{{"ssl.key.password", "open, sesame"}});
    CHECK(with({{"KAFKA_SASL_PASSWORD_FILE", "password"}}, "KAFKA_SASL_PASSWORD_FILE=missing\n")
              .kafka_properties == Properties{{"sasl.password", "open, sesame"}});
    CHECK_THROWS_AS(with({{"KAFKA_SASL_PASSWORD_FILE", "missing"}}), ConfigErrors);
    CHECK_THROWS_AS(with({{"KAFKA_SASL_PASSWORD_FILE", "empty"}}), ConfigErrors);
    CHECK_THROWS_AS(with({{"KAFKA_SASL_PASSWORD_FILE", "password"}, {"KAFKA_SASL_PASSWORD", "x"}}),
                    ConfigErrors);
    // Only of a secret: what librdkafka calls so is its own.
    CHECK(with({{"KAFKA_CLIENT_ID_FILE", "password"}}).kafka_properties ==
          Properties{{"client.id.file", "password"}});
}

TEST_CASE("Kafka's properties that safety rests on, and impossible topics, stop the start") {
    CHECK_FALSE(faults({}, {{"EVENT_LOG", "kafka://one/dacapo"}, {"KAFKA_ACKS", "1"}}, "").empty());
    CHECK(faults({}, {{"KAFKA_ACKS", "1"}}, "").empty());
    CHECK_FALSE(faults({}, {{"EVENT_LOG", "kafka://one"}}, "").empty());
    CHECK_FALSE(
        faults({"--kafka-replication-factor", "2", "--kafka-min-insync-replicas", "3"}, {}, "").empty());
}

TEST_CASE("the example file names every variable and no other") {
    const auto text = read_small_file(std::string(DACAPO_SOURCE_DIR) + "/.env.example");
    REQUIRE(text);
    std::string all;  // with the lines that are commented out
    for (std::size_t at = 0; at < text->size();) {
        const auto end = std::min(text->find('\n', at), text->size());
        auto line = text->substr(at, end - at);
        at = end + 1;
        if (line.size() > 1 && line[0] == '#' && line[1] >= 'A' && line[1] <= 'Z') line.erase(0, 1);
        all += line + '\n';
    }
    std::set<std::string> documented;
    const auto file = parse_env_file(all);
    CHECK(file.errors.empty());
    for (const auto& variable : file.variables) documented.insert(variable.first);
    const auto known = config_variables();
    CHECK(documented == std::set<std::string>(known.begin(), known.end()));
    CHECK(faults({}, {{"JWT_SECRET", long_secret}}, *text).empty());
    CHECK(faults({}, {{"JWT_SECRET", long_secret}}, all).empty());
    CHECK(describe(load({}, {}, *text)) == describe(load({})));
}

TEST_CASE("a file that cannot be read is nothing") {
    CHECK_FALSE(read_small_file(std::string(DACAPO_SOURCE_DIR) + "/no such file"));
    CHECK_FALSE(read_small_file(DACAPO_SOURCE_DIR));
}
