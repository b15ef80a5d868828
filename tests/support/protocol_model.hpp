// Every interleaving of two nodes that write one shard through infra/log/shard_protocol.hpp, up to a small
// size. The network may deliver late (a session long replaced still sends), lose and repeat; a client repeats
// its commands with any writer. The halves of the protocol are the program's own: only what lies between them
// is modelled.
#pragma once

#include "infra/log/shard_protocol.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace dacapo::testing {

// Packed states, each once; open addressing, because a node-based set would need ten times the memory.
class StateSet {
public:
    struct Key {
        std::uint64_t low = 0;
        std::uint64_t high = 0;
        bool operator==(const Key&) const = default;
    };

    StateSet() : slots_(std::size_t{1} << 20) {}
    // False when it was there.
    bool add(Key key) {
        if ((count_ + 1) * 3 > slots_.size() * 2) grow();
        auto& slot = slot_of(key);
        if (slot == key) return false;
        slot = key;
        ++count_;
        return true;
    }
    std::size_t size() const { return count_; }

private:
    // The empty key is no state's.
    Key& slot_of(Key key) {
        auto hash = key.low * 0x9E37'79B9'7F4A'7C15u ^ key.high * 0xC2B2'AE3D'27D4'EB4Fu;
        hash ^= hash >> 29;
        auto at = (hash * 0xBF58'476D'1CE4'E5B9u >> 20) & (slots_.size() - 1);
        while (slots_[at] != Key{} && slots_[at] != key) at = (at + 1) & (slots_.size() - 1);
        return slots_[at];
    }
    void grow() {
        std::vector<Key> before(slots_.size() * 2);
        before.swap(slots_);
        for (const auto key : before)
            if (key != Key{}) slot_of(key) = key;
    }

    std::vector<Key> slots_;
    std::size_t count_ = 0;
};

template <class Rules, int log_length_max = 7, int repetitions_max = 0>
class ProtocolModel {
public:
    static constexpr int node_count = 2;
    static constexpr int sessions_per_node = 2;
    static constexpr int session_count = node_count * sessions_per_node;
    static constexpr int command_count = 2;

    // The first violation found, or empty when there is none anywhere.
    std::string explore() {
        visit(State{});
        while (violation_.empty() && !open_.empty()) {
            const auto state = open_.back();
            open_.pop_back();
            for (int node = 0; node < node_count; ++node) step_node(state, node);
            for (int session = 0; session < session_count; ++session) step_network(state, session);
        }
        return violation_;
    }
    std::size_t states() const { return seen_.size(); }

private:
    // What was sent: a session's barrier, or its record with a command in it.
    struct Message {
        bool barrier = false;
        std::uint8_t session = 0;
        std::uint8_t sequence = 0;
        std::uint8_t command = 0;
    };
    struct Channel {
        std::array<Message, command_count> sent{};
        std::uint8_t count = 0;
    };
    struct Node {
        BasicShardReader<Rules> reader;
        BasicShardWriter<Rules> writer;
        std::uint8_t read = 0;                                // messages of the log
        std::uint8_t sessions = 0;                            // begun
        std::uint8_t known = 0;                               // commands folded, a bit each
        std::array<std::uint8_t, command_count> in_flight{};  // sequence number, or 0
    };
    struct State {
        std::array<Message, log_length_max> log{};
        std::uint8_t length = 0;
        std::array<Channel, session_count> channels{};
        std::array<Node, node_count> nodes{};
        std::uint8_t repetitions = 0;
        std::uint8_t commands = 0;  // ever sent
    };

    static std::uint8_t bit(int command) { return static_cast<std::uint8_t>(1 << command); }
    // 0 is no session of the protocol's.
    static WriterSession session_name(int session) { return static_cast<WriterSession>(session) + 1; }

    // The term under which a session sends: the place of its barrier that it reads first.
    static std::int64_t term_of(const State& state, int session) {
        for (int i = 0; i < state.length; ++i)
            if (state.log[static_cast<std::size_t>(i)].barrier &&
                state.log[static_cast<std::size_t>(i)].session == session)
                return i + 1;
        return 0;
    }
    static RecordMark mark_of(const State& state, const Message& message) {
        return {term_of(state, message.session), message.sequence};
    }

    // Which messages of the log a reader holds valid, from one on that is known to be.
    std::uint8_t valid_from(const State& state, int first, BasicShardReader<Rules> reader) const {
        std::uint8_t valid = 0;
        for (int i = first; i < state.length; ++i) {
            const auto& message = state.log[static_cast<std::size_t>(i)];
            if (message.barrier)
                reader.take_barrier(i + 1);
            else if (!reader.take(mark_of(state, message)))
                valid = static_cast<std::uint8_t>(valid | 1 << i);
        }
        return valid;
    }

