#include "infra/crypto/password.hpp"

#include "infra/crypto/digest.hpp"

#include <crypt.h>
#include <openssl/crypto.h>
#include <array>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

namespace dacapo {
namespace {

namespace asio = boost::asio;

constexpr std::string_view bcrypt_prefix = "$2b$";
constexpr std::size_t bcrypt_hash_bytes = 60;

// libxcrypt's work space, 32 KB: one a thread, so that it is not cleared for each password, and wiped after
// use.
crypt_data& work_space() {
    thread_local auto space = std::make_unique<crypt_data>();
    return *space;
}

void check_password(const std::string& password) {
    if (password.size() > bcrypt_bytes_max) throw std::length_error("a password has at most 72 bytes");
    if (password.find('\0') != password.npos) throw std::invalid_argument("a password holds no NUL");
}

int checked_cost(int cost) {
    if (cost < password_cost_min || cost > password_cost_max)
        throw std::invalid_argument("the cost of a password hash is 4 to 16");
    return cost;
}

// Empty when libxcrypt refuses the setting.
std::string bcrypt(const std::string& password, const std::string& setting) {
    crypt_data& space = work_space();
    const char* text = crypt_rn(password.c_str(), setting.c_str(), &space, sizeof space);
    std::string hash;
    if (text != nullptr && text[0] != '*') hash = text;
    OPENSSL_cleanse(&space, sizeof space);
    return hash;
}

std::string new_setting(int cost) {
    std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting{};
    const char* made = crypt_gensalt_rn(bcrypt_prefix.data(), static_cast<unsigned long>(checked_cost(cost)),
                                        nullptr, 0, setting.data(), static_cast<int>(setting.size()));
    if (made == nullptr) throw std::runtime_error("no salt for a password hash");
    return made;
}

// The salt is real and the digest random: the work is done in full and never matches.
std::string make_dummy_hash(int cost) {
    std::string hash = new_setting(cost) + hex(random_bytes<32>());
    hash.resize(bcrypt_hash_bytes);
    return hash;
}

// A wrong password must take as long against a hash of an earlier, lower cost as against the dummy of an
// unknown user, or time would tell who has an account. The costs from the hash's own up to the one below
// `cost` add up, with what the hash itself took, to what `cost` takes.
void spend_difference(const std::string& password, const std::string& hash, int cost) {
    if (hash.size() != bcrypt_hash_bytes || !hash.starts_with(bcrypt_prefix)) return;
    const auto digits = bcrypt_prefix.size();
    for (int lower = (hash[digits] - '0') * 10 + (hash[digits + 1] - '0'); lower < cost; ++lower) {
        auto setting = hash;
        setting[digits] = static_cast<char>('0' + lower / 10);
        setting[digits + 1] = static_cast<char>('0' + lower % 10);
        bcrypt(password, setting);
    }
}

void wipe(std::string& secret) {
    OPENSSL_cleanse(secret.data(), secret.size());
    secret.clear();
}

}  // namespace

std::string hash_password(const std::string& password, int cost) {
    check_password(password);
    auto hash = bcrypt(password, new_setting(cost));
    if (hash.size() != bcrypt_hash_bytes) throw std::runtime_error("bcrypt failed");
    return hash;
}

bool password_matches(const std::string& password, const std::string& hash) {
    check_password(password);
    if (!hash.starts_with(bcrypt_prefix) || hash.size() != bcrypt_hash_bytes) return false;
    const auto again = bcrypt(password, hash);
    return again.size() == hash.size() && CRYPTO_memcmp(again.data(), hash.data(), hash.size()) == 0;
}

PasswordPool::PasswordPool(std::size_t thread_count, int cost, std::size_t queue_count_max)
    : cost_(checked_cost(cost)), queue_count_max_(queue_count_max), dummy_hash_(make_dummy_hash(cost)) {
    if (thread_count == 0) throw std::invalid_argument("a password pool needs a thread");
    threads_.reserve(thread_count);
    for (std::size_t i = 0; i < thread_count; ++i) threads_.emplace_back([this] { work(); });
}

PasswordPool::~PasswordPool() { stop(); }

void PasswordPool::stop() {
    std::deque<Job> unfinished;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        unfinished.swap(queue_);
    }
    wake_.notify_all();
    for (auto& job : unfinished) finish(std::move(job), std::make_exception_ptr(PoolStopped()), {});
    for (auto& thread : threads_) thread.join();
    threads_.clear();
}

std::size_t PasswordPool::queue_depth() const {
    const std::lock_guard lock(mutex_);
    return queue_.size();
}

asio::awaitable<std::string> PasswordPool::hash(std::string password) {
    co_return co_await submit(std::move(password), {});
}

asio::awaitable<bool> PasswordPool::verify(std::string password, std::string hash) {
    // Text that cannot be a hash still costs its time, so that nothing can be told from the answer's speed.
    if (hash.size() != bcrypt_hash_bytes) hash = dummy_hash_;
    const auto answer = co_await submit(std::move(password), std::move(hash));
    co_return !answer.empty();
}

asio::awaitable<std::string> PasswordPool::submit(std::string password, std::string hash) {
    check_password(password);
    // Counted as work, so that the caller's context does not run out of it while the hash is made.
    const asio::any_io_executor own = co_await asio::this_coro::executor;
    Job job{std::move(password),
            std::move(hash),
            {},
            asio::prefer(own, asio::execution::outstanding_work.tracked)};
    auto initiate = [this, &job](auto handler) {
        Done(std::move(handler)).swap(job.done);  // Boost 1.81's move assignment calls itself for ever.
        if (enqueue(job)) return;
        rejected_count_.fetch_add(1, std::memory_order_relaxed);
        finish(std::move(job), std::make_exception_ptr(PoolFull()), {});
    };
    // `job` lives in this frame until the queue has taken it, which happens before the frame can be resumed.
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>,
                                            void(std::exception_ptr, std::string)>(std::move(initiate),
                                                                                   asio::use_awaitable);
}

bool PasswordPool::enqueue(Job& job) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_ || queue_.size() >= queue_count_max_) return false;
        queue_.push_back(std::move(job));
    }
    wake_.notify_one();
    return true;
}

void PasswordPool::work() {
    for (;;) {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        if (queue_.empty()) return;
        Job job = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        std::exception_ptr error;
        std::string answer;
        try {
            if (job.hash.empty())
                answer = hash_password(job.password, cost_);
            else if (password_matches(job.password, job.hash))
                answer = "yes";
            else
                spend_difference(job.password, job.hash, cost_);
        } catch (...) {
            error = std::current_exception();
        }
        hashed_count_.fetch_add(1, std::memory_order_relaxed);
        finish(std::move(job), std::move(error), std::move(answer));
    }
}

void PasswordPool::finish(Job job, std::exception_ptr error, std::string answer) {
    wipe(job.password);
    auto resume = [done = std::move(job.done), error = std::move(error),
                   answer = std::move(answer)]() mutable {
        std::move(done)(std::move(error), std::move(answer));
    };
    asio::post(job.executor, std::move(resume));
}

}  // namespace dacapo
