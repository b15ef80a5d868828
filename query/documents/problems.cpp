#include "query/documents/problems.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <stdexcept>

namespace dacapo {
namespace {

constexpr std::array docs{
    ProblemDoc{"admin_only", "403", "Only an admin may do this."},
    ProblemDoc{"already_added", "409", "The catalogue has this very entry already."},
    ProblemDoc{"already_joined", "409",
               "You are going or waiting already. Nothing is left to do; leave first to join anew."},
    ProblemDoc{"already_open", "409", "This session is open already."},
    ProblemDoc{"already_registered", "409", "This very account exists already."},
    ProblemDoc{"already_scheduled", "409", "This very event exists already."},
    ProblemDoc{"bad_field_name", "403",
               "The proxy refuses a header field whose name holds more than letters, digits and hyphens."},
    ProblemDoc{"bad_host", "400", "The Host field is missing, given twice or no host name."},
    ProblemDoc{"bad_target", "400",
               "The path or the query is not valid: a broken %-escape, control characters, dots."},
    ProblemDoc{"bad_transfer_encoding", "400",
               "Where the body ends is ambiguous. Send either Content-Length or Transfer-Encoding: chunked."},
    ProblemDoc{"bad_websocket_key", "400", "The WebSocket handshake has no valid Sec-WebSocket-Key."},
    ProblemDoc{"body_too_large", "413",
               "The body is larger than this operation takes. Nothing was recorded."},
    ProblemDoc{"capacity_below_going", "409",
               "More people are going than the new capacity has seats. Choose a larger one, or remove people "
               "first."},
    ProblemDoc{
        "catching_up", "503",
        "The read models are so far behind that no more commands are taken. Retry after the time named."},
    ProblemDoc{"changed_meanwhile", "409",
               "Somebody changed the same thing at the same moment. Read it and try again."},
    ProblemDoc{"creator_cannot_leave", "409",
               "The organizer stays until the event is cancelled. Cancel it instead."},
    ProblemDoc{"cursor_unknown", "400",
               "The cursor is none of this list with these filters in this order. Begin with an empty one."},
    ProblemDoc{"disk_full", "507", "The event log has no room. Nothing was recorded; try later."},
    ProblemDoc{"duplicate_header", "400", "A header field that may occur once is given twice."},
    ProblemDoc{"duplicate_member", "400", "A member of the JSON body is given twice. Send it once."},
    ProblemDoc{"duplicate_query_key", "400", "A query parameter is given twice. Send it once."},
    ProblemDoc{"email_taken", "400",
               "An account with this e-mail address exists. Log in to it, or use another address."},
    ProblemDoc{"event_closed", "409",
               "The event is cancelled or over: nobody joins, leaves or changes it any more."},
    ProblemDoc{"event_not_found", "404",
               "The event that the body names does not exist, or you may not see it."},
    ProblemDoc{"expectation_failed", "417", "Only Expect: 100-continue is understood."},
    ProblemDoc{"headers_too_large", "431", "The header fields are too long together."},
    ProblemDoc{"http_version_not_supported", "505", "Only HTTP/1.1 and HTTP/1.0 are spoken here."},
    ProblemDoc{"idempotency_key_reused", "422",
               "This Idempotency-Key was used with another body. Use a new key for a new command."},
    ProblemDoc{"internal_error", "500",
               "A fault of the server. Its log has the cause under the request_id; tell its operators that."},
    ProblemDoc{"invalid", "422",
               "Well formed, but some of it cannot be accepted. errors names every fault with its place."},
    ProblemDoc{
        "invalid_credentials", "401",
        "The e-mail address or username is unknown or the password is wrong; which of them is not said."},
    ProblemDoc{"invalid_id", "422", "An id in the path is not an integer from 1 to 9007199254740991."},
    ProblemDoc{"invalid_idempotency_key", "400",
               "An Idempotency-Key has 1 to 255 printable characters, bare or quoted."},
    ProblemDoc{"invalid_refresh_token", "401",
               "The refresh token is not good, was spent before, or its session has ended. Log in again."},
    ProblemDoc{"invalid_utf8", "400", "A header field is not valid UTF-8."},
    ProblemDoc{"malformed_json", "400", "The body is not JSON, or nested too deep."},
    ProblemDoc{"malformed_request", "400", "The bytes are not a valid HTTP request."},
    ProblemDoc{"method_not_allowed", "405",
               "The path does not serve this method. Allow names those that it serves."},
    ProblemDoc{"name_taken", "400", "An entry in use has this name; case and accents do not count."},
    ProblemDoc{
        "no_server", "503",
        "The proxy knows no server that can take this. Nothing was recorded; retry after the time named."},
    ProblemDoc{"not_acceptable", "406",
               "This file is only kept with Content-Encoding: gzip, which the client refuses."},
    ProblemDoc{"not_found", "404", "It does not exist, or you may not see it: the answer is the same."},
    ProblemDoc{"not_host", "403", "Only a host of the event or an admin may do this."},
    ProblemDoc{"not_in", "404", "You are neither going to this event nor waiting."},
    ProblemDoc{"not_of_this_cluster", "401",
               "The question between servers is not signed with the cluster's secret."},
    ProblemDoc{"not_ready", "503",
               "The server is starting, stopping or without its database; errors names the parts."},
    ProblemDoc{
        "not_there_yet", "503, 504",
        "The read models have not reached the position that you asked for, or are too far behind for a feed. "
        "Try again."},
    ProblemDoc{"not_yours", "403", "The check-in is somebody else's."},
    ProblemDoc{"origin_refused", "403", "Pages of this origin may not open a feed here."},
    ProblemDoc{
        "outcome_unknown", "502, 503, 504",
        "Whether the command was recorded is not known yet. Retry with its Idempotency-Key: it happens "
        "once. 502 and 504 are the proxy's, when a server ended or took too long."},
    ProblemDoc{"overloaded", "503",
               "Too much is waiting here. Nothing was recorded; retry after the time named."},
    ProblemDoc{"position_unknown", "400", "The position is not one of this server's log. Ask without it."},
    ProblemDoc{"precondition_failed", "412",
               "It has changed since the version that If-Match names. Read it again, then decide again."},
    ProblemDoc{"rate_limited", "429",
               "You have asked too often. violated-policies names the limit, Retry-After when to ask again."},
    ProblemDoc{"read_models_unavailable", "503",
               "The database of the read models cannot be asked. Retry shortly."},
    ProblemDoc{"receiver_not_found", "404", "No such person can be written to."},
    ProblemDoc{"rename_abandoned", "409", "The new title was given to another event meanwhile. Try again."},
    ProblemDoc{"request_timeout", "408", "The request did not arrive in time."},
    ProblemDoc{"retired", "409", "The entry is retired and keeps the name it had."},
    ProblemDoc{"shard_elsewhere", "503",
               "Another server is taking over what this command concerns. Retry shortly."},
    ProblemDoc{"shard_loading", "503", "What this command concerns is still being loaded. Retry shortly."},
    ProblemDoc{"stopping", "503", "The server is stopping. Retry; another one, or the next start, answers."},
    ProblemDoc{"target_too_long", "414", "The path and the query are too long together."},
    ProblemDoc{
        "throttled", "429",
        "Too many failed attempts with this account, from this address, or on the whole server by people who "
        "have not logged in from where they are before. Wait for the time in Retry-After."},
    ProblemDoc{"title_taken", "400",
               "A live event has this title; case, accents and spaces do not count. A cancelled or past one "
               "frees it."},
    ProblemDoc{"token_invalid", "401",
               "The token is not good, has expired, or its session has ended. Refresh it or log in again."},
    ProblemDoc{"token_missing", "401", "Send Authorization: Bearer with the access_token of a log-in."},
    ProblemDoc{"too_many_headers", "431", "The request has too many header fields."},
    ProblemDoc{
        "too_many_sockets", "429",
        "Too many feeds are open or were asked for. Close some, or ask after the time in Retry-After."},
    ProblemDoc{"unknown_question", "400", "One server of a cluster asked another what it does not answer."},
    ProblemDoc{"unsupported_media_type", "415", "Send the body with Content-Type: application/json."},
    ProblemDoc{"unsupported_transfer_encoding", "501", "Only Transfer-Encoding: chunked is known."},
    ProblemDoc{"upgrade_required", "426",
               "This path is a WebSocket's: ask with Upgrade: websocket, version 13."},
    ProblemDoc{"username_taken", "400", "Somebody has this username, whatever the case of its letters."},
    ProblemDoc{"wrong_host", "421", "The request line names another host than the Host field."},
    ProblemDoc{"wrong_password", "403", "The old password is not right."},
    ProblemDoc{"wrong_role", "421",
               "The server has another role: the proxy sends commands to command servers, all else to query "
               "servers."},
};

static_assert(std::ranges::is_sorted(docs, {}, &ProblemDoc::code));

}  // namespace

std::span<const ProblemDoc> problem_docs() { return docs; }

std::string_view meaning_of(std::string_view code) {
    const auto found = std::ranges::lower_bound(docs, code, {}, &ProblemDoc::code);
    if (found == docs.end() || found->code != code)
        throw std::logic_error("the problem " + std::string(code) + " is explained nowhere");
    return found->meaning;
}

std::string problem_table_html() {
    std::string html = "<table>\n<tr><th>code</th><th>status</th><th>what it says</th></tr>\n";
    for (const auto& doc : docs)
        html += fmt::format(
            "<tr id=\"problem-{0}\"><td><a href=\"#problem-{0}\">{0}</a></td><td>{1}</td><td>{2}</td></tr>\n",
            doc.code, doc.statuses, doc.meaning);
    return html + "</table>\n";
}

}  // namespace dacapo
