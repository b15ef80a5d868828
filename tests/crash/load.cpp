#include "tests/crash/load.hpp"

#include "api/position_token.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

namespace dacapo::test {
namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t events_known_max = 6;
constexpr std::size_t complaints_kept_max = 50;
constexpr int read_back_one_in = 10;
constexpr std::chrono::seconds answers_patience{30};
constexpr std::chrono::milliseconds reconnect_pause{50};

std::string code_of(const HttpAnswer& answer) {
    boost::system::error_code error;
    const auto body = json::parse(answer.body, error);
    const auto* code = error || !body.is_object() ? nullptr : body.as_object().if_contains("code");
    return code && code->is_string() ? std::string(code->as_string()) : std::string();
}

}  // namespace

void Town::complain(std::string what) {
    const std::lock_guard lock(mutex);
    if (complaints.size() < complaints_kept_max) complaints.push_back(std::move(what));
}

std::string Town::complaint_text() {
    const std::lock_guard lock(mutex);
    std::string text;
    for (const auto& one : complaints) text += one + '\n';
    return text;
}

LoadClient::LoadClient(Town& town, int number, std::uint64_t seed)
    : town_(town), number_(number), random_(seed * 1'000 + static_cast<std::uint64_t>(number)) {}

Command LoadClient::made(Asked asked, std::string target, std::string body) {
    Command command;
    command.asked = asked;
    command.user = asked == Asked::registration ? UserId{} : id_;
    command.target = std::move(target);
    command.body = std::move(body);
    command.key = fmt::format("c{}-{}", number_, count_);
    command.needle = needle_of_key(command.user, command.target, command.key);
    return command;
}

Command LoadClient::message() {
    UserId receiver;
    {
        const std::lock_guard lock(town_.mutex);
        do receiver = town_.people[random_() % town_.people.size()];
        while (receiver == id_);
    }
    json::object body{{"content", fmt::format("Message {} of client {}", count_, number_)},
                      {"receiver_id", receiver.value}};
    // Half of them are known by the client's own name for them, half by the header.
    const bool by_client_id = random_() % 2 == 0;
    const auto client_id = fmt::format("m{}-{}", number_, count_);
    if (by_client_id) body["client_id"] = client_id;
    auto command = made(Asked::message, "/messages", json::serialize(body));
    if (by_client_id) {
        command.key.clear();
        command.needle = needle_of_client_id(id_, client_id);
    }
    return command;
}

Command LoadClient::seat(bool joins) {
    std::int64_t event = 0;
    {
        const std::lock_guard lock(town_.mutex);
        if (!town_.events.empty()) event = town_.events[random_() % town_.events.size()];
    }
    if (event == 0) return message();
    auto command = made(joins ? Asked::join : Asked::leave,
                        fmt::format("/events/{}/{}", event, joins ? "join" : "leave"), {});
    command.id = event;
    return command;
}

Command LoadClient::next_command() {
    ++count_;
    const auto dice = random_() % 100;
    if (dice < 66) return message();
    if (dice < 79) return seat(true);
    if (dice < 89) return seat(false);
    if (dice < 96)
        return made(Asked::check_in, "/checkins",
                    json::serialize(json::object{{"location_name", fmt::format("Stage {}", count_)}}));
    const auto name = fmt::format("c{}-{}", number_, count_);
    if (dice < 98)
        return made(Asked::registration, "/register",
                    json::serialize(json::object{{"username", name},
                                                 {"email", name + "@example.org"},
                                                 {"password", "correct horse battery"}}));
    return made(Asked::event, "/events",
                json::serialize(json::object{{"title", "Jam " + name},
                                             {"description", "Bring what you play."},
                                             {"date", "2099-03-15T20:00:00"},
                                             {"location", "Docks, Lyon"},
                                             {"capacity", 5}}));
}

bool LoadClient::send(HttpClient& http, Command& command) {
    std::string bytes = "POST " + command.target + " HTTP/1.1\r\nHost: localhost\r\n";
    if (command.user) bytes += "Authorization: Bearer " + token_ + "\r\n";
    if (!command.key.empty()) bytes += "Idempotency-Key: " + command.key + "\r\n";
    if (!command.body.empty()) bytes += "Content-Type: application/json\r\n";
    bytes += fmt::format("Content-Length: {}\r\n\r\n", command.body.size()) + command.body;
    try {
        // Not HttpClient::request(), which would send it again by itself.
        http.wire().send(bytes);
        take_answer(command, http.read_answer());
        return true;
    } catch (const std::runtime_error&) {
        return false;
    }
}

void LoadClient::take_answer(Command& command, const HttpAnswer& answer) {
    command.status = answer.status;
    if (answer.status >= 300) {
        const auto code = code_of(answer);
        const bool still_open = command.repeated && town_.late_arrivals;
        const bool unknown = code == "outcome_unknown" || still_open;
        command.outcome = unknown ? Outcome::unknown : Outcome::refused;
        const bool no_fault = answer.status == 503 || answer.status == 507 || code == "outcome_unknown";
        if (answer.status == 401 || (answer.status >= 500 && !no_fault))
            town_.complain(fmt::format("{}: {} {}", command.target, answer.status, answer.body));
        return;
    }
    command.outcome = Outcome::acknowledged;
    ++town_.acknowledged;
    command.position = answer.header("Dacapo-Position");
    const auto position = api::position_from_text(command.position);
    if (position) command.places = position->places;
    for (const auto& [shard, unused] : command.places) town_.availability.accepted(shard);
    if (command.asked == Asked::leave || command.asked == Asked::join) return;
    command.id = json::parse(answer.body).at("id").to_number<std::int64_t>();
    if (command.asked != Asked::event) return;
    const std::lock_guard lock(town_.mutex);
    town_.events.push_back(command.id);
    if (town_.events.size() > events_known_max) town_.events.pop_front();
}

// What was acknowledged is read at once; many may share its millisecond, which is what the list is ordered
// by.
void LoadClient::read_back(HttpClient& http, const Command& command) {
    const auto answer =
        http.request("GET", "/messages/sent?limit=50",
                     {{"Authorization", "Bearer " + token_}, {"Dacapo-Position", command.position}});
    if (answer.status != 200 || answer.has_header("Dacapo-Lag")) return;
    const auto shown = json::parse(answer.body);
    for (const auto& message : shown.as_array())
        if (message.at("id").to_number<std::int64_t>() == command.id) return;
    town_.complain(fmt::format("message {} is acknowledged and not shown: {}", command.id, answer.body));
}

void LoadClient::enrol(std::uint16_t port) {
    HttpClient http(port);
    const auto name = fmt::format("client{}", number_);
    const auto answer = http.request(
        "POST", "/register", {},
        json::serialize(json::object{
            {"username", name}, {"email", name + "@example.org"}, {"password", "correct horse battery"}}));
    if (answer.status != 200) throw std::runtime_error("cannot register: " + answer.body);
    const auto body = json::parse(answer.body);
    id_ = UserId{body.at("id").to_number<std::int64_t>()};
    token_ = json::value_to<std::string>(body.at("access_token"));
    const std::lock_guard lock(town_.mutex);
    town_.people.push_back(id_);
}

void LoadClient::run(std::uint16_t port, const std::atomic<bool>& stop, std::chrono::microseconds pace) {
    try {
        HttpClient http(port);
        auto due = Clock::now();
        while (!stop) {
            ledger_.push_back(next_command());
            auto& command = ledger_.back();
            if (!send(http, command)) return;
            // Repeated soon: conversations know the client ids of their newest messages only.
            if (town_.late_arrivals && command.outcome == Outcome::unknown) return;
            if (command.asked == Asked::message && command.outcome == Outcome::acknowledged &&
                random_() % read_back_one_in == 0)
                read_back(http, command);
            due += pace;
            if (pace.count() > 0) std::this_thread::sleep_until(due);
        }
    } catch (const std::runtime_error&) {
        // The server was gone before the command was sent, or while it was read back.
    }
}

void LoadClient::outlast(std::uint16_t port, const std::atomic<bool>& stop, std::chrono::microseconds pace) {
    while (!stop) {
        run(port, stop, pace);
        if (stop) return;
        std::this_thread::sleep_for(reconnect_pause);
        try {
            repeat_unknown(port);
        } catch (const std::runtime_error&) {
            // Nobody is there yet, or not any more; the next time.
        }
    }
}

void LoadClient::repeat_unknown(std::uint16_t port) {
    HttpClient http(port);
    for (; repeated_up_to_ < ledger_.size(); ++repeated_up_to_) {
        auto& command = ledger_[repeated_up_to_];
        if (command.outcome != Outcome::unknown || random_() % 2 == 0) continue;
        command.repeated = true;
        if (!send(http, command)) throw std::runtime_error("no answer to a repeat of " + command.target);
    }
}

int LoadClient::send_one(std::uint16_t port) {
    HttpClient http(port);
    ++count_;
    ledger_.push_back(message());
    send(http, ledger_.back());
    return ledger_.back().status;
}

Load::Load(int client_count, std::uint64_t seed) {
    for (int i = 0; i < client_count; ++i) clients.push_back(std::make_unique<LoadClient>(town, i, seed));
}

void Load::enrol(std::uint16_t port) {
    for (auto& client : clients) client->enrol(port);
}

void Load::start(std::uint16_t port, std::chrono::microseconds pace) {
    stop_ = false;
    for (auto& client : clients) {
        auto run = [this, &one = *client, port, pace] { one.run(port, stop_, pace); };
        threads_.emplace_back(std::move(run));
    }
}

void Load::start_outlasting(std::uint16_t port, std::chrono::microseconds pace) {
    stop_ = false;
    for (auto& client : clients) {
        auto run = [this, &one = *client, port, pace] { one.outlast(port, stop_, pace); };
        threads_.emplace_back(std::move(run));
    }
}

void Load::stop() {
    stop_ = true;
    for (auto& thread : threads_) thread.join();
    threads_.clear();
}

bool Load::await_acknowledged(std::int64_t count) const {
    const auto deadline = Clock::now() + answers_patience;
    while (town.acknowledged < count) {
        if (Clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

void Load::repeat_unknown(std::uint16_t port) {
    for (auto& client : clients) client->repeat_unknown(port);
}

}  // namespace dacapo::test
