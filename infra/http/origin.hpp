// Which web pages' scripts may call us (CORS) and open WebSockets: an exact list, no patterns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dacapo::http {

class OriginPolicy {
public:
    OriginPolicy(std::vector<std::string> allowed, bool local_allowed);
    // `origin` as in the Origin field; "null" and the empty one are not allowed.
    bool allows(std::string_view origin) const;

private:
    std::vector<std::string> allowed_;
    bool local_allowed_;
};

}  // namespace dacapo::http
