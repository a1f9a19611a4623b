// The functions of measures: what each takes and gives, what it answers, and what is told to who asks for too much.
#include <gtest/gtest.h>
// rapidcheck wants gtest before it
#include <rapidcheck/gtest.h>

#include "fixtures.h"
#include "rules/canonical.h"
#include "rules/checker.h"
#include "rules/judge.h"
#include "rules/shape.h"

namespace tocsin::rules {
namespace {

/// The type of a measure, or the fault.
std::string typed(std::string_view text, bool person = true) {
    Fault fault;
    const auto made = compile_measure("m", text, scope_of({kind("order"), kind("refund")}, person), fault);
    return made ? std::string(type_name(made->type)) : shown(fault);
}

TEST(Functions, HaveATypeOfTheirOwnOrThatOfTheirField) {
    const struct {
        const char *text, *type;
    } cases[] = {
        {"count()", "int"},
        {"distinct(kind)", "int"},
        {"sum(pieces)", "number"},
        {"sum(took)", "duration"},
        {"avg(pieces)", "number"},
        {"avg(amount) over 30d", "number"},
        {"avg(took)", "duration"},
        {"min(pieces)", "int"},
        {"max(price)", "number"},
        {"max(note)", "string"},
        {"min(wanted)", "time"},
        {"max(took)", "duration"},
        {"max(time)", "time"},
        {"first(urgent)", "bool"},
        {"last(channel)", "string"},
        {"last(time) over 2h", "time"},
        {"quantile(price, 50%)", "number"},
        {"quantile(pieces, 0)", "int"},
        {"quantile(wanted, 1)", "time"},
        {"quantile(took, 1 - 0.1)", "duration"},
        {"ratio(urgent)", "number"},
        {"any(urgent)", "bool"},
        {"all(urgent and pieces > 3)", "bool"},
        {"seen(suspension, 7d)", "bool"},
        {"seen(\"suspension\", 2 * 1d)", "bool"},
        {"attr(balance)", "number"},
        {"attr(promised) over 30d", "time"},
        {"attr(area)", "string"},
        {"attr(urgent)", "bool"},
    };
    for (const auto& c : cases) EXPECT_EQ(typed(c.text), c.type) << c.text;
}

TEST(Functions, MistakesNameThePlaceAndTheRemedy) {
    const struct {
        const char *text, *fault;
    } cases[] = {
        {"avg()", "0-5: avg() takes one field, for example avg(score)"},
        {"avg(note)", "0-9: avg() adds up numbers or durations; `note` is string"},
        {"avg(wanted)", "0-11: avg() adds up numbers or durations; `wanted` is time"},
        {"sum(urgent)", "0-11: sum() adds up numbers or durations; `urgent` is bool"},
        {"min(urgent)", "0-11: min() needs values with an order; `urgent` is bool"},
        {"max(prise)", "4-9: unknown field \"prise\" (did you mean \"price\"?)"},
        {"max(score)", "4-9: `score` is no field of order, refund; hotline_rating has it"},
        {"max(1)", "0-6: max() takes one field, for example max(amount)"},
        {"max(pieces, price)", "0-18: max() takes one field, for example max(amount)"},
        {"last(customer)", "5-13: `customer` would be told in plain: distinct(customer) counts people"},
        {"attr(subscriber)", "5-15: `subscriber` would be told in plain: distinct(subscriber) counts people"},
        {"first(kind)", "6-10: `kind` is no value: distinct(kind) counts kinds, seen(suspension, 7d) asks for one"},
        {"quantile(price)", "0-15: quantile() takes a field and a share, for example quantile(amount, 90%)"},
        {"quantile(note, 0.5)", "0-19: quantile() looks at numbers, durations or times; `note` is string"},
        {"quantile(price, 1.5)",
         "16-19: the share of quantile() is a number from 0 to 1, for example 90%, found number (1.5)"},
        {"quantile(price, 90)",
         "16-18: the share of quantile() is a number from 0 to 1, for example 90%, found int (90)"},
        {"quantile(price, pieces)",
         "16-22: the share of quantile() is a number from 0 to 1, for example 90%, found int (pieces)"},
        {"ratio()", "0-7: ratio() takes one predicate, for example ratio(solved)"},
        {"all(pieces)", "4-10: expected something that is true or false, found int (pieces)"},
        {"ratio(urgent, urgent)", "0-21: ratio() takes one predicate, for example ratio(solved)"},
        {"seen(suspension)", "0-16: seen() takes a kind of event and a duration, for example seen(suspension, 7d)"},
        {"seen(7d, suspension)", "0-20: seen() takes a kind of event and a duration, for example seen(suspension, 7d)"},
        {"seen(suspnsion, 7d)", "5-14: unknown event kind \"suspnsion\" (did you mean \"suspension\"?)"},
        {"seen(suspension, 7)", "17-18: seen() looks back for a duration, for example 7d, found int (7)"},
        {"seen(suspension, 0s)", "0-20: a window of 0s holds no event"},
        {"seen(suspension, 500d)", "0-22: the window 500d is longer than storage.retention (400d)"},
        {"seen(suspension, 7d) over 7d",
         "0-28: seen() has a duration of its own instead of `over`, for example seen(suspension, 7d)"},
        {"attr()", "0-6: attr() takes one field, for example attr(balance)"},
        {"attr(balanc)", "5-11: unknown field \"balanc\" (did you mean \"balance\"?)"},
        {"attr(text)", "5-9: `text` is of type text, which is not kept: it is only compared, in a condition on the event"},
        {"attr(balance) over 500d", "0-23: the window 500d is longer than storage.retention (400d)"},
    };
    for (const auto& c : cases) EXPECT_EQ(typed(c.text), c.fault) << c.text;
}

TEST(Functions, CellsTellWhatTheirSumsCannot) {
    for (const char* text : {"count()", "sum(price)", "avg(price)", "ratio(urgent)", "any(urgent)",
                             "distinct(customer)", "avg(took) over 1d"}) {
        EXPECT_EQ(typed(text, false).find(':'), std::string::npos) << text;
    }
    for (const char* name : {"min", "max", "first", "last"}) {
        EXPECT_EQ(typed(std::string(name) + "(price)", false),
                  "0-" + std::to_string(std::string(name).size() + 7) + ": " + name +
                      "(): without customer or subscriber in `by` there are sums per bucket, not events: only "
                      "count() sum() avg() ratio() any() distinct(customer) can be told from them");
    }
    EXPECT_EQ(typed("all(urgent)", false).find("0-11: all(): without customer or subscriber"), 0u);
    EXPECT_EQ(typed("quantile(price, 0.5)", false).find("0-20: quantile(): without customer or subscriber"), 0u);
    EXPECT_EQ(typed("seen(suspension, 7d)", false),
              "0-20: seen() looks at one person's events: it needs customer or subscriber in `by`");
    EXPECT_EQ(typed("attr(balance)", false),
              "0-13: attr() looks at one person's events: it needs customer or subscriber in `by`");
}

/// "accepted", or the fault of a level.
std::string level_fault(std::string_view text) {
    const TestLevel level(text);
    return level.level ? "accepted" : shown(level.fault);
}

TEST(Functions, LevelsComputeWithTheirTypes) {
    const struct {
        const char *text, *fault;
    } cases[] = {
        {"avg(pieces) >= 2.5 and ratio(urgent) >= 40%", "accepted"},
        {"sum(price) / count() > avg(price) * 2 - 1", "accepted"},
        {"last(time) - first(time) >= 3d or max(took) * 2 > 1h", "accepted"},
        {"last(wanted) + 1h > max(time)", "accepted"},
        {"all(urgent) and not seen(suspension, 7d)", "accepted"},
        {"attr(size) == \"small\" and last(note) matches \"x\"", "accepted"},
        {"attr(result) in [\"ok\", \"anything\"]", "accepted"},
        {"avg(took) >= 3", "0-14: cannot compare duration (avg(took)) with int (3)"},
        {"first(time) + last(time) > 3d", "0-24: `+` does not go with time (first(time)) and time (last(time))"},
        {"seen(suspension, 7d) >= 1", "0-25: cannot compare bool (seen(suspension, 7d)) with int (1)"},
        {"ratio(urgent)", "0-13: expected something that is true or false, found number (ratio(urgent))"},
        {"attr(size) == \"smal\"",
         "14-20: `size` is never \"smal\" (did you mean \"small\"?): it is one of small, large"},
        {"last(size) in [\"large\", \"huge\"]", "24-30: `size` is never \"huge\": it is one of small, large"},
        {"avg(price) / 0 > 1", "13-14: division by zero"},
        {"seen(order, threshold.red)",
         "12-25: seen() looks back for a duration, for example 7d, found number (threshold.red)"},
    };
    for (const auto& c : cases) EXPECT_EQ(level_fault(c.text), c.fault) << c.text;
}

/// Five orders, one of them without any field, between events of other kinds; now is second 50.
class OfFive : public testing::Test {
protected:
    OfFive() {
        const auto order = [this](std::int64_t second, std::int64_t pieces, double price, const char* note) {
            events_.push_back(TestEvent("order", at(second))
                                  .with("pieces", Value::of_int(pieces))
                                  .with("price", Value::of_number(price))
                                  .with("note", Value::of_string(note))
                                  .with("urgent", Value::of(pieces > 2))
                                  .with("wanted", Value::of_time(at(second * 10)))
                                  .with("took", Value::of_duration(std::chrono::seconds(pieces))));
        };
        events_.push_back(TestEvent("suspension", at(2)).with("reason", Value::of_string("fraud")));
        events_.push_back(TestEvent("account_cancelled", at(5)).with("balance", Value::of_number(12.5)));
        order(10, 3, 0.1, "b");
        order(20, 1, 0.2, "a");
        events_.push_back(TestEvent("order", at(30)));
        order(40, 2, 0.3, "c");
        order(40, 4, 0.7, "B");
        events_.push_back(TestEvent("order", at(60)).with("pieces", Value::of_int(99)));
        for (TestEvent& e : events_) rows_.push_back(e.get());
    }
    /// Of a rule on orders within an hour.
    Value value(const std::string& text, Instant now = at(50)) {
        const Rule rule = rule_of("    on: order\n    by: [customer]\n    within: 1h\n    measures: {n: count(), m: '" +
                                  text + "'}\n    levels: {red: n >= 3}\n");
        std::vector<Value> out;
        measure(rule, {rows_, rows_}, now, out);
        return out.size() == 2 ? out[1] : Value::missing();
    }

