#include "projections/all.hpp"

#include "projections/catalogue.hpp"
#include "projections/check_ins.hpp"
#include "projections/events.hpp"
#include "projections/messages.hpp"
#include "projections/sessions.hpp"
#include "projections/users.hpp"

namespace dacapo {

Projections all_projections(sql::Session& writer) {
    Projections projections;
    projections.push_back(std::make_unique<ProjectionOf<Users>>(writer));
    projections.push_back(std::make_unique<ProjectionOf<Sessions>>(writer));
    projections.push_back(std::make_unique<ProjectionOf<Events>>(writer));
    projections.push_back(std::make_unique<ProjectionOf<Messages>>(writer));
    projections.push_back(std::make_unique<ProjectionOf<CheckInRecords>>(writer));
    projections.push_back(std::make_unique<ProjectionOf<Catalogue>>(writer));
    return projections;
}

std::vector<ReadTable> read_tables() {
    return {{Users::name, UserRow::table},
            {Sessions::name, SessionRow::table},
            {Events::name, EventRow::table},
            {Events::name, ParticipantRow::table},
            {Messages::name, MessageRow::table},
            {Messages::name, ReadMarkerRow::table},
            {CheckInRecords::name, CheckInRow::table},
            {Catalogue::name, InstrumentRow::table},
            {Catalogue::name, GenreRow::table}};
}

}  // namespace dacapo
