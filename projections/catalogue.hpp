// The read model of the catalogue: every instrument and every genre that was ever added, in use or retired.
// Here because clients list those in use by name, and what refers to an entry shows its name for ever.
#pragma once

#include "infra/sql/table.hpp"
#include "infra/text.hpp"
#include "projections/projection.hpp"

namespace dacapo {

// `sort_text` is the folded name: the order of lists, whatever the case and the accents.
template <class Id>
struct CatalogueRow {
    static constexpr int key_count = 1;

    Id id;
    std::string_view name;
    std::string sort_text;
    bool retired = false;
    std::int64_t version = 1;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("id", self.id);
        field("name", self.name);
        field("sort_text", self.sort_text);
        field("retired", self.retired);
        field("version", self.version);
    }
};

struct InstrumentRow : CatalogueRow<InstrumentId> {
    static constexpr std::string_view table = "instruments";
    static constexpr const char* create = R"(
        CREATE TABLE instruments (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            sort_text TEXT NOT NULL,
            retired INTEGER NOT NULL,
            version INTEGER NOT NULL
        );
        CREATE INDEX instruments_by_name ON instruments (retired, sort_text, id))";
};
struct GenreRow : CatalogueRow<GenreId> {
    static constexpr std::string_view table = "genres";
    static constexpr const char* create = R"(
        CREATE TABLE genres (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            sort_text TEXT NOT NULL,
            retired INTEGER NOT NULL,
            version INTEGER NOT NULL
        );
        CREATE INDEX genres_by_name ON genres (retired, sort_text, id))";
};

struct Catalogue {
    static constexpr std::string_view name = "catalogue";
    static constexpr int version = 1;

    explicit Catalogue(sql::Session& writer) : instruments(writer), genres(writer) {}

    void apply(const InstrumentAdded& e, const Recorded& recorded) {
        instruments.upsert({{e.id, e.name, fold(e.name), false, recorded.version}});
    }
    void apply(const InstrumentRenamed& e, const Recorded& recorded) {
        instruments.execute("UPDATE instruments SET name = $2, sort_text = $3, version = $4 WHERE id = $1",
                            e.id, e.name, fold(e.name), recorded.version);
    }
    void apply(const InstrumentRetired& e, const Recorded& recorded) {
        instruments.execute("UPDATE instruments SET retired = 1, version = $2 WHERE id = $1", e.id,
                            recorded.version);
    }
    void apply(const GenreAdded& e, const Recorded& recorded) {
        genres.upsert({{e.id, e.name, fold(e.name), false, recorded.version}});
    }
    void apply(const GenreRenamed& e, const Recorded& recorded) {
        genres.execute("UPDATE genres SET name = $2, sort_text = $3, version = $4 WHERE id = $1", e.id,
                       e.name, fold(e.name), recorded.version);
    }
    void apply(const GenreRetired& e, const Recorded& recorded) {
        genres.execute("UPDATE genres SET retired = 1, version = $2 WHERE id = $1", e.id, recorded.version);
    }

    template <class Each>
    void tables(Each&& each) {
        each(instruments);
        each(genres);
    }

    sql::Table<InstrumentRow> instruments;
    sql::Table<GenreRow> genres;
};

}  // namespace dacapo
