// The failed attempts at passwords of a command server, by account and by address, kept in a small file so
// that neither a restart nor a crash forgives an attack. A file of its own, because a guess is no fact worth
// a record of the log: guesses are many, and are forgotten.
#pragma once

#include "command/login_throttle.hpp"

#include <filesystem>
#include <mutex>
#include <string_view>

namespace dacapo {

class LoginFailures {
public:
    // Many people share an address, so it may fail more often than an account before it must wait.
    static constexpr int address_free_failures = 100;
    static constexpr std::size_t file_records_spare =
        20'000;  // written beyond what is in force before it is rewritten

    // Reads what `file` has, if it is there; it is made with the first failure. An empty path keeps nothing.
    // Not `enforced`: failures are counted and nobody waits.
    LoginFailures(std::filesystem::path file, bool enforced);
    ~LoginFailures();
    LoginFailures(const LoginFailures&) = delete;
    LoginFailures& operator=(const LoginFailures&) = delete;

    struct Attempt {
        LoginThrottle::Name account{};
        LoginThrottle::Name address{};
    };
    // Of what was given as a login, whether anybody has it or not. Only hashes are kept.
    static Attempt attempt_of(std::string_view login, std::string_view address);

    // Throws Problem (429 `throttled`) while the account or the address must wait. Before the costly hash.
    void admit(const Attempt& attempt, Timestamp now) const;
    void failed(const Attempt& attempt, Timestamp now);
    // Forgives the account alone: whoever has one account must not guess at others for free.
    void succeeded(const Attempt& attempt);

private:
    enum class Kind : std::uint8_t { account = 1, address = 2 };

    void read();
    void append(Kind kind, const LoginThrottle& throttle, const LoginThrottle::Name& name);
    void rewrite();

    const std::filesystem::path file_;
    const bool enforced_;
    mutable std::mutex mutex_;
    LoginThrottle accounts_;
    LoginThrottle addresses_{address_free_failures};
    int descriptor_ = -1;
    std::size_t file_records_ = 0;
};

}  // namespace dacapo
