#include "base/calendar.h"

// rapidcheck wants gtest before it
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/times.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::minutes;

Instant instant(std::string_view text) {
    return parse_rfc3339(text).value();
}

Calendar calendar(const std::string& zone, const std::string& hours) {
    Calendar made;
    made.name = "test";
    made.zone = Zone::make(zone).value();
    made.week.free[0] = made.week.free[6] = true;
    made.week.hours = parse_hours(hours).value();
    for (int year = 1980; year < 2030; ++year) made.years[year] = false;
    return made;
}

/// The new year of 2016: Friday the 1st to Sunday the 3rd, and the spring festival with its two make-up days.
Calendar china() {
    Calendar cn = calendar("Asia/Shanghai", "08:30-12:00, 14:00-18:00");
    cn.holidays[*parse_day("2016-01-01")] = "元旦";
    for (int day = 7; day <= 13; ++day) cn.holidays[Day(std::chrono::year(2016) / 2 / day)] = "春节";
    cn.make_up_days = {*parse_day("2016-02-06"), *parse_day("2016-02-14")};
    return cn;
}

TEST(Calendar, TheDayOfTheEventDoesNotCountAndTheLastEndsWithBusiness) {
    const Calendar cn = china();
    struct Case {
        const char* from;
        std::int64_t workdays;
        const char* due;
    };
    const Case cases[] = {
        {"2016-03-01T10:00:00+08:00", 1, "2016-03-02T18:00:00+08:00"},
        {"2016-03-01T00:00:00+08:00", 1, "2016-03-02T18:00:00+08:00"},
        {"2016-02-29T23:59:59+08:00", 1, "2016-03-01T18:00:00+08:00"},
        {"2016-03-04T10:00:00+08:00", 1, "2016-03-07T18:00:00+08:00"},  // over a weekend
        {"2016-03-05T10:00:00+08:00", 5, "2016-03-11T18:00:00+08:00"},  // begun on a Saturday
        {"2015-12-31T10:00:00+08:00", 1, "2016-01-04T18:00:00+08:00"},  // over the new year
        {"2016-02-05T10:00:00+08:00", 1, "2016-02-06T18:00:00+08:00"},  // a Saturday that is worked
        {"2016-02-06T10:00:00+08:00", 2, "2016-02-15T18:00:00+08:00"},  // the festival, and a Sunday that is worked
    };
    for (const Case& c : cases) {
        const DueTime due = cn.after_workdays(cn.week, instant(c.from), c.workdays);
        EXPECT_EQ(format_rfc3339(due.at), format_rfc3339(instant(c.due))) << c.workdays << " after " << c.from;
    }
}

TEST(Calendar, WorkingTimeRunsOnlyWhileSomebodyWorks) {
    const Calendar cn = china();
    struct Case {
        const char* from;
        Duration amount;
        const char* due;
    };
    const Case cases[] = {
        {"2016-03-01T09:00:00+08:00", 1h, "2016-03-01T10:00:00+08:00"},
        {"2016-03-01T11:30:00+08:00", 1h, "2016-03-01T14:30:00+08:00"},  // over noon
        {"2016-03-01T11:00:00+08:00", 1h,
         "2016-03-01T12:00:00+08:00"},  // to the end of a span, not the next one's beginning
        {"2016-03-01T20:00:00+08:00", 2h, "2016-03-02T10:30:00+08:00"},  // begun in the evening
        {"2016-03-04T17:00:00+08:00", 8h, "2016-03-07T17:30:00+08:00"},  // over a weekend: 7.5 h a day
        {"2016-02-06T17:59:59.500+08:00", 1s, "2016-02-14T08:30:00.500+08:00"},
    };
    for (const Case& c : cases) {
        const DueTime due = cn.after_working_time(cn.week, instant(c.from), c.amount);
        EXPECT_EQ(format_rfc3339(due.at), format_rfc3339(instant(c.due))) << format_duration(c.amount) << c.from;
    }
}

TEST(Calendar, AYearItSaysNothingAboutIsTold) {
    Calendar cn = china();
    cn.years = {{2016, false}};
    EXPECT_TRUE(cn.after_workdays(cn.week, instant("2016-12-29T10:00:00+08:00"), 1).covered);
    EXPECT_FALSE(cn.after_workdays(cn.week, instant("2016-12-30T10:00:00+08:00"), 1).covered);
    EXPECT_TRUE(cn.after_working_time(cn.week, instant("2016-12-30T10:00:00+08:00"), 1h).covered);
    EXPECT_FALSE(cn.after_working_time(cn.week, instant("2016-12-30T17:00:00+08:00"), 2h).covered);
}

TEST(Calendar, AHallHasTheWeekOfItsNearestArea) {
    Calendar cn = china();
    cn.halls["140100"] = cn.week;
    cn.halls["140100"].hours = parse_hours("10:00-16:00").value();
    const std::string_view inside[] = {"140100/a", "140100", "14"}, outside[] = {"15"};
    EXPECT_EQ(cn.week_at(inside).hours.front().begin, 10h);
    EXPECT_EQ(cn.week_at(outside).hours.front().begin, 8h + 30min);
    EXPECT_EQ(cn.week_at({}).hours.size(), 2u);
}

TEST(Calendar, EachPartOfItChangesItsText) {
    const std::string before = china().canonical();
    Calendar holiday = china(), work = china(), zone = china(), hours = china(), hall = china();
    holiday.holidays.erase(holiday.holidays.begin());
    work.make_up_days.clear();
    zone.zone = Zone::make("UTC").value();
    hours.week.hours.pop_back();
    hall.halls["x"] = hall.week;
    for (const Calendar* c : {&holiday, &work, &zone, &hours, &hall}) EXPECT_NE(c->canonical(), before);
    EXPECT_EQ(china().canonical(), before);
}

