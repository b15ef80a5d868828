#include "tests/support/running_server.hpp"

#include "infra/crypto/token.hpp"
#include "tests/support/kafka.hpp"
#include "tests/support/postgres.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include <fstream>
#include <sstream>
#include <thread>

namespace dacapo::test {
namespace {

// Made once for a server and its restarts: on Kafka and PostgreSQL each URL that is made is another log or
// database.
Flags with_engines(const TemporaryFolder& folder, Flags flags) {
    flags.try_emplace("event-log", testing::event_log_url_for(folder / "log.db"));
    flags.try_emplace("database-url", testing::database_url_for(folder / "read.db"));
    return flags;
}

Config config_of(const TemporaryFolder& folder, const Flags& more) {
    Flags flags{{"host", "127.0.0.1"},
                {"port", "0"},
                {"threads", "2"},
                {"data-dir", folder.path().string()},
                {"jwt-secret", server_secret},
                {"password-cost", "4"},
                {"public-url", "http://api.example"}};
    for (const auto& [name, value] : more) flags[name] = value;
    std::vector<std::string> arguments;
    for (const auto& [name, value] : flags) arguments.push_back("--" + name + "=" + value);
    return load_config(arguments, {}, "", read_small_file);
}

// A test of positions names its own.
bool brings_position(std::string_view target, const Headers& headers) {
    const auto says = [](const auto& one) { return one.first == "Dacapo-Position" || one.first == "Cookie"; };
    return target.find("after=") != std::string_view::npos || std::ranges::any_of(headers, says);
}

int open_log_file(const std::filesystem::path& file) {
    return ::open(file.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
}

}  // namespace

RunningServer::RunningServer(const Flags& flags, ServerOptions options)
    : log_descriptor_(open_log_file(folder_ / "server.log")),
      lines_(LogLevel::info, clock, log_descriptor_),
      flags_(with_engines(folder_, flags)),
      config_(config_of(folder_, flags_)),
      options_(std::move(options)) {
    lines_.set_level(config_.log_level);
    if (!options_.on_broken) options_.on_broken = [](const std::string&) { std::abort(); };
    start();
}

RunningServer::~RunningServer() {
    deployed_.reset();
    CHECK_MESSAGE(documented.faults().empty(), "answers that the API document does not have:\n"
                                                   << documented.faults());
    if (!internal_errors_expected_)
        CHECK_MESSAGE(logged().find("internal error") == std::string::npos, logged());
    ::close(log_descriptor_);
}

void RunningServer::start() {
    deployed_ = testing::on_cluster() ? testing::deploy_cluster(config_, lines_, clock, options_)
                                      : testing::deploy_one(config_, lines_, clock, options_);
    HttpClient client(port());
    documented.read(client.request("GET", "/openapi.json").body);
    watch_.emplace(port(), documented.watcher());
}

void RunningServer::restart(const Flags& changed) {
    stop();
    for (const auto& [name, value] : changed) {
        flags_[name] = value;
        if (value.empty()) flags_.erase(name);
    }
    config_ = config_of(folder_, flags_);
    start();
}

std::int64_t RunningServer::log_head() { return deployed_->log_head(); }

void RunningServer::told_position(std::string_view text) {
    const auto token = api::position_from_text(text);
    if (!token) return;
    const std::lock_guard lock(mutex_);
    if (position_)
        position_->merge(*token);
    else
        position_ = *token;
}

Headers RunningServer::position_told() const {
    const std::lock_guard lock(mutex_);
    if (!testing::on_cluster() || !position_) return {};
    return header("Dacapo-Position", api::to_text(*position_));
}

Person RunningServer::person(const std::string& name) {
    const auto answer = Client(*this).post(
        "/register", {{"username", name}, {"email", name + "@example.org"}, {"password", password}});
    REQUIRE_MESSAGE(answer.status == 200, answer.body);
    return {*this, answer};
}

std::string RunningServer::logged() {
    lines_.flush(patience);
    std::ifstream file(folder_ / "server.log");
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

json::value Answer::operator[](std::string_view key) const {
    const auto value = json();
    const auto* found = value.is_object() ? value.as_object().if_contains(key) : nullptr;
    if (!found) throw std::runtime_error("no member " + std::string(key) + " in " + body);
    return *found;
}

std::string Answer::told() const {
    if (status < 400) return std::to_string(status);
    return std::to_string(status) + " " + text("code");
}

Answer Client::send(std::string_view method, std::string_view target, std::string_view body,
                    Headers headers) {
    if (!http_ || port_ != server_->port()) {
        port_ = server_->port();
        http_ = std::make_unique<HttpClient>(port_);
    }
    if (!token.empty()) headers.emplace_back("Authorization", "Bearer " + token);
    if (!brings_position(target, headers))
        for (auto& one : server_->position_told()) headers.push_back(std::move(one));
    Answer answer{http_->request(method, target, headers, body)};
    server_->told_position(answer.header("Dacapo-Position"));
    return answer;
}

bool Client::is_signed_out() {
    const auto refused = [this] { return get("/auth/me").status == 401; };
    if (!testing::on_cluster()) return refused();
    // The proxy asks command servers in turn. To end an ended session again does nothing.
    const auto ended = [this] { return post("/auth/logout").status == 401; };
    return comes_true([&] { return refused() && ended() && ended(); });
}

Person::Person(RunningServer& server, const Answer& registered)
    : Client(server),
      id(registered.number("id")),
      username(registered.text("username")),
      email(registered.text("email")),
      refresh_token(registered.text("refresh_token")) {
    token = registered.text("access_token");
}

Answer Person::create_event(const std::string& title, const json::object& more) {
    json::object body{{"title", title},
                      {"description", "Bring what you play."},
                      {"date", "2024-03-15T20:00:00"},
                      {"location", "Docks, Lyon"}};
    for (const auto& [key, value] : more) body[key] = value;
    return post("/events/", body);
}

Answer Person::message(const Person& receiver, const std::string& content) {
    return post("/messages/", {{"content", content}, {"receiver_id", receiver.id}});
}

Answer Person::join(std::int64_t event_id) { return post("/events/" + std::to_string(event_id) + "/join"); }

SocketClient Person::socket(const std::string& parameters) {
    if (testing::on_cluster()) get("/auth/me");
    return SocketClient(server_->port(), "/ws?token=" + token + parameters);
}

Client with_role(RunningServer& server, const Person& person, Role role) {
    const auto now = server.clock.now();
    const AccessTokens tokens(server_secret, "dacapo", "dacapo", std::chrono::hours(1));
    auto claims = tokens.verify(person.token, now).value();
    claims.role = role;
    Client client(server);
    client.token = tokens.issue(claims, now);
    return client;
}

std::string differences(const json::value& found, const json::value& expected, const std::string& at) {
    std::string text;
    if (expected.is_object() && found.is_object()) {
        for (const auto& [key, value] : expected.as_object()) {
            const auto place = at + "/" + std::string(key);
            const auto* member = found.as_object().if_contains(key);
            text += member ? differences(*member, value, place) : place + " is missing\n";
        }
        return text;
    }
    if (expected.is_array() && found.is_array() && expected.as_array().size() == found.as_array().size()) {
        for (std::size_t i = 0; i < expected.as_array().size(); ++i)
            text += differences(found.at(i), expected.at(i), at + "/" + std::to_string(i));
        return text;
    }
    if (found == expected) return text;
    return at + " is " + json::serialize(found) + ", not " + json::serialize(expected) + "\n";
}

json::array column(const json::value& list, std::string_view key) {
    json::array values;
    for (const auto& entry : list.as_array()) values.push_back(entry.at(key));
    return values;
}

json::value next_of(SocketClient& socket, std::string_view type) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (true) {
        const auto left = deadline - std::chrono::steady_clock::now();
        auto frame =
            json::parse(socket.receive_text(std::chrono::duration_cast<std::chrono::milliseconds>(left)));
        if (frame.at("type") == json::value(type)) return frame;
    }
}

bool comes_true(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::yield();
    }
    return true;
}

}  // namespace dacapo::test
