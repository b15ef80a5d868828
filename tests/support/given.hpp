// Given past events, when a command comes, then exactly these events: how every decider is tested.
// It also checks, each time, that the state survives a snapshot and that the state can take what was decided.
#pragma once

#include "domain/decision.hpp"
#include "tests/support/printed.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace dacapo {

// Copies only what `fields` lists, as a snapshot does, however deep.
template <class T>
void copy_listed(const T& from, T& to) {
    if constexpr (HasFields<T>) {
        std::vector<const void*> sources;
        T::fields(from, [&](const char*, const auto& member, auto...) { sources.push_back(&member); });
        auto source = sources.begin();
        T::fields(to, [&](const char*, auto& member, auto...) {
            copy_listed(*static_cast<const std::remove_reference_t<decltype(member)>*>(*source++), member);
        });
    } else if constexpr (is_optional<T>) {
        to.reset();
        if (from) copy_listed(*from, to.emplace());
    } else if constexpr (is_vector<T>) {
        to.clear();
        for (const auto& element : from) copy_listed(element, to.emplace_back());
    } else {
        to = from;
    }
}

// What a command led to. The empty text of a check means that it holds.
template <class Aggregate>
class [[nodiscard]] Outcome {
public:
    using Event = typename Aggregate::Event;
    using Refusal = typename Aggregate::Refusal;
    using Decision = typename Aggregate::Decision;

    Outcome(Decision decision, std::string fault)
        : decision_(std::move(decision)), fault_(std::move(fault)) {}

    // Exactly these events, in this order.
    void then(const std::vector<Event>& expected, const char* file = __builtin_FILE(),
              int line = __builtin_LINE()) const {
        report(mismatch(Decision(expected)), file, line);
    }
    void then_refused(Refusal expected, const char* file = __builtin_FILE(),
                      int line = __builtin_LINE()) const {
        report(mismatch(Decision(expected)), file, line);
    }
    // Accepted, and nothing to record.
    void then_nothing(const char* file = __builtin_FILE(), int line = __builtin_LINE()) const {
        report(mismatch(Decision(std::vector<Event>{})), file, line);
    }

    std::string mismatch(const Decision& expected) const {
        if (!fault_.empty()) return fault_;
        if (decision_ == expected) return {};
        return "expected " + printed(expected) + "\n     got " + printed(decision_);
    }

private:
    static std::string printed(const Decision& decision) {
        if (const auto* refusal = std::get_if<Refusal>(&decision))
            return "the refusal " + enumerator_name(*refusal);
        const auto& events = std::get<0>(decision);
        if (events.empty()) return "nothing";
        std::string text = "the events";
        for (const auto& event : events) text += "\n           " + dacapo::printed(event);
        return text;
    }

    static void report(const std::string& mismatch, const char* file, int line) {
        if (mismatch.empty())
            CHECK(mismatch.empty());  // Counts the assertion.
        else
            DOCTEST_ADD_FAIL_CHECK_AT(file, line, mismatch);
    }

    Decision decision_;
    std::string fault_;
};

template <class Aggregate>
class Given {
public:
    using Event = typename Aggregate::Event;
    using State = typename Aggregate::State;

    [[nodiscard]] explicit Given(const std::vector<Event>& past) {
        for (const auto& event : past) Aggregate::evolve(state_, event);
    }

    Outcome<Aggregate> when(const typename Aggregate::Command& command, const Context& by) const {
        State restored;
        copy_listed(state_, restored);
        if (!(restored == state_)) return {{}, "the state's `fields` leaves a member out"};
        auto decision = Aggregate::decide(command, restored, by);
        if (!(decision == Aggregate::decide(command, restored, by))) return {{}, "decide is not pure"};
        if (const auto* events = std::get_if<0>(&decision))
            for (const auto& event : *events) Aggregate::evolve(restored, event);
        return {std::move(decision), {}};
    }

    const State& state() const { return state_; }

private:
    State state_;
};

}  // namespace dacapo
