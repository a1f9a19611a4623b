#include "episodes/promise.h"

#include <gtest/gtest.h>

#include <array>

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

CloseReason give(const Expect& expect, std::optional<Promise>& promise, bool broken, KindId kind, std::int64_t second,
                 std::optional<std::int64_t> due = std::nullopt) {
    const Told told(kind, second, due);
    return apply(expect, told.event, promise, broken);
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
    EXPECT_EQ(give(stated(), p, true, kAfter, 260), CloseReason::kCancelled) << "taken back";
    EXPECT_FALSE(p);
}

TEST(Promise, WhatIsOlderThanItBelongsToAnEarlierOne) {
    std::optional<Promise> p;
    give(within_an_hour(), p, false, kAfter, 100);
    EXPECT_EQ(give(within_an_hour(), p, true, kDone, 99), CloseReason::kNone);
    EXPECT_TRUE(p);
    EXPECT_EQ(give(within_an_hour(), p, true, kDone, 100), CloseReason::kFulfilled) << "the same instant counts";
}

TEST(Promise, EndingComesBeforeBeginningWhereAnEventIsBoth) {
    Expect both = within_an_hour();
    both.event.push_back(kAfter);
    std::optional<Promise> p;
    give(both, p, false, kAfter, 0);
    EXPECT_FALSE(p);
}

TEST(Overdue, AtOneInstantEventsComeBeforeClocks) {
    const Promise p{at(0), at(100), "e", ""};
    EXPECT_EQ(overdue_at(p, at(100), Cause::kTimer), 0s);
    EXPECT_LT(overdue_at(p, at(100), Cause::kEvent), 0s) << "the event of that instant still keeps it";
    EXPECT_EQ(overdue_at(p, at(100) + 1ms, Cause::kEvent), 0s);
}

TEST(NextDue, GoesThroughTheStepsAndEnds) {
    Rule rule;
    rule.overdue_steps = {0s, 3h};
    const Promise p{at(0), at(100), "e", ""};
    EXPECT_EQ(next_due(rule, p, at(0), Cause::kEvent), at(100));
    EXPECT_EQ(next_due(rule, p, at(100), Cause::kEvent), at(100)) << "its timer has not fired";
    EXPECT_EQ(next_due(rule, p, at(100), Cause::kTimer), at(100) + 3h);
    EXPECT_EQ(next_due(rule, p, at(100) + 3h, Cause::kTimer), kNever);
}

}  // namespace
}  // namespace tocsin::episodes
