#include "domain/conversation.hpp"

#include "tests/domain/cast.hpp"
#include "tests/support/given.hpp"

using namespace dacapo;
using enum Conversation::Refusal;

namespace {

constexpr ConversationId chat{12};
const ConversationStarted started{chat, ConversationKind::direct, {ana, ben}};

MessageSent sent(std::int64_t sequence, UserId sender, std::optional<std::string> client_id = {}) {
    return {MessageId{100 + sequence}, chat, sequence, sender, sender == ana ? ben : ana, "Salut", {},
            std::move(client_id),      noon};
}

// The command that `sent` is the record of.
Conversation::Send sending(std::int64_t sequence, UserId sender, std::optional<std::string> client_id = {}) {
    return {.opens_as = chat,
            .message_id = MessageId{100 + sequence},
            .sender = sender,
            .receiver = sender == ana ? ben : ana,
            .content = "Salut",
            .event_id = {},
            .client_id = std::move(client_id)};
}

// ana wrote 1 and 2, ben answered 3, ana wrote 4.
const std::vector<ConversationEvent> talk{started, sent(1, ana), sent(2, ana), sent(3, ben), sent(4, ana)};

}  // namespace

TEST_CASE("the first message opens the conversation with the lower id first") {
    Given<Conversation>({}).when(sending(1, ana), as(ana)).then({started, sent(1, ana)});
    Given<Conversation>({}).when(sending(1, ben), as(ben)).then({started, sent(1, ben)});
}

TEST_CASE("later messages are numbered on and keep the conversation") {
    auto command = sending(2, ben);
    command.opens_as = ConversationId{99};
    Given<Conversation>({started, sent(1, ben)}).when(command, as(ben)).then({sent(2, ben)});
}

TEST_CASE("who answers has read what came before") {
    Given<Conversation>({started, sent(1, ana), sent(2, ana)})
        .when(sending(3, ben), as(ben))
        .then({ReadMarkerMoved{chat, ben, 2}, sent(3, ben)});
}

TEST_CASE("answering records first that what came before is read") {
    Given<Conversation>({started, sent(1, ana), sent(2, ana)})
        .when(sending(3, ben), as(ben))
        .then({ReadMarkerMoved{chat, ben, 2}, sent(3, ben)});
    Given<Conversation>({started, sent(1, ana), ReadMarkerMoved{chat, ben, 1}})
        .when(sending(2, ben), as(ben))
        .then({sent(2, ben)});
}

TEST_CASE("a message may be about a gathering") {
    auto command = sending(1, ana);
    command.event_id = GatheringId{7};
    auto expected = sent(1, ana);
    expected.event_id = GatheringId{7};
    Given<Conversation>({}).when(command, as(ana)).then({started, expected});
}

TEST_CASE("nobody writes to themselves") {
    auto command = sending(1, ana);
    command.receiver = ana;
    Given<Conversation>({}).when(command, as(ana)).then_refused(to_self);
}

TEST_CASE("only the two members write in a conversation") {
    auto command = sending(2, ana);
    command.sender = cem;
    Given<Conversation>({started, sent(1, ana)}).when(command, as(cem)).then_refused(not_a_member);
    command = sending(2, ana);
    command.receiver = cem;
    Given<Conversation>({started, sent(1, ana)}).when(command, as(ana)).then_refused(not_a_member);
}

TEST_CASE("a message has 1 to 4000 characters") {
    const Given<Conversation> given({started});
    auto command = sending(1, ana);
    command.content.clear();
    CHECK(Conversation::faults(command) == FieldFaults{{"content", "too_short"}});
    given.when(command, as(ana)).then_refused(content_invalid);
    for (int i = 0; i < 4000; ++i) command.content += "é";
    auto expected = sent(1, ana);
    expected.content = command.content;
    given.when(command, as(ana)).then({expected});
    command.content += "!";
    CHECK(Conversation::faults(command) == FieldFaults{{"content", "too_long"}});
    given.when(command, as(ana)).then_refused(content_invalid);
}

TEST_CASE("a client id has 1 to 64 bytes") {
    const Given<Conversation> given({started});
    given.when(sending(1, ana, ""), as(ana)).then_refused(content_invalid);
    given.when(sending(1, ana, std::string(65, 'x')), as(ana)).then_refused(content_invalid);
    given.when(sending(1, ana, std::string(64, 'x')), as(ana)).then({sent(1, ana, std::string(64, 'x'))});
}

