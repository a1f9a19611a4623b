/// Two sets of transitions side by side.

#include "compare/comparison.h"

#include <gtest/gtest.h>

namespace tocsin::compare {
namespace {

Instant at(int hour) {
    return from_millis(hour * 3'600'000LL);
}

class Sides : public testing::Test {
protected:
    struct Told {
        std::string rule = "R", subject = "c-1", area = "north";
        bool is_case = false, experimental = false;
    };
    static Transition made(const Told& told, TransitionKind kind, int hour, Level level, const std::string& id) {
        Transition t;
        t.at = at(hour);
        t.rule = told.rule;
        t.subject = {{"customer", told.subject, "plain"}};
        t.area = told.area;
        t.is_case = told.is_case;
        t.experimental = told.experimental;
        t.episode_id = id;
        t.kind = kind;
        t.level = level;
        return t;
    }
    /// Opens at one hour and closes at another; 0: never.
    void episode(FlagCollector& side, int opens, int closes, Level level = Level::kYellow) {
        episode(side, opens, closes, level, {});
    }
    void episode(FlagCollector& side, int opens, int closes, Level level, const Told& told) {
        const std::string id = "e" + std::to_string(++episodes_);
        side.add(made(told, TransitionKind::kOpened, opens, level, id));
        if (closes != 0) side.add(made(told, TransitionKind::kClosed, closes, Level::kNone, id));
    }
    Comparison result(int from = 0, int to = 24 * 14) {
        terms_.from = at(from);
        terms_.to = at(to);
        return compare(before_.take(), after_.take(), terms_);
    }

