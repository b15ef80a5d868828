// The events of a record as CloudEvents for other systems: which attributes they have, and what they are
// called for ever. Without personal data, as events/shared_data.hpp has it.
#pragma once

#include "infra/cloud_event.hpp"
#include "infra/log/event_log.hpp"

#include <string>
#include <vector>

namespace dacapo {

// In the record's order. The same record always gives the same events, ids included; `epoch` is that of its
// log, `source` a URI reference that names the installation.
std::vector<CloudEvent> cloud_events_of(const LogEntry& entry, const std::string& epoch,
                                        const std::string& source);

}  // namespace dacapo
