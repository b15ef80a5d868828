// Shards over a log, with the thread that writes and I/O threads whose coroutines a test waits for, within a
// deadline. Dropping it is a crash that loses nothing durable; stop() is a graceful stop with its snapshots.
#pragma once

#include "command/shards.hpp"
#include "command/snapshot.hpp"
#include "command/snapshot_files.hpp"
#include "tests/support/io_thread.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/temporary_folder.hpp"

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace dacapo::testing {

class RunningShards {
public:
    RunningShards(EventLog& log, const TemporaryFolder& folder, const Clock& clock,
                  std::chrono::milliseconds gather)
        : clock_(clock), shards(log, clock, options(folder, log.epoch(), 1'000'000, 0, gather)) {
        shards.load();
        shards.start();
    }
    RunningShards(EventLog& log, const TemporaryFolder& folder, const Clock& clock,
                  std::size_t snapshot_every_records = 1'000'000, std::uintmax_t room_bytes_min = 0)
        : clock_(clock),
          shards(log, clock, options(folder, log.epoch(), snapshot_every_records, room_bytes_min)) {
        shards.load();
        shards.start();
    }

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
    std::vector<std::string> told() {
        const std::lock_guard lock(mutex_);
        return told_;
    }
    std::string state_of(int shard) {
        return shards.at(shard).peek([](const ShardState& state) { return comparable(state); });
    }
    std::string all_states() {
        std::string all;
        for (int i = 0; i < shards.count(); ++i) all += state_of(i);
        return all;
    }
    // The state as bytes, without what rests on no record, and with maps in an order that does not depend on
    // history.
    static std::string comparable(ShardState state) {
        std::string text;
        const auto one_by_one = [&](auto ShardState::*map) {
            std::map<std::string, bool> entries;
            for (auto& [key, value] : state.*map) {
                ShardState alone;
                (alone.*map).emplace(key, value);
                entries[encode_snapshot(alone)] = true;
            }
            (state.*map).clear();
            for (const auto& [bytes, unused] : entries) text += bytes;
        };
        one_by_one(&ShardState::titles);
        one_by_one(&ShardState::check_ins);
        one_by_one(&ShardState::emails);
        one_by_one(&ShardState::usernames);
        state.position = 0;
        return text + encode_snapshot(state);
    }

private:
    ShardsOptions options(const TemporaryFolder& folder, const std::string& epoch,
                          std::size_t snapshot_every_records, std::uintmax_t room_bytes_min,
                          std::chrono::milliseconds gather = {}) {
        ShardsOptions made;
        made.gather = gather;
        made.snapshots = std::make_shared<SnapshotFiles>(folder / "snapshots", epoch);
        made.log_folder = folder.path();
        made.room_bytes_min = room_bytes_min;
        made.snapshot_every_records = snapshot_every_records;
        made.on_warning = [this](const std::string& what) { tell("warning: " + what); };
        made.on_broken = [this](const std::string& what) { tell("broken: " + what); };
        return made;
    }
    void tell(std::string what) {
        const std::lock_guard lock(mutex_);
        told_.push_back(std::move(what));
    }

    const Clock& clock_;
    std::mutex mutex_;
    std::vector<std::string> told_;

public:
    IoThread io;
    Shards shards;
};

}  // namespace dacapo::testing
