// The waiting of one command's coroutine for its batch to become durable, completed by the committing thread.
// Completions of a batch are handed back with one wake per I/O thread, not one per command.
#pragma once

#include "infra/log/event_log.hpp"

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <vector>

namespace dacapo {

enum class CommitResult {
    durable,
    failed,  // rolled back: nothing of the batch was written
    disk_full,
};

class Completion {
public:
    // Suspends until complete() has been called; resumes on the executor of the coroutine.
    static boost::asio::awaitable<CommitResult> wait(std::shared_ptr<Completion> self) {
        auto initiate = [self](auto handler) { self->attach(std::move(handler)); };
        co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(
            std::move(initiate), boost::asio::use_awaitable);
        co_return self->result_;
    }

    // Gathers the coroutines to resume, by the I/O thread they belong to.
    class Wakeups {
    public:
        void add(std::shared_ptr<Completion> completion) {
            auto& context = boost::asio::query(completion->executor_, boost::asio::execution::context);
            for (auto& group : groups_)
                if (group.context == &context) return group.completions.push_back(std::move(completion));
            auto& group = groups_.emplace_back();
            group.context = &context;
            group.completions.push_back(std::move(completion));
        }
        void send() {
            for (auto& group : groups_) {
                const auto executor = group.completions.front()->executor_;
                auto resume = [completions = std::move(group.completions)] {
                    for (const auto& completion : completions) completion->resume();
                };
                boost::asio::post(executor, std::move(resume));
            }
            groups_.clear();
        }

    private:
        struct Group {
            boost::asio::execution_context* context = nullptr;
            std::vector<std::shared_ptr<Completion>> completions;
        };
        std::vector<Group> groups_;
    };

    // Called once, by the committing thread.
    static void complete(std::shared_ptr<Completion> self, CommitResult result, Wakeups& wakeups) {
        self->result_ = result;
        if (self->stage_.exchange(Stage::done, std::memory_order_acq_rel) == Stage::waiting)
            wakeups.add(std::move(self));
    }

private:
    enum class Stage { deciding, waiting, done };

    struct Resumption {
        virtual ~Resumption() = default;
        virtual void call() = 0;
    };
    template <class Handler>
    struct ResumptionOf final : Resumption {
        explicit ResumptionOf(Handler handler_) : handler(std::move(handler_)) {}
        void call() override { std::move(handler)(); }
        Handler handler;
    };

    template <class Handler>
    void attach(Handler handler) {
        executor_ = boost::asio::get_associated_executor(handler);
        resumption_ = std::make_unique<ResumptionOf<Handler>>(std::move(handler));
        auto expected = Stage::deciding;
        if (stage_.compare_exchange_strong(expected, Stage::waiting, std::memory_order_acq_rel)) return;
        // The batch was quicker than this coroutine.
        auto executor = executor_;
        auto resume = [resumption = std::move(resumption_)] { resumption->call(); };
        boost::asio::post(executor, std::move(resume));
    }
    void resume() {
        const auto resumption = std::move(resumption_);
        resumption->call();
    }

    std::atomic<Stage> stage_{Stage::deciding};
    CommitResult result_ = CommitResult::durable;
    boost::asio::any_io_executor executor_;
    std::unique_ptr<Resumption> resumption_;
};

}  // namespace dacapo
