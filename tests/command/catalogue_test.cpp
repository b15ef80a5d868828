// The catalogue in the state of its shard: ids, the index of names, and what a replay and a snapshot give
// back.
#include "command/snapshot.hpp"
#include "events/codec.hpp"

#include <doctest/doctest.h>
#include <map>

namespace dacapo {
namespace {

constexpr Timestamp noon{std::chrono::milliseconds(1000)};

struct Catalogue {
    ShardState state;
    std::vector<std::shared_ptr<LogEntry>> entries;

    void record(StreamKind kind, std::int64_t id, Event event) {
        entries.push_back(record_events(state, {}, {{{kind, id}, std::move(event)}}, noon));
    }
    void instrument(std::int64_t id, InstrumentEvent event) {
        record(StreamKind::instrument, id, std::move(event));
    }
    void genre(std::int64_t id, GenreEvent event) { record(StreamKind::genre, id, std::move(event)); }

    // "cajon 1, oud 2"
    template <class Names>
    static std::string listed(const Names& names) {
        std::map<std::string, std::int64_t> sorted;
        for (const auto& [name, id] : names) sorted[name] = id.value;
        std::string text;
        for (const auto& [name, id] : sorted)
            text += (text.empty() ? "" : ", ") + name + " " + std::to_string(id);
        return text;
    }
};

TEST_CASE_FIXTURE(Catalogue, "instruments and genres are numbered apart from 1 on") {
    CHECK(state.next_instrument() == InstrumentId{1});
    instrument(1, InstrumentAdded{{1}, "Cajón", noon});
    instrument(2, InstrumentAdded{{2}, "Oud", noon});
    CHECK(state.next_instrument() == InstrumentId{3});
    CHECK(state.next_genre() == GenreId{1});
    CHECK_FALSE(state.instrument(InstrumentId{3}));
    CHECK_FALSE(state.instrument(InstrumentId{0}));
    CHECK_THROWS_AS(instrument(4, InstrumentAdded{{4}, "Ney", noon}), std::logic_error);
}

TEST_CASE_FIXTURE(Catalogue, "a name is held folded by the entry in use that has it") {
    instrument(1, InstrumentAdded{{1}, "Cajón", noon});
    instrument(2, InstrumentAdded{{2}, "Oud", noon});
    genre(1, GenreAdded{{1}, "Oud", noon});
    CHECK(listed(state.instrument_names) == "cajon 1, oud 2");
    CHECK(listed(state.genre_names) == "oud 1");

    instrument(2, InstrumentRenamed{{2}, "OÛD"});
    CHECK(listed(state.instrument_names) == "cajon 1, oud 2");
    instrument(2, InstrumentRenamed{{2}, "Ney"});
    CHECK(listed(state.instrument_names) == "cajon 1, ney 2");
    instrument(1, InstrumentRetired{{1}});
    genre(1, GenreRetired{{1}});
    CHECK(listed(state.instrument_names) == "ney 2");
    CHECK(listed(state.genre_names).empty());
}

TEST_CASE_FIXTURE(Catalogue, "a snapshot and a replay of the stored text give the same catalogue") {
    instrument(1, InstrumentAdded{{1}, "Cajón", noon});
    instrument(2, InstrumentAdded{{2}, "Oud", noon});
    instrument(2, InstrumentRenamed{{2}, "Ûd"});
    instrument(1, InstrumentRetired{{1}});
    genre(1, GenreAdded{{1}, "Raï", noon});
    genre(1, GenreRenamed{{1}, "Raï'n'B"});
    genre(2, GenreAdded{{2}, "Fado", noon});
    genre(2, GenreRetired{{2}});

    ShardState restored;
    decode_snapshot(encode_snapshot(state), restored);
    restored.rebuild_indexes();
    ShardState replayed;
    for (const auto& entry : entries) {
        const auto record = decode(encode(entry->record));
        CHECK(record == entry->record);
        for (const auto& recorded : record.events) replayed.evolve(recorded, 1);
    }
    for (const auto* other : {&restored, &replayed}) {
        CHECK(listed(other->instrument_names) == "ud 2");
        CHECK(listed(other->genre_names) == "rai'n'b 1");
        CHECK(other->instrument(InstrumentId{1})->state == Instrument::State{{1}, "Cajón", true});
        CHECK(other->instrument(InstrumentId{2})->state == Instrument::State{{2}, "Ûd", false});
        CHECK(other->instrument(InstrumentId{2})->version == 2);
        CHECK(other->genre(GenreId{2})->state == Genre::State{{2}, "Fado", true});
    }
}

TEST_CASE("the stored names of the catalogue's events and streams never change") {
    CHECK(type_of(InstrumentEvent(InstrumentAdded{})).name == "catalogue.instrument-added");
    CHECK(type_of(InstrumentEvent(InstrumentRenamed{})).name == "catalogue.instrument-renamed");
    CHECK(type_of(InstrumentEvent(InstrumentRetired{})).name == "catalogue.instrument-retired");
    CHECK(type_of(GenreEvent(GenreAdded{})).name == "catalogue.genre-added");
    CHECK(type_of(GenreEvent(GenreRenamed{})).name == "catalogue.genre-renamed");
    CHECK(type_of(GenreEvent(GenreRetired{})).name == "catalogue.genre-retired");
    CHECK(text_of({StreamKind::instrument, 7}) == "instrument-7");
    CHECK(text_of({StreamKind::genre, 7}) == "genre-7");
    const auto stored =
        R"({"shard":0,"term":1,"seq":1,"command_id":"00000000000000000000000000000000","actor":1,"time":5,)"
        R"("events":[{"stream":"instrument-3","version":1,"type":"catalogue.instrument-added","type_version":1,)"
        R"("data":{"instrument_id":3,"name":"Oud","added_at":1000}}]})";
    const auto record = decode(stored);
    CHECK(record.events.at(0).event == Event(InstrumentEvent(InstrumentAdded{{3}, "Oud", noon})));
    CHECK(encode(record) == stored);
}

}  // namespace
}  // namespace dacapo
