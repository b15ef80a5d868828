// A server with the people whom the authorisation matrix speaks of, and what each of its operations needs:
// objects of zoe's own for the ids in its path, and a body.
#pragma once

#include "tests/http/authorisation_matrix.hpp"
#include "tests/support/running_server.hpp"

#include <doctest/doctest.h>

namespace dacapo::test {

inline constexpr const char* secret_text = "marker of a private message";

inline void replace_all(std::string& text, std::string_view what, const std::string& with) {
    for (auto at = text.find(what); at != text.npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
}

// zoe owns; malik is another user; ines is an admin.
struct OperationStage {
    explicit OperationStage(const Flags& flags = {}, ServerOptions options = {})
        : server(flags, std::move(options)) {}

    std::int64_t fresh_id(const std::string& name) {
        if (name == "user_id") return zoe.id;
        if (name == "event_id") return zoe.create_event("Jam of " + std::to_string(++number)).number("id");
        if (name == "message_id") return malik.message(zoe, secret_text).number("id");
        if (name == "checkin_id") return zoe.post("/checkins", {{"location_name", "Docks"}}).number("id");
        if (name == "instrument_id") return admin.post("/instruments", fresh_name()).number("id");
        if (name == "genre_id") return admin.post("/genres", fresh_name()).number("id");
        REQUIRE_MESSAGE(name == "session_id", "no object of the kind that " << name << " names");
        Client(server).post("/login", {{"username", "zoe"}, {"password", password}});
        return zoe.get("/auth/sessions?limit=1").list().at(0).at("id").as_int64();
    }
    json::object fresh_name() { return {{"name", "Fresh " + std::to_string(++number)}}; }

    // A path with an object of zoe's own in the place of each id.
    std::string fresh_path(std::string pattern) {
        for (auto at = pattern.find('{'); at != pattern.npos; at = pattern.find('{')) {
            const auto end = pattern.find('}', at);
            const auto id = fresh_id(pattern.substr(at + 1, end - at - 1));
            pattern.replace(at, end - at + 1, std::to_string(id));
        }
        return pattern;
    }
    std::string fresh_body(std::string_view pattern) {
        std::string body(pattern);
        replace_all(body, "{n}", std::to_string(++number));
        replace_all(body, "{receiver}", std::to_string(receiver.id));
        return body;
    }

    RunningServer server;
    Person zoe = server.person("zoe");
    Person malik = server.person("malik");
    Person ines = server.person("ines");
    Person receiver = server.person("lena");
    Client admin = as_admin(server, ines);
    int number = 0;
};

inline std::string upper(std::string_view text) {
    std::string result(text);
    for (auto& c : result) c = static_cast<char>(c - 32);
    return result;
}
inline std::pair<std::string, std::string> split(std::string_view operation) {
    const auto space = operation.find(' ');
    return {upper(operation.substr(0, space)), std::string(operation.substr(space + 1))};
}

inline const AuthorisationRow* row_of(std::string_view operation) {
    for (const auto& row : authorisation_matrix) {
        if (row.operation == operation) return &row;
        if (row.operation.ends_with('*') &&
            operation.starts_with(row.operation.substr(0, row.operation.size() - 1)))
            return &row;
    }
    return nullptr;
}

}  // namespace dacapo::test
