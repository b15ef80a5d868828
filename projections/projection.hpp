// What a read model is to the runner, and the dispatch of events to the `apply` overloads that it has.
// A projection is one plain struct in one file; everything that all of them share is here.
#pragma once

#include "events/record.hpp"
#include "infra/log/event_log.hpp"
#include "infra/sql/session.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dacapo {

// Where and when an event was recorded.
struct Recorded {
    Position position = 0;
    Timestamp time;
    StreamId stream;
    std::int64_t version = 0;  // 1, 2, 3 ... dense within the stream
};

class Projection {
public:
    virtual ~Projection() = default;

    virtual std::string_view name() const = 0;
    // Raised when the tables or their contents change their meaning: they are then built anew from the first
    // record.
    virtual int version() const = 0;

    virtual void create_tables() = 0;
    virtual void drop_tables() = 0;

    // Any exception parks the event and, behind it, all later ones of the streams that share its rows.
    virtual void apply(const Event& event, const Recorded& recorded) = 0;
    // Writes the rows collected since the last flush; the events they came from are still there.
    virtual void flush() = 0;
    // The batch was rolled back: forgets the rows collected since the last flush.
    virtual void discard() = 0;

    // The stream under whose name the events of this one are parked; streams that write the same rows share
    // one.
    virtual StreamId parked_as(StreamId stream) const = 0;
};

// Makes a Projection of a struct with
//     static constexpr std::string_view name;  static constexpr int version;
//     explicit Model(sql::Session& writer);
//     void apply(const SomeEvent&, const Recorded&);       // one for each event it cares for
//     template <class Each> void tables(Each&& each);      // each(table) for each of its tables
//     static StreamId parked_as(StreamId);                 // optional
template <class Model>
class ProjectionOf final : public Projection {
public:
    explicit ProjectionOf(sql::Session& writer) : model_(writer) {}

    std::string_view name() const override { return Model::name; }
    int version() const override { return Model::version; }
    void create_tables() override {
        model_.tables([](auto& table) { table.create(); });
    }
    void drop_tables() override {
        model_.tables([](auto& table) { table.drop(); });
    }
    void flush() override {
        model_.tables([](auto& table) { table.flush(); });
    }
    void discard() override {
        model_.tables([](auto& table) { table.discard(); });
    }
    void apply(const Event& event, const Recorded& recorded) override {
        std::visit(
            [&](const auto& aggregate) {
                std::visit([&](const auto& e) { apply_one(e, recorded); }, aggregate);
            },
            event);
    }
    StreamId parked_as(StreamId stream) const override {
        if constexpr (requires { Model::parked_as(stream); })
            return Model::parked_as(stream);
        else
            return stream;
    }

private:
    template <class E>
    void apply_one(const E& event, const Recorded& recorded) {
        if constexpr (requires { model_.apply(event, recorded); }) model_.apply(event, recorded);
    }

    Model model_;
};

using Projections = std::vector<std::unique_ptr<Projection>>;

}  // namespace dacapo
