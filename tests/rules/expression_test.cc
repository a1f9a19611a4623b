// Predicates over one event: what they answer, with every type and with missing values.
#include <gtest/gtest.h>
// rapidcheck wants gtest before it
#include <rapidcheck/gtest.h>

#include <cmath>

#include "fixtures.h"
#include "rules/code.h"

namespace tocsin::rules {
namespace {

bool holds(std::string_view text, TestEvent event) {
    EvalContext context;
    context.event = &event.get();
    return predicate(text).holds(context);
}

TestEvent full() {
    TestEvent e("order", at(1000));
    e.event.category = "network";
    e.event.channel = "hotline";
    return e.with("note", Value::of_string("工信部 complaint"))
        .with("pieces", Value::of_int(3))
        .with("price", Value::of_number(2.5))
        .with("urgent", Value::of(true))
        .with("wanted", Value::of_time(at(4600)))
        .with("took", Value::of_duration(std::chrono::minutes(90)))
        .with("size", Value::of_string("small"));
}

TEST(Expression, AnswersForEveryTypeAndOperator) {
    const struct {
        const char* text;
        bool holds;
    } cases[] = {
        {"category == \"network\"", true},
        {"category != \"praise\"", true},
        {"\"network\" == category", true},
        {"category in [\"bill\", \"network\"]", true},
        {"category not in [\"bill\", \"network\"]", false},
        {"category < \"zebra\"", true},
        {"pieces == 3 and pieces != 4 and pieces < 4 and pieces <= 3 and pieces > 2 and pieces >= 3", true},
        {"pieces in [1, 2, 3.0]", true},
        {"price == 2.5", true},
        {"price > pieces", false},
        {"pieces == 3.0", true},
        {"pieces * 2 + 1 == 7", true},
        {"pieces + 2 * 2 == 7", true},
        {"(pieces + 2) * 2 == 10", true},
        {"pieces - 1 - 1 == 1", true},
        {"pieces / 2 == 1.5", true},
        {"12 / 3 / 2 == 2", true},
        {"-pieces == -3", true},
        {"- -pieces == 3", true},
        {"price * 40% == 1", true},
        {"urgent", true},
        {"not urgent", false},
        {"urgent == true", true},
        {"urgent != false and true", true},
        {"not pieces == 4", true},
        {"urgent or pieces / 0.5 > 100 and false", true},
        {"(urgent or pieces > 100) and false", false},
        {"took == 1h30m", true},
        {"took > 90s and took < 1d", true},
        {"took + 30m == 2h", true},
        {"took * 2 == 3h and 2 * took == 3h and took / 3 == 30m", true},
        {"took / 30m == 3", true},
        {"-took < 0s", true},
        {"wanted > time", true},
        {"wanted - time == 1h", true},
        {"time + 1h == wanted and 1h + time == wanted and wanted - 1h == time", true},
        {"note matches \"工信部|媒体\"", true},
        {"note matches \"^complaint\"", false},
        {"note matches \"(?i)COMPLAINT$\"", true},
        {"not (note matches \"x\")", true},
        {"kind == \"order\"", true},
        {"\"order\" != kind", false},
        {"kind in [\"order\"]", true},
        {"kind not in [\"order\"]", false},
        {"customer == \"c1\" and id == \"e1\"", true},
    };
    for (const auto& c : cases) EXPECT_EQ(holds(c.text, full()), c.holds) << c.text;
}

TEST(Expression, MissingValuesCompareAsFalseAndDifferAsTrue) {
    const struct {
        const char* text;
        bool holds;
    } cases[] = {
        {"note == \"x\"", false},
        {"pieces < 3", false},
        {"pieces <= 3", false},
        {"pieces > 3", false},
        {"pieces >= 3", false},
        {"size in [\"small\"]", false},
        {"note matches \"\"", false},
        {"note != \"x\"", true},
        {"size not in [\"small\"]", true},
        {"urgent", false},
        {"not urgent", true},
        {"urgent == false", false},
        {"urgent != false", true},
        {"pieces == pieces", false},
        {"pieces + 1 > 0", false},
        {"-pieces < 0", false},
        {"pieces / 2 != 1", true},
        {"wanted - time > 0s", false},
        {"category == \"a\"", false},
        {"subscriber != \"s\"", true},
        {"urgent or true", true},
        {"urgent and true", false},
    };
    for (const auto& c : cases) EXPECT_EQ(holds(c.text, TestEvent()), c.holds) << c.text;
}

TEST(Expression, DivisionByZeroIsMissing) {
    TestEvent none;
    none.with("pieces", Value::of_int(0))
        .with("price", Value::of_number(1))
        .with("took", Value::of_duration(Duration(0)));
    EXPECT_FALSE(holds("price / pieces > 0", none));
    EXPECT_TRUE(holds("price / pieces != 5", none));
    EXPECT_FALSE(holds("took / took == 1", none));
    EXPECT_FALSE(holds("1h / pieces > 0s", none));
}

TEST(Expression, IntegersThatOverflowGoOnAsNumbers) {
    TestEvent big;
    big.with("pieces", Value::of_int(INT64_MAX));
    EXPECT_TRUE(holds("pieces + 1 > pieces", big));
    EXPECT_TRUE(holds("pieces * pieces > 1000000000000000000", big));
    EXPECT_TRUE(holds("pieces - 1 < pieces", big));
    TestEvent old;
    old.with("took", Value::of_duration(Duration(INT64_MAX / 4)));
    EXPECT_FALSE(holds("took * 1000000 > 0s", old)) << "a duration beyond all instants is missing";
    EXPECT_FALSE(holds("took + took + took + took + took > 0s", old));
}

TEST(Expression, WithoutEventEverythingIsMissing) {
    EXPECT_FALSE(predicate("urgent").holds({}));
    EXPECT_TRUE(predicate("category != \"x\"").holds({}));
}

TEST(Expression, AnEmptyOneHolds) {
    EXPECT_TRUE(Expression().holds({}));
    EXPECT_TRUE(Expression().evaluate({}).boolean);
    EXPECT_TRUE(Expression().empty());
}

TEST(Expression, KindChoosesAmongSeveral) {
    Fault fault;
    const auto made = compile_predicate("kind in [\"urge\", \"appeal\"]",
                                        scope_of({kind("complaint"), kind("urge"), kind("appeal")}), fault);
    ASSERT_TRUE(made) << shown(fault);
    for (const char* name : {"complaint", "urge", "appeal"}) {
        TestEvent e(name);
        EvalContext context;
        context.event = &e.get();
        EXPECT_EQ(made->holds(context), std::string(name) != "complaint") << name;
    }
}

TEST(Expression, LongChainsAreNoDeepNesting) {
    std::string text = "pieces == 0";
    for (int i = 1; i < 150; ++i) text += " or pieces == " + std::to_string(i);
    TestEvent e;
    e.with("pieces", Value::of_int(149));
    EXPECT_TRUE(holds(text, e));
}

TEST(Expression, ChoicesOfKindsAreJoined) {
    const Expression joined =
        any_of({{kind("order"), predicate("pieces in [3, 4] and note matches \"a\" and size == \"small\"")},
                {kind("refund"), {}},
                {kind("order"), predicate("note == \"zz\"")}});
    const auto holds_for = [&joined](TestEvent e) {
        EvalContext context;
        context.event = &e.get();
        return joined.holds(context);
    };
    const auto order = [](int pieces, const char* note) {
        return TestEvent("order")
            .with("pieces", Value::of_int(pieces))
            .with("note", Value::of_string(note))
            .with("size", Value::of_string("small"));
    };
    EXPECT_TRUE(holds_for(order(4, "bar")));
    EXPECT_FALSE(holds_for(order(5, "bar")));
    EXPECT_FALSE(holds_for(order(4, "b")));
    EXPECT_TRUE(holds_for(order(5, "zz")));
    EXPECT_TRUE(holds_for(TestEvent("refund")));
    EXPECT_FALSE(holds_for(TestEvent("complaint")));
    EXPECT_TRUE(any_of({{kind("order"), {}}, {kind("refund"), {}}}).empty());
    EXPECT_FALSE(any_of({{kind("order"), predicate("urgent")}}).empty());
}

TEST(Compare, MixedNumbersAreExact) {
    EXPECT_TRUE(compare(Value::of_int(INT64_MAX), Value::of_number(9223372036854775808.0)) < 0);
    EXPECT_TRUE(compare(Value::of_int((1LL << 53) + 1), Value::of_number(9007199254740992.0)) > 0);
    EXPECT_TRUE(compare(Value::of_int(3), Value::of_number(3.0)) == 0);
    EXPECT_TRUE(compare(Value::of_int(3), Value::of_number(std::nan(""))) == std::partial_ordering::unordered);
    EXPECT_TRUE(compare(Value::of_int(3), Value::of_string("3")) == std::partial_ordering::unordered);
    EXPECT_TRUE(compare(Value::missing(), Value::missing()) == std::partial_ordering::unordered);
}

RC_GTEST_PROP(Compare, AgreesWithItsMirror, (std::int64_t a, double b)) {
    const auto forth = compare(Value::of_int(a), Value::of_number(b));
    const auto back = compare(Value::of_number(b), Value::of_int(a));
    RC_ASSERT((forth < 0) == (back > 0));
    RC_ASSERT((forth == 0) == (back == 0));
}

/// Whatever bytes an author types: an expression or a reason with a place inside the text.
RC_GTEST_PROP(Expression, AnyTextEitherCompilesOrSaysWhy, ()) {
    const auto words = *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(
        std::vector<std::string>{"category",      "pieces", "==", "!=", ">=", "and",   "or",  "not",  "in",
                                 "matches",       "(",      ")",  "[",  "]",  ",",     "3",   "1h",   "\"x\"",
                                 "\"(\"",         "-",      "+",  "/",  "*",  "count", "any", "over", "true",
                                 "threshold.red", "\"",     "?",  "%",  "0.5"}));
    std::string text;
    for (const std::string& word : words) text += word + " ";
    Fault fault;
    const auto made = compile_predicate(text, scope_of({kind("order")}), fault);
    if (made) {
        TestEvent e = full();
        EvalContext context;
        context.event = &e.get();
        (void)made->holds(context);
    } else {
        RC_ASSERT(!fault.message.empty());
        RC_ASSERT(fault.begin < fault.end);
        RC_ASSERT(fault.begin <= text.size());
    }
}

}  // namespace
}  // namespace tocsin::rules