TEST_CASE("the same client id from the same sender records nothing and gives the first message") {
    const Given<Conversation> given({started, sent(1, ana, "a1"), sent(2, ben)});
    auto command = sending(3, ana, "a1");
    given.when(command, as(ana)).then_nothing();
    CHECK(Conversation::message_with(given.state(), ana, "a1") == MessageId{101});
    CHECK_FALSE(Conversation::message_with(given.state(), ana, "a2"));
}

TEST_CASE("the same client id from the other member is another message") {
    const Given<Conversation> given({started, sent(1, ana, "a1"), ReadMarkerMoved{chat, ben, 1}});
    given.when(sending(2, ben, "a1"), as(ben)).then({sent(2, ben, "a1")});
    CHECK_FALSE(Conversation::message_with(given.state(), ben, "a1"));
}

TEST_CASE("messages without a client id are never repeats") {
    Given<Conversation>({started, sent(1, ana)}).when(sending(2, ana), as(ana)).then({sent(2, ana)});
}

TEST_CASE("the newest 32 client ids are remembered") {
    std::vector<ConversationEvent> past{started};
    for (std::int64_t i = 1; i <= 33; ++i) past.emplace_back(sent(i, ana, "a" + std::to_string(i)));
    const Given<Conversation> given(past);
    CHECK(given.state().recent.size() == 32);
    given.when(sending(34, ana, "a2"), as(ana)).then_nothing();
    given.when(sending(34, ana, "a1"), as(ana)).then({sent(34, ana, "a1")});
}

TEST_CASE("a message moves the marker of whoever sent it") {
    const Given<Conversation> given(talk);
    CHECK(Conversation::unread_count(given.state(), ana) == 0);
    CHECK(Conversation::unread_count(given.state(), ben) == 1);
    CHECK(Conversation::unread_count(given.state(), cem) == 0);
}

TEST_CASE("reading moves the marker") {
    const ReadMarkerMoved moved{chat, ben, 4};
    Given<Conversation>(talk).when(Conversation::MarkRead{ben, 4, ana}, as(ben)).then({moved});
    Given<Conversation>(talk).when(Conversation::MarkRead{ben, 4, {}}, as(ben)).then({moved});
    auto past = talk;
    past.emplace_back(moved);
    CHECK(Conversation::unread_count(Given<Conversation>(past).state(), ben) == 0);
}

TEST_CASE("the marker never goes back and reading twice records nothing") {
    const Given<Conversation> given({started, sent(1, ana), sent(2, ana), ReadMarkerMoved{chat, ben, 2}});
    given.when(Conversation::MarkRead{ben, 2, ana}, as(ben)).then_nothing();
    given.when(Conversation::MarkRead{ben, 1, ana}, as(ben)).then_nothing();
    Given<Conversation>(talk).when(Conversation::MarkRead{ben, 2, ana}, as(ben)).then_nothing();
    Given<Conversation>(talk).when(Conversation::MarkRead{ana, 3, ben}, as(ana)).then_nothing();
}

TEST_CASE("a message is marked by its receiver alone") {
    Given<Conversation>(talk)
        .when(Conversation::MarkRead{ana, 4, ana}, as(ana))
        .then_refused(unknown_message);
    Given<Conversation>(talk).when(Conversation::MarkRead{cem, 4, ana}, as(cem)).then_refused(not_a_member);
    Given<Conversation>({}).when(Conversation::MarkRead{ana, 1, ben}, as(ana)).then_refused(not_a_member);
    Given<Conversation>({}).when(Conversation::MarkRead{{}, 1, ben}, as({})).then_refused(not_a_member);
}

TEST_CASE("a message that does not exist is not marked") {
    Given<Conversation>(talk).when(Conversation::MarkRead{ben, 5, {}}, as(ben)).then_refused(unknown_message);
    Given<Conversation>(talk).when(Conversation::MarkRead{ben, 0, {}}, as(ben)).then_refused(unknown_message);
}

TEST_CASE("a conversation out of turn is no history") {
    CHECK_THROWS_AS(Given<Conversation>({sent(1, ana)}), std::logic_error);
    CHECK_THROWS_AS(Given<Conversation>({started, started}), std::logic_error);
    CHECK_THROWS_AS(Given<Conversation>({started, sent(2, ana)}), std::logic_error);
    CHECK_THROWS_AS(Given<Conversation>({started, ReadMarkerMoved{chat, ben, 1}}), std::logic_error);
    CHECK_THROWS_AS(Given<Conversation>({ConversationStarted{chat, ConversationKind::direct, {ana}}}),
                    std::logic_error);
}
