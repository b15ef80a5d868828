// An event as other systems get it, by CloudEvents 1.0 (https://github.com/cloudevents/spec), whatever
// carries it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dacapo {

struct CloudEvent {
    // By their names in the standard, without `datacontenttype`, which is always application/json. Values are
    // texts: an integer of the standard has 32 bits, and ours have more.
    std::vector<std::pair<std::string_view, std::string>> attributes;
    std::string partition_key;  // events of one key stay in order
    int shard = 0;
    std::string data;  // JSON
};

}  // namespace dacapo
