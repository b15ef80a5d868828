#include "domain/account.hpp"

#include "domain/field_faults.hpp"

#include <algorithm>
#include <stdexcept>

namespace dacapo {

namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) { return is_lower(c) || is_upper(c) || is_digit(c); }

// `atext` of RFC 5322, 3.2.3.
bool is_atom_character(char c) {
    return is_alphanumeric(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

// True when every part between dots is non-empty and passes.
template <class Check>
bool all_dotted_parts(std::string_view text, Check check) {
    while (true) {
        const auto dot = text.find('.');
        const auto part = text.substr(0, dot);
        if (part.empty() || !check(part)) return false;
        if (dot == std::string_view::npos) return true;
        text.remove_prefix(dot + 1);
    }
}

bool domain_label_is_valid(std::string_view label) {
    constexpr std::size_t label_bytes_max = 63;
    const auto allowed = [](char c) { return is_alphanumeric(c) || c == '-'; };
    return label.size() <= label_bytes_max && label.front() != '-' && label.back() != '-' &&
           std::all_of(label.begin(), label.end(), allowed);
}

// The plain letters of U+00C0 to U+017F, two columns a code point; a blank means "no letter".
constexpr char32_t folded_first = 0xC0;
constexpr std::string_view folded_letters =
    "a a a a a a aec e e e e i i i i "   // C0
    "d n o o o o o   o u u u u y thss"   // D0
    "a a a a a a aec e e e e i i i i "   // E0
    "d n o o o o o   o u u u u y thy "   // F0
    "a a a a a a c c c c c c c c d d "   // 100
    "d d e e e e e e e e e e g g g g "   // 110
    "g g g g h h h h i i i i i i i i "   // 120
    "i i ijijj j k k k l l l l l l l "   // 130
    "l l l n n n n n n n n n o o o o "   // 140
    "o o oeoer r r r r r s s s s s s "   // 150
    "s s t t t t t t u u u u u u u u "   // 160
    "u u u u w w y y y z z z z z z s ";  // 170
static_assert(folded_letters.size() == 2 * (0x180 - 0xC0));

// Reads one code point of valid UTF-8 and drops it from the text.
char32_t take_code_point(std::string_view& text) {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t code_point = length == 1 ? lead : lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length && i < text.size(); ++i)
        code_point = code_point << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
    text.remove_prefix(std::min(length, text.size()));
    return code_point;
}

bool is_combining_mark(char32_t code_point) { return code_point >= 0x300 && code_point < 0x370; }

// Lower-case ASCII for a Latin letter or digit; empty for everything else.
std::string folded(char32_t code_point) {
    if (code_point < 0x80) {
        const auto c = static_cast<char>(code_point);
        if (is_upper(c)) return std::string(1, static_cast<char>(c - 'A' + 'a'));
        return is_alphanumeric(c) ? std::string(1, c) : std::string();
    }
    const auto index = 2 * static_cast<std::size_t>(code_point - folded_first);
    if (code_point < folded_first || index >= folded_letters.size()) return {};
    std::string letters(folded_letters.substr(index, 2));
    std::erase(letters, ' ');
    return letters;
}

std::string folded_words(std::string_view name) {
    std::string words;
    bool between_words = false;
    while (!name.empty()) {
        const char32_t code_point = take_code_point(name);
        // An apostrophe or a separate accent does not end a word: `O'Neil` is one.
        if (is_combining_mark(code_point) || code_point == '\'' || code_point == 0x2019) continue;
        const auto letters = folded(code_point);
        if (letters.empty()) {
            between_words = !words.empty();
            continue;
        }
        if (between_words) words += '.';
        between_words = false;
        words += letters;
    }
    return words;
}

Account::Decision decide_register(const Account::Register& command, const Account::State& state,
                                  const Context& by) {
    using enum Account::Refusal;
    if (state.exists) return already_registered;
    if (!username_is_valid(command.username)) return username_invalid;
    if (!email_is_valid(command.email)) return email_invalid;
    if (command.email_owner) return email_taken;
    if (command.username_owner) return username_taken;
    return std::vector<AccountEvent>{AccountRegistered{command.user_id, command.username, command.email,
                                                       command.full_name, command.password_hash, command.role,
                                                       by.now}};
}

// Whose account it is follows from the session that asks, so nobody names another's.
Account::Decision decide_change(const Account::ChangePassword& command, const Account::State& state,
                                const Context& by) {
    using enum Account::Refusal;
    if (!state.exists || by.actor != state.user_id) return unknown_account;
    // Two changes at once: the second one's proof was of a password that is none any more.
    if (command.known_password != state.password_number) return password_changed_meanwhile;
    return std::vector<AccountEvent>{AccountPasswordChanged{state.user_id, command.password_hash, by.now}};
}

// Nobody asked for it, so it refuses nothing to anybody who has shown the password.
Account::Decision decide_rehash(const Account::RehashPassword& command, const Account::State& state,
                                const Context& by) {
    if (!state.exists) return Account::Refusal::unknown_account;
    const auto cost = password_cost_of(state.password_hash);
    const bool costlier = cost && password_cost_of(command.password_hash) > cost;
    if (command.known_password != state.password_number || !costlier) return std::vector<AccountEvent>{};
    return std::vector<AccountEvent>{AccountPasswordRehashed{state.user_id, command.password_hash, by.now}};
}

}  // namespace

