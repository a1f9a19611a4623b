// calendars_file: what is shipped, and what a calendar may say.
#include <gtest/gtest.h>

#include "base/calendar.h"
#include "base/times.h"
#include "config/config.h"
#include "folder.h"

namespace tocsin::config {
namespace {

class Calendars : public testing::Test {
protected:
    std::vector<std::shared_ptr<const Calendar>> load(const std::string& path) {
        folder_.write("tocsin.yml", kTopics + "calendars_file: " + path + "\n");
        const auto config = load_config(folder_ / "tocsin.yml", diagnostics_, Purpose::kReplay);
        EXPECT_TRUE(config.ok()) << diagnostics_.text();
        return config.ok() ? config.value().calendars : std::vector<std::shared_ptr<const Calendar>>();
    }
    Folder folder_;
    yaml::Diagnostics diagnostics_;
};

const std::string kShipped = TOCSIN_SOURCE_DIR "/rules/calendars/cn.yml";

/// Days of the year that are worked.
int workdays(const Calendar& calendar, int year) {
    int worked = 0;
    const Day first(std::chrono::year(year) / 1 / 1), end(std::chrono::year(year + 1) / 1 / 1);
    for (Day day = first; day < end; day += std::chrono::days(1)) worked += calendar.is_workday(calendar.week, day);
    return worked;
}

TEST_F(Calendars, TheShippedOneOfChinaHasTheYearsItNames) {
    const auto calendars = load(kShipped);
    ASSERT_EQ(calendars.size(), 1u);
    const Calendar& cn = *calendars[0];
    EXPECT_EQ(cn.name, "cn");
    EXPECT_EQ(cn.years, (std::map<int, bool>{{2016, false}, {2017, false}, {2026, false}, {2027, true}}));
    // Every make-up day gives back a day that the notice took from the week: the statutory days alone are free beside
    // the weekends. 2016 and 2017: 11 of them; 2026: 13. Weekends: 105, 105, 104 days.
    EXPECT_EQ(workdays(cn, 2016), 366 - 105 - 11);
    EXPECT_EQ(workdays(cn, 2017), 365 - 105 - 11);
    EXPECT_EQ(workdays(cn, 2026), 365 - 104 - 13);
}

TEST_F(Calendars, TheShippedOneKnowsTheDaysThatAreWorkedInstead) {
    const auto calendars = load(kShipped);
    ASSERT_EQ(calendars.size(), 1u);
    const Calendar& cn = *calendars[0];
    const auto worked = [&](const char* day) { return cn.is_workday(cn.week, parse_day(day).value()); };
    for (const char* day : {"2016-02-06", "2016-10-09", "2017-09-30", "2026-01-04", "2026-02-28", "2026-10-10"})
        EXPECT_TRUE(worked(day)) << day;
    for (const char* day : {"2016-02-08", "2016-09-16", "2017-01-02", "2017-10-06", "2026-02-23", "2026-05-05"})
        EXPECT_FALSE(worked(day)) << day;
    const auto due = cn.after_workdays(cn.week, parse_rfc3339("2026-09-24T09:00:00+08:00").value(), 6);
    EXPECT_EQ(format_rfc3339(due.at), "2026-10-10T10:00:00Z") << "over mid-autumn and the national day";
}

TEST_F(Calendars, ARuleThatCountsByAProvisionalYearIsWarnedOf) {
    load(kShipped);
    EXPECT_EQ(diagnostics_.warnings(), 0u);
    std::string rules_text = "groups:\n- name: g\n  rules:\n";
    for (const char* name : {"Refund", "Again"})
        rules_text += std::string("  - alert: ") + name +
                      "\n    by: [customer]\n    expect: {after: account_cancelled, event: refund, within: 5 workdays, "
                      "calendar: cn}\n    levels: {red: overdue >= 0s}\n";
    folder_.write("r.yml", rules_text);
    const auto config = load_config(folder_ / "tocsin.yml", diagnostics_, Purpose::kReplay);
    ASSERT_TRUE(config.ok());
    const auto rules = load_rules(config.value(), {folder_ / "r.yml"}, diagnostics_);
    ASSERT_TRUE(rules.ok()) << diagnostics_.text();
    EXPECT_EQ(rules.value().rules[0].expect->workdays, 5);
    EXPECT_EQ(diagnostics_.warnings(), 1u) << "two rules count by it: said once";
    EXPECT_NE(diagnostics_.text().find("calendar: the year 2027 of \"cn\" is provisional"), std::string::npos);
}

TEST_F(Calendars, AHallHasHoursOfItsOwn) {
    folder_.write("c.yml",
                  "calendars:\n- name: c\n  zone: Asia/Shanghai\n  hours: \"08:00-18:00\"\n  years: [{year: 2026}]\n"
                  "  halls:\n  - {area: north/hall, hours: \"10:00-16:00\"}\n  - {area: south, weekend: []}\n");
    const auto calendars = load("c.yml");
    ASSERT_EQ(calendars.size(), 1u);
    const Calendar& c = *calendars[0];
    EXPECT_TRUE(c.week.free[0] && c.week.free[6] && !c.week.free[1]) << "a weekend is the default";
    EXPECT_EQ(c.halls.at("north/hall").hours.back().end, std::chrono::hours(16));
    EXPECT_TRUE(c.halls.at("north/hall").free[0]);
    EXPECT_FALSE(c.halls.at("south").free[0]);
    EXPECT_EQ(c.halls.at("south").hours.back().end, std::chrono::hours(18));
}

}  // namespace
}  // namespace tocsin::config