    void step_node(const State& before, int index) {
        const auto at = static_cast<std::size_t>(index);
        const auto& node = before.nodes[at];
        if (node.writer.state() == WriterState::owning && node.read < before.length) read(before, at);
        if (before.length == log_length_max) return;  // Nothing that is sent now will be seen.
        // Nodes and commands are alike: the first one comes first.
        if (node.sessions < sessions_per_node && (index == 0 || before.nodes[0].sessions > 0))
            claim(before, index);
        if (node.writer.state() != WriterState::owning) return;
        const int session = index * sessions_per_node + node.sessions - 1;
        const RecordMark next{node.writer.sent().term, node.writer.sent().sequence + 1};
        for (int command = 0; command < command_count && command <= before.commands; ++command)
            if (!(node.known & bit(command)) && node.in_flight[static_cast<std::size_t>(command)] == 0 &&
                node.writer.may_send(next))
                send(before, at, session, command, next);
    }

    void claim(State state, int index) {
        auto& node = state.nodes[static_cast<std::size_t>(index)];
        const int session = index * sessions_per_node + node.sessions++;
        node.writer.claim(session_name(session));
        node.in_flight = {};
        auto& channel = state.channels[static_cast<std::size_t>(session)];
        channel.sent[channel.count++] = {true, static_cast<std::uint8_t>(session), 0, 0};
        catch_up(state);
        visit(state);
    }

    void send(State state, std::size_t at, int session, int command, RecordMark mark) {
        auto& channel = state.channels[static_cast<std::size_t>(session)];
        if (channel.count == channel.sent.size()) return;
        const auto sequence = static_cast<std::uint8_t>(mark.sequence);
        channel.sent[channel.count++] = {false, static_cast<std::uint8_t>(session), sequence,
                                         static_cast<std::uint8_t>(command)};
        state.commands = std::max(state.commands, static_cast<std::uint8_t>(command + 1));
        state.nodes[at].writer.sent(mark);
        state.nodes[at].in_flight[static_cast<std::size_t>(command)] = sequence;
        visit(state);
    }

    void read(State state, std::size_t at) {
        read_one(state, at);
        catch_up(state);
        check_acknowledgements(state);
        visit(state);
    }

    // Who is not the writer has read all there is: nothing that it does depends on how far it is.
    void catch_up(State& state) {
        for (std::size_t at = 0; at < node_count; ++at)
            while (state.nodes[at].writer.state() != WriterState::owning &&
                   state.nodes[at].read < state.length)
                read_one(state, at);
    }

    void read_one(State& state, std::size_t at) {
        auto& node = state.nodes[at];
        const auto& message = state.log[node.read++];
        if (message.barrier) {
            node.reader.take_barrier(node.read);
            node.writer.saw_barrier(session_name(message.session), node.read, node.reader.newest().sequence);
        } else if (const auto mark = mark_of(state, message); !node.reader.take(mark)) {
            node.known = static_cast<std::uint8_t>(node.known | bit(message.command));
            node.writer.saw_valid(mark);
        }
    }

    void check_acknowledgements(const State& state) {
        for (int index = 0; index < node_count; ++index) {
            const auto& node = state.nodes[static_cast<std::size_t>(index)];
            const int session = index * sessions_per_node + node.sessions - 1;
            for (int command = 0; command < command_count; ++command) {
                const RecordMark mark{node.writer.sent().term,
                                      node.in_flight[static_cast<std::size_t>(command)]};
                if (mark.sequence == 0 || !node.writer.may_acknowledge(mark)) continue;
                // Without the read-back, a delivery report is enough: the record is stored, whatever it
                // counts there.
                if (!Rules::waits_for_read_back && !is_stored(state, session, command)) continue;
                check_acknowledged(state, session, command);
            }
        }
    }

    void check_acknowledged(const State& state, int session, int command) {
        const auto valid = valid_from(state, 0, {});
        bool found = false;
        for (int i = 0; i < state.length; ++i) {
            const auto& message = state.log[static_cast<std::size_t>(i)];
            if ((valid >> i & 1) == 0 || message.command != command) continue;
            found = true;
            if (message.session != session) violation_ = "two writers acknowledged on one term";
        }
        if (!found) violation_ = "an acknowledged command is not in the log";
    }

    bool is_stored(const State& state, int session, int command) const {
        for (int i = 0; i < state.length; ++i) {
            const auto& message = state.log[static_cast<std::size_t>(i)];
            if (!message.barrier && message.session == session && message.command == command) return true;
        }
        return false;
    }

