#include "infra/log/shard_protocol.hpp"

namespace dacapo {

std::string_view name_of(VoidReason reason) {
    switch (reason) {
        case VoidReason::old_term:
            return "old_term";
        case VoidReason::repeated:
            return "repeated";
        case VoidReason::out_of_sequence:
            return "out_of_sequence";
    }
    return {};
}

}  // namespace dacapo
