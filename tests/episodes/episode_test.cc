#include "episodes/episode.h"

#include <gtest/gtest.h>

#include <vector>

namespace tocsin::episodes {
namespace {

using namespace std::chrono_literals;

Instant at(std::int64_t seconds) {
    return from_millis(seconds * 1000);
}

/// Yellow, orange and red are levels of it, blue is not.
Rule rule_of(Duration keep) {
    Rule rule;
    for (const Level l : {Level::kYellow, Level::kOrange, Level::kRed})
        rule.levels[static_cast<std::size_t>(l)] = Expression();
    rule.keep_firing_for = keep;
    return rule;
}

/// `stays` up to and including this colour.
Holding holds(Level level, Level stays) {
    Holding h;
    h.level = level;
    for (std::size_t l = 1; l <= static_cast<std::size_t>(stays); ++l) h.stays[l] = true;
    return h;
}

void expect_step(const std::optional<Step>& step, TransitionKind kind, Level level, Level previous, Instant when) {
    ASSERT_TRUE(step);
    EXPECT_EQ(step->kind, kind);
    EXPECT_EQ(step->level, level);
    EXPECT_EQ(step->previous, previous);
    EXPECT_EQ(step->at, when);
}

TEST(Move, UpIsAtOnceAndMaySkipColours) {
    const Rule rule = rule_of(1h);
    Episode e;
    EXPECT_FALSE(move(rule, e, holds(Level::kNone, Level::kNone), at(0)));
    expect_step(move(rule, e, holds(Level::kYellow, Level::kYellow), at(1)), TransitionKind::kOpened, Level::kYellow,
                Level::kNone, at(1));
    EXPECT_FALSE(move(rule, e, holds(Level::kYellow, Level::kYellow), at(2))) << "one step for one change";
    expect_step(move(rule, e, holds(Level::kRed, Level::kRed), at(3)), TransitionKind::kRaised, Level::kRed,
                Level::kYellow, at(3));
    EXPECT_TRUE(e.open());
}

TEST(Move, DownOneColourAfterKeepFiringForAndThenAgain) {
    const Rule rule = rule_of(1h);
    Episode e;
    ASSERT_TRUE(move(rule, e, holds(Level::kOrange, Level::kOrange), at(0)));
    EXPECT_FALSE(move(rule, e, holds(Level::kNone, Level::kNone), at(10)));
    EXPECT_EQ(lowering_due(rule, e), at(10) + 1h);
    EXPECT_FALSE(move(rule, e, holds(Level::kNone, Level::kNone), at(10) + 1h - 1ms));
    expect_step(move(rule, e, holds(Level::kNone, Level::kNone), at(10) + 1h), TransitionKind::kLowered, Level::kYellow,
                Level::kOrange, at(10) + 1h);
    EXPECT_FALSE(move(rule, e, holds(Level::kNone, Level::kNone), at(10) + 1h)) << "the clock starts again";
    expect_step(move(rule, e, holds(Level::kNone, Level::kNone), at(10) + 2h), TransitionKind::kClosed, Level::kNone,
                Level::kYellow, at(10) + 2h);
    EXPECT_FALSE(e.open());
    EXPECT_EQ(lowering_due(rule, e), kNever);
}

TEST(Move, AClockReadLateDatesTheStepsWhenTheyWereDue) {
    const Rule rule = rule_of(1h);
    Episode e;
    ASSERT_TRUE(move(rule, e, holds(Level::kOrange, Level::kOrange), at(0)));
    ASSERT_FALSE(move(rule, e, holds(Level::kNone, Level::kNone), at(0)));
    std::vector<Instant> steps;
    while (const auto step = move(rule, e, holds(Level::kNone, Level::kNone), at(0) + 5h)) steps.push_back(step->at);
    EXPECT_EQ(steps, (std::vector<Instant>{at(0) + 1h, at(0) + 2h}));
}

TEST(Move, WhatStaysForAMomentStartsTheClockAnew) {
    const Rule rule = rule_of(1h);
    Episode e;
    ASSERT_TRUE(move(rule, e, holds(Level::kYellow, Level::kYellow), at(0)));
    EXPECT_FALSE(move(rule, e, holds(Level::kNone, Level::kNone), at(0)));
    EXPECT_FALSE(move(rule, e, holds(Level::kNone, Level::kYellow), at(3'000))) << "does not hold, but stays";
    EXPECT_EQ(lowering_due(rule, e), kNever);
    EXPECT_FALSE(move(rule, e, holds(Level::kNone, Level::kNone), at(3'600)));
    EXPECT_EQ(lowering_due(rule, e), at(7'200));
}

TEST(Move, NotDownBeforeItsDwellIsOver) {
    Rule rule = rule_of(0s);
    rule.dwell = 1h;
    Episode e;
    ASSERT_TRUE(move(rule, e, holds(Level::kRed, Level::kRed), at(0)));
    EXPECT_FALSE(move(rule, e, holds(Level::kYellow, Level::kYellow), at(10)));
    EXPECT_EQ(lowering_due(rule, e), at(3600));
    EXPECT_FALSE(move(rule, e, holds(Level::kRed, Level::kRed), at(20)));
    EXPECT_EQ(lowering_due(rule, e), kNever) << "it holds again";
    EXPECT_FALSE(move(rule, e, holds(Level::kYellow, Level::kYellow), at(30)));
    expect_step(move(rule, e, holds(Level::kYellow, Level::kYellow), at(4000)), TransitionKind::kLowered,
                Level::kYellow, Level::kRed, at(3600));
    EXPECT_EQ(e.level_since, at(3600)) << "the colour below stays as long";
    EXPECT_EQ(close(e, CloseReason::kRuleRemoved, at(3700)).at, at(3700)) << "other reasons do not wait";
}

TEST(Move, WithoutKeepFiringForStraightToTheHighestThatStays) {
    const Rule rule = rule_of(0s);
    Episode e;
    ASSERT_TRUE(move(rule, e, holds(Level::kRed, Level::kRed), at(0)));
    expect_step(move(rule, e, holds(Level::kYellow, Level::kYellow), at(1)), TransitionKind::kLowered, Level::kYellow,
                Level::kRed, at(1));
    const auto step = move(rule, e, holds(Level::kNone, Level::kBlue), at(2));
    expect_step(step, TransitionKind::kClosed, Level::kNone, Level::kYellow, at(2));
    EXPECT_EQ(step->reason, CloseReason::kQuiet) << "blue stays, but is no level of this rule";
}

TEST(Close, EndsAtOnceWithTheReason) {
    Episode e;
    e.level = Level::kOrange;
    e.false_since = at(3);
    const Step step = close(e, CloseReason::kRuleRemoved, at(9));
    EXPECT_EQ(step.reason, CloseReason::kRuleRemoved);
    EXPECT_EQ(step.previous, Level::kOrange);
    EXPECT_FALSE(e.open());
    EXPECT_EQ(e.false_since, kNever);
}

TEST(NoteUpdate, OncePerMinuteOfEventTime) {
    Episode e;
    EXPECT_TRUE(note_update(e, at(0)));
    EXPECT_FALSE(note_update(e, at(59)));
    EXPECT_TRUE(note_update(e, at(60)));
    EXPECT_FALSE(note_update(e, at(30))) << "late: that minute has been told";
    EXPECT_TRUE(note_update(e, at(60 * 60)));
}

}  // namespace
}  // namespace tocsin::episodes
