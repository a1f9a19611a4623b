/// `window: calendar …`: counts begin anew with the day, the week, the month. Second 0 is noon in UTC on a Monday, the
/// 21st of March 2016: 20:00 in Shanghai.

#include "levels_in_time.h"

namespace tocsin::task {
namespace {

class CalendarWindows : public Story {
protected:
    CalendarWindows() { sources_.zone = *Zone::make("Asia/Shanghai"); }
    static constexpr std::int64_t kHour = 3600, kMidnight = 4 * kHour, kDay = 24 * kHour;
};

constexpr const char* kPerson = R"(  - alert: R
    on: complaint
    by: [customer]
    measures: {n: count(), lately: count() over 30h}
)";
constexpr const char* kPlace = R"(  - alert: R
    on: complaint
    by: [area]
    rollup_areas: [city]
    measures: {n: count(), people: distinct(customer)}
)";

TEST_F(CalendarWindows, ADayEndsAtMidnightOfTheZone) {
    const std::string rule = std::string(kPerson) + "    window: calendar day\n    levels: {red: n >= 2}\n";
    EXPECT_EQ(tell(rule, {{0}, {kMidnight - 1}}, 2 * kDay), (Lines{"R opened red 14399 e2", "R closed red 14400"}));
    EXPECT_EQ(tell(rule, {{0}, {kMidnight}}, 2 * kDay), Lines()) << "midnight is of the day that begins";
    EXPECT_EQ(tell(rule, {{kMidnight}, {kMidnight + kDay - 1}}, 3 * kDay),
              (Lines{"R opened red 100799 e2", "R closed red 100800"}));
}

TEST_F(CalendarWindows, AMeasureMayLookBackOverTheDay) {
    const std::string rule =
        std::string(kPerson) + "    window: calendar day\n    levels: {red: lately >= 3 and n >= 1}\n";
    EXPECT_EQ(tell(rule, {{0}, {1}, {kDay}}, 5 * kDay), (Lines{"R opened red 86400 e3", "R closed red 100800"}));
}

TEST_F(CalendarWindows, WeeksBeginOnMondayAndMonthsOnTheFirst) {
    const std::int64_t monday = kMidnight + 6 * kDay, april = kMidnight + 10 * kDay;
    const std::string week = std::string(kPerson) + "    window: calendar week\n    levels: {red: n >= 2}\n";
    EXPECT_EQ(tell(week, {{0}, {monday - 1}, {monday}}, 20 * kDay),
              (Lines{"R opened red " + std::to_string(monday - 1) + " e2", "R closed red " + std::to_string(monday)}));
    const std::string month = std::string(kPerson) + "    window: calendar month\n    levels: {red: n >= 2}\n";
    EXPECT_EQ(tell(month, {{0}, {april - 1}, {april}}, 20 * kDay),
              (Lines{"R opened red " + std::to_string(april - 1) + " e2", "R closed red " + std::to_string(april)}));
}

TEST_F(CalendarWindows, PlacesCountByTheSameClocks) {
    const std::string rule = std::string(kPlace) + "    window: calendar day\n    levels: {red: people >= 2}\n";
    tasks_ = 2;
    EXPECT_EQ(tell(rule, {{0}, {60}, {kMidnight - 60, "complaint", "bert"}, {kMidnight + 60}}, 2 * kDay),
              (Lines{"R opened red 14340 e3", "R closed red 14400"}));
    EXPECT_EQ(made_.front().events, (std::vector<std::string>{"e3", "e2", "e1"}));
    EXPECT_EQ(tell(rule, {{0}, {kMidnight, "complaint", "bert"}}, 2 * kDay), Lines());
    const std::string week = std::string(kPlace) + "    window: calendar week\n    levels: {red: people >= 2}\n";
    EXPECT_EQ(tell(week, {{0}, {kMidnight, "complaint", "bert"}}, 9 * kDay),
              (Lines{"R opened red 14400 e2", "R closed red " + std::to_string(kMidnight + 6 * kDay)}));
}

TEST_F(CalendarWindows, EvidenceIsOfTheUnitAlone) {
    const std::string rule = std::string(kPlace) + "    window: calendar day\n    levels: {red: n >= 1}\n";
    tell(rule, {{0}, {kMidnight + 60, "complaint", "bert"}}, kMidnight + 120);
    EXPECT_EQ(made_.back().events, std::vector<std::string>{"e2"});
}

TEST_F(CalendarWindows, AnotherZoneIsAnotherRule) {
    const std::string rule = std::string(kPerson) + "    window: calendar day\n    levels: {red: n >= 2}\n";
    const auto hash = [&] { return loaded(rule)->rules[0].definition_hash; };
    const std::uint64_t shanghai = hash();
    EXPECT_EQ(hash(), shanghai);
    sources_.zone = *Zone::make("Europe/Berlin");
    EXPECT_NE(hash(), shanghai);
}

}  // namespace
}  // namespace tocsin::task
