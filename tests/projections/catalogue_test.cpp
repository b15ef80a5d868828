// Each event's effect on the tables of the catalogue.
#include "tests/support/projected.hpp"

#include <doctest/doctest.h>

namespace dacapo {
namespace {

constexpr Timestamp noon = Timestamp(std::chrono::milliseconds(1000));

struct CatalogueTables {
    TemporaryFolder folder;
    testing::MemoryLog log;
    testing::Projector projector{log, folder / "read.db"};

    void instrument(std::int64_t id, InstrumentEvent event) {
        log.add(0, {{{StreamKind::instrument, id}, Event(std::move(event))}});
    }
    void genre(std::int64_t id, GenreEvent event) {
        log.add(0, {{{StreamKind::genre, id}, Event(std::move(event))}});
    }
    std::string rows(const std::string& table) {
        projector.catch_up();
        return projector.rows(table);
    }
};

TEST_CASE_FIXTURE(CatalogueTables,
                  "an added instrument or genre is a row with its name folded for the order") {
    instrument(1, InstrumentAdded{{1}, "Cajón", noon});
    instrument(2, InstrumentAdded{{2}, "Oud", noon});
    genre(1, GenreAdded{{1}, "Raï", noon});
    CHECK(rows("instruments") == "1|Cajón|cajon|0|1\n2|Oud|oud|0|1\n");
    CHECK(rows("genres") == "1|Raï|rai|0|1\n");
}

TEST_CASE_FIXTURE(CatalogueTables, "a renamed entry keeps its id and has the next version") {
    instrument(1, InstrumentAdded{{1}, "Cajón", noon});
    instrument(2, InstrumentAdded{{2}, "Oud", noon});
    instrument(2, InstrumentRenamed{{2}, "Ûd"});
    genre(1, GenreAdded{{1}, "Raï", noon});
    genre(1, GenreRenamed{{1}, "Raï'n'B"});
    CHECK(rows("instruments") == "1|Cajón|cajon|0|1\n2|Ûd|ud|0|2\n");
    CHECK(rows("genres") == "1|Raï'n'B|rai'n'b|0|2\n");
}

TEST_CASE_FIXTURE(CatalogueTables, "a retired entry keeps its row and its name") {
    instrument(1, InstrumentAdded{{1}, "Cajón", noon});
    instrument(1, InstrumentRetired{{1}});
    genre(1, GenreAdded{{1}, "Raï", noon});
    genre(2, GenreAdded{{2}, "Fado", noon});
    genre(1, GenreRetired{{1}});
    CHECK(rows("instruments") == "1|Cajón|cajon|1|2\n");
    CHECK(rows("genres") == "1|Raï|rai|1|2\n2|Fado|fado|0|1\n");
}

}  // namespace
}  // namespace dacapo