    FlagCollector before_, after_;
    Terms terms_;
    int episodes_ = 0;
};

TEST_F(Sides, WhatIsAlikeIsCountedAndNotListed) {
    episode(before_, 10, 20);
    episode(after_, 10, 30);
    const Comparison c = result();
    EXPECT_TRUE(c.changes.empty()) << "closing later calls nobody and opens nothing";
    EXPECT_EQ(c.total.before.flags, 1U);
    EXPECT_EQ(c.total.after.flags, 1U);
}

TEST_F(Sides, AFlagOfOneSideOnlyIsAddedOrRemoved) {
    episode(before_, 10, 20);
    episode(after_, 30, 40);
    const Comparison c = result();
    ASSERT_EQ(c.changes.size(), 2U);
    EXPECT_TRUE(c.changes[0].removed());
    EXPECT_TRUE(c.changes[1].added());
    EXPECT_EQ(c.total.added, 1U);
    EXPECT_EQ(c.total.removed, 1U);
}

TEST_F(Sides, FlagsOpenAtTheSameTimeAreTheSameOneEarlierOrLater) {
    episode(before_, 10, 20);
    episode(after_, 8, 12);
    episode(before_, 40, 50);
    episode(after_, 45, 50);
    const Comparison c = result();
    ASSERT_EQ(c.changes.size(), 2U);
    EXPECT_TRUE(c.changes[0].earlier);
    EXPECT_TRUE(c.changes[1].later);
    EXPECT_EQ(c.total.added + c.total.removed, 0U);
}

TEST_F(Sides, AFlagThatEndsWhenTheOthersBeginsIsNotTheSame) {
    episode(before_, 10, 20);
    episode(after_, 20, 30);
    EXPECT_EQ(result().total.added, 1U);
    episode(before_, 10, 10);
    episode(after_, 10, 10);
    EXPECT_TRUE(result().changes.empty()) << "but one that lasts no time is itself";
}

TEST_F(Sides, OfSeveralThatOneOverlapsTheFirstIsTheSame) {
    episode(before_, 10, 50);
    episode(after_, 10, 20);
    episode(after_, 30, 40);
    const Comparison c = result();
    ASSERT_EQ(c.changes.size(), 1U);
    EXPECT_TRUE(c.changes[0].added());
    EXPECT_EQ(c.changes[0].after->opened_at, at(30));
}

TEST_F(Sides, AnotherSubjectOrRuleIsAnotherFlag) {
    episode(before_, 10, 20, Level::kYellow, {.subject = "c-1"});
    episode(after_, 10, 20, Level::kYellow, {.subject = "c-2"});
    episode(after_, 10, 20, Level::kYellow, {.rule = "Q"});
    const Comparison c = result();
    EXPECT_EQ(c.total.added, 2U);
    EXPECT_EQ(c.total.removed, 1U);
    EXPECT_EQ(c.rules.at("Q").added, 1U);
}

TEST_F(Sides, TheHighestColourDecidesWhetherItWasRaised) {
    episode(before_, 10, 20, Level::kYellow);
    episode(after_, 10, 0, Level::kYellow);
    after_.add(made({}, TransitionKind::kRaised, 12, Level::kRed, "e2"));
    after_.add(made({}, TransitionKind::kLowered, 14, Level::kYellow, "e2"));
    const Comparison c = result();
    ASSERT_EQ(c.changes.size(), 1U);
    EXPECT_TRUE(c.changes[0].raised);
    EXPECT_EQ(c.total.raised, 1U);
    EXPECT_EQ(c.total.new_pages, 1U) << "a raise calls again";
}

TEST_F(Sides, WarningsPageCasesTakeHoursAndExperimentsNeither) {
    episode(after_, 10, 20, Level::kRed, {.rule = "Warning"});
    episode(after_, 10, 20, Level::kRed, {.rule = "Case", .is_case = true});
    episode(after_, 10, 20, Level::kRed, {.rule = "Tried", .experimental = true});
    episode(after_, 10, 20, Level::kRed, {.rule = "TriedCase", .is_case = true, .experimental = true});
    terms_.minutes_per_case = 30;
    const Comparison c = result(0, 24 * 14);
    EXPECT_EQ(c.total.after.flags, 4U);
    EXPECT_EQ(c.total.after.pages, 1U);
    EXPECT_EQ(c.total.after.cases, 1U);
    EXPECT_DOUBLE_EQ(c.per_week(c.total.after.pages), 0.5) << "in two weeks";
    EXPECT_DOUBLE_EQ(c.hours_per_week(c.total.after), 0.25);
}

TEST_F(Sides, NewPagesAreNotMadeGoodByThoseThatAreGone) {
    episode(before_, 10, 20, Level::kRed, {.subject = "c-1"});
    episode(after_, 10, 20, Level::kRed, {.subject = "c-2"});
    const Comparison c = result();
    EXPECT_EQ(c.total.before.pages, c.total.after.pages);
    EXPECT_EQ(c.total.new_pages, 1U);
    EXPECT_EQ(c.total.lost_pages, 1U);
}

TEST_F(Sides, WhatOpenedBeforeTheTimeComparedCountsForNothing) {
    episode(before_, 5, 30);
    episode(after_, 6, 30);
    EXPECT_EQ(result(10).total.after.flags, 0U);
    episode(before_, 5, 30);
    episode(after_, 12, 30);
    const Comparison c = result(10);
    EXPECT_EQ(c.total.later, 1U) << "but one that comes into it is told";
    EXPECT_EQ(c.total.before.flags, 0U);
    EXPECT_EQ(c.total.after.flags, 1U);
}

TEST_F(Sides, DaysAreThoseOfTheZone) {
    episode(after_, 17, 20);  // 1970-01-01T17:00Z is 01:00 of the next day in China
    terms_.zone = Zone::make("Asia/Shanghai").value();
    EXPECT_EQ(result().days.begin()->first, "1970-01-02");
}

TEST_F(Sides, RulesWithoutAFlagAreListedAllTheSame) {
    terms_.rules = {{"Quiet", RuleFate::kSame}};
    EXPECT_TRUE(result().rules.contains("Quiet"));
}

TEST_F(Sides, LessThanADayIsARateOverADay) {
    EXPECT_DOUBLE_EQ(result(0, 1).weeks(), 1.0 / 7);
}

}  // namespace
}  // namespace tocsin::compare
