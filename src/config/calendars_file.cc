#include <algorithm>
#include <set>

#include "base/calendar.h"
#include "config/names.h"
#include "config/reading.h"

namespace tocsin::config {

namespace {

constexpr std::size_t kCalendarsMax = 100;
constexpr std::size_t kYearsMax = 200;
constexpr std::size_t kEntriesMax = 400;  ///< of one list of a year
constexpr std::size_t kHallsMax = 10'000;

/// Sunday first, as in Week::free.
const std::vector<std::string> kWeekdays = {"sunday",   "monday", "tuesday", "wednesday",
                                            "thursday", "friday", "saturday"};

/// Reads the calendars of one file.
class CalendarReader {
public:
    explicit CalendarReader(yaml::Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

    std::optional<Calendar> read(const yaml::Node& node) {
        yaml::MapReader map(node, "calendar", diagnostics_);
        const std::size_t errors_before = diagnostics_.errors();
        Calendar calendar;
        if (const auto name = map.require_string("name")) {
            calendar.name = *name;
            const std::string problem = identifier_problem(*name);
            if (!problem.empty()) map.error("name", problem);
        }
        if (const auto name = map.require_string("zone")) {
            const auto zone = Zone::make(*name);
            if (zone.ok())
                calendar.zone = *zone;
            else
                map.error("zone", zone.error().message);
        }
        map.require("hours");
        calendar.week.hours = {{std::chrono::minutes(0), std::chrono::hours(24)}};
        calendar.week.free[0] = calendar.week.free[6] = true;
        read_week(map, calendar.week);
        map.require("years");
        for (const yaml::Node& year : list_of(map, "years", kYearsMax)) read_year(year, calendar);
        if (calendar.years.empty() && diagnostics_.errors() == errors_before)
            map.error("years", "a calendar covers at least one year");
        for (const yaml::Node& hall : list_of(map, "halls", kHallsMax)) read_hall(hall, calendar);
        map.finish();
        if (diagnostics_.errors() != errors_before) return std::nullopt;
        return calendar;
    }

private:
    /// `weekend` and `hours`, each where it is given.
    void read_week(yaml::MapReader& map, Week& week) {
        if (const auto node = map.get("hours")) {
            if (const auto text = yaml::as_string(*node, "hours", diagnostics_)) {
                auto hours = parse_hours(*text);
                if (hours.ok())
                    week.hours = std::move(hours).value();
                else
                    map.error("hours", hours.error().message);
            }
        }
        const auto node = map.get("weekend");
        if (!node) return;
        std::vector<yaml::Node> entries;
        if (node->is_sequence() && node->size() == 0)
            week.free.fill(false);
        else
            entries = yaml::as_scalars(*node, "weekend", diagnostics_).value_or(entries);
        if (entries.empty()) return;
        week.free.fill(false);
        for (const yaml::Node& entry : entries) {
            if (const auto day = yaml::as_choice(entry, "weekend", kWeekdays, diagnostics_)) week.free[*day] = true;
        }
        if (std::count(week.free.begin(), week.free.end(), true) == 7)
            map.error("weekend", "no day is left to work on");
    }

    /// A day or `first..last`, all of the year.
    std::vector<Day> read_days(const yaml::Node& node, std::string_view key, int year) {
        const std::string& text = node.text();
        const std::size_t dots = text.find("..");
        const auto first = parse_day(std::string_view(text).substr(0, dots));
        const auto last = dots == std::string::npos ? first : parse_day(std::string_view(text).substr(dots + 2));
        const auto fault = [&](const std::string& message) {
            diagnostics_.error(node.position(), std::string(key) + ": " + message);
            return std::vector<Day>();
        };
        if (!node.is_scalar() || !first || !last)
            return fault("expected a day like 2016-02-06, or 2016-02-07..2016-02-13, found " + node.describe());
        if (*last < *first) return fault(text + " ends before it begins");
        for (const Day day : {*first, *last}) {
            if (std::chrono::year_month_day(day).year() != std::chrono::year(year))
                return fault(format_day(day) + " stands under the year " + std::to_string(year) +
                             "; write it under its own year");
        }
        std::vector<Day> days;
        for (Day day = *first; day <= *last; day += std::chrono::days(1)) days.push_back(day);
        return days;
    }

    void read_holiday(const yaml::Node& node, int year, Calendar& calendar) {
        yaml::MapReader map(node, "holiday", diagnostics_);
        const auto name = map.require_string("name");
        const auto dates = map.require("dates");
        const auto entries = dates ? yaml::as_scalars(*dates, "dates", diagnostics_) : std::nullopt;
        map.finish();
        if (!name || !entries) return;
        for (const yaml::Node& entry : *entries) {
            for (const Day day : read_days(entry, "dates", year)) {
                const auto [other, is_new] = calendar.holidays.emplace(day, *name);
                if (!is_new)
                    diagnostics_.error(entry.position(),
                                       "dates: " + format_day(day) + " is a holiday already: " + other->second);
            }
        }
    }

    void read_year(const yaml::Node& node, Calendar& calendar) {
        yaml::MapReader map(node, "year", diagnostics_);
        map.require("year");
        const auto year = bounded_int(map, "year", 1900, 2999);
        const bool provisional = map.boolean("provisional").value_or(false);
        map.string("source");
        const auto holidays = list_of(map, "holidays", kEntriesMax);
        const auto workdays = map.get("workdays");
        map.finish();
        if (!year) return;
        const int number = static_cast<int>(*year);
        if (!calendar.years.emplace(number, provisional).second)
            return map.error("year", std::to_string(number) + " is there twice");
        for (const yaml::Node& holiday : holidays) read_holiday(holiday, number, calendar);
        const auto entries = workdays ? yaml::as_scalars(*workdays, "workdays", diagnostics_) : std::nullopt;
        if (!entries) return;
        for (const yaml::Node& entry : *entries) {
            for (const Day day : read_days(entry, "workdays", number)) {
                const bool is_holiday = calendar.holidays.contains(day);
                if (is_holiday || calendar.is_workday(calendar.week, day))
                    diagnostics_.error(entry.position(), "workdays: " + format_day(day) + " is a " +
                                                             (is_holiday ? "holiday" : "working day") +
                                                             " already: make-up days are days of the weekend");
                calendar.make_up_days.insert(day);
            }
        }
    }

    void read_hall(const yaml::Node& node, Calendar& calendar) {
        yaml::MapReader map(node, "hall", diagnostics_);
        const auto area = map.require_string("area");
        Week week = calendar.week;
        read_week(map, week);
        map.finish();
        if (area && !calendar.halls.emplace(*area, std::move(week)).second)
            map.error("area", yaml::quote(*area) + " is there twice");
    }

    yaml::Diagnostics& diagnostics_;
};

}  // namespace

std::vector<std::shared_ptr<const Calendar>> read_calendars_file(const std::string& path,
                                                                 yaml::Diagnostics& diagnostics) {
    std::vector<std::shared_ptr<const Calendar>> calendars;
    const auto root = yaml::parse_file(path, diagnostics);
    if (!root) return calendars;
    yaml::MapReader map(*root, "calendars_file", diagnostics);
    map.require("calendars");
    std::set<std::string> names;
    for (const yaml::Node& entry : list_of(map, "calendars", kCalendarsMax)) {
        auto calendar = CalendarReader(diagnostics).read(entry);
        if (!calendar) continue;
        if (!names.insert(calendar->name).second)
            diagnostics.error(entry.find("name")->position(),
                              "name: " + yaml::quote(calendar->name) + " is there twice");
        calendars.push_back(std::make_shared<const Calendar>(*std::move(calendar)));
    }
    map.finish();
    return calendars;
}

}  // namespace tocsin::config
