// Every mistake an author can make in an expression, with its place and the words it is told in.
#include "rules/checker.h"

#include "fixtures.h"
#include "rules/syntax.h"

namespace tocsin::rules {
namespace {

TEST(Checker, MistakesInPredicatesNameThePlaceAndTheRemedy) {
    const struct {
        const char *text, *fault;
    } cases[] = {
        {"", "0-1: the expression is empty"},
        {"categry == \"x\"", "0-7: unknown field \"categry\" (did you mean \"category\"?)"},
        {"category == network", "12-19: unknown field \"network\": a string stands in double quotes"},
        {"category > 3", "0-12: cannot compare string (category) with int (3)"},
        {"pieces == \"3\"", "0-13: cannot compare int (pieces) with string (\"3\")"},
        {"took > 3", "0-8: cannot compare duration (took) with int (3)"},
        {"wanted > 3h", "0-11: cannot compare time (wanted) with duration (3h)"},
        {"wanted > \"2016-01-01\"", "0-21: cannot compare time (wanted) with string (\"2016-01-01\")"},
        {"urgent > false", "0-14: `>` needs an order, and true and false have none"},
        {"category", "0-8: expected something that is true or false, found string (category)"},
        {"pieces + 1", "0-10: expected something that is true or false, found int (pieces + 1)"},
        {"urgent and pieces", "11-17: `and` needs true or false on both sides, found int (pieces)"},
        {"pieces or urgent", "0-6: `or` needs true or false on both sides, found int (pieces)"},
        {"not pieces", "4-10: `not` needs true or false, found int (pieces)"},
        {"-category == \"x\"", "1-9: `-` needs a number or a duration, found string (category)"},
        {"category + 1 == 2", "0-12: `+` does not go with string (category) and int (1)"},
        {"wanted + wanted > wanted", "0-15: `+` does not go with time (wanted) and time (wanted)"},
        {"took * took > 1h", "0-11: `*` does not go with duration (took) and duration (took)"},
        {"took + 1 > 1h", "0-8: `+` does not go with duration (took) and int (1)"},
        {"1 / took > 1", "0-8: `/` does not go with int (1) and duration (took)"},
        {"pieces / 0 > 1", "9-10: division by zero"},
        {"pieces > 1h / 0.0", "14-17: division by zero"},
        {"wanted - time > 1000w * 1000000000", "16-34: the result is beyond what can be counted"},
        {"1 < pieces < 3", "11-12: comparisons do not chain: join two of them by `and`"},
        {"pieces in 3", "10-11: `in` needs a list: category in [\"network\", \"bill\"]"},
        {"pieces in []", "11-12: expected a value, found `]`"},
        {"pieces in [1, \"a\"]", "14-17: cannot compare int (pieces) with string (\"a\")"},
        {"pieces in [price]", "11-16: a list holds constants, found number (price)"},
        {"pieces in [1 2]", "13-14: expected `,` or `]`, found `2`"},
        {"pieces in [[1]]", "11-12: expected a value, found `[`"},
        {"pieces matches \"3\"", "0-6: `matches` looks at a string, found int (pieces)"},
        {"note matches category", "13-21: `matches` needs a regular expression in double quotes"},
        {"note matches \"(\"", "13-16: bad regular expression: missing ): ("},
        {"size == \"medium\"", "8-16: `size` is never \"medium\": it is one of small, large"},
        {"size in [\"small\", \"larg\"]",
         "18-24: `size` is never \"larg\" (did you mean \"large\"?): it is one of small, large"},
    };
    for (const auto& c : cases) EXPECT_EQ(predicate_fault(c.text), c.fault) << c.text;
}

TEST(Checker, MistakesInNamesAndGrammar) {
    const struct {
        const char *text, *fault;
    } cases[] = {
        {"kind == \"complaint\"", "8-19: no event here is of kind \"complaint\""},
        {"kind == \"ordr\"", "8-14: no event here is of kind \"ordr\" (did you mean \"order\"?)"},
        {"kind < \"order\"", "0-14: `kind` has no order: compare it by == != in"},
        {"kind == note", "8-12: `kind` is compared with the name of a kind in double quotes"},
        {"kind matches \"o\"", "0-4: `kind` is compared by == != in with names of kinds"},
        {"score > 3", "0-5: `score` is no field of order; hotline_rating has it"},
        {"threshold.red > 3", "0-13: `threshold.red` belongs into levels: here only fields of the event are known"},
        {"overdue > 3h", "0-7: `overdue` belongs into levels: here only fields of the event are known"},
        {"after.time == time", "0-10: `after.time` belongs into levels: here only fields of the event are known"},
        {"count() > 3", "0-7: `count()` looks at all events of a window: it belongs into measures or levels"},
        {"avg(pieces) > 3", "0-11: `avg()` looks at all events of a window: it belongs into measures or levels"},
        {"seen(complaint, 7d)", "0-19: `seen()` looks at all events of a person: it belongs into measures or levels"},
        {"surprise() > 3", "0-10: surprise(): not supported yet"},
        {"cout() > 3", "0-6: unknown function \"cout()\" (did you mean \"count\"?)"},
        {"(pieces > 3", "11-12: expected `)`, found end of the expression"},
        {"pieces > 3)", "10-11: unexpected `)`"},
        {"pieces >", "8-9: expected a value, found end of the expression"},
        {"pieces > 3 urgent",
         "11-17: unexpected `urgent`: expected an operator, for example `and`, `or`, `==`, `in`, `matches`"},
        {"pieces > 3 OR urgent", "11-13: unexpected `OR`: write `or`"},
        {"pieces ≥ 3", "7-10: unexpected `≥`: write `>=`"},
        {"pieces≥3", "6-9: unexpected `≥`: write `>=`"},
        {"pieces => 3", "7-9: unexpected `=>`: write `>=`"},
        {"pieces > 3 \"x\"", "11-14: unexpected string"},
        {"any(urgent", "10-11: expected `,` or `)`, found end of the expression"},
        {"any(urgent) over x", "17-18: `over` needs a duration, for example `over 30d`"},
        {"in [1]", "0-2: expected a value, found `in`"},
        {"urgent not urgent", "7-10: unexpected `not`"},
    };
    for (const auto& c : cases) EXPECT_EQ(predicate_fault(c.text), c.fault) << c.text;
}

TEST(Checker, TextIsOnlyComparedWithConstants) {
    const char* accepted[] = {R"(text matches "x")", R"(text == "x" or "y" == text)", R"(text not in ["x", "y"])",
                              R"(not (text != "x"))"};
    for (const char* text : accepted) EXPECT_EQ(predicate_fault(text, {kind("complaint")}), "accepted") << text;
    EXPECT_EQ(predicate_fault("text == channel", {kind("complaint")}),
              "0-15: a field of type text is not kept: it is only compared with strings in double quotes");
    EXPECT_EQ(predicate_fault("channel != text", {kind("complaint")}),
              "0-15: a field of type text is not kept: it is only compared with strings in double quotes");
    EXPECT_EQ(predicate_fault(R"x(text matches "(媒体|记者).{0,200}(报道|采访)")x", {kind("complaint")}), "accepted");
    const std::string large = predicate_fault(R"x(text matches "(a|b).{1,400}x")x", {kind("complaint")});
    EXPECT_TRUE(large.starts_with("13-29: the regular expression is too large to search texts for (")) << large;
    EXPECT_EQ(predicate_fault("text", {kind("complaint")}),
              "0-4: expected something that is true or false, found string (text)");
    EXPECT_EQ(predicate_fault("text matches \"x\"", {kind("complaint")}, false),
              "0-4: `text` is of type text: cells count only by fields that are kept with the event");
}

TEST(Checker, AFieldOfOneKindIsEnough) {
    EXPECT_EQ(predicate_fault("score < 3 or amount > 100", {kind("hotline_rating"), kind("refund")}), "accepted");
    EXPECT_EQ(predicate_fault("emergency", {kind("hotline_rating"), kind("refund")}),
              "0-9: `emergency` is no field of hotline_rating, refund; reconnection_request has it");
}

TEST(Checker, ValuesAreThoseOfTheKindsAsked) {
    EXPECT_EQ(predicate_fault("result == \"done\"", {kind("registration")}),
              "10-16: `result` is never \"done\": it is one of ok, failed");
    EXPECT_EQ(predicate_fault("result == \"done\"", {kind("refund")}), "accepted");
    EXPECT_EQ(predicate_fault("result == \"done\"", {kind("refund"), kind("registration")}), "accepted");
}

TEST(Checker, LimitsOfSizeAndDepth) {
    const std::string deep =
        std::string(kExpressionDepthMax - 1, '(') + "urgent" + std::string(kExpressionDepthMax - 1, ')');
    EXPECT_EQ(predicate_fault(deep), "accepted");
    EXPECT_EQ(predicate_fault("(" + deep + ")"), "64-70: the expression is nested deeper than 64");
    std::string many = "urgent";
    for (int i = 1; i < 500; ++i) many += " or urgent";
    EXPECT_EQ(predicate_fault(many.substr(0, 4096 / 10 * 10 - 4)), "accepted");
    std::string list = "pieces in [1";
    for (int i = 1; i < 1000; ++i) list += ",1";
    EXPECT_EQ(predicate_fault(list + "]"), "2009-2010: the expression has more than 1000 parts; split it into rules");
    EXPECT_EQ(predicate_fault("note matches \"((a{100}){100}){100}\"").find("13-35: bad regular expression: "), 0u);
    EXPECT_EQ(predicate_fault("note matches \"" + std::string(kPatternBytesMax + 1, 'a') + "\""),
              "13-1040: the regular expression has 1025 bytes, at most 1024");
}

TEST(Checker, MistakesInLevels) {
    const struct {
        const char *text, *fault;
    } cases[] = {
        {"n", "0-1: expected something that is true or false, found int (n)"},
        {"m >= 3", "0-1: unknown measure \"m\" (did you mean \"n\"?)"},
        {"peple >= 3", "0-5: unknown measure \"peple\" (did you mean \"people\"?)"},
        {"category == \"x\"",
         "0-8: `category` is a field of one event; levels look at measures, for example any(category == …) or "
         "distinct(category)"},
        {"true", "0-4: holds always or never: a level looks at measures, for example `n >= 3`"},
        {"threshold.red > 3", "0-17: holds always or never: a level looks at measures, for example `n >= 3`"},
        {"n >= threshold.rad",
         "5-18: unknown colour \"rad\" (did you mean \"red\"?): there are blue, yellow, orange, red"},
        {"n >= \"3\"", "0-8: cannot compare int (n) with string (\"3\")"},
        {"hot >= 1", "0-8: cannot compare bool (hot) with int (1)"},
        {"n >= 257",
         "0-8: `n >= 257` counts beyond the 256 events that are remembered of a customer: raise storage.max_events"},
        {"300 > people",
         "0-12: `300 > people` counts beyond the 256 events that are remembered of a customer: raise "
         "storage.max_events"},
        {"overdue >= 3h", "0-7: `overdue` is known only in rules with `expect`"},
        {"open >= 3", "0-4: `open` is known only in rules with `expect`"},
        {"after.balance > 3", "0-13: `after.balance` is known only in rules with `expect`"},
        {"surprise() >= 3", "0-10: surprise(): not supported yet"},
        {"excess_ratio() >= 3", "0-14: excess_ratio(): not supported yet"},
        {"count(urgent) >= 3", "0-13: count() takes nothing: `where` says which events count, any(…) asks for one"},
        {"distinct() >= 3", "0-10: distinct() takes one field, for example distinct(channel)"},
        {"distinct(1) >= 3", "0-11: distinct() takes one field, for example distinct(channel)"},
        {"sum(note) >= 3", "0-9: sum() adds up numbers or durations; `note` is string"},
        {"sum(price, pieces) >= 3", "0-18: sum() takes one field, for example sum(amount)"},
        {"any()", "0-5: any() takes one predicate, for example any(emergency)"},
        {"any(pieces)", "4-10: expected something that is true or false, found int (pieces)"},
        {"any(count() > 3)", "4-11: `count()` looks at all events of a window: it belongs into measures or levels"},
        {"count() over 500d >= 3", "0-17: the window 500d is longer than storage.retention (400d)"},
        {"count() over 0s >= 3", "0-15: a window of 0s holds no event"},
    };
    for (const auto& c : cases) {
        const TestLevel level(c.text);
        EXPECT_FALSE(level.level) << c.text;
        EXPECT_EQ(shown(level.fault), c.fault) << c.text;
    }
}

TEST(Checker, ThresholdsNeedATable) {
    Scope scope = scope_of({kind("order")});
    scope.has_thresholds = false;
    EXPECT_EQ(shown(TestLevel("n >= threshold.red", scope).fault),
              "5-18: `threshold.red` needs a `thresholds_file` in the group");
}

TEST(Checker, CellsCountOnlyWhatTheyKeep) {
    const Scope cells = scope_of({kind("order")}, false);
    EXPECT_EQ(shown(TestLevel("distinct(channel) >= 3", cells).fault),
              "0-17: distinct(channel): without customer or subscriber in `by` only distinct(customer) is counted");
    EXPECT_EQ(shown(TestLevel("count() over 90s >= 3", cells).fault),
              "0-16: the window 1m30s is no multiple of 1m, the bucket of windows up to 2h");
    EXPECT_EQ(shown(TestLevel("count() over 2h1m >= 3", cells).fault),
              "0-17: the window 2h1m is no multiple of 5m, the bucket of windows above 2h");
    EXPECT_EQ(shown(TestLevel("count() over 1d30m >= 3", cells).fault),
              "0-18: the window 1d30m is no multiple of 1h, the bucket of windows above 1d");
    EXPECT_TRUE(TestLevel("count() over 2h5m >= 100000 and distinct(customer) over 25h > 3", cells).level)
        << "no bound of events";
}

TEST(Checker, MeasuresAreOneAggregate) {
    const auto fault_of = [](std::string_view text) {
        Fault fault;
        return compile_measure("m", text, scope_of({kind("order")}), fault) ? "accepted" : shown(fault);
    };
    EXPECT_EQ(fault_of("count()"), "accepted");
    EXPECT_EQ(fault_of("any(urgent and pieces > 3) over 30d"), "accepted");
    EXPECT_EQ(fault_of("count() + 1"), "0-11: a measure is one function: count(), sum(amount), any(emergency) …");
    EXPECT_EQ(fault_of("n"), "0-1: a measure is one function: count(), sum(amount), any(emergency) …");
    EXPECT_EQ(fault_of("expected()"), "0-10: expected(): not supported yet");
    EXPECT_EQ(fault_of("distnct(note)"), "0-13: unknown function \"distnct()\" (did you mean \"distinct\"?)");
    EXPECT_EQ(fault_of("sum(prise)"), "4-9: unknown field \"prise\" (did you mean \"price\"?)");
}

TEST(Checker, PromisesLookAtOverdueAtOpenAndAtTheAfterEvent) {
    const auto fault_of = [](std::string_view text) {
        Fault fault;
        return compile_promise_level(text, scope_of({kind("order")}), fault) ? "accepted" : shown(fault);
    };
    EXPECT_EQ(fault_of("overdue >= 3h"), "accepted");
    EXPECT_EQ(fault_of("overdue >= 3"), "0-12: cannot compare duration (overdue) with int (3)");
    EXPECT_EQ(fault_of("overdu >= 3h"),
              "0-6: unknown name \"overdu\" (did you mean \"overdue\"?): the levels of a promise look at `overdue`, "
              "`open` and "
              "`after.field`");
    EXPECT_EQ(fault_of("count() > 3"),
              "0-7: `count()`: the levels of a promise look at `overdue`, `open` and `after.field`");
    EXPECT_EQ(fault_of("overdue >= 0s and open >= 20"), "accepted");
    EXPECT_EQ(fault_of("overdue >= 0s and (after.urgent or after.size == \"large\")"), "accepted");
    EXPECT_EQ(fault_of("overdue >= 0s and after.size == \"lrge\""),
              "32-38: `size` is never \"lrge\" (did you mean \"large\"?): it is one of small, large");
    EXPECT_EQ(fault_of("overdue >= 0s and after.score > 3"),
              "18-29: `score` is no field of order; hotline_rating has it");
    EXPECT_EQ(fault_of("true"),
              "0-4: holds always or never: the level of a promise looks at `overdue`, for example `overdue >= 3h`");
}

}  // namespace
}  // namespace tocsin::rules
