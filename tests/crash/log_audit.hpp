// Reads a log from outside and holds it against what clients remember and against the rules that no log may
// break. Its rules are written down here a second time, apart from the deciders, so that it cannot share
// their mistakes.
#pragma once

#include "events/record.hpp"
#include "tests/crash/ledger.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace dacapo::test {

// One gathering's seats and line as the log tells them.
struct SeatPlan {
    std::optional<std::int64_t> capacity;
    std::vector<UserId> going;    // in the order in which they got their seats
    std::vector<UserId> waiting;  // in line
};

class LogAudit {
public:
    static constexpr std::size_t faults_kept_max = 50;

    // Takes in what is new since the last call. The log must not be held by anybody who could still write.
    void read(const std::filesystem::path& log_file);
    // Of a log that checks its own hash chains while it is read.
    void read(EventLog& log);
    // Every acknowledged command exactly once and where the answer said, unknown ones at most once, refused
    // ones never. Answers how many acknowledged ones are not there.
    std::int64_t check(const Ledger& ledger);

    bool has(const Command& command) const { return found_.contains(command.needle); }

    const std::vector<std::string>& faults() const { return faults_; }
    std::string fault_text() const;

    std::map<GatheringId, SeatPlan> gatherings;
    std::map<GatheringId, std::string> titles;
    std::map<UserId, std::string> usernames;
    std::map<UserId, std::set<std::pair<Timestamp, MessageId>>> sent;  // in order of time, then id
    std::map<UserId, std::set<CheckInId>> check_ins;
    struct Place {
        int shard = 0;
        Position position = 0;
        auto operator<=>(const Place&) const = default;
    };
    std::map<UserId, std::map<MessageId, Place>> received;

private:
    struct Found {
        int count = 0;
        Place place;
    };

    void fault(std::string what);
    void fault(Place at, const std::string& what);
    void take(const LogEntry& entry);
    void take_event(const RecordedEvent& event, Place at);
    void take_roster(const RosterEvent& event, Place at);
    void check_seats(GatheringId id, Place at);
    template <class AnyId>
    void take_id(const char* kind, AnyId id, Place at);
    void found(const std::string& needle, Place at);
    void check_place(const Command& command, const Found& entry);

    std::optional<Frontier> read_to_;
    std::map<int, std::int64_t> sequences_;
    std::map<int, Timestamp> times_;
    std::map<StreamId, std::int64_t> versions_;
    std::set<CommandId> command_ids_;
    std::set<std::pair<std::string, std::int64_t>> ids_;
    std::set<std::string> emails_;
    std::set<std::string> all_titles_;
    std::map<Place, std::set<std::int64_t>> numbers_;  // the ids that a record's events name
    std::unordered_map<std::string, Found> found_;
    std::vector<std::string> faults_;
};

}  // namespace dacapo::test
