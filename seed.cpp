#include "seed.hpp"

#include "command/gathering_end.hpp"
#include "command/snapshot.hpp"
#include "command/snapshot_files.hpp"
#include "events/codec.hpp"
#include "infra/crypto/password.hpp"
#include "infra/text.hpp"
#include "infra/wall_time.hpp"

#include <fmt/format.h>
#include <random>
#include <stdexcept>

namespace dacapo {
namespace {

constexpr std::size_t batch_records = 10'000;
constexpr const char* seed_timezone = "Europe/Paris";

// Decides commands on states of its own and writes the records in large batches.
class Seeder {
public:
    Seeder(EventLog& log, const Clock& clock) : log_(log), clock_(clock) {
        if (log.head() != log.start())
            throw LogRefused("the log has records already: only an empty one can be seeded");
        for (int i = 0; i < log.shard_count(); ++i) {
            auto& state = states_.emplace_back();
            state.shard = i;
            state.shard_count = log.shard_count();
        }
    }

    ShardState& accounts() { return states_[account_shard]; }
    ShardState& at(int shard) { return states_.at(static_cast<std::size_t>(shard)); }
    int count() const { return log_.shard_count(); }
    Timestamp now() const { return clock_.now(); }
    std::int64_t written() const { return written_; }

    Context by(UserId actor) const { return {actor, Role::user, clock_.now()}; }

    void record(ShardState& state, UserId actor, Verdict verdict) {
        if (const auto* refusal = std::get_if<http::Problem>(&verdict))
            throw std::logic_error("the seed was refused: " + refusal->code + " " + refusal->detail);
        CommandOrigin origin;
        origin.command_id = new_command_id();
        origin.actor = actor;
        origin.causation_id = "seed";
        auto entry = record_events(state, std::move(origin), std::get<0>(std::move(verdict)), clock_.now());
        auto payload = encode(entry->record);
        batch_.push_back({std::move(entry), std::move(payload)});
        if (batch_.size() >= batch_records) flush();
    }

    void flush() {
        if (batch_.empty()) return;
        log_.append(batch_);
        for (const auto& pending : batch_) at(pending.entry->record.shard).settle(*pending.entry);
        written_ += std::ssize(batch_);
        batch_.clear();
    }

