#include "domain/catalogue.hpp"

#include <stdexcept>

namespace dacapo {

namespace {

using enum CatalogueRefusal;

template <class Kind>
using Entry = CatalogueEntry<Kind>;
template <class Kind>
using Events = std::vector<typename Kind::Event>;

template <class Kind>
typename Entry<Kind>::Decision add(const typename Entry<Kind>::Add& command,
                                   const typename Entry<Kind>::State& state, const Context& by) {
    if (state.id) return already_added;
    if (!catalogue_name_faults(command.name).empty()) return name_invalid;
    if (command.name_owner) return name_taken;
    return Events<Kind>{typename Kind::Added{command.id, command.name, by.now}};
}

template <class Kind>
typename Entry<Kind>::Decision rename(const typename Entry<Kind>::Rename& command,
                                      const typename Entry<Kind>::State& state) {
    if (!state.id) return not_found;
    if (state.retired) return retired;
    if (command.name == state.name) return Events<Kind>{};
    if (!catalogue_name_faults(command.name).empty()) return name_invalid;
    if (command.name_owner && command.name_owner != state.id) return name_taken;
    return Events<Kind>{typename Kind::Renamed{state.id, command.name}};
}

template <class Kind>
typename Entry<Kind>::Decision retire(const typename Entry<Kind>::State& state) {
    if (!state.id) return not_found;
    if (state.retired) return Events<Kind>{};
    return Events<Kind>{typename Kind::Retired{state.id}};
}

template <class State, class Id>
void require_in_use(const State& state, Id id) {
    if (!state.id || state.id != id || state.retired)
        throw std::logic_error("a catalogue entry changed that is not in use");
}

}  // namespace

template <class Kind>
typename CatalogueEntry<Kind>::Decision CatalogueEntry<Kind>::decide(const Command& command,
                                                                     const State& state, const Context& by) {
    if (by.role != Role::admin) return admin_only;
    return std::visit(overloaded{
                          [&](const Add& c) { return add<Kind>(c, state, by); },
                          [&](const Rename& c) { return rename<Kind>(c, state); },
                          [&](const Retire&) { return retire<Kind>(state); },
                      },
                      command);
}

template <class Kind>
void CatalogueEntry<Kind>::evolve(State& state, const Event& event) {
    std::visit(overloaded{
                   [&](const typename Kind::Added& e) {
                       if (state.id) throw std::logic_error("a catalogue entry was added twice");
                       state = {e.id, e.name, false};
                   },
                   [&](const typename Kind::Renamed& e) {
                       require_in_use(state, e.id);
                       state.name = e.name;
                   },
                   [&](const typename Kind::Retired& e) {
                       require_in_use(state, e.id);
                       state.retired = true;
                   },
               },
               event);
}

template struct CatalogueEntry<InstrumentKind>;
template struct CatalogueEntry<GenreKind>;

FieldFaults catalogue_name_faults(std::string_view name) {
    FieldFaults found;
    check_length(found, "name", name, 1, catalogue_name_characters_max);
    return found;
}

}  // namespace dacapo
