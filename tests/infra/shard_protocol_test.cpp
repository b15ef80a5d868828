// The rules of a shared shard, one by one, and then all that can happen between two nodes that follow them.
#include "infra/log/shard_protocol.hpp"

#include "tests/support/protocol_model.hpp"

#include <doctest/doctest.h>

namespace dacapo {
namespace {

using testing::ProtocolModel;

TEST_CASE("a record is valid when its term is the current one and its sequence the next") {
    ShardReader reader;
    reader.take_barrier(1);
    CHECK_FALSE(reader.take({1, 1}));
    CHECK_FALSE(reader.take({1, 2}));
    CHECK(reader.newest() == RecordMark{1, 2});
}

TEST_CASE("a record of another term is void, and leaves the sequence as it was") {
    ShardReader reader;
    CHECK(reader.take({1, 1}) == VoidReason::old_term);
    reader.take_barrier(4);
    CHECK(reader.take({1, 1}) == VoidReason::old_term);
    CHECK(reader.take({9, 1}) == VoidReason::old_term);
    CHECK_FALSE(reader.take({4, 1}));
}

TEST_CASE("a repeated record and one after a gap are void") {
    ShardReader reader;
    reader.take_barrier(1);
    CHECK_FALSE(reader.take({1, 1}));
    CHECK(reader.take({1, 1}) == VoidReason::repeated);
    CHECK(reader.take({1, 3}) == VoidReason::out_of_sequence);
    CHECK_FALSE(reader.take({1, 2}));
}

TEST_CASE("a barrier changes the term and not the sequence") {
    ShardReader reader;
    reader.take_barrier(1);
    CHECK_FALSE(reader.take({1, 1}));
    reader.take_barrier(3);
    CHECK(reader.newest() == RecordMark{3, 1});
    CHECK_FALSE(reader.take({3, 2}));
}

TEST_CASE("a reader goes on after any record that it knows to be valid") {
    ShardReader reader{RecordMark{3, 7}};
    CHECK(reader.take({3, 7}) == VoidReason::repeated);
    CHECK_FALSE(reader.take({3, 8}));
}

TEST_CASE("a writer sends nothing before it has read its own barrier back") {
    ShardWriter writer;
    CHECK_FALSE(writer.may_send({0, 1}));
    writer.claim(11);
    CHECK_FALSE(writer.may_send({0, 1}));
    CHECK_FALSE(writer.saw_barrier(12, 4, 6));
    CHECK(writer.state() == WriterState::claiming);
    CHECK_FALSE(writer.saw_barrier(11, 5, 6));
    CHECK(writer.state() == WriterState::owning);
    CHECK(writer.may_send({5, 7}));
    CHECK_FALSE(writer.may_send({5, 8}));
    CHECK_FALSE(writer.may_send({4, 7}));
}

TEST_CASE("a writer acknowledges what was read back under its own term, also after it was deposed") {
    ShardWriter writer;
    writer.claim(11);
    writer.saw_barrier(11, 5, 6);
    writer.sent({5, 7});
    writer.sent({5, 8});
    CHECK_FALSE(writer.may_acknowledge({5, 7}));
    writer.saw_valid({5, 7});
    CHECK(writer.may_acknowledge({5, 7}));
    CHECK_FALSE(writer.may_acknowledge({5, 8}));

    CHECK(writer.saw_barrier(12, 9, 7));
    CHECK(writer.state() == WriterState::deposed);
    CHECK(writer.may_acknowledge({5, 7}));
    writer.saw_valid({9, 8});
    CHECK_FALSE(writer.may_acknowledge({5, 8}));
    CHECK_FALSE(writer.may_send({5, 9}));
}

TEST_CASE("an earlier barrier of our own that arrives late deposes us like another's") {
    ShardWriter writer;
    writer.claim(11);
    writer.claim(12);
    CHECK_FALSE(writer.saw_barrier(12, 3, 0));
    CHECK(writer.saw_barrier(11, 4, 0));
    CHECK(writer.state() == WriterState::deposed);
}

TEST_CASE("nobody who gave up or only claims is deposed") {
    ShardWriter writer;
    writer.claim(11);
    writer.saw_barrier(11, 3, 0);
    writer.give_up();
    CHECK_FALSE(writer.saw_barrier(12, 4, 0));
    CHECK(writer.state() == WriterState::idle);
    writer.claim(13);
    CHECK_FALSE(writer.saw_barrier(12, 5, 0));
}

struct WithoutTerms : ShardRules {
    static constexpr bool checks_term = false;
};
struct WithoutSequences : ShardRules {
    static constexpr bool checks_sequence = false;
};
struct WithoutReadBack : ShardRules {
    static constexpr bool waits_for_read_back = false;
};

TEST_CASE("whatever two nodes and the network do, every acknowledged command is in the log exactly once") {
    ProtocolModel<ShardRules> model;
    CHECK(model.explore() == "");
    MESSAGE(model.states() << " states");
    // Far fewer would mean that the model had become too small to show anything.
    CHECK(model.states() > 1'000'000);
}

TEST_CASE("neither does it matter when the client library sends a record or a barrier twice") {
    ProtocolModel<ShardRules, 5, 1> model;
    CHECK(model.explore() == "");
    CHECK(model.states() > 500'000);
}

TEST_CASE("the exploration finds what breaks when the term is not checked") {
    CHECK(ProtocolModel<WithoutTerms>().explore() != "");
}

TEST_CASE("the exploration finds what breaks when the sequence is not checked") {
    CHECK(ProtocolModel<WithoutSequences>().explore() != "");
}

TEST_CASE("the exploration finds what breaks when a delivery report is enough") {
    CHECK(ProtocolModel<WithoutReadBack>().explore() != "");
}

}  // namespace
}  // namespace dacapo
