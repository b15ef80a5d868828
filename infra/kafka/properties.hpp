// Settings of librdkafka by its own names, and which of them an operator may choose.
// Apart from the client, so that configuration is checked without a broker and without librdkafka's header.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace dacapo::kafka {

using Properties = std::map<std::string, std::string>;

// What KAFKA_<PROPERTY> names: `KAFKA_SOCKET_TIMEOUT_MS` is `socket.timeout.ms`. Nothing for a variable of
// another name, and for those that are about topics (KAFKA_REPLICATION_FACTOR, KAFKA_MIN_INSYNC_REPLICAS).
std::optional<std::string> property_of_variable(std::string_view variable);

// Of KAFKA_<PROPERTY>_FILE, when the property is a secret: KAFKA_<PROPERTY>, whose value stands in that file.
std::optional<std::string> secret_of_file_variable(std::string_view variable);

// Empty when an operator may set it; else why not, as a sentence's end ("is fixed: ...").
std::string refusal_of_property(std::string_view property);

}  // namespace dacapo::kafka
