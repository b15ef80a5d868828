// Whether another command may be taken in while the read models lag behind the log.
// An interface, because what measures the lag is not what takes commands.
#pragma once

#include <atomic>

namespace dacapo {

class Admission {
public:
    virtual ~Admission() = default;
    // Any thread, cheap. False: answer 503 with Retry-After.
    virtual bool admit() = 0;
};

// Asks another one, once there is one: who takes commands is made before who measures the lag, and on a
// cluster's command servers nobody measures it.
class RelayedAdmission final : public Admission {
public:
    void ask(Admission& other) { other_ = &other; }
    bool admit() override {
        auto* const other = other_.load(std::memory_order_acquire);
        return !other || other->admit();
    }

private:
    std::atomic<Admission*> other_{nullptr};
};

}  // namespace dacapo
