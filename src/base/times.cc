#include "base/times.h"

#include <date/date.h>
#include <date/tz.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>

namespace tocsin {
namespace {

using std::chrono::sys_days;
using std::chrono::year_month_day;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Reads exactly `n` digits.
bool take_digits(std::string_view& text, int n, int& out) {
    if (text.size() < static_cast<std::size_t>(n)) return false;
    out = 0;
    for (int i = 0; i < n; ++i) {
        if (!is_digit(text[static_cast<std::size_t>(i)])) return false;
        out = out * 10 + (text[static_cast<std::size_t>(i)] - '0');
    }
    text.remove_prefix(static_cast<std::size_t>(n));
    return true;
}

bool take(std::string_view& text, char c) {
    if (text.empty() || text.front() != c) return false;
    text.remove_prefix(1);
    return true;
}

struct Clock {
    int hour = 0, minute = 0, second = 0, millis = 0;
};

bool take_time(std::string_view& text, Clock& clock) {
    if (!take_digits(text, 2, clock.hour) || !take(text, ':') || !take_digits(text, 2, clock.minute) ||
        !take(text, ':') || !take_digits(text, 2, clock.second)) {
        return false;
    }
    if (take(text, '.')) {
        int scale = 100;
        std::size_t digits = 0;
        for (; digits < text.size() && is_digit(text[digits]); ++digits) {
            clock.millis += (text[digits] - '0') * scale;
            scale /= 10;
        }
        if (digits == 0) return false;
        text.remove_prefix(digits);
    }
    return clock.hour <= 23 && clock.minute <= 59 && clock.second <= 60;
}

bool take_offset(std::string_view& text, std::chrono::minutes& offset) {
    if (take(text, 'Z') || take(text, 'z')) return true;
    const bool west = !text.empty() && text.front() == '-';
    if (!west && (text.empty() || text.front() != '+')) return false;
    text.remove_prefix(1);
    int hour = 0, minute = 0;
    if (!take_digits(text, 2, hour) || !take(text, ':') || !take_digits(text, 2, minute)) return false;
    if (hour > 23 || minute > 59) return false;
    offset = std::chrono::minutes((west ? -1 : 1) * (hour * 60 + minute));
    return true;
}

struct Unit {
    std::string_view name;
    std::int64_t millis;
};
constexpr std::array<Unit, 6> kUnits{
    {{"w", 604'800'000}, {"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr std::int64_t kDurationMillisMax = 1000LL * 366 * 86'400'000LL;

void append_padded(std::string& out, int value, int width) {
    char digits[8];
    for (int i = width - 1; i >= 0; --i, value /= 10) digits[i] = static_cast<char>('0' + value % 10);
    out.append(digits, static_cast<std::size_t>(width));
}

}  // namespace

std::optional<Instant> parse_rfc3339(std::string_view text) {
    int year = 0, month = 0, day = 0;
    if (!take_digits(text, 4, year) || !take(text, '-') || !take_digits(text, 2, month) || !take(text, '-') ||
        !take_digits(text, 2, day) || !(take(text, 'T') || take(text, 't'))) {
        return std::nullopt;
    }
    const year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                              std::chrono::day(static_cast<unsigned>(day))};
    Clock clock;
    std::chrono::minutes offset{0};
    if (!date.ok() || !take_time(text, clock) || !take_offset(text, offset) || !text.empty()) return std::nullopt;
    const bool leap = clock.second == 60;
    const Instant instant = sys_days(date) + std::chrono::hours(clock.hour) + std::chrono::minutes(clock.minute) +
                            std::chrono::seconds(clock.second) + Duration(leap ? 0 : clock.millis) - offset;
    // 23:59:60 UTC is the same instant as the midnight after it.
    if (leap && instant.time_since_epoch() % std::chrono::days(1) != Duration(0)) return std::nullopt;
    return instant;
}

std::string format_rfc3339(Instant instant) {
    const auto day = std::chrono::floor<std::chrono::days>(instant);
    const year_month_day date{day};
    auto rest = static_cast<int>((instant - day).count());
    const int millis = rest % 1000;
    rest /= 1000;
    std::string out;
    out.reserve(24);
    append_padded(out, static_cast<int>(date.year()), 4);
    out.push_back('-');
    append_padded(out, static_cast<int>(static_cast<unsigned>(date.month())), 2);
    out.push_back('-');
    append_padded(out, static_cast<int>(static_cast<unsigned>(date.day())), 2);
    out.push_back('T');
    append_padded(out, rest / 3600, 2);
    out.push_back(':');
    append_padded(out, rest / 60 % 60, 2);
    out.push_back(':');
    append_padded(out, rest % 60, 2);
    if (millis != 0) {
        out.push_back('.');
        append_padded(out, millis, 3);
    }
    out.push_back('Z');
    return out;
}

std::optional<Duration> parse_duration(std::string_view text) {
    std::int64_t total = 0;
    std::size_t next_unit = 0;
    if (text.empty()) return std::nullopt;
    while (!text.empty()) {
        std::int64_t amount = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
        if (error != std::errc() || !is_digit(text.front())) return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        std::size_t length = 0;
        while (length < text.size() && !is_digit(text[length])) ++length;
        std::size_t unit = next_unit;
        while (unit < kUnits.size() && kUnits[unit].name != text.substr(0, length)) ++unit;
        std::int64_t millis = 0;
        if (unit == kUnits.size() || __builtin_mul_overflow(amount, kUnits[unit].millis, &millis) ||
            __builtin_add_overflow(total, millis, &total) || total > kDurationMillisMax) {
            return std::nullopt;
        }
        next_unit = unit + 1;
        text.remove_prefix(length);
    }
    return Duration(total);
}

std::string format_duration(Duration duration) {
    std::int64_t rest = duration.count();
    if (rest == 0) return "0s";
    std::string out = rest < 0 ? "-" : "";
    if (rest < 0) rest = -rest;
    for (const Unit& unit : kUnits) {
        if (unit.name == "w" || rest < unit.millis) continue;  // 7d, not 1w: what people compare with a retention
        out += std::to_string(rest / unit.millis) + std::string(unit.name);
        rest %= unit.millis;
    }
    return out;
}

Result<TimeFormat> TimeFormat::make(std::string format, std::string zone) {
    TimeFormat result;
    result.format_ = format;
    if (format == "rfc3339")
        result.kind_ = Kind::kRfc3339;
    else if (format == "epoch_s")
        result.kind_ = Kind::kEpochSeconds;
    else if (format == "epoch_ms")
        result.kind_ = Kind::kEpochMillis;
    else
        result.kind_ = Kind::kPattern;
    if (result.kind_ == Kind::kPattern) {
        constexpr std::string_view kKnown = "YmdHMSyjbBeIpTDFRzaA%";
        for (std::size_t i = 0; i < format.size(); ++i) {
            if (format[i] != '%') continue;
            if (++i == format.size() || kKnown.find(format[i]) == std::string_view::npos) {
                return reject("unknown conversion \"%" + format.substr(i, 1) + "\" in time format \"" + format +
                              "\"; known are rfc3339, epoch_s, epoch_ms and strptime's %Y %m %d %H %M %S %z …");
            }
        }
        if (format.find('%') == std::string::npos) {
            return reject("unknown time format \"" + format +
                          "\"; known are rfc3339, epoch_s, epoch_ms and strptime's %Y-%m-%d %H:%M:%S");
        }
        const auto has = [&](std::string_view letters) {
            return std::any_of(letters.begin(), letters.end(), [&](char c) {
                return format.find(std::string{'%', c}) != std::string::npos;
            });
        };
        const bool day = has("DF") || (has("Yy") && ((has("mbB") && has("de")) || has("j")));
        if (!day || !has("HITR")) {
            return reject("time format \"" + format + "\" has no " + (day ? "time of day" : "day") +
                          "; an event needs both, for instance %Y-%m-%d %H:%M:%S");
        }
    }
    if (!zone.empty() && zone != "UTC") {
        try {
            result.zone_ = date::locate_zone(zone);
        } catch (const std::exception&) {
            return reject("unknown time zone \"" + zone + "\"; use an IANA name such as Asia/Shanghai");
        }
    }
    return result;
}

std::optional<Instant> TimeFormat::parse(std::string_view text) const {
    if (kind_ == Kind::kRfc3339) return parse_rfc3339(text);
    if (kind_ == Kind::kPattern) return parse_pattern(text);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    // Beyond the year 9999 it is a unit mistaken for another.
    constexpr std::int64_t kSecondsMax = 253'402'300'799;
    if (kind_ == Kind::kEpochSeconds) {
        if (number < -kSecondsMax || number > kSecondsMax) return std::nullopt;
        return from_millis(number * 1000);
    }
    if (number < -kSecondsMax * 1000 || number > kSecondsMax * 1000) return std::nullopt;
    return from_millis(number);
}

std::optional<Instant> TimeFormat::parse_pattern(std::string_view text) const {
    std::istringstream in{std::string(text)};
    date::local_time<std::chrono::milliseconds> local;
    std::chrono::minutes offset{0};
    in >> date::parse(format_, local, offset);
    if (in.fail() || in.peek() != std::char_traits<char>::eof()) return std::nullopt;
    const auto as_utc = Instant(local.time_since_epoch());
    if (format_.find("%z") != std::string::npos) return as_utc - offset;
    if (zone_ == nullptr) return as_utc;
    const auto* zone = static_cast<const date::time_zone*>(zone_);
    const date::local_info info = zone->get_info(local);
    return as_utc - info.first.offset;
}

}  // namespace tocsin
