// The catalogue: instruments and genres, one entry a stream, under names that are unique among those in use.
// Both kinds keep the same rules, so there is one decider; the writer of all entries looks the owner of a
// name up and hands it in.
#pragma once

#include "domain/decision.hpp"
#include "domain/field_faults.hpp"
#include "events/catalogue_events.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

namespace dacapo {

inline constexpr std::size_t catalogue_name_characters_max = 60;

// Which ids and events an entry has.
struct InstrumentKind {
    using Id = InstrumentId;
    using Event = InstrumentEvent;
    using Added = InstrumentAdded;
    using Renamed = InstrumentRenamed;
    using Retired = InstrumentRetired;
};
struct GenreKind {
    using Id = GenreId;
    using Event = GenreEvent;
    using Added = GenreAdded;
    using Renamed = GenreRenamed;
    using Retired = GenreRetired;
};

enum class CatalogueRefusal {
    admin_only,
    already_added,
    name_invalid,  // catalogue_name_faults() has them all
    name_taken,
    not_found,
    retired,
};

template <class Kind>
struct CatalogueEntry {
    using Event = typename Kind::Event;
    using Id = typename Kind::Id;

    struct Add {
        Id id;
        std::string name;
        Id name_owner;  // of the folded name, among entries in use; none: free
    };
    struct Rename {
        std::string name;
        Id name_owner;
    };
    struct Retire {};  // frees the name
    using Command = std::variant<Add, Rename, Retire>;

    struct State {
        Id id;  // none: never added
        std::string name;
        bool retired = false;

        template <class Self, class Field>
        static void fields(Self& self, Field&& field) {
            field("id", self.id);
            field("name", self.name);
            field("retired", self.retired);
        }
        bool operator==(const State&) const = default;
    };
    static constexpr int evolve_version = 1;

    using Refusal = CatalogueRefusal;
    using Decision = dacapo::Decision<Event, Refusal>;

    static Decision decide(const Command& command, const State& state, const Context& by);
    // Throws std::logic_error on a history that cannot be.
    static void evolve(State& state, const Event& event);
};

using Instrument = CatalogueEntry<InstrumentKind>;
using Genre = CatalogueEntry<GenreKind>;

extern template struct CatalogueEntry<InstrumentKind>;
extern template struct CatalogueEntry<GenreKind>;

FieldFaults catalogue_name_faults(std::string_view name);

}  // namespace dacapo
