#include "query/feed_lists.hpp"

#include "projections/bookkeeping.hpp"
#include "query/check_in_rows.hpp"
#include "query/event_rows.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace dacapo {
namespace {

constexpr std::string_view select_check_ins =
    "SELECT " DACAPO_CHECK_IN_COLUMNS
    " FROM check_ins c LEFT JOIN users u ON u.id = c.user_id "
    "WHERE c.active = 1 AND c.expires_at > $1 ORDER BY c.created_at DESC, c.id DESC LIMIT $2";

// Walks the index events_by_change from its end, so it reads little more than it shows.
const std::string& select_events() {
    static const auto text = fmt::format(
        "SELECT {} FROM events e WHERE e.status <> 'past' "
        "ORDER BY e.changed_at DESC, e.id DESC LIMIT $1",
        event_columns);
    return text;
}

constexpr std::string_view count_unread =
    "SELECT count(*) FROM messages m LEFT JOIN read_markers r "
    "ON r.conversation_id = m.conversation_id AND r.user_id = m.receiver_id "
    "WHERE m.receiver_id = $1 AND m.sequence > coalesce(r.up_to, 0)";

// Without what depends on the viewer.
void write_shared(JsonWriter& out, const api::Event& event) {
    out.begin_object();
    api::Event::shared_fields(event, [&](const char* key, const auto& member, auto&&...) {
        out.key(key);
        api::write(out, member);
    });
    out.end_object();
}

// A JSON array that takes entries as long as they fit. The first that does not ends it: a list with a hole
// would show something older and hide something newer.
class BoundedArray {
public:
    explicit BoundedArray(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    template <class Write>
    void add(Write&& write) {
        if (full_) return;
        const auto before = text_.size();
        if (before > 1) text_ += ',';
        JsonWriter out(text_);
        write(out);
        if (text_.size() + 1 <= bytes_max_) return;
        text_.resize(before);
        full_ = true;
    }
    std::string finish() { return std::move(text_ += ']'); }

private:
    std::size_t bytes_max_;
    std::string text_ = "[";
    bool full_ = false;
};

}  // namespace

FeedListPtr FeedLists::read(sql::Session& session, ListKind kind) {
    return session.consistently([&] { return current(session, kind, shown_by(session)); });
}

FeedSnapshot FeedLists::snapshot(sql::Session& session, UserId viewer, FeedTopics topics) {
    return session.consistently([&] {
        FeedSnapshot snapshot;
        snapshot.mark = shown_by(session);
        if (topics.has(FeedTopic::check_ins))
            snapshot.check_ins = current(session, ListKind::check_ins, snapshot.mark);
        if (topics.has(FeedTopic::events))
            snapshot.events = current(session, ListKind::events, snapshot.mark);
        if (topics.has(FeedTopic::messages))
            snapshot.unread = session.value<std::int64_t>(count_unread, viewer).value_or(0);
        return snapshot;
    });
}

// The runner commits its places with the rows, so the same snapshot tells exactly which records it shows.
Frontier FeedLists::shown_by(sql::Session& session) const {
    return checkpoint_of(session, context_.log.start()).frontier;
}

FeedListPtr FeedLists::current(sql::Session& session, ListKind kind, const Frontier& mark) {
    if (auto list = kept(kind, mark)) return list;
    auto list = build(session, kind, mark);
    const std::lock_guard lock(mutex_);
    auto& place = kept_[index_of(kind)];
    if (!place || mark.covers(place->mark)) place = list;
    return list;
}

// Null when the tables may hold something that the kept list does not show.
FeedListPtr FeedLists::kept(ListKind kind, const Frontier& mark) {
    // A commit is announced a moment after it can be read: until then nobody knows what it changed.
    if (!context_.progress.has_passed(mark)) return nullptr;
    FeedListPtr list;
    {
        const std::lock_guard lock(mutex_);
        list = kept_[index_of(kind)];
        if (!list || !list->mark.covers(changed_[index_of(kind)]) || !mark.covers(list->mark)) return nullptr;
    }
    return context_.clock.now() < list->exact_until ? list : nullptr;
}

FeedListPtr FeedLists::build(sql::Session& session, ListKind kind, const Frontier& mark) {
    read_count_.fetch_add(1, std::memory_order_relaxed);
    auto list = std::make_shared<FeedList>();
    list->kind = kind;
    list->mark = mark;
    list->exact_until = Timestamp::max();
    BoundedArray array(settings_.list_bytes_max);
    if (kind == ListKind::events) {
        session.query(select_events(), settings_.event_count_max, [&](const sql::Row& row) {
            api::Event event;
            read_event(row, event);
            array.add([&](JsonWriter& out) { write_shared(out, event); });
        });
    } else {
        session.query(select_check_ins, context_.clock.now(), settings_.check_in_count_max,
                      [&](const sql::Row& row) {
                          api::CheckIn check_in;
                          read_check_in(row, check_in);
                          list->exact_until = std::min(list->exact_until, check_in.expires_at);
                          array.add([&](JsonWriter& out) { api::write(out, check_in); });
                      });
    }
    list->data = array.finish();
    list->frame = list_frame(kind, list->data, position_text(context_.log.epoch(), mark));
    return list;
}

}  // namespace dacapo
