// Deadlines in whole seconds for very many connections: moving one costs a store, no timer and no system
// call. One per thread; turned once a second by its owner.
#pragma once

#include <array>
#include <boost/intrusive/list.hpp>

namespace dacapo::http {

class Wheel;

// Something with a deadline. Leaves the wheel by itself when destroyed.
class Timed
    : public boost::intrusive::list_base_hook<boost::intrusive::tag<Wheel>,
                                              boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    virtual ~Timed() = default;
    // The deadline has passed and none is set any more. May destroy this or any other Timed.
    virtual void on_due() = 0;

private:
    friend class Wheel;
    unsigned due_tick_ = 0;
    unsigned slot_tick_ = 0;
};

class Wheel {
public:
    // Due after at least `seconds`, at most one more. Replaces the deadline set before.
    void arm(Timed& timed, unsigned seconds) {
        timed.due_tick_ = now_ + seconds + 1;
        // A later deadline is noticed when the old slot comes up: most deadlines only ever move later.
        if (timed.is_linked() && timed.slot_tick_ <= timed.due_tick_) return;
        link(timed);
    }
    void disarm(Timed& timed) {
        if (timed.is_linked()) timed.unlink();
    }

    unsigned now() const { return now_; }  // seconds since the start, by turns

    void turn() {
        ++now_;
        List due;
        due.swap(slots_[now_ % slots_.size()]);
        while (!due.empty()) {
            Timed& timed = due.front();
            due.pop_front();
            if (timed.due_tick_ > now_)
                link(timed);
            else
                timed.on_due();
        }
    }

private:
    using List = boost::intrusive::list<
        Timed,
        boost::intrusive::base_hook<boost::intrusive::list_base_hook<
            boost::intrusive::tag<Wheel>, boost::intrusive::link_mode<boost::intrusive::auto_unlink>>>,
        boost::intrusive::constant_time_size<false>>;

    void link(Timed& timed) {
        disarm(timed);
        const auto ahead = timed.due_tick_ - now_;
        const auto longest = static_cast<unsigned>(slots_.size() - 1);
        timed.slot_tick_ = now_ + (ahead < longest ? ahead : longest);
        slots_[timed.slot_tick_ % slots_.size()].push_back(timed);
    }

    std::array<List, 64> slots_;
    unsigned now_ = 0;
};

}  // namespace dacapo::http
