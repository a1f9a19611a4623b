// Levels: measures and thresholds, when they can rise, how `clear` scales them, what overdue is compared with.
#include <gtest/gtest.h>
// rapidcheck wants gtest before it
#include <rapidcheck/gtest.h>

#include "fixtures.h"
#include "rules/canonical.h"
#include "rules/shape.h"

namespace tocsin::rules {
namespace {

std::vector<Value> values(std::int64_t n, std::int64_t people = 0, double s = 0, bool hot = false) {
    return {Value::of_int(n), Value::of_int(people), Value::of_number(s), Value::of(hot)};
}

TEST(Level, LooksAtMeasures) {
    const TestLevel level("n >= 5 or (n >= 3 and hot) or s / n > 10");
    EXPECT_TRUE(level.holds(values(5)));
    EXPECT_FALSE(level.holds(values(4)));
    EXPECT_TRUE(level.holds(values(3, 0, 0, true)));
    EXPECT_TRUE(level.holds(values(1, 0, 11)));
    EXPECT_FALSE(level.holds(values(0, 0, 11))) << "nothing to divide by";
    EXPECT_FALSE(level.holds({})) << "measures that are missing compare as false";
}

TEST(Level, InlineAggregatesBecomeMeasuresWithoutName) {
    const TestLevel level(
        "any(pieces > 7) or count() over 2h > 3 or any(pieces > 7) and n > 1 or distinct(customer) > 2");
    ASSERT_TRUE(level.level) << shown(level.fault);
    ASSERT_EQ(level.measures.size(), 6u) << "equal ones are shared, also with named ones";
    EXPECT_EQ(level.measures[4].name, "");
    EXPECT_EQ(level.measures[4].fn, MeasureFn::kAny);
    EXPECT_EQ(level.measures[4].window, std::chrono::hours(1));
    EXPECT_EQ(level.measures[5].window, std::chrono::hours(2));
    auto v = values(0);
    v.push_back(Value::of(true));
    EXPECT_TRUE(level.holds(v));
}

TEST(Level, MissingThresholdsNeverHold) {
    const TestLevel level("people >= threshold.red");
    Thresholds thresholds;
    EXPECT_FALSE(level.holds(values(0, 1000), &thresholds));
    EXPECT_FALSE(level.holds(values(0, 1000)));
    thresholds.by_level[static_cast<int>(Level::kRed)] = Value::of_number(20);
    EXPECT_TRUE(level.holds(values(0, 20), &thresholds));
    EXPECT_FALSE(level.holds(values(0, 19), &thresholds));
}

TEST(Level, MayRiseWithoutEventUnlessProvedMonotone) {
    const struct {
        const char* text;
        bool rises;
    } cases[] = {
        {"n >= 3", false},
        {"n > 3 and people >= threshold.red", false},
        {"3 <= n", false},
        {"hot", false},
        {"n >= 5 or (n >= 3 and any(pieces > 3))", false},
        {"n >= 3 and threshold.red > 5", false},
        {"n >= 1 + 2", false},
        {"n >= threshold.red * 2", false},
        {"n < 3", true},
        {"n == 3", true},
        {"n != 3", true},
        {"n in [3, 4]", true},
        {"not (n >= 3)", true},
        {"not hot", true},
        {"hot == true", true},
        {"s >= 3", true},
        {"n >= people", true},
        {"n - people >= 3", true},
        {"n >= 3 and n <= 5", true},
        {"people / n >= 50%", true},
    };
    for (const auto& c : cases) {
        const TestLevel level(c.text);
        ASSERT_TRUE(level.level) << c.text << shown(level.fault);
        EXPECT_EQ(may_rise_without_event(*level.level, level.measures), c.rises) << c.text;
    }
}

TEST(Clear, ScalesTheRightSides) {
    const TestLevel level("n >= 10 and people > threshold.red or s <= 7 or s < 3.5");
    Fault fault;
    const auto stays = scaled(*level.level, 70, fault);
    ASSERT_TRUE(stays) << shown(fault);
    Thresholds thresholds;
    thresholds.by_level[static_cast<int>(Level::kRed)] = Value::of_number(30);
    const auto holds = [&](std::int64_t n, std::int64_t people, double s) {
        const auto v = values(n, people, s);
        EvalContext context;
        context.measures = v;
        context.thresholds = &thresholds;
        return stays->holds(context);
    };
    EXPECT_TRUE(holds(7, 22, 99));
    EXPECT_FALSE(holds(6, 22, 99));
    EXPECT_FALSE(holds(7, 21, 99)) << "more than 30 times 70% is more than 21";
    EXPECT_TRUE(holds(0, 0, 10)) << "7 divided by 70%";
    EXPECT_FALSE(holds(0, 0, 10.01));
}

TEST(Clear, HundredPercentIsTheLevelItself) {
    const TestLevel level("not hot");
    Fault fault;
    const auto stays = scaled(*level.level, 100, fault);
    ASSERT_TRUE(stays);
    EXPECT_EQ(stays->code(), level.level->code());
}

TEST(Clear, OtherShapesAreRefused) {
    for (const char* text : {"n == 3", "hot", "not (n >= 3)", "n - people >= 3", "n >= people", "s >= -3",
                             "hot == true", "n in [1, 2]", "n >= threshold.red + 1"}) {
        const TestLevel level(text);
        ASSERT_TRUE(level.level) << text;
        Fault fault;
        EXPECT_FALSE(scaled(*level.level, 70, fault)) << text;
        EXPECT_NE(fault.message.find("`clear` needs comparisons"), std::string::npos) << text;
    }
    const TestLevel level("n >= 3 or hot");
    Fault fault;
    EXPECT_FALSE(scaled(*level.level, 70, fault));
    EXPECT_EQ(fault.begin, 10u);
    EXPECT_EQ(fault.end, 13u);
}

RC_GTEST_PROP(Clear, WhatHoldsStaysAndBoundsAreExact, ()) {
    const auto bound = *rc::gen::inRange<std::int64_t>(1, 256);  // `n >= 0` is refused: it always holds
    const auto percent = *rc::gen::inRange<std::int64_t>(1, 101);
    const auto n = *rc::gen::inRange<std::int64_t>(0, 300);
    const TestLevel level("n >= " + std::to_string(bound));
    Fault fault;
    const auto stays = scaled(*level.level, static_cast<double>(percent), fault);
    RC_ASSERT(stays.has_value());
    const auto v = values(n);
    EvalContext context;
    context.measures = v;
    RC_ASSERT(stays->holds(context) == (n * 100 >= bound * percent));
    RC_ASSERT(!level.level->holds(context) || stays->holds(context));
}

std::string steps_of(std::string_view text) {
    Fault fault;
    const auto level = compile_promise_level(text, scope_of({kind("order")}), fault);
    if (!level) return shown(fault);
    std::vector<Duration> steps;
    if (!add_overdue_steps(*level, steps, fault)) return shown(fault);
    std::string out;
    for (const Duration step : steps) out += std::to_string(step.count()) + " ";
    return out;
}

TEST(Overdue, StepsAreTheInstantsAtWhichLevelsBegin) {
    EXPECT_EQ(steps_of("overdue >= 0s"), "0 ");
    EXPECT_EQ(steps_of("overdue > 3h"), "10800001 ");
    EXPECT_EQ(steps_of("3h <= overdue"), "10800000 ");
    EXPECT_EQ(steps_of("overdue >= 1h + 30m"), "5400000 ");
    EXPECT_EQ(steps_of("overdue >= 1h and overdue > 2h or overdue >= 1d"), "3600000 7200001 86400000 ");
}

TEST(Overdue, OtherShapesAreRefused) {
    const std::string reason =
        ": `overdue` is only compared by > or >= with a duration of 0s or more, as in `overdue >= 3h`";
    EXPECT_EQ(steps_of("overdue < 3h"), "0-12" + reason);
    EXPECT_EQ(steps_of("overdue == 3h"), "0-13" + reason);
    EXPECT_EQ(steps_of("not (overdue > 3h)"), "0-18" + reason);
    EXPECT_EQ(steps_of("overdue * 2 > 3h"), "0-16" + reason);
    EXPECT_EQ(steps_of("overdue > 1h and overdue >= -1h"), "17-31" + reason);
}

TEST(Canonical, SameMeaningSameText) {
    const auto text = [](std::string_view source) {
        const TestLevel level(source);
        EXPECT_TRUE(level.level) << source << shown(level.fault);
        return canonical(*level.level, test_schema(), level.measures);
    };
    EXPECT_EQ(text("n >= 3"), text("(3 <= n)"));
    EXPECT_EQ(text("n >= 3"), text("count() >= 1 + 2")) << "names do not matter";
    EXPECT_EQ(text("n in [1, 2]"), text("n in [2, 1]"));
    EXPECT_NE(text("n >= 3"), text("n > 3"));
    EXPECT_NE(text("n >= 3"), text("people >= 3"));
    EXPECT_NE(text("n >= 3"), text("count() over 2h >= 3"));
    EXPECT_NE(text("any(pieces > 3)"), text("any(pieces > 4)"));
    EXPECT_NE(text("any(note == \"a\")"), text("any(note == \"b\")"));
    EXPECT_NE(text("any(note matches \"a\")"), text("any(note matches \"b\")"));
    EXPECT_NE(text("n >= threshold.red"), text("n >= threshold.blue"));
    EXPECT_NE(text("any(note in [\"a\", \"b\"])"), text("any(note in [\"a,b\"])"));
    EXPECT_NE(text("any(not urgent)"), text("any(urgent)"));
}

TEST(Canonical, KindsAreWrittenByName) {
    const auto text = [](std::string_view source) { return canonical(predicate(source), test_schema(), {}); };
    EXPECT_NE(text("kind == \"order\"").find("order"), std::string::npos);
    EXPECT_NE(text("kind in [\"order\"]").find("order"), std::string::npos);
    EXPECT_EQ(canonical(Expression(), test_schema(), {}), "true");
}

}  // namespace
}  // namespace tocsin::rules