Account::Decision Account::decide(const Command& command, const State& state, const Context& by) {
    return std::visit(overloaded{
                          [&](const Register& c) { return decide_register(c, state, by); },
                          [&](const ChangePassword& c) { return decide_change(c, state, by); },
                          [&](const RehashPassword& c) { return decide_rehash(c, state, by); },
                      },
                      command);
}

void Account::evolve(State& state, const Event& event) {
    std::visit(overloaded{
                   [&](const AccountRegistered& e) {
                       if (state.exists) throw std::logic_error("an account was registered twice");
                       state = {true, e.user_id, e.role, e.password_hash, 1};
                   },
                   [&](const AccountPasswordChanged& e) {
                       if (!state.exists) throw std::logic_error("an account changed that was not there");
                       state.password_hash = e.password_hash;
                       ++state.password_number;
                   },
                   [&](const AccountPasswordRehashed& e) {
                       if (!state.exists) throw std::logic_error("an account changed that was not there");
                       state.password_hash = e.password_hash;
                   },
               },
               event);
}

bool username_is_valid(std::string_view username) {
    const auto allowed = [](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; };
    return username.size() >= username_characters_min && username.size() <= username_characters_max &&
           std::all_of(username.begin(), username.end(), allowed);
}

bool email_is_valid(std::string_view email) {
    if (email.size() > email_bytes_max) return false;
    const auto at = email.find('@');
    if (at == std::string_view::npos || at > email_local_bytes_max) return false;
    const auto local = email.substr(0, at);
    const auto domain = email.substr(at + 1);
    const auto is_atom = [](std::string_view part) {
        return std::all_of(part.begin(), part.end(), is_atom_character);
    };
    if (!all_dotted_parts(local, is_atom) || !all_dotted_parts(domain, domain_label_is_valid)) return false;
    const auto last_dot = domain.rfind('.');
    if (last_dot == std::string_view::npos) return false;
    const auto top_label = domain.substr(last_dot + 1);
    return !std::all_of(top_label.begin(), top_label.end(), is_digit);
}

bool password_is_weak(std::string_view password) {
    return code_point_count(password) < password_characters_min;
}

bool password_is_too_long(std::string_view password) { return password.size() > password_bytes_max; }

std::optional<int> password_cost_of(std::string_view hash) {
    constexpr std::string_view scheme = "$2b$";
    if (!hash.starts_with(scheme)) return std::nullopt;
    hash.remove_prefix(scheme.size());
    if (hash.size() < 3 || !is_digit(hash[0]) || !is_digit(hash[1]) || hash[2] != '$') return std::nullopt;
    return (hash[0] - '0') * 10 + (hash[1] - '0');
}

std::string derived_username(std::string_view name, unsigned attempt) {
    auto username = folded_words(name);
    // Nothing to derive from (a name in another script), or too little of it.
    if (username.empty()) username = "user";
    if (username.size() < username_characters_min) username = "user." + username;
    const auto suffix = attempt == 0 ? std::string() : std::to_string(std::uint64_t{attempt} + 1);
    username.resize(std::min(username.size(), username_characters_max - suffix.size()));
    while (username.back() == '.') username.pop_back();
    return username + suffix;
}

}  // namespace dacapo
