#include "tests/crash/read_model_check.hpp"

#include "infra/log/sqlite_log.hpp"
#include "tests/support/projected.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <boost/json.hpp>
#include <sstream>
#include <thread>

namespace dacapo::test {
namespace {

namespace json = boost::json;

constexpr int page_max = 500;
constexpr int newest_count = 50;

json::value get(HttpClient& http, const std::string& target, const Headers& headers = {}) {
    const auto answer = http.request("GET", target, headers);
    if (answer.status != 200)
        throw std::runtime_error(fmt::format("GET {}: {} {}", target, answer.status, answer.body));
    return json::parse(answer.body);
}

std::vector<std::int64_t> ids_of(const json::value& list, std::string_view member = "id") {
    std::vector<std::int64_t> ids;
    for (const auto& entry : list.as_array()) ids.push_back(entry.at(member).to_number<std::int64_t>());
    return ids;
}

// Every page of a list.
json::array all_of(HttpClient& http, const std::string& target, const Headers& headers = {}) {
    json::array all;
    while (true) {
        auto shown = get(http, fmt::format("{}?limit={}&skip={}", target, page_max, all.size()), headers);
        auto& page = shown.as_array();
        const bool last = std::ssize(page) < page_max;
        for (auto& entry : page) all.push_back(std::move(entry));
        if (last) return all;
    }
}

void compare(std::string& text, const std::string& what, const std::vector<std::int64_t>& shown,
             const std::vector<std::int64_t>& recorded) {
    if (shown == recorded) return;
    const auto [one, other] = std::ranges::mismatch(shown, recorded);
    text += fmt::format("{}: {} shown, {} recorded, first difference at {}\n", what, shown.size(),
                        recorded.size(), one - shown.begin());
}

// Newest first, as lists show them.
std::vector<std::int64_t> sent_by(const LogAudit& audit, UserId sender) {
    std::vector<std::int64_t> ids;
    const auto found = audit.sent.find(sender);
    if (found == audit.sent.end()) return ids;
    for (auto one = found->second.rbegin(); one != found->second.rend(); ++one)
        ids.push_back(one->second.value);
    return ids;
}

Headers bearer(const LoadClient& client) { return {{"Authorization", "Bearer " + client.token()}}; }

void compare_event(std::string& text, HttpClient& http, GatheringId id, const LogAudit& audit) {
    const auto& plan = audit.gatherings.at(id);
    const auto path = fmt::format("/events/{}", id.value);
    const auto event = get(http, path);
    const auto number = [&](std::string_view name) { return event.at(name).to_number<std::int64_t>(); };
    if (event.at("title") != json::value(audit.titles.at(id)) ||
        number("participant_count") != std::ssize(plan.going) ||
        number("waitlist_count") != std::ssize(plan.waiting))
        text += path + " shows " + json::serialize(event) + "\n";
    std::vector<std::int64_t> people, places, expected_people, expected_places;
    for (const auto& one : all_of(http, path + "/participants")) {
        people.push_back(one.at("user_id").to_number<std::int64_t>());
        places.push_back(one.at("position").is_null() ? 0 : one.at("position").to_number<std::int64_t>());
    }
    for (const auto user : plan.going) expected_people.push_back(user.value);
    expected_places.assign(plan.going.size(), 0);
    for (const auto user : plan.waiting) {
        expected_people.push_back(user.value);
        expected_places.push_back(std::ssize(expected_people) - std::ssize(plan.going));
    }
    compare(text, path + "/participants", people, expected_people);
    compare(text, path + "/participants, places", places, expected_places);
}

// The first line in which two texts differ.
std::string first_difference(const std::string& one, const std::string& other) {
    std::istringstream ones(one), others(other);
    std::string left, right;
    while (true) {
        const bool more = static_cast<bool>(std::getline(ones, left));
        const bool more_others = static_cast<bool>(std::getline(others, right));
        if (!more && !more_others) return {};
        if (!more) left = "(nothing)";
        if (!more_others) right = "(nothing)";
        if (left != right) return left + " instead of " + right;
    }
}

}  // namespace

std::string newest_differences(std::uint16_t port, const Load& load, const LogAudit& audit) {
    std::string text;
    HttpClient http(port);
    for (const auto& client : load.clients) {
        auto recorded = sent_by(audit, client->id());
        recorded.resize(std::min<std::size_t>(recorded.size(), newest_count));
        const auto shown = get(http, fmt::format("/messages/sent?limit={}", newest_count), bearer(*client));
        compare(text, fmt::format("newest messages of user {}", client->id().value), ids_of(shown), recorded);
    }
    return text;
}

std::string shown_differences(std::uint16_t port, const Load& load, const LogAudit& audit) {
    std::string text;
    HttpClient http(port);
    for (const auto& client : load.clients) {
        const auto user = client->id();
        compare(text, fmt::format("messages sent by user {}", user.value),
                ids_of(all_of(http, "/messages/sent", bearer(*client))), sent_by(audit, user));
        auto shown = ids_of(all_of(http, fmt::format("/checkins/user/{}", user.value)));
        std::ranges::sort(shown);
        std::vector<std::int64_t> recorded;
        if (const auto found = audit.check_ins.find(user); found != audit.check_ins.end())
            for (const auto id : found->second) recorded.push_back(id.value);
        compare(text, fmt::format("check-ins of user {}", user.value), shown, recorded);
    }
    std::vector<std::int64_t> people;
    for (const auto& [id, name] : audit.usernames) people.push_back(id.value);
    compare(text, "users", ids_of(all_of(http, "/users")), people);
    for (const auto& [id, plan] : audit.gatherings) compare_event(text, http, id, audit);
    return text;
}

std::string table_differences(const std::filesystem::path& log_file, const std::filesystem::path& read_file) {
    const auto log = open_sqlite_log_reader(log_file);
    const TemporaryFolder folder;
    return table_differences(*log, "sqlite:" + read_file.string(), "sqlite:" + (folder / "read.db").string());
}

std::string table_differences(EventLog& log, const std::string& kept_url, const std::string& anew_url) {
    std::string text;
    sql::ReadDatabase anew({.url = anew_url, .reader_count = 1});
    const SystemClock clock;
    Progress progress(log.start());
    Runner runner(log, anew, all_projections(anew.writer()), progress, clock, {});
    while (runner.step()) continue;
    sql::Session kept(kept_url, sql::Use::read);
    const auto compare_rows = [&](const std::string& table, const std::string& which = "") {
        const auto difference = first_difference(testing::rows_of(kept, table + which),
                                                 testing::rows_of(anew.writer(), table + which));
        if (!difference.empty()) text += fmt::format("{}: {}\n", table, difference);
    };
    for (const char* table :
         {"users", "events", "participants", "messages", "read_markers", "check_ins", "parked_events"})
        compare_rows(table);
    compare_rows("checkpoints", " WHERE runner = 'main'");  // the feed for other systems has its own
    return text;
}

bool await_passed(std::uint16_t port) {
    HttpClient http(port);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::chrono::steady_clock::now() < deadline) {
        const auto health = get(http, "/health");
        if (health.at("passed") == health.at("log_head")) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
}

}  // namespace dacapo::test
