#include "command/login_failures.hpp"

#include "events/placement.hpp"
#include "infra/client_address.hpp"
#include "infra/crypto/digest.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include <cstring>
#include <fstream>
#include <string>

namespace dacapo {
namespace {

// One change of one entry, as it lies in the file. The newest of a name counts; a count of 0 takes it out.
struct FileRecord {
    std::uint64_t check = 0;  // of the bytes behind it: a torn or damaged record is passed over
    std::int64_t count = 0;
    std::int64_t last_ms = 0;
    LoginThrottle::Name name{};
    std::uint64_t kind = 0;

    std::uint64_t checked() const {
        return stable_hash({reinterpret_cast<const char*>(this) + sizeof check, sizeof *this - sizeof check});
    }
};
static_assert(sizeof(FileRecord) == 48);

LoginThrottle::Name hash_of(std::string_view kind, std::string_view text) {
    std::string lower(kind);
    for (const char c : text) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const auto digest = sha256(lower);
    LoginThrottle::Name name{};
    std::memcpy(name.data(), digest.data(), name.size());
    return name;
}

FileRecord record_of(std::uint64_t kind, const LoginThrottle::Name& name, LoginThrottle::Failures failures) {
    FileRecord record;
    record.count = failures.count;
    record.last_ms = failures.last.time_since_epoch().count();
    record.name = name;
    record.kind = kind;
    record.check = record.checked();
    return record;
}

}  // namespace

LoginFailures::LoginFailures(std::filesystem::path file, bool enforced, std::size_t hash_threads)
    : file_(std::move(file)), enforced_(enforced), spray_(hash_threads) {
    if (!file_.empty()) read();
}

LoginFailures::~LoginFailures() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

LoginFailures::Attempt LoginFailures::attempt_of(std::string_view login, std::string_view address) {
    const auto network = network_of(address);
    // No address holds a space.
    return {hash_of("login ", login), hash_of("address ", network), hash_of("pair " + network + ' ', login)};
}

http::Problem LoginFailures::throttled(std::chrono::seconds wait,
                                       const std::vector<std::string_view>& policies) {
    http::Problem problem(429, "throttled", "Too many failed attempts.");
    problem.violated_policies.assign(policies.begin(), policies.end());
    problem.headers.emplace_back("Retry-After", std::to_string(wait.count()));
    return problem;
}

LoginFailures::Terms LoginFailures::terms_of(const Attempt& attempt, Timestamp now) const {
    Terms terms;
    terms.known = known_.contains(attempt.pair, now);
    terms.sprayed = spray_.is_under_way(now);
    if (!terms.sprayed) return terms;
    terms.account_free = account_free_in_spray;
    terms.address_free = address_free_in_spray;
    return terms;
}

std::optional<LoginFailures::UnderWay> LoginFailures::admit(const Attempt& attempt, Timestamp now) {
    if (!enforced_) return UnderWay();
    const std::lock_guard lock(mutex_);
    const auto terms = terms_of(attempt, now);
    std::chrono::seconds longest{};
    std::vector<std::string_view> policies;
    const auto stop = [&](std::optional<std::chrono::seconds> wait, std::string_view policy) {
        if (!wait) return;
        longest = std::max(longest, *wait);
        policies.push_back(policy);
    };
    // What others do, at the same account or from the same address, keeps nobody out who is known.
    if (terms.known) {
        stop(pairs_.pause(attempt.pair, now), "login-account");
    } else {
        stop(accounts_.pause(attempt.account, now, terms.account_free), "login-account");
        stop(addresses_.pause(attempt.address, now, terms.address_free), "login-address");
    }
    if (!policies.empty()) throw throttled(longest, policies);
    if (!has_room(attempt, terms)) return std::nullopt;
    // A few seconds apart, so that those who are turned away do not come back all at once.
    if (terms.sprayed && !terms.known && !spray_.take_place(now))
        throw throttled(std::chrono::seconds(1 + attempt.pair[0] % 10), {"login-server"});
    if (terms.known) {
        ++at_pairs_[attempt.pair];
    } else {
        ++at_accounts_[attempt.account];
        ++at_addresses_[attempt.address];
    }
    return UnderWay(*this, attempt, terms.known);
}

bool LoginFailures::has_room(const Attempt& attempt, const Terms& terms) const {
    const auto count_in = [](const CountsUnderWay& counts, const LoginThrottle::Name& name) {
        const auto found = counts.find(name);
        return found == counts.end() ? 0 : found->second;
    };
    // Many clients of one person may begin at once; where one of them has failed, they come one by one.
    if (terms.known)
        return pairs_.failures_of(attempt.pair).count == 0 ||
               pairs_.has_room(attempt.pair, count_in(at_pairs_, attempt.pair));
    return accounts_.has_room(attempt.account, count_in(at_accounts_, attempt.account), terms.account_free) &&
           addresses_.has_room(attempt.address, count_in(at_addresses_, attempt.address), terms.address_free);
}

void LoginFailures::leave(const Attempt& attempt, bool known) {
    const std::lock_guard lock(mutex_);
    const auto take_one = [](CountsUnderWay& counts, const LoginThrottle::Name& name) {
        const auto found = counts.find(name);
        if (--found->second == 0) counts.erase(found);
    };
    if (known) return take_one(at_pairs_, attempt.pair);
    take_one(at_accounts_, attempt.account);
    take_one(at_addresses_, attempt.address);
}

void LoginFailures::failed(const Attempt& attempt, Timestamp now) {
    const std::lock_guard lock(mutex_);
    accounts_.failed(attempt.account, now);
    addresses_.failed(attempt.address, now);
    spray_.failed(now);
    append(Kind::account, attempt.account, accounts_.failures_of(attempt.account));
    append(Kind::address, attempt.address, addresses_.failures_of(attempt.address));
    append(Kind::server, {}, {spray_.level(spray_.last()), spray_.last()});
    if (!known_.contains(attempt.pair, now)) return;
    pairs_.failed(attempt.pair, now);
    append(Kind::pair, attempt.pair, pairs_.failures_of(attempt.pair));
}

void LoginFailures::succeeded(const Attempt& attempt, Timestamp now) {
    const std::lock_guard lock(mutex_);
    const auto forgive = [&](Kind kind, LoginThrottle& throttle, const LoginThrottle::Name& name) {
        if (throttle.failures_of(name).count == 0) return;
        throttle.succeeded(name);
        append(kind, name, {});
    };
    forgive(Kind::account, accounts_, attempt.account);
    forgive(Kind::pair, pairs_, attempt.pair);
    known_.add(attempt.pair, now);
    append(Kind::known_pair, attempt.pair, {1, now});
}

void LoginFailures::read() {
    std::ifstream in(file_, std::ios::binary);
    FileRecord record;
    while (in.read(reinterpret_cast<char*>(&record), sizeof record)) {
        ++file_records_;
        if (record.check != record.checked()) continue;
        const LoginThrottle::Failures failures{record.count,
                                               Timestamp{std::chrono::milliseconds{record.last_ms}}};
        switch (static_cast<Kind>(record.kind)) {
            case Kind::account:
                accounts_.restore(record.name, failures);
                break;
            case Kind::address:
                addresses_.restore(record.name, failures);
                break;
            case Kind::pair:
                pairs_.restore(record.name, failures);
                break;
            case Kind::known_pair:
                known_.add(record.name, failures.last);
                break;
            case Kind::server:
                spray_.restore(failures.count, failures.last);
                break;
        }
    }
    // A torn record at the end would put every later one out of step.
    if (in.gcount() > 0 || file_records_ > 0) rewrite();
}

std::size_t LoginFailures::size() const {
    return accounts_.size() + addresses_.size() + pairs_.size() + known_.size() + 1;
}

// Not synced: what a loss of power forgets is a few guesses. A file that cannot be written stops no log-in.
void LoginFailures::append(Kind kind, const LoginThrottle::Name& name, LoginThrottle::Failures failures) {
    if (file_.empty()) return;
    if (descriptor_ < 0) descriptor_ = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const auto record = record_of(static_cast<std::uint64_t>(kind), name, failures);
    if (descriptor_ < 0 || ::write(descriptor_, &record, sizeof record) != ssize_t{sizeof record}) return;
    if (++file_records_ > size() + file_records_spare) rewrite();
}

// What is in force, and no more. Beside the old file, which a crash leaves as it was.
void LoginFailures::rewrite() {
    auto beside = file_;
    beside += ".new";
    std::size_t count = 0;
    {
        std::ofstream out(beside, std::ios::binary | std::ios::trunc);
        const auto write = [&](Kind kind, const LoginThrottle::Name& name, LoginThrottle::Failures failures) {
            const auto record = record_of(static_cast<std::uint64_t>(kind), name, failures);
            out.write(reinterpret_cast<const char*>(&record), sizeof record);
            ++count;
        };
        const auto write_all = [&](Kind kind, const LoginThrottle& throttle) {
            throttle.for_each([&](const auto& name, auto failures) { write(kind, name, failures); });
        };
        write_all(Kind::account, accounts_);
        write_all(Kind::address, addresses_);
        write_all(Kind::pair, pairs_);
        known_.for_each([&](const auto& name, auto seen) { write(Kind::known_pair, name, {1, seen}); });
        write(Kind::server, {}, {spray_.level(spray_.last()), spray_.last()});
        if (!out.flush()) return;
    }
    std::error_code fault;
    std::filesystem::permissions(
        beside, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, fault);
    std::filesystem::rename(beside, file_, fault);
    if (fault) return;
    file_records_ = count;
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

}  // namespace dacapo