TEST(ParseHours, WantsSpansInOrder) {
    for (const char* text : {"", "8:30-12:00", "08:30", "12:00-08:30", "08:00-08:00", "08:00-12:00,12:00-13:00",
                             "14:00-18:00, 08:00-12:00", "08:00-24:01", "08:00-12:60", "08:00-12:00,", "a"})
        EXPECT_FALSE(parse_hours(text).ok()) << text;
    EXPECT_EQ(parse_hours("00:00-24:00").value().front().end, 24h);
}

TEST(ParseDay, WantsADayThatExists) {
    for (const char* text : {"2016-2-6", "2015-02-29", "2016-13-01", "2016/02/06", "", "2016-02-06 "})
        EXPECT_FALSE(parse_day(text)) << text;
    EXPECT_EQ(format_day(parse_day("2016-02-29").value()), "2016-02-29");
}

TEST(Zone, ATimeThatIsSkippedOrComesTwiceHasOneInstant) {
    const Zone berlin = Zone::make("Europe/Berlin").value();
    const auto local = [](const char* day, minutes m) { return LocalTime(*parse_day(day) + m); };
    EXPECT_EQ(berlin.reached(local("2026-03-29", 2h + 30min)), instant("2026-03-29T01:00:00Z")) << "skipped";
    EXPECT_EQ(berlin.reached(local("2026-10-25", 2h + 30min)), instant("2026-10-25T00:30:00Z")) << "the first";
    EXPECT_FALSE(Zone::make("Europe/Nowhere").ok());
}

/// A calendar as a person would follow it with a watch: minute by minute, by clocks that are stopped, not put back.
class Watch {
public:
    Watch(const Calendar& of, Instant from) : calendar_(of), from_(from), now_(from - days(2)) {
        while (now_ < from_) tick();
    }
    Instant after_working_time(minutes amount) {
        for (minutes done{0};; tick()) {
            if (works() && (done += minutes(1)) == amount) return now_ + minutes(1);
        }
    }
    Instant after_workdays(std::int64_t n) {
        const Day first = day();
        Day counted = first;
        std::int64_t seen = 0;
        for (;; tick()) {
            if (day() > counted) {
                counted = day();
                if (calendar_.is_workday(calendar_.week, counted)) ++seen;
                last_ = seen == n && last_ == Day() ? counted : last_;
            }
            if (last_ != Day() && shown() >= last_ + calendar_.week.hours.back().end) return now_;
        }
    }

private:
    LocalTime shown() { return furthest_ = std::max(furthest_, calendar_.zone.local(now_)); }
    Day day() { return std::chrono::floor<days>(shown()); }
    void tick() {
        shown();
        now_ += minutes(1);
    }
    bool works() {
        if (!calendar_.is_workday(calendar_.week, day())) return false;
        const auto time = shown() - day();
        for (const Hours& h : calendar_.week.hours) {
            if (time >= h.begin && time < h.end) return true;
        }
        return false;
    }
    const Calendar& calendar_;
    Instant from_, now_;
    LocalTime furthest_{};
    Day last_{};
};

RC_GTEST_PROP(CalendarProperty, EqualsAWatch, ()) {
    // Clocks that change by an hour, by half of one, at midnight, and by a whole day; around the days they do.
    static const std::pair<const char*, const char*> places[] = {{"Asia/Shanghai", "2016-02-04T00:00:00Z"},
                                                                 {"Asia/Shanghai", "1988-04-15T00:00:00Z"},
                                                                 {"America/New_York", "2026-03-06T00:00:00Z"},
                                                                 {"America/New_York", "2026-10-30T00:00:00Z"},
                                                                 {"Australia/Lord_Howe", "2026-04-03T00:00:00Z"},
                                                                 {"America/Sao_Paulo", "2017-10-13T00:00:00Z"},
                                                                 {"America/Sao_Paulo", "2018-02-16T00:00:00Z"},
                                                                 {"Pacific/Apia", "2011-12-28T00:00:00Z"},
                                                                 {"UTC", "2026-01-01T00:00:00Z"}};
    static const char* hours[] = {"00:00-24:00",
                                  "08:30-12:00, 14:00-18:00",
                                  "00:00-02:30",
                                  "01:15-02:45, 23:00-24:00",
                                  "02:10-02:20, 03:00-03:01",
                                  "22:00-23:30"};
    const auto& [zone, around] = places[*rc::gen::inRange<std::size_t>(0, std::size(places))];
    Calendar c = calendar(zone, hours[*rc::gen::inRange<std::size_t>(0, std::size(hours))]);
    const Instant from = instant(around) + minutes(*rc::gen::inRange(0, 6 * 24 * 60));
    const Day today = std::chrono::floor<days>(c.zone.local(from));
    for (const int offset : *rc::gen::container<std::set<int>>(rc::gen::inRange(-1, 8)))
        c.holidays[today + days(offset)] = "h";
    if (*rc::gen::arbitrary<bool>()) c.make_up_days.insert(today + days(*rc::gen::inRange(0, 8)));
    if (*rc::gen::arbitrary<bool>()) c.week.free.fill(false);
    const auto amount = minutes(*rc::gen::inRange(1, 200));
    RC_ASSERT(c.after_working_time(c.week, from, amount).at == Watch(c, from).after_working_time(amount));
    const std::int64_t n = *rc::gen::inRange<std::int64_t>(1, 4);
    RC_ASSERT(c.after_workdays(c.week, from, n).at == Watch(c, from).after_workdays(n));
}

}  // namespace
}  // namespace tocsin