    std::vector<TestEvent> events_;
    std::vector<Event> rows_;
};

TEST_F(OfFive, EveryFunctionAnswersInItsType) {
    const struct {
        const char* text;
        Value value;
    } cases[] = {
        {"count()", Value::of_int(5)},
        {"sum(price)", Value::of_number(1.3)},
        {"sum(took)", Value::of_duration(std::chrono::seconds(10))},
        {"avg(price)", Value::of_number(0.325)},
        {"avg(pieces)", Value::of_number(2.5)},
        {"avg(took)", Value::of_duration(Duration(2500))},
        {"min(pieces)", Value::of_int(1)},
        {"max(price)", Value::of_number(0.7)},
        {"min(note)", Value::of_string("B")},
        {"max(note)", Value::of_string("c")},
        {"max(wanted)", Value::of_time(at(400))},
        {"first(note)", Value::of_string("b")},
        {"last(note)", Value::of_string("B")},
        {"last(pieces) over 20s", Value::of_int(4)},
        {"first(pieces) over 20s", Value::of_int(2)},
        {"first(time) over 20s", Value::of_time(at(40))},
        {"last(urgent)", Value::of(true)},
        {"quantile(pieces, 0)", Value::of_int(1)},
        {"quantile(pieces, 25%)", Value::of_int(1)},
        {"quantile(pieces, 26%)", Value::of_int(2)},
        {"quantile(pieces, 50%)", Value::of_int(2)},
        {"quantile(pieces, 0.75)", Value::of_int(3)},
        {"quantile(pieces, 76%)", Value::of_int(4)},
        {"quantile(pieces, 1)", Value::of_int(4)},
        {"ratio(urgent)", Value::of_number(0.4)},
        {"ratio(pieces < 3)", Value::of_number(0.4)},
        {"ratio(note != \"a\")", Value::of_number(0.8)},
        {"any(price > 0.5)", Value::of(true)},
        {"all(pieces > 0)", Value::of(false)},
        {"all(pieces != 9)", Value::of(true)},
        {"seen(suspension, 1m)", Value::of(true)},
        {"seen(suspension, 48s)", Value::of(false)},
        {"seen(suspension, 49s)", Value::of(true)},
        {"seen(reminder, 7d)", Value::of(false)},
        {"attr(balance)", Value::of_number(12.5)},
        {"attr(balance) over 45s", Value::missing()},
        {"attr(balance) over 46s", Value::of_number(12.5)},
        {"attr(reason)", Value::of_string("fraud")},
        {"attr(pieces)", Value::of_int(4)},
        {"attr(promised)", Value::missing()},
    };
    for (const auto& c : cases) {
        const Value v = value(c.text);
        EXPECT_EQ(v.type, c.value.type) << c.text;
        EXPECT_TRUE(v.is_missing() || compare(v, c.value) == 0)
            << c.text << " = " << v.integer << " / " << v.number << " / " << v.string;
    }
}

TEST_F(OfFive, OfNothingThereIsNoAverage) {
    for (const char* text : {"avg(price)", "min(price)", "max(note)", "first(time)", "last(urgent)",
                             "quantile(price, 0.5)", "ratio(urgent)", "all(urgent)", "attr(balance)"}) {
        EXPECT_TRUE(value(text, at(1)).is_missing()) << text;
    }
    EXPECT_TRUE(value("avg(price) over 15s", at(54)).number == 0.5);
    EXPECT_TRUE(value("avg(price) over 10s", at(39)).is_missing()) << "an order without a price is no price";
    EXPECT_EQ(value("ratio(urgent) over 10s", at(39)).number, 0) << "but it is an order";
    EXPECT_FALSE(value("seen(suspension, 1h)", at(1)).boolean);
    EXPECT_EQ(value("seen(suspension, 1h)", at(1)).type, Value::Type::kBool);
}

TEST(Functions, QuantilesOfManyAreByNearestRank) {
    std::vector<TestEvent> events;
    for (int i = 100; i >= 1; --i) {
        events.push_back(TestEvent("order", at(101 - i)).with("pieces", Value::of_int(i)));
    }
    std::vector<Event> rows;
    for (TestEvent& e : events) rows.push_back(e.get());
    for (int percent = 1; percent <= 100; ++percent) {
        const Rule rule =
            rule_of("    on: order\n    by: [customer]\n    within: 1h\n    levels: {red: 'quantile(pieces, " +
                    std::to_string(percent) + "%) > 3'}\n");
        std::vector<Value> out;
        measure(rule, {rows, rows}, at(200), out);
        EXPECT_EQ(out.at(0).integer, percent);
    }
}

TEST(Functions, ALevelMayBeginOnlyAtAnEventWhereRowsThatLeaveCanOnlyEndIt) {
    const struct {
        const char* text;
        bool rises;
    } cases[] = {
        {"max(price) >= 3 and seen(suspension, 7d)", false},
        {"min(price) < 3", false},
        {"3 > min(price)", false},
        {"last(note) == \"x\" and last(note) matches \"x\" or last(pieces) < 3 or last(urgent)", false},
        {"attr(size) == \"small\" or attr(pieces) in [1, 2] or attr(urgent)", false},
        {"max(price) > threshold.red", false},
        {"max(price) < 3", true},
        {"max(price) == 3", true},
        {"min(price) > 3", true},
        {"min(price) != 3", true},
        {"last(note) != \"x\"", true},
        {"attr(size) not in [\"small\"]", true},
        {"not seen(suspension, 7d)", true},
        {"not last(urgent)", true},
        {"seen(suspension, 7d) == true", true},
        {"avg(price) > 3", true},
        {"ratio(urgent) > 10%", true},
        {"all(urgent)", true},
        {"first(urgent)", true},
        {"first(pieces) == 3", true},
        {"quantile(price, 1) > 3", true},
        {"max(price) > last(price)", true},
    };
    for (const auto& c : cases) {
        const TestLevel level(c.text);
        ASSERT_TRUE(level.level) << c.text << shown(level.fault);
        EXPECT_EQ(may_rise_without_event(*level.level, level.measures), c.rises) << c.text;
    }
}

TEST(Functions, ClearScalesNumbersAndDurations) {
    Fault fault;
    const auto stays_at = [&fault](const char* text, double percent, const Value& measured) {
        const TestLevel level(text);
        const auto stays = scaled(*level.level, percent, fault);
        EXPECT_TRUE(stays) << text << shown(fault);
        std::vector<Value> values(level.measures.size());
        values.back() = measured;
        EvalContext context;
        context.measures = values;
        return stays && stays->holds(context);
    };
    using namespace std::chrono_literals;
    EXPECT_TRUE(stays_at("avg(took) >= 10m", 70, Value::of_duration(7min)));
    EXPECT_FALSE(stays_at("avg(took) >= 10m", 70, Value::of_duration(7min - 1ms)));
    EXPECT_TRUE(stays_at("min(took) <= 7m", 70, Value::of_duration(10min)));
    EXPECT_TRUE(stays_at("ratio(urgent) >= 50%", 80, Value::of_number(0.4)));
    for (const char* text :
         {"last(note) >= \"x\"", "seen(suspension, 7d)", "all(urgent)", "max(time) > last(wanted)"}) {
        EXPECT_FALSE(scaled(*TestLevel(text).level, 70, fault)) << text;
        EXPECT_TRUE(scaled(*TestLevel(text).level, 100, fault)) << text;
    }
}

TEST(Functions, EveryPartOfAMeasureIsInItsText) {
    const auto text = [](const std::string& source) {
        Fault fault;
        const auto made = compile_measure("m", source, scope_of({kind("order")}), fault);
        EXPECT_TRUE(made) << source << shown(fault);
        return canonical(made.value_or(Measure{}), test_schema());
    };
    const std::vector<std::string> all = {"count()",
                                          "count() over 2h",
                                          "sum(pieces)",
                                          "sum(price)",
                                          "avg(pieces)",
                                          "avg(price)",
                                          "avg(price) over 2h",
                                          "min(price)",
                                          "max(price)",
                                          "first(price)",
                                          "last(price)",
                                          "attr(price)",
                                          "attr(price) over 2h",
                                          "attr(pieces)",
                                          "quantile(price, 0.5)",
                                          "quantile(price, 0.6)",
                                          "quantile(pieces, 0.5)",
                                          "any(urgent)",
                                          "all(urgent)",
                                          "ratio(urgent)",
                                          "ratio(not urgent)",
                                          "all(not urgent)",
                                          "seen(order, 7d)",
                                          "seen(order, 8d)",
                                          "seen(suspension, 7d)",
                                          "distinct(note)"};
    std::map<std::string, std::string> met;
    for (const std::string& source : all) {
        const auto [it, is_new] = met.emplace(text(source), source);
        EXPECT_TRUE(is_new) << source << " reads like " << it->second;
    }
    EXPECT_EQ(text("seen(\"order\", 7d)"), text("seen(order, 3d + 4d)"));
    EXPECT_EQ(text("quantile(price, 50%)"), text("quantile(price, 0.5)"));
    EXPECT_EQ(text("avg(price) over 60m"), text("avg(price)"));
}

TEST(Functions, WhatHashesWereMadeOfBeforeStaysAsItWas) {
    const auto text = [](const char* source) {
        Fault fault;
        return canonical(*compile_measure("m", source, scope_of({kind("order")}), fault), test_schema());
    };
    EXPECT_EQ(text("count()"), "measure 0 4:true 3600000");
    EXPECT_EQ(text("distinct(note)"), "measure 1 note4:true 3600000");
    EXPECT_EQ(text("sum(price)"), "measure 2 price4:true 3600000");
    EXPECT_EQ(text("any(urgent)"), "measure 3 12:field urgent 3600000");
}

RC_GTEST_PROP(Functions, AnyCallEitherCompilesOrSaysWhy, ()) {
    const auto words = *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(std::vector<std::string>{
        "avg(",  "max(", "last(", "quantile(", "ratio(",     "all(",     "seen(", "attr(", "count()",
        "price", "note", "took",  "order",     "urgent",     "pieces",   "90%",   "7d",    "3",
        "\"x\"", ")",    ",",     ">=",        "==",         "and",      "not",   "over",  "-",
        "/",     "in",   "[",     "]",         "suspension", "customer", "kind"}));
    std::string text;
    for (const std::string& word : words) text += word + " ";
    for (const bool person : {true, false}) {
        const TestLevel level(text, scope_of({kind("order")}, person));
        RC_ASSERT(level.level || !level.fault.message.empty());
        RC_ASSERT(level.level || level.fault.end <= std::max<std::size_t>(text.size(), 1) + 1);
    }
}

TEST(Functions, ARuleListensToTheKindsItLooksAt) {
    const Rule rule = rule_of(
        "    on: complaint\n    by: [customer]\n    within: 7d\n    measures: {balance: attr(balance)}\n"
        "    levels: {red: 'count() >= 2 and seen(suspension, 30d)'}\n");
    EXPECT_TRUE(rule.listens_to(kind("complaint")));
    EXPECT_TRUE(rule.listens_to(kind("suspension")));
    EXPECT_TRUE(rule.listens_to(kind("account_cancelled"))) << "it has a balance";
    EXPECT_FALSE(rule.listens_to(kind("reminder")));
    EXPECT_EQ(rule.longest_window(), RuleLimits{}.retention) << "what is known is known as long as events are";
    const Instant noon = from_millis(1'458'561'600'000);
    EXPECT_EQ(rule.counts_after(noon), noon - std::chrono::days(7));
    EXPECT_TRUE(watches(rule, TestEvent("suspension").get()));
    EXPECT_FALSE(watches(rule, TestEvent("account_cancelled").get())) << "this one carries no balance";
    EXPECT_TRUE(counts(rule, TestEvent("complaint").get()));
    EXPECT_FALSE(counts(rule, TestEvent("suspension").get()));
}

}  // namespace
}  // namespace tocsin::rules
