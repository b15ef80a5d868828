// One of each event that can be stored, made from the field lists, so that a new event is in every test at
// once. Values are arbitrary but lawful; optional fields are all there or all absent.
#pragma once

#include "events/enum_names.hpp"
#include "events/record.hpp"

#include <string>
#include <utility>
#include <vector>

namespace dacapo::testing {

class EventMaker {
public:
    explicit EventMaker(bool with_optional_fields) : with_optional_fields_(with_optional_fields) {}

    template <class T>
    void fill(T& value) {
        if constexpr (std::is_same_v<T, std::string>) {
            value = "text \"" + std::to_string(++count_) + "\" \\ é\n";
        } else if constexpr (std::is_same_v<T, std::int64_t>) {
            value = id_limit - ++count_;
        } else if constexpr (std::is_same_v<T, double>) {
            value = 48.8566140000001 - static_cast<double>(++count_);
        } else if constexpr (std::is_same_v<T, bool>) {
            value = true;
        } else if constexpr (std::is_same_v<T, Timestamp>) {
            value = Timestamp{std::chrono::milliseconds{1'710'417'600'123 + ++count_}};
        } else if constexpr (NamedEnum<T>) {
            value = static_cast<T>(EnumNames<T>::names.size() - 1);
        } else if constexpr (requires { T::fields(value, [](const char*, auto&, auto&&...) {}); }) {
            T::fields(value, [&](const char*, auto& member, auto&&...) { fill(member); });
        } else if constexpr (requires { value.has_value(); }) {
            if (with_optional_fields_) fill(value.emplace());
        } else if constexpr (requires { value.push_back({}); }) {
            for (int i = 0; i < 2; ++i) fill(value.emplace_back());
        } else {  // Id<>
            value.value = ++count_;
        }
    }

    std::vector<Event> every_event() {
        std::vector<Event> events;
        add_aggregates(events, std::make_index_sequence<std::variant_size_v<Event>>());
        return events;
    }

private:
    template <std::size_t... Number>
    void add_aggregates(std::vector<Event>& events, std::index_sequence<Number...>) {
        (add_events<std::variant_alternative_t<Number, Event>>(
             events,
             std::make_index_sequence<std::variant_size_v<std::variant_alternative_t<Number, Event>>>()),
         ...);
    }
    template <class Aggregate, std::size_t... Number>
    void add_events(std::vector<Event>& events, std::index_sequence<Number...>) {
        const auto add = [&]<class Made>(Made made) {
            fill(made);
            events.push_back(Aggregate(std::move(made)));
        };
        (add(std::variant_alternative_t<Number, Aggregate>{}), ...);
    }

    bool with_optional_fields_;
    std::int64_t count_ = 0;
};

inline std::vector<Event> every_event(bool with_optional_fields = true) {
    return EventMaker(with_optional_fields).every_event();
}

}  // namespace dacapo::testing
