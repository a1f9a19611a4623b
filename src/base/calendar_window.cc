#include "base/calendar_window.h"

namespace tocsin {
namespace {

using std::chrono::local_days;
using std::chrono::year_month_day;

local_days first_of(CalendarUnit unit, local_days day) {
    switch (unit) {
        case CalendarUnit::kDay:
            return day;
        case CalendarUnit::kWeek:
            return day - (std::chrono::weekday(day) - std::chrono::Monday);
        default:
            break;
    }
    const year_month_day date(day);
    return local_days(date.year() / date.month() / 1);
}

local_days day_of(const Zone& zone, Instant t) {
    return std::chrono::floor<std::chrono::days>(zone.local(t));
}

}  // namespace

Instant CalendarWindow::begin(Instant t) const {
    return zone.reached(LocalTime(first_of(unit, day_of(zone, t))));
}

Instant CalendarWindow::end(Instant t) const {
    const local_days first = first_of(unit, day_of(zone, t));
    switch (unit) {
        case CalendarUnit::kDay:
            return zone.reached(LocalTime(first + std::chrono::days(1)));
        case CalendarUnit::kWeek:
            return zone.reached(LocalTime(first + std::chrono::days(7)));
        default:
            break;
    }
    // A day of the next month, whatever this one's length.
    return zone.reached(LocalTime(first_of(unit, first + std::chrono::days(31))));
}

Duration CalendarWindow::longest() const {
    constexpr std::chrono::hours kClocksChange(2);
    switch (unit) {
        case CalendarUnit::kDay:
            return std::chrono::days(1) + kClocksChange;
        case CalendarUnit::kWeek:
            return std::chrono::days(7) + kClocksChange;
        default:
            return std::chrono::days(31) + kClocksChange;
    }
}

Duration CalendarWindow::bucket() const {
    // Days begin at whole hours of UTC, or a half or a quarter past.
    if (unit == CalendarUnit::kDay) return std::chrono::minutes(5);
    return std::chrono::minutes(15);
}

std::string CalendarWindow::name() const {
    constexpr const char* kNames[] = {"calendar day", "calendar week", "calendar month"};
    return kNames[static_cast<std::size_t>(unit)];
}

}  // namespace tocsin
