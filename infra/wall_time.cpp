#include "infra/wall_time.hpp"

#include <date/tz.h>
#include <stdexcept>

namespace dacapo {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// The zone library reads each zone's table of changes, which ends here; later years go through a like year.
constexpr int zone_table_year_max = 2037;
constexpr minutes offset_max = hours{24};

// A time without a zone: milliseconds since 1970-01-01T00:00:00 on the wall.
using Local = milliseconds;

struct Written {
    Local local;
    std::optional<minutes> offset;
};

class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}

    bool done() const { return at_ == text_.size(); }
    bool take(char c) {
        if (done() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    bool take_digit(int& digit) {
        if (done() || text_[at_] < '0' || text_[at_] > '9') return false;
        digit = text_[at_++] - '0';
        return true;
    }
    // Exactly `count` digits.
    bool take_number(int count, int& number) {
        number = 0;
        for (int i = 0; i < count; ++i) {
            int digit = 0;
            if (!take_digit(digit)) return false;
            number = number * 10 + digit;
        }
        return true;
    }

private:
    std::string_view text_;
    std::size_t at_ = 0;
};

bool read_fraction(Reader& reader, int& fraction_ms) {
    constexpr int digits_max = 9;
    int digit = 0;
    int count = 0;
    for (int scale = 100; reader.take_digit(digit); scale /= 10) {
        fraction_ms += digit * scale;
        if (++count > digits_max) return false;
    }
    return count > 0;
}

bool read_offset(Reader& reader, std::optional<minutes>& offset, WallTimeError& error) {
    if (reader.done()) return true;
    if (reader.take('Z') || reader.take('z')) {
        offset = minutes{0};
        return true;
    }
    const bool east = reader.take('+');
    if (!east && !reader.take('-')) return false;
    int hour = 0;
    int minute = 0;
    if (!reader.take_number(2, hour) || !reader.take(':') || !reader.take_number(2, minute)) return false;
    const minutes distance = hours{hour} + minutes{minute};
    if (minute > 59 || distance >= offset_max) {
        error = WallTimeError::no_such_time;
        return false;
    }
    offset = east ? distance : -distance;
    return true;
}

// Nothing, with the error set, when the text is not a time.
std::optional<Written> read_time(std::string_view text, bool seconds_needed, WallTimeError& error) {
    Reader reader(text);
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, fraction_ms = 0;
    Written written{};
    error = WallTimeError::syntax;
    if (!reader.take_number(4, year) || !reader.take('-') || !reader.take_number(2, month) ||
        !reader.take('-') || !reader.take_number(2, day) || !(reader.take('T') || reader.take('t')) ||
        !reader.take_number(2, hour) || !reader.take(':') || !reader.take_number(2, minute))
        return std::nullopt;
    if (reader.take(':')) {
        if (!reader.take_number(2, second)) return std::nullopt;
        if (reader.take('.') && !read_fraction(reader, fraction_ms)) return std::nullopt;
    } else if (seconds_needed) {
        return std::nullopt;
    }
    if (!read_offset(reader, written.offset, error) || !reader.done()) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{year},
                                           std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok() || hour > 23 || minute > 59 || second > 59) {
        error = WallTimeError::no_such_time;
        return std::nullopt;
    }
    written.local = std::chrono::sys_days{date}.time_since_epoch() + hours{hour} + minutes{minute} +
                    seconds{second} + milliseconds{fraction_ms};
    return written;
}

int year_of(milliseconds since_epoch) {
    const std::chrono::year_month_day date{
        std::chrono::floor<days>(std::chrono::sys_time<milliseconds>{since_epoch})};
    return static_cast<int>(date.year());
}

milliseconds new_year(int year) {
    using namespace std::chrono;
    return sys_days{std::chrono::year{year} / January / 1}.time_since_epoch();
}

// How far to go back so that a year past the table becomes the last year within it that has the same
// calendar.
milliseconds shift_into_table(int year) {
    if (year <= zone_table_year_max) return milliseconds{0};
    const auto weekday_of = [](int y) { return (new_year(y) / days{1}) % 7; };
    const auto is_leap = [](int y) { return std::chrono::year{y}.is_leap(); };
    int like = zone_table_year_max;
    while (weekday_of(like) != weekday_of(year) || is_leap(like) != is_leap(year)) --like;
    return new_year(year) - new_year(like);
}

