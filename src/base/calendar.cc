#include "base/calendar.h"

#include <algorithm>

namespace tocsin {
namespace {

using std::chrono::days;
using std::chrono::minutes;

constexpr minutes kDayEnd = std::chrono::hours(24);

int year_of(Day day) {
    return static_cast<int>(std::chrono::year_month_day(day).year());
}

std::optional<int> digits(std::string_view text) {
    int value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return value;
}

std::string two(std::int64_t value) {
    return (value < 10 ? "0" : "") + std::to_string(value);
}

std::string clock(minutes m) {
    return two(m / std::chrono::hours(1)) + ":" + two(m % std::chrono::hours(1) / minutes(1));
}

std::optional<minutes> parse_clock(std::string_view text) {
    if (text.size() != 5 || text[2] != ':') return std::nullopt;
    const auto hour = digits(text.substr(0, 2)), minute = digits(text.substr(3));
    if (!hour || !minute || *minute > 59) return std::nullopt;
    const minutes m = std::chrono::hours(*hour) + minutes(*minute);
    return m <= kDayEnd ? std::optional(m) : std::nullopt;
}

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

std::string text_of(const Week& week) {
    std::string out;
    for (const bool free : week.free) out += free ? '1' : '0';
    for (const Hours& h : week.hours) out += " " + clock(h.begin) + "-" + clock(h.end);
    return out;
}

}  // namespace

const Week& Calendar::week_at(std::span<const std::string_view> areas) const {
    for (const std::string_view area : areas) {
        if (const auto hall = halls.find(area); hall != halls.end()) return hall->second;
    }
    return week;
}

bool Calendar::is_workday(const Week& at, Day day) const {
    if (make_up_days.contains(day)) return true;
    return !at.free[std::chrono::weekday(day).c_encoding()] && !holidays.contains(day);
}

DueTime Calendar::after_workdays(const Week& at, Instant from, std::int64_t n) const {
    DueTime due;
    Day day = std::chrono::floor<days>(zone.local(from));
    for (std::int64_t left = n; left > 0;) {
        day += days(1);
        due.covered = due.covered && years.contains(year_of(day));
        const bool exists = zone.reached(day) < zone.reached(day + days(1));  // places have skipped a day
        if (exists && is_workday(at, day)) --left;
    }
    due.at = zone.reached(day + at.hours.back().end);
    return due;
}

DueTime Calendar::after_working_time(const Week& at, Instant from, Duration amount) const {
    DueTime due;
    Duration left = amount;
    // A day may begin for the clocks on the wall before the one before it has ended for good.
    for (Day day = std::chrono::floor<days>(zone.local(from)) - days(1);; day += days(1)) {
        if (!is_workday(at, day)) continue;
        for (const Hours& h : at.hours) {
            const Instant begin = std::max(from, zone.reached(day + h.begin));
            const Instant end = zone.reached(day + h.end);
            if (begin >= end) continue;
            due.covered = due.covered && years.contains(year_of(day));
            if (left <= end - begin) {
                due.at = begin + left;
                return due;
            }
            left -= end - begin;
        }
    }
}

std::string Calendar::canonical() const {
    std::string out = name + "\n" + zone.name() + "\n" + text_of(week) + "\n";
    for (const auto& [day, holiday] : holidays) out += "-" + format_day(day);
    for (const Day day : make_up_days) out += "+" + format_day(day);
    for (const auto& [year, provisional] : years) out += "\n" + std::to_string(year);
    for (const auto& [area, hours] : halls)
        out += "\n" + std::to_string(area.size()) + ":" + area + " " + text_of(hours);
    return out;
}

std::optional<Day> parse_day(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const auto year = digits(text.substr(0, 4)), month = digits(text.substr(5, 2)), day = digits(text.substr(8));
    if (!year || !month || !day) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    return date.ok() ? std::optional(Day(date)) : std::nullopt;
}

std::string format_day(Day day) {
    const std::chrono::year_month_day date(day);
    std::string year = std::to_string(static_cast<int>(date.year()));
    return year.insert(0, year.size() < 4 ? 4 - year.size() : 0, '0') + "-" + two(static_cast<unsigned>(date.month())) +
           "-" + two(static_cast<unsigned>(date.day()));
}

Result<std::vector<Hours>> parse_hours(std::string_view text) {
    const auto wrong = [&](const std::string& what) {
        return reject(what + " in \"" + std::string(text) + "\"; write hours like 08:30-12:00, 14:00-18:00");
    };
    std::vector<Hours> hours;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t comma = std::min(text.find(',', at), text.size());
        const std::string_view part = trimmed(text.substr(at, comma - at));
        at = comma + 1;
        const auto begin = parse_clock(part.substr(0, 5));
        const auto end = part.size() == 11 && part[5] == '-' ? parse_clock(part.substr(6)) : std::nullopt;
        if (!begin || !end) return wrong("no span of hours: \"" + std::string(part) + "\"");
        if (*begin >= *end) return wrong("nothing lies between " + clock(*begin) + " and " + clock(*end));
        if (!hours.empty() && *begin <= hours.back().end) return wrong("the spans do not ascend, or touch each other");
        hours.push_back({*begin, *end});
    }
    return hours;
}

}  // namespace tocsin
