// The one table from refusals to what HTTP answers: status, stable code and a sentence for people.
// Every enumerator of every aggregate stands here once; nobody compares texts.
#pragma once

#include "domain/account.hpp"
#include "domain/catalogue.hpp"
#include "domain/check_in.hpp"
#include "domain/conversation.hpp"
#include "domain/gathering.hpp"
#include "domain/roster.hpp"
#include "domain/session.hpp"
#include "domain/title.hpp"
#include "infra/http/problem.hpp"

namespace dacapo {

http::Problem problem_of(Account::Refusal refusal);
http::Problem problem_of(Session::Refusal refusal);
http::Problem problem_of(Title::Refusal refusal);
http::Problem problem_of(Gathering::Refusal refusal);
http::Problem problem_of(Roster::Refusal refusal);
http::Problem problem_of(Conversation::Refusal refusal);
http::Problem problem_of(CheckIns::Refusal refusal);
http::Problem problem_of(CatalogueRefusal refusal);

// Faults that a decider found in the fields of a command, as the members of the body they came from.
http::Problem problem_of(const FieldFaults& faults);

http::Problem not_found(std::string what);

}  // namespace dacapo
