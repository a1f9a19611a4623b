#pragma once
/// Working days and working hours of a place (design 5): what `within: "5 workdays"` is counted by.

#include <array>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/zone.h"

namespace tocsin {

using Day = std::chrono::local_days;

/// A part of the day, as the clocks show it: [begin, end); the end may be 24:00.
struct Hours {
    std::chrono::minutes begin{}, end{};
};

/// What a week looks like where nothing else is said.
struct Week {
    std::array<bool, 7> free{};  ///< by weekday, Sunday first; at least one is not
    std::vector<Hours> hours;    ///< ascending, apart from each other; never empty
};

/// An instant counted by a calendar.
struct DueTime {
    Instant at = kNever;
    bool covered = true;  ///< false: a day on the way lies in a year the calendar says nothing about; only weekends
                          ///< were taken into account there
};

/// Value type. A day is a working day if it is a make-up day, or neither free nor a holiday.
///
/// The counting follows the Civil Code's rule for periods (articles 201 and 203): the day of the beginning does not
/// count, and the last day ends when business ends.
struct Calendar {
    static constexpr std::int64_t kWorkdaysMax = 1000;
    static constexpr Duration kWorkingMax = std::chrono::hours(10'000);

    std::string name;
    Zone zone;
    Week week;
    std::map<Day, std::string> holidays;  ///< with their names
    std::set<Day> make_up_days;           ///< worked although the week says free
    std::map<int, bool> years;            ///< what it covers; true: provisional, to be replaced by the official days
    std::map<std::string, Week, std::less<>> halls;  ///< by area code: places with a week of their own

    /// The week of the first of these areas that has one of its own, else the calendar's.
    [[nodiscard]] const Week& week_at(std::span<const std::string_view> areas) const;
    [[nodiscard]] bool is_workday(const Week& at, Day day) const;

    /// The end of working hours on the n-th workday after the day of `from`. 1 <= n <= kWorkdaysMax.
    [[nodiscard]] DueTime after_workdays(const Week& at, Instant from, std::int64_t n) const;
    /// The first instant at which so much working time has passed since `from`. 0 < amount <= kWorkingMax.
    [[nodiscard]] DueTime after_working_time(const Week& at, Instant from, Duration amount) const;

    /// All it says, as text that is the same for the same calendar: what hashes are of.
    [[nodiscard]] std::string canonical() const;
};

/// "2016-02-06"; nothing else.
std::optional<Day> parse_day(std::string_view text);
std::string format_day(Day day);
/// "08:30-12:00, 14:00-18:00": ascending and apart. Errors: kReject.
Result<std::vector<Hours>> parse_hours(std::string_view text);

}  // namespace tocsin
