// The failed attempts at passwords of a command server, by account, by address and all together, and from
// where each account has logged in before; kept in a small file so that neither a restart nor a crash
// forgives an attack. A file of its own, because a guess is no fact worth a record of the log: guesses are
// many, and are forgotten.
#pragma once

#include "command/known_pairs.hpp"
#include "command/login_spray.hpp"
#include "command/login_throttle.hpp"
#include "infra/http/problem.hpp"

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace dacapo {

class LoginFailures {
public:
    // Many people share an address, so it may fail more often than an account before it must wait.
    static constexpr int address_free_failures = 100;
    static constexpr std::size_t file_records_spare =
        20'000;  // written beyond what is in force before it is rewritten

    // While the whole server is tried: of an account, and of an address.
    static constexpr std::int64_t account_free_in_spray = 1;
    static constexpr std::int64_t address_free_in_spray = 5;

    // Reads what `file` has, if it is there; it is made with the first attempt. An empty path keeps nothing.
    // Not `enforced`: failures are counted and nobody waits. `hash_threads`: that check passwords.
    LoginFailures(std::filesystem::path file, bool enforced, std::size_t hash_threads = 1);
    ~LoginFailures();
    LoginFailures(const LoginFailures&) = delete;
    LoginFailures& operator=(const LoginFailures&) = delete;

    struct Attempt {
        LoginThrottle::Name account{};
        LoginThrottle::Name address{};
        LoginThrottle::Name pair{};  // the one from the other
    };
    // Of what was given as a login, whether anybody has it or not. Only hashes are kept.
    static Attempt attempt_of(std::string_view login, std::string_view address);

    // The place of the failure that an attempt may become, while its password is being checked.
    class UnderWay {
    public:
        UnderWay() = default;  // takes none
        UnderWay(LoginFailures& failures, const Attempt& attempt, bool known)
            : failures_(&failures), attempt_(attempt), known_(known) {}
        UnderWay(UnderWay&& other) noexcept
            : failures_(std::exchange(other.failures_, nullptr)),
              attempt_(other.attempt_),
              known_(other.known_) {}
        UnderWay& operator=(UnderWay&&) = delete;
        ~UnderWay() {
            if (failures_) failures_->leave(attempt_, known_);
        }

    private:
        LoginFailures* failures_ = nullptr;
        Attempt attempt_;
        bool known_ = false;
    };

    // Before the costly hash. Throws Problem (429 `throttled`) while it must wait. Nothing while others are
    // under way that must be over first: were they all to fail, this one would be one too many.
    std::optional<UnderWay> admit(const Attempt& attempt, Timestamp now);
    // The answer to an attempt that has waited for the others long enough.
    static http::Problem throttled(std::chrono::seconds wait, const std::vector<std::string_view>& policies);
    void failed(const Attempt& attempt, Timestamp now);
    // Forgives the account, not the address: whoever has one account must not guess at others for free. From
    // this address the account is only held to its own failures from now on.
    void succeeded(const Attempt& attempt, Timestamp now);

private:
    enum class Kind : std::uint8_t { account = 1, address = 2, pair = 3, known_pair = 4, server = 5 };

    struct Terms {
        bool known = false;
        bool sprayed = false;
        std::int64_t account_free = LoginThrottle::free_without_end;
        std::int64_t address_free = LoginThrottle::free_without_end;
    };
    // As many as there are passwords being checked.
    using CountsUnderWay = std::map<LoginThrottle::Name, std::int64_t>;

    Terms terms_of(const Attempt& attempt, Timestamp now) const;
    bool has_room(const Attempt& attempt, const Terms& terms) const;
    void leave(const Attempt& attempt, bool known);
    void read();
    void append(Kind kind, const LoginThrottle::Name& name, LoginThrottle::Failures failures);
    void rewrite();
    std::size_t size() const;

    const std::filesystem::path file_;
    const bool enforced_;
    mutable std::mutex mutex_;
    LoginThrottle accounts_;
    LoginThrottle addresses_{address_free_failures};
    LoginThrottle pairs_;  // failures of those that are known
    KnownPairs known_;
    LoginSpray spray_;
    CountsUnderWay at_accounts_;
    CountsUnderWay at_addresses_;
    CountsUnderWay at_pairs_;  // of those that are known, which count nowhere else
    int descriptor_ = -1;
    std::size_t file_records_ = 0;
};

}  // namespace dacapo
