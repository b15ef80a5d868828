#include "domain/catalogue.hpp"

#include "tests/domain/cast.hpp"
#include "tests/support/given.hpp"

using namespace dacapo;
using enum CatalogueRefusal;

namespace {

constexpr InstrumentId oud{1};
constexpr InstrumentId ney{2};
constexpr InstrumentId nobody{};
const InstrumentAdded oud_added{oud, "Oud", noon};
const InstrumentRetired oud_retired{oud};

}  // namespace

TEST_CASE("an admin adds an instrument") {
    Given<Instrument>({}).when(Instrument::Add{oud, "Oud", nobody}, as_admin(ana)).then({oud_added});
}

TEST_CASE("a genre keeps the same rules as an instrument") {
    const GenreAdded added{{1}, "Raï", noon};
    Given<Genre>({}).when(Genre::Add{{1}, "Raï", {}}, as_admin(ana)).then({added});
    Given<Genre>({}).when(Genre::Add{{2}, "Rai", {1}}, as_admin(ana)).then_refused(name_taken);
    Given<Genre>({added})
        .when(Genre::Rename{"Raï'n'B", {}}, as_admin(ana))
        .then({GenreRenamed{{1}, "Raï'n'B"}});
    Given<Genre>({added}).when(Genre::Retire{}, as_admin(ana)).then({GenreRetired{{1}}});
    Given<Genre>({added}).when(Genre::Retire{}, as(ana)).then_refused(admin_only);
}

TEST_CASE("a name that an entry in use has is taken") {
    Given<Instrument>({}).when(Instrument::Add{ney, "oud", oud}, as_admin(ana)).then_refused(name_taken);
    Given<Instrument>({oud_added})
        .when(Instrument::Rename{"Ney", ney}, as_admin(ana))
        .then_refused(name_taken);
}

TEST_CASE("only an admin changes the catalogue") {
    for (const auto role : {Role::user, Role::commercial, Role::support}) {
        const Context by{ben, role, noon};
        Given<Instrument>({}).when(Instrument::Add{oud, "Oud", nobody}, by).then_refused(admin_only);
        Given<Instrument>({oud_added}).when(Instrument::Rename{"Ud", nobody}, by).then_refused(admin_only);
        Given<Instrument>({oud_added}).when(Instrument::Retire{}, by).then_refused(admin_only);
    }
}

TEST_CASE("a name has from 1 to 60 characters") {
    std::string longest;
    for (std::size_t i = 0; i < catalogue_name_characters_max; ++i) longest += "é";
    Given<Instrument>({})
        .when(Instrument::Add{oud, longest, nobody}, as_admin(ana))
        .then({InstrumentAdded{oud, longest, noon}});
    for (const auto& name : {std::string(), longest + "e"}) {
        Given<Instrument>({})
            .when(Instrument::Add{oud, name, nobody}, as_admin(ana))
            .then_refused(name_invalid);
        Given<Instrument>({oud_added})
            .when(Instrument::Rename{name, nobody}, as_admin(ana))
            .then_refused(name_invalid);
    }
    CHECK(catalogue_name_faults("") == FieldFaults{{"name", "too_short"}});
    CHECK(catalogue_name_faults(longest + "e") == FieldFaults{{"name", "too_long"}});
}

TEST_CASE("an entry is added once") {
    Given<Instrument>({oud_added})
        .when(Instrument::Add{oud, "Oud", nobody}, as_admin(ana))
        .then_refused(already_added);
}

TEST_CASE("an entry is renamed and may respell its own name") {
    Given<Instrument>({oud_added})
        .when(Instrument::Rename{"Ud", nobody}, as_admin(ana))
        .then({InstrumentRenamed{oud, "Ud"}});
    Given<Instrument>({oud_added})
        .when(Instrument::Rename{"OÛD", oud}, as_admin(ana))
        .then({InstrumentRenamed{oud, "OÛD"}});
}

TEST_CASE("renaming to the name it has records nothing") {
    Given<Instrument>({oud_added}).when(Instrument::Rename{"Oud", oud}, as_admin(ana)).then_nothing();
    Given<Instrument>({oud_added, InstrumentRenamed{oud, "Ud"}})
        .when(Instrument::Rename{"Ud", oud}, as_admin(ana))
        .then_nothing();
}

TEST_CASE("an entry is retired once and a repeat records nothing") {
    Given<Instrument>({oud_added}).when(Instrument::Retire{}, as_admin(ana)).then({oud_retired});
    Given<Instrument>({oud_added, oud_retired}).when(Instrument::Retire{}, as_admin(ana)).then_nothing();
}

TEST_CASE("a retired entry keeps its name for ever") {
    Given<Instrument>({oud_added, oud_retired})
        .when(Instrument::Rename{"Ud", nobody}, as_admin(ana))
        .then_refused(retired);
    Given<Instrument>({oud_added, oud_retired})
        .when(Instrument::Rename{"Oud", ney}, as_admin(ana))
        .then_refused(retired);
}

TEST_CASE("an entry that was never added cannot change") {
    Given<Instrument>({}).when(Instrument::Rename{"Oud", nobody}, as_admin(ana)).then_refused(not_found);
    Given<Instrument>({}).when(Instrument::Retire{}, as_admin(ana)).then_refused(not_found);
}

TEST_CASE("a history of the catalogue that cannot be is a fault of ours") {
    CHECK_THROWS_AS((Given<Instrument>({oud_added, oud_added})), std::logic_error);
    CHECK_THROWS_AS((Given<Instrument>({oud_retired})), std::logic_error);
    CHECK_THROWS_AS((Given<Instrument>({oud_added, oud_retired, oud_retired})), std::logic_error);
    CHECK_THROWS_AS((Given<Instrument>({oud_added, InstrumentRenamed{ney, "Ney"}})), std::logic_error);
}
