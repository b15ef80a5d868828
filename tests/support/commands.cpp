#include "tests/support/commands.hpp"

#include "infra/text.hpp"

namespace dacapo::testing {

CommandOrigin from(UserId actor) {
    CommandOrigin origin;
    origin.command_id = new_command_id();
    origin.actor = actor;
    return origin;
}

Decide registering(const std::string& name) {
    return [name](const ShardState& state, const Context& by) -> Verdict {
        const auto owner = [](const auto& owners, const std::string& text) {
            const auto found = owners.find(login_hash(text));
            return found == owners.end() ? UserId{} : found->second;
        };
        const auto id = state.next_user();
        const auto email = name + "@example.org";
        return verdict_of<Account>(
            Account::decide(Account::Register{id, name, email, std::nullopt, "$2b$", Role::user,
                                              owner(state.emails, email), owner(state.usernames, name)},
                            {}, by),
            {StreamKind::account, id.value});
    };
}

Decide opening_session(UserId user) {
    return [user](const ShardState& state, const Context& by) -> Verdict {
        const auto id = state.next_session();
        return verdict_of<Session>(Session::decide(Session::Open{id, user, "hash"}, {}, by),
                                   {StreamKind::session, id.value});
    };
}

Decide ending_session(SessionId id) {
    return [id](const ShardState& state, const Context& by) -> Verdict {
        return verdict_of<Session>(Session::decide(Session::End{}, state.session(id)->state, by),
                                   {StreamKind::session, id.value});
    };
}

Decide sending(UserId sender, UserId receiver, const std::string& content,
               std::optional<std::string> client_id) {
    return [=](const ShardState& state, const Context& by) -> Verdict {
        const auto found = state.direct_conversations.find(MemberPair::of(sender, receiver));
        const bool is_new = found == state.direct_conversations.end();
        const auto id = is_new ? state.next_conversation() : found->second;
        const auto conversation = is_new ? Conversation::State{} : state.conversation(id)->state;
        return verdict_of<Conversation>(
            Conversation::decide(
                Conversation::Send{id, state.next_message(), sender, receiver, content, {}, client_id},
                conversation, by),
            {StreamKind::conversation, id.value});
    };
}

Decide checking_in(UserId person, const std::string& place) {
    return [=](const ShardState& state, const Context& by) -> Verdict {
        const auto found = state.check_ins.find(person);
        const auto present = found == state.check_ins.end() ? CheckIns::State{} : found->second.state;
        return verdict_of<CheckIns>(
            CheckIns::decide(CheckIns::CheckIn{state.next_check_in(), place, {}, {}, {}, {}, {}}, present,
                             by),
            {StreamKind::check_in, person.value});
    };
}

GatheringDetails details_of(const std::string& title, Timestamp starts_at) {
    GatheringDetails details;
    details.title = title;
    details.description = "Bring what you play.";
    details.date = "2024-03-15T12:00:00";
    details.timezone = "Europe/Paris";
    details.starts_at = starts_at;
    details.location = "Docks, Lyon";
    return details;
}

Decide scheduling(const std::string& title, Timestamp starts_at, std::optional<std::int64_t> capacity) {
    return [=](const ShardState& state, const Context& by) -> Verdict {
        const auto folded_title = fold(title);
        const auto id = state.next_gathering();
        const auto claim_id = "claim-" + std::to_string(id.value);
        RecordBuilder record;
        record.add<Title>(
            Title::decide(Title::Claim{folded_title, id, claim_id, true}, title_in(state, folded_title), by),
            title_stream(folded_title));
        record.add<Gathering>(
            Gathering::decide(Gathering::Schedule{id, details_of(title, starts_at), claim_id}, {}, by),
            {StreamKind::gathering, id.value});
        record.add<Roster>(Roster::decide(Roster::Open{id, capacity, by.actor}, {}, by),
                           {StreamKind::roster, id.value});
        return std::move(record).verdict();
    };
}

Decide joining(GatheringId id) {
    return [id](const ShardState& state, const Context& by) -> Verdict {
        return verdict_of<Roster>(Roster::decide(Roster::Join{}, roster_in(state, id), by),
                                  {StreamKind::roster, id.value});
    };
}

Decide ending(GatheringId id, Gathering::Command command) {
    return [=](const ShardState& state, const Context& by) {
        return decide_gathering_end(id, command, state, by);
    };
}

GatheringId scheduled_id(const Receipt& receipt) {
    return find_event<GatheringScheduled, GatheringEvent>(receipt.entry.get())->gathering_id;
}

}  // namespace dacapo::testing
