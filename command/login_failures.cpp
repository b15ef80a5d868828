#include "command/login_failures.hpp"

#include "events/placement.hpp"
#include "infra/client_address.hpp"
#include "infra/crypto/digest.hpp"
#include "infra/http/problem.hpp"

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

LoginFailures::LoginFailures(std::filesystem::path file, bool enforced)
    : file_(std::move(file)), enforced_(enforced) {
    if (!file_.empty()) read();
}

LoginFailures::~LoginFailures() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

LoginFailures::Attempt LoginFailures::attempt_of(std::string_view login, std::string_view address) {
    return {hash_of("login ", login), hash_of("address ", network_of(address))};
}

void LoginFailures::admit(const Attempt& attempt, Timestamp now) const {
    if (!enforced_) return;
    const std::lock_guard lock(mutex_);
    const auto of_account = accounts_.pause(attempt.account, now);
    const auto of_address = addresses_.pause(attempt.address, now);
    if (!of_account && !of_address) return;
    http::Problem problem(429, "throttled", "Too many failed attempts.");
    const auto wait =
        std::max(of_account.value_or(std::chrono::seconds(0)), of_address.value_or(std::chrono::seconds(0)));
    problem.headers.emplace_back("Retry-After", std::to_string(wait.count()));
    if (of_account) problem.violated_policies.emplace_back("login-account");
    if (of_address) problem.violated_policies.emplace_back("login-address");
    throw problem;
}

void LoginFailures::failed(const Attempt& attempt, Timestamp now) {
    const std::lock_guard lock(mutex_);
    accounts_.failed(attempt.account, now);
    addresses_.failed(attempt.address, now);
    append(Kind::account, accounts_, attempt.account);
    append(Kind::address, addresses_, attempt.address);
}

void LoginFailures::succeeded(const Attempt& attempt) {
    const std::lock_guard lock(mutex_);
    if (accounts_.failures_of(attempt.account).count == 0) return;
    accounts_.succeeded(attempt.account);
    append(Kind::account, accounts_, attempt.account);
}

void LoginFailures::read() {
    std::ifstream in(file_, std::ios::binary);
    FileRecord record;
    while (in.read(reinterpret_cast<char*>(&record), sizeof record)) {
        ++file_records_;
        if (record.check != record.checked()) continue;
        auto& throttle = record.kind == static_cast<std::uint64_t>(Kind::account) ? accounts_ : addresses_;
        throttle.restore(record.name, {record.count, Timestamp{std::chrono::milliseconds{record.last_ms}}});
    }
    // A torn record at the end would put every later one out of step.
    if (in.gcount() > 0 || file_records_ > 0) rewrite();
}

// Not synced: what a loss of power forgets is a few guesses. A file that cannot be written stops no log-in.
void LoginFailures::append(Kind kind, const LoginThrottle& throttle, const LoginThrottle::Name& name) {
    if (file_.empty()) return;
    if (descriptor_ < 0) descriptor_ = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const auto record = record_of(static_cast<std::uint64_t>(kind), name, throttle.failures_of(name));
    if (descriptor_ < 0 || ::write(descriptor_, &record, sizeof record) != ssize_t{sizeof record}) return;
    if (++file_records_ > accounts_.size() + addresses_.size() + file_records_spare) rewrite();
}

// What is in force, and no more. Beside the old file, which a crash leaves as it was.
void LoginFailures::rewrite() {
    auto beside = file_;
    beside += ".new";
    std::size_t count = 0;
    {
        std::ofstream out(beside, std::ios::binary | std::ios::trunc);
        const auto write = [&](Kind kind) {
            return [&out, &count, kind](const LoginThrottle::Name& name, LoginThrottle::Failures failures) {
                const auto record = record_of(static_cast<std::uint64_t>(kind), name, failures);
                out.write(reinterpret_cast<const char*>(&record), sizeof record);
                ++count;
            };
        };
        accounts_.for_each(write(Kind::account));
        addresses_.for_each(write(Kind::address));
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
