#include "command/refusals.hpp"

#include "infra/http/bearer.hpp"

namespace dacapo {

http::Problem not_found(std::string what) { return {404, "not_found", "There is no such " + what + "."}; }

http::Problem problem_of(Account::Refusal refusal) {
    switch (refusal) {
        case Account::Refusal::already_registered:
            return {409, "already_registered", "This account exists already."};
        case Account::Refusal::username_invalid:
            return {422,
                    "invalid",
                    "The username cannot be accepted.",
                    {{"/username", "invalid_username", "3 to 32 of letters, digits, and . _ -"}}};
        case Account::Refusal::email_invalid:
            return {422,
                    "invalid",
                    "The e-mail address cannot be accepted.",
                    {{"/email", "invalid_email", "Must be an e-mail address."}}};
        case Account::Refusal::email_taken:
            return {400, "email_taken", "This e-mail address is already used."};
        case Account::Refusal::username_taken:
            return {400, "username_taken", "This username is already used."};
        case Account::Refusal::unknown_account:
            return not_found("user");
        case Account::Refusal::password_changed_meanwhile:
            return {409, "changed_meanwhile", "The password was changed at the same moment."};
    }
    throw std::logic_error("unknown refusal");
}

http::Problem problem_of(Session::Refusal refusal) {
    switch (refusal) {
        case Session::Refusal::unknown_session:
        case Session::Refusal::session_ended:
            return http::token_invalid("The session has ended.");
        case Session::Refusal::already_open:
            return {409, "already_open", "This session is open already."};
    }
    throw std::logic_error("unknown refusal");
}

http::Problem problem_of(Title::Refusal refusal) {
    switch (refusal) {
        case Title::Refusal::taken:
        case Title::Refusal::claim_to_verify:
            return {400, "title_taken", "An event with this title already exists."};
        case Title::Refusal::not_the_claimant:
            return {409, "rename_abandoned", "The title was given to another event meanwhile."};
    }
    throw std::logic_error("unknown refusal");
}

http::Problem problem_of(Gathering::Refusal refusal) {
    switch (refusal) {
        case Gathering::Refusal::already_scheduled:
            return {409, "already_scheduled", "This event exists already."};
        case Gathering::Refusal::not_found:
            return not_found("event");
        case Gathering::Refusal::not_host:
            return {403, "not_host", "Only a host of the event or an admin may."};
        case Gathering::Refusal::closed:
            return {409, "event_closed", "The event is cancelled or over."};
        case Gathering::Refusal::details_invalid:
            return {422, "invalid", "Some details cannot be accepted."};
        case Gathering::Refusal::date_past:
            return {422,
                    "invalid",
                    "An event cannot be moved into the past.",
                    {{"/date", "date_past", "Must not be in the past."}}};
        case Gathering::Refusal::changed_meanwhile:
            return {409, "changed_meanwhile",
                    "The event was changed at the same moment. Read it and try again."};
        case Gathering::Refusal::rename_abandoned:
            return {409, "rename_abandoned", "The renaming took too long and was given up. Try again."};
        case Gathering::Refusal::reason_too_long:
            return {422,
                    "invalid",
                    "The reason is too long.",
                    {{"/reason", "too_long", "Must have at most 500 characters."}}};
    }
    throw std::logic_error("unknown refusal");
}

http::Problem problem_of(Roster::Refusal refusal) {
    switch (refusal) {
        case Roster::Refusal::not_opened:
            return not_found("event");
        case Roster::Refusal::closed:
            return {409, "event_closed", "The event is cancelled or over."};
        case Roster::Refusal::already_joined:
            return {409, "already_joined", "You are in already."};
        case Roster::Refusal::not_in:
            return {404, "not_in", "You are not in at this event."};
        case Roster::Refusal::creator_cannot_leave:
            return {409, "creator_cannot_leave", "The organizer stays until the event is cancelled."};
        case Roster::Refusal::capacity_out_of_range:
            return {422,
                    "invalid",
                    "The capacity cannot be accepted.",
                    {{"/capacity", "out_of_range", "Must be from 1 to 100000, or null."}}};
        case Roster::Refusal::capacity_below_going:
            return {409, "capacity_below_going", "More people are going than that."};
    }
    throw std::logic_error("unknown refusal");
}

http::Problem problem_of(Conversation::Refusal refusal) {
    switch (refusal) {
        case Conversation::Refusal::to_self:
            return {422,
                    "invalid",
                    "A message needs somebody else to receive it.",
                    {{"/receiver_id", "to_self", "Must not be yourself."}}};
        case Conversation::Refusal::not_a_member:
        case Conversation::Refusal::unknown_message:
            return not_found("message");
        case Conversation::Refusal::content_invalid:
            return {422, "invalid", "The message cannot be accepted."};
    }
    throw std::logic_error("unknown refusal");
}

http::Problem problem_of(CheckIns::Refusal refusal) {
    switch (refusal) {
        case CheckIns::Refusal::details_invalid:
            return {422, "invalid", "The check-in cannot be accepted."};
        case CheckIns::Refusal::not_found:
            return not_found("active check-in");
        case CheckIns::Refusal::not_yours:
            return {403, "not_yours", "This check-in is somebody else's."};
    }
    throw std::logic_error("unknown refusal");
}

http::Problem problem_of(CatalogueRefusal refusal) {
    switch (refusal) {
        case CatalogueRefusal::admin_only:
            return {403, "admin_only", "Only an admin may."};
        case CatalogueRefusal::already_added:
            return {409, "already_added", "This entry exists already."};
        case CatalogueRefusal::name_invalid:
            return {422, "invalid", "The name cannot be accepted."};
        case CatalogueRefusal::name_taken:
            return {400, "name_taken", "This name is already used."};
        case CatalogueRefusal::not_found:
            return not_found("entry of the catalogue");
        case CatalogueRefusal::retired:
            return {409, "retired", "It is retired and keeps the name it had."};
    }
    throw std::logic_error("unknown refusal");
}

http::Problem problem_of(const FieldFaults& faults) {
    http::Problem problem(422, "invalid", "The request is well formed, but some of it cannot be accepted.");
    for (const auto& fault : faults) {
        // The API says `type` where the log says `kind`.
        const auto member = fault.field == "kind" ? std::string_view("type") : fault.field;
        problem.errors.push_back({"/" + std::string(member), std::string(fault.code), "Cannot be accepted."});
    }
    return problem;
}

}  // namespace dacapo
