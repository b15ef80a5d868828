#include "infra/sql/read_database.hpp"

#include <algorithm>

namespace dacapo::sql {

ReadDatabase::ReadDatabase(ReadDatabaseOptions options)
    : options_(std::move(options)), writer_(options_.url, Use::write) {
    const auto reader_count = std::max<std::size_t>(options_.reader_count, 1);
    for (std::size_t i = 0; i < reader_count; ++i)
        sessions_.push_back(std::make_unique<Session>(options_.url, Use::read));
    for (auto& session : sessions_) readers_.emplace_back([this, &session] { read_loop(*session); });
}

void ReadDatabase::submit(std::unique_ptr<Job> job) {
    std::exception_ptr refusal;
    {
        const std::lock_guard lock(mutex_);
        if (stopped_) {
            refusal = std::make_exception_ptr(Stopped());
        } else if (queue_.size() >= options_.queue_count_max) {
            refusal = std::make_exception_ptr(QueueFull());
        } else {
            queue_.push_back(std::move(job));
            // A reader that is busy looks at the queue again by itself: only one that sleeps is woken.
            if (idle_count_ > 0) work_.notify_one();
        }
    }
    if (refusal) job->refuse(refusal);
}

void ReadDatabase::read_loop(Session& session) {
    std::unique_lock lock(mutex_);
    while (true) {
        if (stopped_) return;
        if (queue_.empty()) {
            ++idle_count_;
            work_.wait(lock);
            --idle_count_;
            continue;
        }
        const auto job = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        job->run(session);
        lock.lock();
    }
}

void ReadDatabase::stop() {
    std::deque<std::unique_ptr<Job>> waiting;
    {
        const std::lock_guard lock(mutex_);
        if (stopped_) return;
        stopped_ = true;
        waiting.swap(queue_);
    }
    work_.notify_all();
    for (auto& reader : readers_) reader.join();
    for (auto& job : waiting) job->refuse(std::make_exception_ptr(Stopped()));
    sessions_.clear();  // Before the writer, which checkpoints when it is closed last.
}

std::size_t ReadDatabase::queue_count() const {
    const std::lock_guard lock(mutex_);
    return queue_.size();
}

}  // namespace dacapo::sql
