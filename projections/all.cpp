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

}  // namespace dacapo