const date::time_zone* find_zone(std::string_view name) {
    try {
        return date::locate_zone(name);
    } catch (const std::runtime_error&) {
        return nullptr;
    }
}

Timestamp instant_of(Local local, const date::time_zone& zone) {
    const auto shift = shift_into_table(year_of(local));
    const date::local_time<milliseconds> wall{local - shift};
    const auto info = zone.get_info(wall);
    // `first` is the only answer, the one before a gap, or the earlier of two: what RFC 5545 asks for in each
    // case.
    return Timestamp{local - info.first.offset};
}

Local local_of(Timestamp time, const date::time_zone& zone) {
    const auto since_epoch = time.time_since_epoch();
    const auto shift = shift_into_table(year_of(since_epoch));
    return since_epoch + zone.get_info(date::sys_time<milliseconds>{since_epoch - shift}).offset;
}

void append_digits(std::string& out, int number, int count) {
    const auto end = out.size() + static_cast<std::size_t>(count);
    out.resize(end);
    for (auto at = end; count > 0; --count, number /= 10) out[--at] = static_cast<char>('0' + number % 10);
}

void append_local(std::string& out, milliseconds since_epoch) {
    const std::chrono::sys_time<milliseconds> time{since_epoch};
    const auto day = std::chrono::floor<days>(time);
    const std::chrono::year_month_day date{day};
    const auto second = static_cast<int>(std::chrono::floor<seconds>(time - day).count());
    append_digits(out, static_cast<int>(date.year()), 4);
    out += '-';
    append_digits(out, static_cast<int>(static_cast<unsigned>(date.month())), 2);
    out += '-';
    append_digits(out, static_cast<int>(static_cast<unsigned>(date.day())), 2);
    out += 'T';
    append_digits(out, second / 3600, 2);
    out += ':';
    append_digits(out, second / 60 % 60, 2);
    out += ':';
    append_digits(out, second % 60, 2);
}

bool year_is_within(milliseconds since_epoch, int first) {
    return since_epoch >= new_year(first) && since_epoch < new_year(10'000);
}

}  // namespace

void append_utc(std::string& out, Timestamp time) {
    append_local(out, time.time_since_epoch());
    out += 'Z';
}

std::string format_utc(Timestamp time) {
    std::string out;
    append_utc(out, time);
    return out;
}

std::string format_utc_ms(Timestamp time) {
    std::string out;
    append_local(out, time.time_since_epoch());
    out += '.';
    append_digits(out, static_cast<int>((time - std::chrono::floor<seconds>(time)).count()), 3);
    out += 'Z';
    return out;
}

std::optional<Timestamp> parse_utc(std::string_view text) {
    WallTimeError error{};
    const auto written = read_time(text, true, error);
    if (!written || !written->offset) return std::nullopt;
    const auto since_epoch = written->local - *written->offset;
    if (!year_is_within(since_epoch, 0)) return std::nullopt;
    return Timestamp{since_epoch};
}

std::variant<WallTime, WallTimeError> parse_wall_time(std::string_view text, std::string_view zone_name) {
    WallTimeError error{};
    const auto written = read_time(text, false, error);
    if (!written) return error;
    const auto* zone = find_zone(zone_name);
    if (!zone) return WallTimeError::unknown_zone;
    // A margin of a day at both ends keeps the zone's own offset from leaving the years that can be written.
    const auto safe = [](milliseconds time) {
        return year_is_within(time - days{1}, 1) && year_is_within(time + days{1}, 1);
    };
    WallTime wall;
    auto local = std::chrono::floor<seconds>(written->local);
    if (!safe(local)) return WallTimeError::no_such_time;
    if (written->offset) {
        wall.instant = Timestamp{local - *written->offset};
        local = std::chrono::floor<seconds>(local_of(wall.instant, *zone));
        // What is answered must be good to be sent again.
        if (!safe(local)) return WallTimeError::no_such_time;
    } else {
        wall.instant = instant_of(local, *zone);
    }
    append_local(wall.local, local);
    return wall;
}

std::optional<std::string> local_text(Timestamp time, std::string_view zone_name) {
    const auto* zone = find_zone(zone_name);
    if (!zone) return std::nullopt;
    std::string out;
    append_local(out, local_of(time, *zone));
    return out;
}

bool zone_exists(std::string_view zone) { return find_zone(zone) != nullptr; }

}  // namespace dacapo
