#include "command/snapshot.hpp"

#include "infra/crypto/digest.hpp"

#include <fmt/format.h>
#include <cstring>
#include <map>
#include <set>
#include <stdexcept>
#include <typeinfo>

namespace dacapo {
namespace {

template <class T>
concept HasFields = requires(T& value) {
    T::fields(value, [](const char*, auto&, auto&&...) {});
};
template <class T>
concept Plain = std::is_arithmetic_v<T> || std::is_enum_v<T>;
template <class T>
concept HasRepresentation = requires(T& value) {
    value.value;
}
&&!HasFields<T>;  // Id<>
template <class T>
concept Map = requires {
    typename T::mapped_type;
};
template <class T>
concept Set = requires {
    typename T::key_type;
}
&&!Map<T>;
template <class T>
concept Sequence = requires(T& values) {
    values.emplace_back();
}
&&!std::same_as<T, std::string>;

// One function over every shape of field serves writing, reading and naming (the fingerprint): Archive is one
// of the three classes below.
template <class Archive, class T>
void visit(Archive& archive, T& value) {
    using Value = std::remove_const_t<T>;
    if constexpr (Plain<Value>) {
        archive.plain(value);
    } else if constexpr (std::same_as<Value, std::string>) {
        archive.text(value);
    } else if constexpr (std::same_as<Value, Timestamp>) {
        archive.instant(value);
    } else if constexpr (HasFields<Value>) {
        Value::fields(value, [&](const char* key, auto& member, auto&&...) {
            archive.name(key);
            visit(archive, member);
        });
    } else if constexpr (HasRepresentation<Value>) {
        archive.plain(value.value);
    } else if constexpr (requires { value.has_value(); }) {
        archive.optional(value);
    } else if constexpr (Map<Value>) {
        archive.map(value);
    } else if constexpr (Set<Value>) {
        archive.set(value);
    } else if constexpr (requires { value.first; }) {
        visit(archive, value.first);
        visit(archive, value.second);
    } else if constexpr (Sequence<Value>) {
        archive.sequence(value);
    } else {  // std::array of bytes
        archive.bytes(value.data(), value.size());
    }
}

class Writer {
public:
    explicit Writer(std::string& out) : out_(out) {}
    void name(const char*) {}
    template <class T>
    void plain(const T& value) {
        out_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    void bytes(const void* data, std::size_t size) { out_.append(static_cast<const char*>(data), size); }
    void text(const std::string& value) {
        plain(std::uint64_t{value.size()});
        out_ += value;
    }
    void instant(Timestamp value) { plain(std::int64_t{value.time_since_epoch().count()}); }
    template <class T>
    void optional(const T& value) {
        plain(value.has_value());
        if (value) visit(*this, *value);
    }
    template <class T>
    void sequence(const T& values) {
        plain(std::uint64_t{values.size()});
        for (const auto& value : values) visit(*this, value);
    }
    template <class T>
    void set(const T& values) {
        sequence(values);
    }
    template <class T>
    void map(const T& values) {
        plain(std::uint64_t{values.size()});
        for (const auto& [key, value] : values) {
            visit(*this, key);
            visit(*this, value);
        }
    }

private:
    std::string& out_;
};

class Reader {
public:
    explicit Reader(std::string_view in) : in_(in) {}
    bool at_end() const { return in_.empty(); }
    void name(const char*) {}
    template <class T>
    void plain(T& value) {
        bytes(&value, sizeof value);
    }
    void bytes(void* data, std::size_t size) {
        if (in_.size() < size) throw std::runtime_error("the snapshot ends early");
        std::memcpy(data, in_.data(), size);
        in_.remove_prefix(size);
    }
    void text(std::string& value) {
        value.resize(count(1));
        bytes(value.data(), value.size());
    }
    void instant(Timestamp& value) {
        std::int64_t milliseconds = 0;
        plain(milliseconds);
        value = Timestamp{std::chrono::milliseconds{milliseconds}};
    }
    template <class T>
    void optional(T& value) {
        bool present = false;
        plain(present);
        if (present) visit(*this, value.emplace());
    }
    template <class T>
    void sequence(T& values) {
        for (auto left = count(1); left > 0; --left) visit(*this, values.emplace_back());
    }
    template <class T>
    void set(T& values) {
        for (auto left = count(1); left > 0; --left) {
            typename T::value_type value{};
            visit(*this, value);
            values.insert(std::move(value));
        }
    }
    template <class T>
    void map(T& values) {
        for (auto left = count(1); left > 0; --left) {
            typename T::key_type key{};
            visit(*this, key);
            visit(*this, values[std::move(key)]);
        }
    }

private:
    // A count larger than the bytes left could hold is damage, not a reason to reserve memory.
    std::size_t count(std::size_t bytes_each) {
        std::uint64_t value = 0;
        plain(value);
        if (value > in_.size() / bytes_each)
            throw std::runtime_error("the snapshot holds an impossible count");
        return static_cast<std::size_t>(value);
    }
    std::string_view in_;
};

// Lists the names and kinds of all fields; containers are described by what they hold.
class Describer {
public:
    explicit Describer(std::string& out) : out_(out) {}
    void name(const char* key) { out_ += fmt::format("{}:", key); }
    template <class T>
    void plain(const T&) {
        out_ += fmt::format("{}{};", typeid(T).name(), sizeof(T));
    }
    void bytes(const void*, std::size_t size) { out_ += fmt::format("b{};", size); }
    void text(const std::string&) { out_ += "s;"; }
    void instant(Timestamp) { out_ += "t;"; }
    template <class T>
    void optional(const T&) {
        held<typename T::value_type>("?");
    }
    template <class T>
    void sequence(const T&) {
        held<typename T::value_type>("*");
    }
    template <class T>
    void set(const T&) {
        held<typename T::key_type>("=");
    }
    template <class T>
    void map(const T&) {
        held<typename T::key_type>("<");
        held<typename T::mapped_type>(">");
    }

private:
    template <class T>
    void held(const char* mark) {
        out_ += mark;
        T sample{};
        visit(*this, sample);
    }
    std::string& out_;
};

}  // namespace

std::string state_fingerprint() {
    std::string shape;
    ShardState state;
    Describer describer(shape);
    visit(describer, state);
    shape += fmt::format("evolve {} {} {} {} {} {} {} {} {}", Account::evolve_version,
                         Session::evolve_version, Title::evolve_version, Gathering::evolve_version,
                         Roster::evolve_version, Conversation::evolve_version, CheckIns::evolve_version,
                         Instrument::evolve_version, Genre::evolve_version);
    return sha256_hex(shape).substr(0, 16);
}

std::string encode_snapshot(const ShardState& state) {
    std::string bytes;
    bytes.reserve(1 << 20);
    Writer writer(bytes);
    visit(writer, state);
    return bytes;
}

void decode_snapshot(std::string_view bytes, ShardState& state) {
    Reader reader(bytes);
    visit(reader, state);
    if (!reader.at_end()) throw std::runtime_error("the snapshot is longer than its state");
    state.rebuild_indexes();
}

}  // namespace dacapo
