// What of an event leaves the log for other systems: its data without what is personal or a secret.
// Apart from the codec, because what it leaves out is decided here and can never be read back.
#pragma once

#include "events/record.hpp"

#include <string>

namespace dacapo {

// One JSON object with the stored keys of the event; fields that are left out are absent.
std::string shared_data(const Event& event);

}  // namespace dacapo
