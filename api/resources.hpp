// The resources of the contract as clients see them: one representation for answers to commands, queries and
// feeds. Their field lists are the API's documentation; nothing else names these keys.
#pragma once

#include "api/json.hpp"

namespace dacapo::api {

struct User {
    static constexpr std::string_view name = "User";

    UserId id;
    std::string username;
    std::optional<std::string> email;
    std::optional<std::string> full_name;
    std::optional<std::string> bio;
    Role role = Role::user;
    Timestamp created_at;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("id", self.id, "Numbered 1, 2, 3 ... in the order of registration.");
        field("username", self.username, "Unique, whatever the case of its letters.");
        field("email", self.email, "Null for viewers who may not see it.");
        field("full_name", self.full_name);
        field("bio", self.bio);
        field("role", self.role);
        field("created_at", self.created_at);
    }
};

// The connected user, for GET /auth/me.
struct Me {
    static constexpr std::string_view name = "Me";

    UserId id;
    std::string username;
    std::optional<std::string> email;
    std::optional<std::string> full_name;
    std::optional<std::string> bio;
    Role role = Role::user;
    Timestamp created_at;
    std::int64_t unread_messages = 0;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        User::fields(self, field);
        field("unread_messages", self.unread_messages, "Messages received and not yet read.");
    }
};

// What registering and logging in answer: the user and how to go on as this user.
struct Authenticated {
    static constexpr std::string_view name = "Authenticated";

    UserId id;
    std::string username;
    std::string email;
    std::optional<std::string> full_name;
    Role role = Role::user;
    Timestamp created_at;
    std::optional<std::string> access_token;
    std::optional<std::string> token;
    std::string token_type = "bearer";
    std::optional<std::int64_t> expires_in;
    std::optional<std::string> refresh_token;
    User user;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("id", self.id);
        field("username", self.username);
        field("email", self.email);
        field("full_name", self.full_name);
        field("role", self.role);
        field("created_at", self.created_at);
        field("access_token", self.access_token,
              "Send it as `Authorization: Bearer <token>`. Null when an Idempotency-Key is repeated.");
        field("token", self.token, "The same value as access_token.");
        field("token_type", self.token_type);
        field("expires_in", self.expires_in, "Seconds.");
        field("refresh_token", self.refresh_token, "Spent by its first use; give it to POST /auth/refresh.");
        field("user", self.user);
    }
};

// What POST /auth/refresh answers.
struct TokenPair {
    static constexpr std::string_view name = "TokenPair";

    std::string access_token;
    std::string token;
    std::string token_type = "bearer";
    std::int64_t expires_in = 0;
    std::string refresh_token;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("access_token", self.access_token);
        field("token", self.token, "The same value as access_token.");
        field("token_type", self.token_type);
        field("expires_in", self.expires_in, "Seconds.");
        field("refresh_token", self.refresh_token);
    }
};

// One log-in, as its owner sees it. Where from is not kept: an address and a device would be personal data
// that the log could not forget.
struct Session {
    static constexpr std::string_view name = "Session";

    SessionId id;
    Timestamp created_at;
    Timestamp refreshed_at;
    Timestamp expires_at;
    bool current = false;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("id", self.id);
        field("created_at", self.created_at, "When it was logged in to.");
        field("refreshed_at", self.refreshed_at,
              "When its tokens were last renewed; at first the same as created_at.");
        field("expires_at", self.expires_at, "When it is over unless its tokens are renewed before.");
        field("current", self.current, "It is the session of the token that asks.");
    }
};

// What POST /ws/ticket answers.
struct FeedTicketIssued {
    static constexpr std::string_view name = "FeedTicket";

    std::string ticket;
    std::int64_t expires_in = 0;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("ticket", self.ticket, "For `/ws?ticket=`, once.");
        field("expires_in", self.expires_in, "Seconds.");
    }
};

struct Confirmation {
    static constexpr std::string_view name = "Confirmation";

    std::string message;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("message", self.message);
    }
};

enum class EventStatus { draft, published, cancelled, past };
enum class ParticipationStatus { going, waitlisted };
enum class Visibility { everyone, unlisted, restricted };
enum class JoinPolicy { open, approval, invite };

}  // namespace dacapo::api

namespace dacapo {
template <>
struct EnumNames<api::EventStatus> {
    static constexpr std::array<std::string_view, 4> names{"draft", "published", "cancelled", "past"};
};
template <>
struct EnumNames<api::ParticipationStatus> {
    static constexpr std::array<std::string_view, 2> names{"going", "waitlisted"};
};
template <>
struct EnumNames<api::Visibility> {
    static constexpr std::array<std::string_view, 3> names{"public", "unlisted", "private"};
};
template <>
struct EnumNames<api::JoinPolicy> {
    static constexpr std::array<std::string_view, 3> names{"open", "approval", "invite"};
};
}  // namespace dacapo

namespace dacapo::api {

struct Event {
    static constexpr std::string_view name = "Event";

