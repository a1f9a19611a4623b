// When days, weeks and months begin and end, also where the clocks are changed.
#include "base/calendar_window.h"

#include <gtest/gtest.h>

#include "base/times.h"

namespace tocsin {
namespace {

CalendarWindow window(CalendarUnit unit, const std::string& zone) {
    auto made = Zone::make(zone);
    EXPECT_TRUE(made.ok());
    return {std::move(made.value()), unit};
}

Instant at(const std::string& text) {
    const auto t = parse_rfc3339(text);
    EXPECT_TRUE(t) << text;
    return *t;
}

struct Line {
    CalendarUnit unit;
    const char *zone, *t, *begin, *end;
};

TEST(CalendarWindow, BeginsAndEndsAsTheClocksOfThePlaceShow) {
    constexpr auto kDay = CalendarUnit::kDay, kWeek = CalendarUnit::kWeek, kMonth = CalendarUnit::kMonth;
    const Line lines[] = {
        {kDay, "UTC", "2016-02-28T23:59:59.999Z", "2016-02-28T00:00:00Z", "2016-02-29T00:00:00Z"},
        {kDay, "Asia/Shanghai", "2016-03-31T16:00:00Z", "2016-03-31T16:00:00Z", "2016-04-01T16:00:00Z"},
        {kDay, "Asia/Shanghai", "2016-03-31T15:59:59.999Z", "2016-03-30T16:00:00Z", "2016-03-31T16:00:00Z"},
        {kWeek, "Asia/Shanghai", "2016-04-03T15:59:59Z", "2016-03-27T16:00:00Z", "2016-04-03T16:00:00Z"},
        {kWeek, "Asia/Shanghai", "2016-04-03T16:00:00Z", "2016-04-03T16:00:00Z", "2016-04-10T16:00:00Z"},
        {kMonth, "Asia/Shanghai", "2016-02-29T15:59:59Z", "2016-01-31T16:00:00Z", "2016-02-29T16:00:00Z"},
        {kMonth, "UTC", "2015-12-31T23:00:00Z", "2015-12-01T00:00:00Z", "2016-01-01T00:00:00Z"},
        {kDay, "Asia/Kolkata", "2016-03-31T18:30:00Z", "2016-03-31T18:30:00Z", "2016-04-01T18:30:00Z"},
        // Clocks go forward: 23 hours; back: 25 hours.
        {kDay, "Europe/Berlin", "2016-03-27T12:00:00Z", "2016-03-26T23:00:00Z", "2016-03-27T22:00:00Z"},
        {kDay, "Europe/Berlin", "2016-10-30T12:00:00Z", "2016-10-29T22:00:00Z", "2016-10-30T23:00:00Z"},
        {kWeek, "Europe/Berlin", "2016-10-30T22:59:59Z", "2016-10-23T22:00:00Z", "2016-10-30T23:00:00Z"},
        // Midnight itself is skipped: the day begins with the change.
        {kDay, "America/Sao_Paulo", "2016-10-16T12:00:00Z", "2016-10-16T03:00:00Z", "2016-10-17T02:00:00Z"},
    };
    for (const Line& line : lines) {
        const CalendarWindow w = window(line.unit, line.zone);
        EXPECT_EQ(w.begin(at(line.t)), at(line.begin)) << line.zone << " " << line.t;
        EXPECT_EQ(w.end(at(line.t)), at(line.end)) << line.zone << " " << line.t;
    }
}

TEST(CalendarWindow, NoneIsLongerThanItSaysAndAllBeginWithABucket) {
    for (const char* zone : {"UTC", "Asia/Shanghai", "Asia/Kathmandu", "Europe/Berlin", "America/Sao_Paulo"}) {
        for (const CalendarUnit unit : {CalendarUnit::kDay, CalendarUnit::kWeek, CalendarUnit::kMonth}) {
            const CalendarWindow w = window(unit, zone);
            for (Instant t = at("2015-01-01T00:00:00Z"); t < at("2018-01-01T00:00:00Z"); t = w.end(t)) {
                ASSERT_LT(t, w.end(t));
                EXPECT_EQ(w.begin(w.end(t)), w.end(t)) << "where one ends the next begins";
                EXPECT_LE(w.end(t) - w.begin(t), w.longest());
                EXPECT_EQ(w.end(t).time_since_epoch() % w.bucket(), Duration(0));
            }
        }
    }
}

TEST(CalendarWindow, IsCalledWhatAuthorsWrite) {
    EXPECT_EQ(window(CalendarUnit::kDay, "UTC").name(), "calendar day");
    EXPECT_EQ(window(CalendarUnit::kWeek, "UTC").name(), "calendar week");
    EXPECT_EQ(window(CalendarUnit::kMonth, "UTC").name(), "calendar month");
}

}  // namespace
}  // namespace tocsin
