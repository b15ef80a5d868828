// The read model of people: one row for each account, as profiles and lists show it.
// Here because accounts are asked for by id, by listing and by a search over their names.
#pragma once

#include "infra/sql/table.hpp"
#include "infra/text.hpp"
#include "projections/projection.hpp"

namespace dacapo {

struct UserRow {
    static constexpr std::string_view table = "users";
    static constexpr int key_count = 1;
    static constexpr const char* create = R"(
        CREATE TABLE users (
            id INTEGER PRIMARY KEY,
            username TEXT NOT NULL,
            email TEXT NOT NULL,
            full_name TEXT,
            bio TEXT,
            role TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            search_text TEXT NOT NULL
        ))";

    UserId id;
    std::string_view username;
    std::string_view email;
    std::optional<std::string_view> full_name;
    std::optional<std::string_view> bio;
    Role role = Role::user;
    Timestamp created_at;
    std::string search_text;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("id", self.id);
        field("username", self.username);
        field("email", self.email);
        field("full_name", self.full_name);
        field("bio", self.bio);
        field("role", self.role);
        field("created_at", self.created_at);
        field("search_text", self.search_text);
    }
};

struct Users {
    static constexpr std::string_view name = "users";
    static constexpr int version = 1;

    explicit Users(sql::Session& writer) : users(writer) {}

    void apply(const AccountRegistered& e, const Recorded&) {
        users.upsert({.id = e.user_id,
                      .username = e.username,
                      .email = e.email,
                      .full_name = e.full_name,
                      .bio = std::nullopt,
                      .role = e.role,
                      .created_at = e.registered_at,
                      .search_text = fold(e.username + ' ' + e.full_name.value_or(""))});
    }

    template <class Each>
    void tables(Each&& each) {
        each(users);
    }

    sql::Table<UserRow> users;
};

}  // namespace dacapo
