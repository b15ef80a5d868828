// What happened to the catalogue: the instruments that people play and the genres that they play in.
// Streams: `instrument-<id>` and `genre-<id>`, both numbered 1, 2, 3 ... in the shard of the accounts. Stored
// for ever.
#pragma once

#include "events/fields.hpp"

#include <string>
#include <variant>

namespace dacapo {

struct InstrumentAdded {
    static constexpr EventType type{"catalogue.instrument-added", 1};

    InstrumentId id;
    std::string name;
    Timestamp added_at;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("instrument_id", self.id);
        field("name", self.name);
        field("added_at", self.added_at);
    }
    bool operator==(const InstrumentAdded&) const = default;
};

struct InstrumentRenamed {
    static constexpr EventType type{"catalogue.instrument-renamed", 1};

    InstrumentId id;
    std::string name;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("instrument_id", self.id);
        field("name", self.name);
    }
    bool operator==(const InstrumentRenamed&) const = default;
};

// Nobody can choose it any more; what refers to it keeps its name.
struct InstrumentRetired {
    static constexpr EventType type{"catalogue.instrument-retired", 1};

    InstrumentId id;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("instrument_id", self.id);
    }
    bool operator==(const InstrumentRetired&) const = default;
};

struct GenreAdded {
    static constexpr EventType type{"catalogue.genre-added", 1};

    GenreId id;
    std::string name;
    Timestamp added_at;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("genre_id", self.id);
        field("name", self.name);
        field("added_at", self.added_at);
    }
    bool operator==(const GenreAdded&) const = default;
};

struct GenreRenamed {
    static constexpr EventType type{"catalogue.genre-renamed", 1};

    GenreId id;
    std::string name;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("genre_id", self.id);
        field("name", self.name);
    }
    bool operator==(const GenreRenamed&) const = default;
};

struct GenreRetired {
    static constexpr EventType type{"catalogue.genre-retired", 1};

    GenreId id;

    template <class Self, class Field>
    static void fields(Self& self, Field&& field) {
        field("genre_id", self.id);
    }
    bool operator==(const GenreRetired&) const = default;
};

using InstrumentEvent = std::variant<InstrumentAdded, InstrumentRenamed, InstrumentRetired>;
using GenreEvent = std::variant<GenreAdded, GenreRenamed, GenreRetired>;

}  // namespace dacapo