    void step_network(const State& before, int session) {
        const auto at = static_cast<std::size_t>(session);
        if (before.channels[at].count == 0) return;
        deliver(before, at, true);
        if (before.repetitions < repetitions_max) deliver(before, at, false);
        // What is the last of its session is as good as lost while it is not delivered.
        const auto& node = before.nodes[at / sessions_per_node];
        const bool current = at % sessions_per_node + 1 == node.sessions;
        if (before.channels[at].count == 1 && !(current && node.writer.state() == WriterState::owning))
            return;
        auto lost = before;
        take_first(lost.channels[at]);
        visit(lost);
    }

    static void take_first(Channel& channel) {
        for (std::size_t i = 1; i < channel.count; ++i) channel.sent[i - 1] = channel.sent[i];
        channel.sent[--channel.count] = {};
    }

    void deliver(State state, std::size_t at, bool once) {
        if (state.length == log_length_max) return;
        state.log[state.length++] = state.channels[at].sent[0];
        if (once)
            take_first(state.channels[at]);
        else
            ++state.repetitions;
        check_log(state);
        catch_up(state);
        check_acknowledgements(state);
        visit(state);
    }

    // No command is in the log twice, and whoever begins at any valid record finds what all others find after
    // it.
    void check_log(const State& state) {
        const auto valid = valid_from(state, 0, {});
        std::uint8_t commands = 0;
        for (int i = 0; i < state.length; ++i) {
            if ((valid >> i & 1) == 0) continue;
            const auto& message = state.log[static_cast<std::size_t>(i)];
            if (commands & bit(message.command)) violation_ = "a command is in the log twice";
            commands = static_cast<std::uint8_t>(commands | bit(message.command));
            const auto later = valid_from(state, i + 1, BasicShardReader<Rules>(mark_of(state, message)));
            if (later != (valid & ~((2 << i) - 1))) violation_ = "readers disagree about what is valid";
        }
    }

    void visit(const State& state) {
        if (seen_.add(packed(state))) open_.push_back(state);
    }

    class Packer {
    public:
        void put(std::uint64_t value, int bits) {
            if (value >> bits != 0) throw std::logic_error("the model's state does not fit");
            key_.high = key_.high << bits | key_.low >> (64 - bits);
            key_.low = key_.low << bits | value;
            used_ += bits;
        }
        typename StateSet::Key key() {
            if (used_ > 127) throw std::logic_error("the model's state does not fit");
            return key_;
        }

    private:
        typename StateSet::Key key_{1, 0};  // a one before all, so that no two lengths are alike
        int used_ = 0;
    };

    // Of what every node has read, only what it amounts to: neither the rules nor a later violation can tell
    // more.
    static typename StateSet::Key packed(const State& state) {
        Packer packer;
        static constexpr Channel empty{};
        const auto& slowest = state.nodes[0].read <= state.nodes[1].read ? state.nodes[0] : state.nodes[1];
        packer.put(state.length, 3);
        packer.put(slowest.read, 3);
        packer.put(static_cast<std::uint64_t>(slowest.reader.newest().term), 3);
        packer.put(static_cast<std::uint64_t>(slowest.reader.newest().sequence), 2);
        packer.put(slowest.known, command_count);
        for (std::size_t i = slowest.read; i < state.length; ++i) {
            packer.put(state.log[i].session, 2);
            put(packer, state.log[i]);
        }
        for (int session = 0; session < session_count; ++session) {
            // Behind the longest log nothing arrives.
            const auto& channel =
                state.length < log_length_max ? state.channels[static_cast<std::size_t>(session)] : empty;
            const bool matters = channel.count > 0 || is_unread(state, slowest.read, session);
            packer.put(static_cast<std::uint64_t>(matters ? term_of(state, session) : 0), 3);
            packer.put(channel.count, 2);
            for (std::size_t i = 0; i < channel.count; ++i) put(packer, channel.sent[i]);
        }
        for (const auto& node : state.nodes) {
            packer.put(node.sessions, 2);
            const bool owning = node.writer.state() == WriterState::owning;
            packer.put(owning, 1);
            if (!owning) continue;
            packer.put(node.read, 3);
            packer.put(static_cast<std::uint64_t>(node.writer.sent().term), 3);
            packer.put(static_cast<std::uint64_t>(node.writer.sent().sequence), 2);
            packer.put(static_cast<std::uint64_t>(node.writer.read_back()), 2);
            for (const auto sequence : node.in_flight) packer.put(sequence, 2);
        }
        packer.put(state.repetitions, 1);
        packer.put(state.commands, 2);
        return packer.key();
    }
    static bool is_unread(const State& state, std::size_t from, int session) {
        for (auto i = from; i < state.length; ++i)
            if (state.log[i].session == session) return true;
        return false;
    }
    static void put(Packer& packer, const Message& message) {
        packer.put(message.barrier, 1);
        if (!message.barrier) packer.put(message.sequence * 2u + message.command, 3);
    }

    StateSet seen_;
    std::vector<State> open_;
    std::string violation_;
};

}  // namespace dacapo::testing