    GatheringId id;
    std::string title;
    std::string description;
    std::string date;
    std::optional<Timestamp> ends_at;
    std::string timezone;
    Timestamp starts_at;
    std::string location;
    std::optional<double> latitude;
    std::optional<double> longitude;
    GatheringKind type = GatheringKind::other;
    EventStatus status = EventStatus::published;
    UserId organizer_id;
    std::optional<std::int64_t> capacity;
    Visibility visibility = Visibility::everyone;
    JoinPolicy join_policy = JoinPolicy::open;
    std::vector<GenreId> genres;
    std::vector<InstrumentId> instruments;
    std::vector<UserId> hosts;
    std::int64_t participant_count = 0;
    std::int64_t waitlist_count = 0;
    Timestamp created_at;
    std::int64_t version = 1;
    std::optional<ParticipationStatus> my_status;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        shared_fields(self, field);
        field("my_status", self.my_status,
              "The viewer's own participation; null without one, or without a token.");
    }
    // All that does not depend on the viewer. `my_status` stands last, so that it can be added to a cached
    // text.
    template <class Self, class Field>
    static void shared_fields(Self& self, Field&& field) {
        field("id", self.id);
        field("title", self.title, "Unique among live events; case, accents and spaces do not count.");
        field("description", self.description);
        field("date", self.date, "Wall time on the poster, in `timezone`.");
        field("ends_at", self.ends_at);
        field("timezone", self.timezone, "IANA name.");
        field("starts_at", self.starts_at, "The instant of `date`.");
        field("location", self.location);
        field("latitude", self.latitude, "Degrees, WGS 84.");
        field("longitude", self.longitude, "Degrees, WGS 84.");
        field("type", self.type);
        field("status", self.status);
        field("organizer_id", self.organizer_id);
        field("created_by", self.organizer_id, "The same value as organizer_id.");
        field("capacity", self.capacity, "Seats; null: unlimited.");
        field("visibility", self.visibility);
        field("join_policy", self.join_policy);
        field("genres", self.genres);
        field("instruments", self.instruments);
        field("hosts", self.hosts, "User ids.");
        field("participant_count", self.participant_count);
        field("waitlist_count", self.waitlist_count);
        field("created_at", self.created_at);
        field("version", self.version, "Counts changes of the details.");
    }
};

// One person's place at an event: an answer to joining, or an entry of the list of participants.
struct Participation {
    static constexpr std::string_view name = "Participation";

    GatheringId event_id;
    UserId user_id;
    ParticipationStatus status = ParticipationStatus::going;
    std::optional<std::int64_t> position;
    Timestamp joined_at;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("event_id", self.event_id);
        field("user_id", self.user_id);
        field("status", self.status);
        field("position", self.position, "Place in line, 1 is next; null when going.");
        field("joined_at", self.joined_at, "When the seat was taken, or the waiting list entered.");
    }
};

struct Message {
    static constexpr std::string_view name = "Message";

    MessageId id;
    std::string content;
    Timestamp created_at;
    UserId sender_id;
    UserId receiver_id;
    ConversationId conversation_id;
    std::optional<GatheringId> event_id;
    bool is_read = false;
    std::int64_t read_count = 0;
    std::optional<Timestamp> edited_at;
    bool deleted = false;
    std::optional<std::string> client_id;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("id", self.id);
        field("content", self.content);
        field("created_at", self.created_at);
        field("sender_id", self.sender_id);
        field("receiver_id", self.receiver_id);
        field("conversation_id", self.conversation_id);
        field("event_id", self.event_id, "The event it is about.");
        field("is_read", self.is_read, "The receiver has read it.");
        field("read_count", self.read_count, "How many besides the sender have read it.");
        field("edited_at", self.edited_at);
        field("deleted", self.deleted);
        field("client_id", self.client_id, "The sender's own name for it.");
    }
};

struct CheckIn {
    static constexpr std::string_view name = "CheckIn";

    CheckInId id;
    UserId user_id;
    std::string username;
    std::string location_name;
    std::optional<double> latitude;
    std::optional<double> longitude;
    std::optional<std::string> status_emoji;
    std::optional<std::string> message;
    std::optional<GatheringId> event_id;
    Timestamp created_at;
    Timestamp expires_at;
    bool active = true;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("id", self.id);
        field("user_id", self.user_id);
        field("username", self.username);
        field("location_name", self.location_name);
        field("latitude", self.latitude, "Degrees, WGS 84.");
        field("longitude", self.longitude, "Degrees, WGS 84.");
        field("status_emoji", self.status_emoji);
        field("message", self.message);
        field("event_id", self.event_id, "The event it is at.");
        field("created_at", self.created_at);
        field("expires_at", self.expires_at);
        field("active", self.active);
    }
};

struct Instrument {
    static constexpr std::string_view name = "Instrument";

    InstrumentId id;
    std::string entry_name;
    bool retired = false;
    std::int64_t version = 1;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("id", self.id, "Numbered 1, 2, 3 ... in the order of adding.");
        field("name", self.entry_name, "Unique among instruments in use; case and accents do not count.");
        field("retired", self.retired, "Nobody can choose it any more; what refers to it keeps its name.");
        field("version", self.version, "Counts its changes.");
    }
};

struct Genre {
    static constexpr std::string_view name = "Genre";

    GenreId id;
    std::string entry_name;
    bool retired = false;
    std::int64_t version = 1;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("id", self.id, "Numbered 1, 2, 3 ... in the order of adding.");
        field("name", self.entry_name, "Unique among genres in use; case and accents do not count.");
        field("retired", self.retired, "Nobody can choose it any more; what refers to it keeps its name.");
        field("version", self.version, "Counts its changes.");
    }
};

}  // namespace dacapo::api
