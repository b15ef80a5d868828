// Passwords: bcrypt (`$2b$`) by libxcrypt, and the threads on which its deliberate slowness is spent.
// Apart from the I/O threads, because one hash of cost 12 takes about 180 ms of a core.
#pragma once

#include <atomic>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace dacapo {

// bcrypt looks at no more. A longer password is refused, never cut.
inline constexpr std::size_t bcrypt_bytes_max = 72;
inline constexpr int password_cost_min = 4;
inline constexpr int password_cost_max = 16;

// Blocking, for programs without a pool (seeding, administration). `hash_password` throws std::length_error
// over 72 bytes, std::invalid_argument for a NUL inside or a cost outside the limits.
std::string hash_password(const std::string& password, int cost);
// False for a wrong password and for text that is not a `$2b$` hash. Throws like hash_password.
bool password_matches(const std::string& password, const std::string& hash);

// The queue is full: answer 503 with Retry-After.
struct PoolFull : std::runtime_error {
    PoolFull() : std::runtime_error("too many passwords are waiting to be hashed") {}
};
// The pool went away while the password waited.
struct PoolStopped : std::runtime_error {
    PoolStopped() : std::runtime_error("the server is stopping") {}
};

// Hashes and verifies on threads of its own and resumes each caller on the caller's executor.
// It must be stopped or destroyed before the execution contexts of its callers are; whether they still run
// does not matter.
class PasswordPool {
public:
    // Throws std::invalid_argument for a cost outside the limits or no threads.
    PasswordPool(std::size_t thread_count, int cost, std::size_t queue_count_max);
    ~PasswordPool();
    PasswordPool(const PasswordPool&) = delete;
    PasswordPool& operator=(const PasswordPool&) = delete;

    // Both throw like the blocking functions, and PoolFull, before anything is queued.
    boost::asio::awaitable<std::string> hash(std::string password);
    boost::asio::awaitable<bool> verify(std::string password, std::string hash);

    int cost() const { return cost_; }
    // A hash that no password has, of this pool's cost: verified for an unknown user, it takes as long as a
    // real one.
    const std::string& dummy_hash() const { return dummy_hash_; }

    // Finishes what is being hashed; what still waits gets PoolStopped, and PoolFull what comes later. No
    // executor of a caller is touched afterwards.
    void stop();

    std::size_t queue_depth() const;
    // How many were made or verified since the start: each costs the same.
    std::uint64_t hashed_count() const { return hashed_count_.load(std::memory_order_relaxed); }
    std::uint64_t rejected_count() const { return rejected_count_.load(std::memory_order_relaxed); }

private:
    // An empty text is the answer "no" to verify().
    using Done = boost::asio::any_completion_handler<void(std::exception_ptr, std::string)>;
    struct Job {
        std::string password;
        std::string hash;  // empty: make one
        Done done;
        boost::asio::any_io_executor executor;
    };

    boost::asio::awaitable<std::string> submit(std::string password, std::string hash);
    bool enqueue(Job& job);
    void work();
    static void finish(Job job, std::exception_ptr error, std::string answer);

    const int cost_;
    const std::size_t queue_count_max_;
    const std::string dummy_hash_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Job> queue_;
    bool stopping_ = false;
    std::atomic<std::uint64_t> hashed_count_{0};
    std::atomic<std::uint64_t> rejected_count_{0};
    std::vector<std::thread> threads_;
};

}  // namespace dacapo
