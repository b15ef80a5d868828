// Whether another command may be taken in while the read models lag behind the log.
// An interface, because what measures the lag is not what takes commands.
#pragma once

namespace dacapo {

class Admission {
public:
    virtual ~Admission() = default;
    // Any thread, cheap. False: answer 503 with Retry-After.
    virtual bool admit() = 0;
};

}  // namespace dacapo
