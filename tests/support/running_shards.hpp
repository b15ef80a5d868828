// Shards over a log, with the thread that writes and I/O threads whose coroutines a test waits for, within a
// deadline. Dropping it is a crash that loses nothing durable; stop() is a graceful stop with its snapshots.
#pragma once

#include "command/shards.hpp"
#include "tests/support/io_thread.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/temporary_folder.hpp"

#include <mutex>
#include <string>
#include <vector>

namespace dacapo::testing {

class RunningShards {
public:
    RunningShards(EventLog& log, const TemporaryFolder& folder, const Clock& clock,
                  std::chrono::milliseconds gather);
    RunningShards(EventLog& log, const TemporaryFolder& folder, const Clock& clock,
                  std::size_t snapshot_every_records = 1'000'000, std::uintmax_t room_bytes_min = 0);

    template <class Result>
    Result run(boost::asio::awaitable<Result> work) {
        return io.run(std::move(work));
    }
    // The status and code of the problem that the work ends with; empty when it succeeds.
    template <class Result>
    static std::string problem_of(Answer<Result>& answer) {
        try {
            IoThread::result_of(answer);
        } catch (const http::Problem& problem) {
            return std::to_string(problem.status) + " " + problem.code;
        }
        return "";
    }
    template <class Result>
    std::string problem(boost::asio::awaitable<Result> work) {
        auto answer = io.begin(std::move(work));
        return problem_of(answer);
    }

    Timestamp now() const { return clock_.now(); }
    std::vector<std::string> told();
    std::string state_of(int shard);
    std::string all_states();
    // The state as bytes, without what rests on no record, and with maps in an order that does not depend on
    // history.
    static std::string comparable(ShardState state);

private:
    ShardsOptions options(const TemporaryFolder& folder, const std::string& epoch,
                          std::size_t snapshot_every_records, std::uintmax_t room_bytes_min,
                          std::chrono::milliseconds gather = {});
    void tell(std::string what);

    const Clock& clock_;
    std::mutex mutex_;
    std::vector<std::string> told_;

public:
    IoThread io;
    Shards shards;
};

}  // namespace dacapo::testing
