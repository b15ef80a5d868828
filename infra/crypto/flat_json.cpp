#include "infra/crypto/flat_json.hpp"

#include <charconv>

namespace dacapo {
namespace {

class Scanner {
public:
    explicit Scanner(std::string_view text) : text_(text) {}

    bool done() const { return at_ == text_.size(); }
    bool next_is(char c) const { return !done() && text_[at_] == c; }

    bool take(char c) {
        if (!next_is(c)) return false;
        ++at_;
        return true;
    }

    void skip_space() {
        while (next_is(' ') || next_is('\t') || next_is('\n') || next_is('\r')) ++at_;
    }

    // Escapes are refused: nothing that is signed here needs one, and a name could be written in two ways.
    std::optional<std::string_view> take_string() {
        if (!take('"')) return std::nullopt;
        const auto begin = at_;
        for (; !done(); ++at_) {
            const auto c = static_cast<unsigned char>(text_[at_]);
            if (c == '"') return text_.substr(begin, at_++ - begin);
            if (c == '\\' || c < 0x20) return std::nullopt;
        }
        return std::nullopt;
    }

    std::optional<std::int64_t> take_integer() {
        const auto rest = text_.substr(at_);
        const auto digits = rest.substr(rest.starts_with('-') ? 1 : 0);
        if (digits.starts_with('0') && digits.size() > 1 && digits[1] >= '0' && digits[1] <= '9')
            return std::nullopt;
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
        if (error != std::errc()) return std::nullopt;
        at_ += static_cast<std::size_t>(end - rest.data());
        return number;
    }

private:
    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace

std::optional<FlatJson> FlatJson::parse(std::string_view text) {
    FlatJson json;
    Scanner scanner(text);
    scanner.skip_space();
    if (!scanner.take('{')) return std::nullopt;
    scanner.skip_space();
    if (!scanner.next_is('}')) {
        do {
            scanner.skip_space();
            const auto name = scanner.take_string();
            if (!name || json.has(*name) || json.members_.size() == member_count_max) return std::nullopt;
            scanner.skip_space();
            if (!scanner.take(':')) return std::nullopt;
            scanner.skip_space();
            if (scanner.next_is('"')) {
                const auto value = scanner.take_string();
                if (!value) return std::nullopt;
                json.members_.push_back({*name, *value});
            } else {
                const auto value = scanner.take_integer();
                if (!value) return std::nullopt;
                json.members_.push_back({*name, *value});
            }
            scanner.skip_space();
        } while (scanner.take(','));
    }
    if (!scanner.take('}')) return std::nullopt;
    scanner.skip_space();
    if (!scanner.done()) return std::nullopt;
    return json;
}

const FlatJson::Value* FlatJson::find(std::string_view name) const {
    for (const auto& member : members_)
        if (member.name == name) return &member.value;
    return nullptr;
}

std::optional<std::string_view> FlatJson::text(std::string_view name) const {
    const auto* value = find(name);
    if (!value || !std::holds_alternative<std::string_view>(*value)) return std::nullopt;
    return std::get<std::string_view>(*value);
}

std::optional<std::int64_t> FlatJson::integer(std::string_view name) const {
    const auto* value = find(name);
    if (!value || !std::holds_alternative<std::int64_t>(*value)) return std::nullopt;
    return std::get<std::int64_t>(*value);
}

}  // namespace dacapo