    void save_snapshots(const std::filesystem::path& folder) {
        SnapshotFiles store(folder, log_.epoch());
        for (const auto& state : states_) store.save(state.shard, state.position, encode_snapshot(state));
    }

private:
    EventLog& log_;
    const Clock& clock_;
    std::vector<ShardState> states_;
    std::vector<PendingRecord> batch_;
    std::int64_t written_ = 0;
};

UserId add_user(Seeder& seeder, const std::string& username, const std::string& full_name,
                const std::string& email, const std::string& hash, Role role) {
    auto& state = seeder.accounts();
    const auto id = state.next_user();
    const auto session = state.next_session();
    RecordBuilder record;
    record.add<Account>(Account::decide(Account::Register{id, username, email, full_name, hash, role, {}, {}},
                                        {}, seeder.by({})),
                        {StreamKind::account, id.value});
    record.add<Session>(Session::decide(Session::Open{session, id, std::string(64, '0')}, {}, seeder.by({})),
                        {StreamKind::session, session.value});
    seeder.record(state, {}, std::move(record).verdict());
    return id;
}

struct EventPlan {
    std::string title;
    std::string description;
    std::string location;
    double latitude = 0;
    double longitude = 0;
    GatheringKind kind = GatheringKind::jam;
    std::optional<std::int64_t> capacity;
    int days_ahead = 7;
};

GatheringId add_event(Seeder& seeder, UserId organizer, const EventPlan& plan) {
    GatheringDetails details;
    details.title = plan.title;
    details.description = plan.description;
    details.location = plan.location;
    details.latitude = plan.latitude;
    details.longitude = plan.longitude;
    details.kind = plan.kind;
    details.timezone = seed_timezone;
    const auto day = std::chrono::floor<std::chrono::days>(seeder.now()) + std::chrono::days(plan.days_ahead);
    details.date = local_text(Timestamp(day), seed_timezone).value().substr(0, 10) + "T20:00:00";
    details.starts_at = std::get<WallTime>(parse_wall_time(details.date, seed_timezone)).instant;

    const auto folded_title = fold(details.title);
    auto& state = seeder.at(shard_of_title(folded_title, seeder.count()));
    const auto id = state.next_gathering();
    const auto claim_id = hex_of(new_command_id());
    RecordBuilder record;
    record.add<Title>(Title::decide(Title::Claim{folded_title, id, claim_id, true},
                                    title_in(state, folded_title), seeder.by(organizer)),
                      title_stream(folded_title));
    record.add<Gathering>(
        Gathering::decide(Gathering::Schedule{id, details, claim_id}, {}, seeder.by(organizer)),
        {StreamKind::gathering, id.value});
    record.add<Roster>(Roster::decide(Roster::Open{id, plan.capacity, organizer}, {}, seeder.by(organizer)),
                       {StreamKind::roster, id.value});
    seeder.record(state, organizer, std::move(record).verdict());
    return id;
}

void add_participant(Seeder& seeder, GatheringId id, UserId user) {
    auto& state = seeder.at(shard_of_id(id.value, seeder.count()));
    seeder.record(state, user,
                  verdict_of<Roster>(Roster::decide(Roster::Join{}, roster_in(state, id), seeder.by(user)),
                                     {StreamKind::roster, id.value}));
}

void add_message(Seeder& seeder, UserId sender, UserId receiver, std::string content,
                 std::optional<GatheringId> event_id = {}) {
    auto& state = seeder.at(shard_of_pair(sender, receiver, seeder.count()));
    const auto found = state.direct_conversations.find(MemberPair::of(sender, receiver));
    const bool started = found != state.direct_conversations.end();
    const auto id = started ? found->second : state.next_conversation();
    static const Conversation::State none;
    seeder.record(state, sender,
                  verdict_of<Conversation>(
                      Conversation::decide(
                          Conversation::Send{
                              id, state.next_message(), sender, receiver, std::move(content), event_id, {}},
                          started ? state.conversation(id)->state : none, seeder.by(sender)),
                      {StreamKind::conversation, id.value}));
}

void add_check_in(Seeder& seeder, UserId user, CheckIns::CheckIn command) {
    auto& state = seeder.at(shard_of_person(user, seeder.count()));
    command.check_in_id = state.next_check_in();
    seeder.record(state, user,
                  verdict_of<CheckIns>(CheckIns::decide(command, {}, seeder.by(user)),
                                       {StreamKind::check_in, user.value}));
}

// A dozen of each, by the admin.
void add_catalogue(Seeder& seeder, UserId admin) {
    auto& state = seeder.accounts();
    const Context by{admin, Role::admin, seeder.now()};
    for (const char* name : {"Guitar", "Bass guitar", "Double bass", "Drums", "Cajón", "Piano", "Voice",
                             "Violin", "Cello", "Saxophone", "Trumpet", "Oud"}) {
        const auto id = state.next_instrument();
        seeder.record(state, admin,
                      verdict_of<Instrument>(Instrument::decide(Instrument::Add{id, name, {}}, {}, by),
                                             {StreamKind::instrument, id.value}));
    }
    for (const char* name : {"Jazz", "Blues", "Fado", "Rock", "Chanson", "Classical", "Folk", "Raï",
                             "Bossa nova", "Electro", "Funk", "Hip-hop"}) {
        const auto id = state.next_genre();
        seeder.record(state, admin,
                      verdict_of<Genre>(Genre::decide(Genre::Add{id, name, {}}, {}, by),
                                        {StreamKind::genre, id.value}));
    }
}

}  // namespace

void seed_demo(EventLog& log, const Clock& clock, const std::filesystem::path& snapshot_folder,
               int password_cost) {
    Seeder seeder(log, clock);
    const auto hash = hash_password(seed_password, password_cost);
    const auto zoe = add_user(seeder, "zoe", "Zoé Le Goff", "zoe@example.org", hash, Role::admin);
    const auto malik = add_user(seeder, "malik", "Malik Benali", "malik@example.org", hash, Role::user);
    const auto ines = add_user(seeder, "ines", "Inès Ferreira", "ines@example.org", hash, Role::user);
    const auto tom = add_user(seeder, "tom", "Tom Okafor", "tom@example.org", hash, Role::user);
    const auto lena = add_user(seeder, "lena", "Léna Morel", "lena@example.org", hash, Role::user);
    add_catalogue(seeder, zoe);

    const auto jam =
        add_event(seeder, malik,
                  {"Jam at the Docks", "Bring what you play. House drums and a bass amp are there.",
                   "Le Sucre, Lyon", 45.7373, 4.8153, GatheringKind::jam, 4, 6});
    const auto concert = add_event(seeder, ines,
                                   {"Fado & Friends",
                                    "An evening of fado, with two guitars and many guests.",
                                    "La Bellevilloise, Paris",
                                    48.8690,
                                    2.3928,
                                    GatheringKind::concert,
                                    {},
                                    13});
    const auto workshop = add_event(seeder, tom,
                                    {"Polyrhythm workshop", "Three against four, until it swings.",
                                     "Studio Bleu, Paris", 48.8750, 2.3600, GatheringKind::workshop, 12, 20});
    add_event(seeder, lena,
              {"Rehearsal: strings", "Second movement, from letter B.", "Conservatoire, Nantes", 47.2113,
               -1.5430, GatheringKind::rehearsal, 8, 3});
    for (const auto user : {ines, tom, lena, zoe}) add_participant(seeder, jam, user);  // The last one waits.
    for (const auto user : {malik, lena}) add_participant(seeder, concert, user);
    add_participant(seeder, workshop, ines);

    add_message(seeder, malik, ines, "Bonjour ! Tu amènes ta guitare portugaise vendredi ?", jam);
    add_message(seeder, ines, malik, "Bien sûr. Et Tom vient avec son cajón.");
    add_message(seeder, tom, malik, "Is there a bass amp, or shall I bring mine?", jam);
    add_message(seeder, malik, tom, "There is one. Bring your ears.");
    add_message(seeder, lena, zoe, "Could you look at the waiting list of the jam?", jam);
    add_check_in(seeder, ines, {{}, "La Bellevilloise", 48.8690, 2.3928, "🎸", "Soundcheck", concert});
    add_check_in(seeder, tom, {{}, "Studio Bleu", 48.8750, 2.3600, "🥁", {}, {}});
    add_check_in(seeder, lena, {{}, "Conservatoire de Nantes", 47.2113, -1.5430, "🎻", "Third floor", {}});
    seeder.flush();
    seeder.save_snapshots(snapshot_folder);
}

void seed_amounts(EventLog& log, const Clock& clock, const std::filesystem::path& snapshot_folder,
                  const SeedAmounts& amounts, const std::function<void(std::int64_t records)>& progress) {
    if (amounts.messages > 0 && amounts.users < 2) throw std::invalid_argument("messages need two users");
    if (amounts.events > 0 && amounts.users < 1) throw std::invalid_argument("events need a user");
    Seeder seeder(log, clock);
    const auto hash = hash_password(seed_password, password_cost_min);
    std::mt19937_64 random(1);
    const auto any_user = [&] {
        return UserId{1 + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(amounts.users))};
    };
    auto tell = [&, told = std::int64_t{0}]() mutable {
        if (seeder.written() - told < 100'000) return;
        told = seeder.written();
        progress(told);
    };
    for (std::int64_t i = 1; i <= amounts.users; ++i) {
        add_user(seeder, fmt::format("user{}", i), fmt::format("User {}", i),
                 fmt::format("user{}@example.org", i), hash, i == 1 ? Role::admin : Role::user);
        tell();
    }
    for (std::int64_t i = 1; i <= amounts.events; ++i) {
        EventPlan plan;
        plan.title = fmt::format("Event {}", i);
        plan.description = fmt::format("The event with the number {}, seeded for measuring.", i);
        plan.location = "Lyon";
        plan.latitude = 45.75;
        plan.longitude = 4.85;
        plan.days_ahead = 1 + static_cast<int>(i % 300);
        add_event(seeder, any_user(), plan);
        tell();
    }
    for (std::int64_t i = 1; i <= amounts.messages; ++i) {
        const auto sender = any_user();
        auto receiver = any_user();
        if (receiver == sender) receiver = UserId{sender.value % amounts.users + 1};
        add_message(seeder, sender, receiver,
                    fmt::format("Message {} of the seed, long enough to look like one.", i));
        tell();
    }
    seeder.flush();
    seeder.save_snapshots(snapshot_folder);
}

}  // namespace dacapo
