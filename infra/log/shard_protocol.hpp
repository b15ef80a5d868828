// Who may write a shard whose log accepts records from anybody: the rules, as pure values without any I/O.
// A log in order is all they need. A writer opens a *term* with a barrier record; every reader folds the
// shard from its beginning and holds a record valid only if its term is the newest barrier's and its sequence
// number the next one. A writer acknowledges only what its own reader has found valid.
// tests/infra/shard_protocol_test.cpp explores every interleaving of two writers, late deliveries, losses and
// repetitions, and shows that no rule can be left out.
#pragma once

#include "infra/log/position.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace dacapo {

// What a record says about itself. Sequence numbers go on across terms: they count the shard's valid records.
struct RecordMark {
    std::int64_t term = 0;
    std::int64_t sequence = 0;

    bool operator==(const RecordMark&) const = default;
};

// Chosen at random for each attempt to become the writer, so that it knows its own barrier.
using WriterSession = std::uint64_t;

enum class VoidReason {
    old_term,        // its writer had been replaced when it arrived
    repeated,        // the client library sent it twice
    out_of_sequence  // one before it was lost
};
std::string_view name_of(VoidReason reason);

// The rules; the tests leave one out at a time.
struct ShardRules {
    static constexpr bool checks_term = true;
    static constexpr bool checks_sequence = true;
    static constexpr bool waits_for_read_back = true;
};

// The reader's half: folds one shard in order.
template <class Rules = ShardRules>
class BasicShardReader {
public:
    BasicShardReader() = default;
    // Goes on after a record that is known to be valid.
    explicit BasicShardReader(RecordMark valid) : newest_(valid) {}

    // A barrier makes its own position the term.
    void take_barrier(Position position) { newest_.term = position; }

    // Nothing: the record is valid and now the newest.
    std::optional<VoidReason> take(RecordMark mark) {
        if (Rules::checks_term && mark.term != newest_.term) return VoidReason::old_term;
        if (Rules::checks_sequence && mark.sequence != newest_.sequence + 1)
            return mark.sequence <= newest_.sequence ? VoidReason::repeated : VoidReason::out_of_sequence;
        newest_.sequence = mark.sequence;
        return std::nullopt;
    }

    // The current term, and the sequence number of the newest valid record of any term.
    RecordMark newest() const { return newest_; }

private:
    RecordMark newest_;
};
using ShardReader = BasicShardReader<>;

enum class WriterState {
    idle,      // not asked to write, or gave up
    claiming,  // a barrier is on its way
    owning,    // read its own barrier back and no other since
    deposed    // read another's barrier while owning
};

// The writer's half. It is told what its own reader has found, in order, and says what may be done.
template <class Rules = ShardRules>
class BasicShardWriter {
public:
    // Begins a new attempt, whatever was before. The caller then sends a barrier with this session.
    void claim(WriterSession session) {
        *this = BasicShardWriter();
        state_ = WriterState::claiming;
        session_ = session;
    }
    // No more is sent. For a stop, and for doubt: a failed or missing delivery says nothing about what was
    // stored, and only a new barrier does.
    void give_up() { state_ = WriterState::idle; }

    // A barrier at this position; `newest` is the shard's newest valid sequence number there. True: it
    // deposed us.
    bool saw_barrier(WriterSession session, Position position, std::int64_t newest) {
        if (state_ == WriterState::claiming && session == session_) {
            state_ = WriterState::owning;
            term_ = position;
            sent_ = read_back_ = newest;
            return false;
        }
        if (state_ != WriterState::owning) return false;
        state_ = WriterState::deposed;
        return true;
    }
    void saw_valid(RecordMark mark) {
        if (mark.term == term_ || !Rules::checks_term) read_back_ = mark.sequence;
    }

    // Records go out in sequence, under the term of the barrier that was read back.
    bool may_send(RecordMark mark) const {
        return state_ == WriterState::owning && mark.term == term_ && mark.sequence == sent_ + 1;
    }
    void sent(RecordMark mark) { sent_ = mark.sequence; }

    // Whether this record of ours is durable and valid for every reader. What was read back before we were
    // deposed stays so.
    bool may_acknowledge(RecordMark mark) const {
        if (!Rules::waits_for_read_back) return true;
        return mark.term == term_ && mark.sequence <= read_back_;
    }

    WriterState state() const { return state_; }
    WriterSession session() const { return session_; }
    // Of the newest barrier of ours that was read back, with the newest record sent; 0 before.
    RecordMark sent() const { return {term_, sent_}; }
    std::int64_t read_back() const { return read_back_; }

private:
    WriterState state_ = WriterState::idle;
    WriterSession session_ = 0;
    std::int64_t term_ = 0;
    std::int64_t sent_ = 0;
    std::int64_t read_back_ = 0;
};
using ShardWriter = BasicShardWriter<>;

}  // namespace dacapo
