#include "events/shared_data.hpp"

#include "events/field_writer.hpp"

namespace dacapo {

std::string shared_data(const Event& event) {
    std::string data;
    JsonWriter out(data);
    FieldWriter<SharedFields> writer(out);
    const auto write = [&](const auto& alternative) { writer.write(alternative); };
    std::visit([&](const auto& aggregate) { std::visit(write, aggregate); }, event);
    return data;
}

}  // namespace dacapo
