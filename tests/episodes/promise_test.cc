#include "episodes/promise.h"

#include <gtest/gtest.h>

#include <array>

#include "base/calendar.h"

namespace tocsin::episodes {
namespace {

using namespace std::chrono_literals;

constexpr KindId kAfter = 1, kDone = 2, kCancel = 3, kOther = 4;
constexpr FieldId kDue = kFirstDeclared;

Instant at(std::int64_t seconds) {
    return from_millis(seconds * 1000);
}

Expect within_an_hour() {
    Expect e;
    e.after = {kAfter};
    e.event = {kDone};
    e.cancel_on = {kCancel};
    e.within = 1h;
    return e;
}
Expect stated() {
    Expect e = within_an_hour();
    e.within.reset();
    e.due = kDue;
    return e;
}

struct Told {
    Event event;
    std::array<FieldValue, 1> fields;
    Told(KindId kind, std::int64_t second, std::optional<std::int64_t> due = std::nullopt) {
        event.kind = kind;
        event.time = at(second);
        event.id = "e";
        event.area = "north";
        if (due) {
            fields[0] = {kDue, Value::of_time(at(*due))};
            event.fields = fields;
        }
    }
    Told(const Told&) = delete;
};

/// `broken`: an episode is open since the promise was due.
CloseReason give(const Expect& expect, std::optional<Promise>& promise, bool broken, KindId kind, std::int64_t second,
                 std::optional<std::int64_t> due = std::nullopt) {
    const Told told(kind, second, due);
    return apply(expect, told.event, says(expect, told.event, {}), promise,
                 broken ? std::optional(promise->due) : std::nullopt);
}

TEST(Promise, IsMadeAndKept) {
    std::optional<Promise> p;
    EXPECT_EQ(give(within_an_hour(), p, false, kAfter, 10), CloseReason::kNone);
    ASSERT_TRUE(p);
    EXPECT_EQ(p->due, at(10) + 1h);
    EXPECT_EQ(p->area, "north");
    EXPECT_EQ(give(within_an_hour(), p, false, kOther, 11), CloseReason::kNone);
    EXPECT_TRUE(p);
    EXPECT_EQ(give(within_an_hour(), p, false, kDone, 12), CloseReason::kNone) << "kept in time: nothing to close";
    EXPECT_FALSE(p);
}

TEST(Promise, ABrokenOneClosesWithTheReasonOfItsEnd) {
    std::optional<Promise> p;
    give(within_an_hour(), p, false, kAfter, 0);
    auto q = p;
    EXPECT_EQ(give(within_an_hour(), p, true, kDone, 4'000), CloseReason::kFulfilled);
    EXPECT_EQ(give(within_an_hour(), q, true, kCancel, 4'000), CloseReason::kCancelled);
    EXPECT_FALSE(p || q);
}

TEST(Promise, CountedFromTheEventTheOldestStands) {
    std::optional<Promise> p;
    give(within_an_hour(), p, false, kAfter, 0);
    give(within_an_hour(), p, false, kAfter, 100);
    EXPECT_EQ(p->due, at(3'600));
    Expect restart = within_an_hour();
    restart.restart = true;
    give(restart, p, false, kAfter, 200);
    EXPECT_EQ(p->due, at(3'800));
}

TEST(Promise, AStatedDueTimeMoves) {
    std::optional<Promise> p;
    give(stated(), p, false, kAfter, 0, 100);
    EXPECT_EQ(p->due, at(100));
    EXPECT_EQ(give(stated(), p, false, kAfter, 50, 200), CloseReason::kNone);
    EXPECT_EQ(p->due, at(200));
    EXPECT_EQ(give(stated(), p, true, kAfter, 250, 240), CloseReason::kNone)
        << "broken, and restated to another past time";
    EXPECT_EQ(p->due, at(200));
    EXPECT_EQ(give(stated(), p, true, kAfter, 250, 300), CloseReason::kMoved);
    EXPECT_EQ(p->due, at(300));
    EXPECT_EQ(give(stated(), p, true, kAfter, 310), CloseReason::kCancelled) << "taken back";
    EXPECT_FALSE(p);
}

TEST(Promise, WhatWasInTimeAndIsToldLateTakesTheBreakBack) {
    for (const KindId ends : {kDone, kCancel}) {
        std::optional<Promise> p;
        give(within_an_hour(), p, false, kAfter, 0);
        auto q = p;
        EXPECT_EQ(give(within_an_hour(), p, true, ends, 3'600), CloseReason::kCorrected)
            << "exactly on time is in time";
        EXPECT_NE(give(within_an_hour(), q, true, ends, 3'601), CloseReason::kCorrected);
        EXPECT_FALSE(p || q);
    }
    std::optional<Promise> moved;
    give(stated(), moved, false, kAfter, 0, 100);
    EXPECT_EQ(give(stated(), moved, true, kAfter, 90, 200), CloseReason::kCorrected) << "it had been moved in time";
    EXPECT_EQ(moved->due, at(200));
    std::optional<Promise> past;
    give(stated(), past, false, kAfter, 100, 90);
    EXPECT_EQ(give(stated(), past, true, kDone, 100), CloseReason::kFulfilled) << "it was past when it was stated";
}

TEST(Promise, ALaterEventOpensANewOneOnceItHasEnded) {
    std::optional<Promise> p;
    for (const KindId ends : {kDone, kCancel}) {
        give(within_an_hour(), p, false, kAfter, 0);
        give(within_an_hour(), p, true, ends, 4'000);
        EXPECT_FALSE(p);
        give(within_an_hour(), p, false, kAfter, 5'000);
        ASSERT_TRUE(p);
        EXPECT_EQ(p->due, at(8'600));
        p.reset();
    }
}

TEST(Promise, IsCountedByACalendarInTheHoursOfItsPlace) {
    auto calendar = std::make_shared<Calendar>();
    calendar->week.hours = parse_hours("08:00-16:00").value();
    calendar->halls["hall"] = calendar->week;
    calendar->halls["hall"].hours = parse_hours("10:00-12:00").value();
    calendar->years[1970] = false;
    Expect e = within_an_hour();
    e.within.reset();
    e.workdays = 2;
    e.calendar = calendar;
    const Told told(kAfter, 9 * 3'600);
    const std::string_view hall[] = {"hall", "city"};
    EXPECT_EQ(says(e, told.event, {}).due, at(2 * 86'400 + 16 * 3'600));
    EXPECT_EQ(says(e, told.event, hall).due, at(2 * 86'400 + 12 * 3'600));
    e.workdays = 0;
    e.working_time = 3h;
    EXPECT_EQ(says(e, told.event, {}).due, at(12 * 3'600));
    EXPECT_EQ(says(e, told.event, hall).due, at(86'400 + 11 * 3'600));
    EXPECT_TRUE(says(e, told.event, hall).covered);
    calendar->years.clear();
    EXPECT_FALSE(says(e, told.event, hall).covered);
}

TEST(Promise, KeepsTheFieldsThatLevelsLookAt) {
    Expect e = within_an_hour();
    e.after_fields = {{kDue, "promised"}, {kFieldCategory, "category"}, {kFieldChannel, "channel"}};
    std::optional<Promise> p;
    {
        Told told(kAfter, 10, 99);
        const std::string category = "refund";
        told.event.category = category;
        apply(e, told.event, says(e, told.event, {}), p, std::nullopt);
    }
    ASSERT_TRUE(p);
    ASSERT_EQ(p->fields.size(), 2u) << "the event has no channel";
    std::vector<FieldValue> memory;
    const Event stating = stating_event(e, *p, memory);
    EXPECT_EQ(stating.time, at(10));
    EXPECT_EQ(stating.id, "e");
    EXPECT_EQ(stating.area, "north");
    EXPECT_EQ(stating.category, "refund");
    EXPECT_EQ(stating.field(kDue).integer, 99'000);
    EXPECT_TRUE(stating.field(kFieldChannel).is_missing());
}

TEST(Promise, WhatIsOlderThanItBelongsToAnEarlierOne) {
    std::optional<Promise> p;
    give(within_an_hour(), p, false, kAfter, 100);
    EXPECT_EQ(give(within_an_hour(), p, true, kDone, 99), CloseReason::kNone);
    EXPECT_TRUE(p);
    give(within_an_hour(), p, false, kDone, 100);
    EXPECT_FALSE(p) << "the same instant counts";
}

TEST(Promise, EndingComesBeforeBeginningWhereAnEventIsBoth) {
    Expect both = within_an_hour();
    both.event.push_back(kAfter);
    std::optional<Promise> p;
    give(both, p, false, kAfter, 0);
    EXPECT_FALSE(p);
}

TEST(Overdue, AtOneInstantEventsComeBeforeClocks) {
    const Promise p{at(0), at(100), "e", "", {}};
    EXPECT_EQ(overdue_at(p, at(100), Cause::kTimer), 0s);
    EXPECT_LT(overdue_at(p, at(100), Cause::kEvent), 0s) << "the event of that instant still keeps it";
    EXPECT_EQ(overdue_at(p, at(100) + 1ms, Cause::kEvent), 0s);
}

TEST(NextDue, GoesThroughTheStepsAndEnds) {
    Rule rule;
    rule.overdue_steps = {0s, 3h};
    const Promise p{at(0), at(100), "e", "", {}};
    EXPECT_EQ(next_due(rule, p, at(0), Cause::kEvent), at(100));
    EXPECT_EQ(next_due(rule, p, at(100), Cause::kEvent), at(100)) << "its timer has not fired";
    EXPECT_EQ(next_due(rule, p, at(100), Cause::kTimer), at(100) + 3h);
    EXPECT_EQ(next_due(rule, p, at(100) + 3h, Cause::kTimer), kNever);
}

}  // namespace
}  // namespace tocsin::episodes
