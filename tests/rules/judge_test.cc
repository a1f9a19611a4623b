// The judge of one subject's events: tables by hand, and everything against a naive recount.
#include "rules/judge.h"

#include <gtest/gtest.h>
// rapidcheck wants gtest before it
#include <rapidcheck/gtest.h>

#include <cmath>
#include <set>

#include "fixtures.h"

namespace tocsin::rules {
namespace {

const char* const kBody = R"(
    on: order
    where: category != "praise"
    by: [customer]
    within: 10s
    measures:
      n: count()
      n20: count() over 20s
      channels: distinct(channel)
      pieces: sum(pieces)
      spent: sum(price)
      hot: any(urgent) over 5s
    levels:
      yellow: n >= 3
      orange: n >= 5 or hot
      red: n20 >= 8
)";

/// Rows that own their fields.
class Rows {
public:
    explicit Rows(std::vector<TestEvent> events) : events_(std::move(events)) {
        for (TestEvent& e : events_) rows_.push_back(e.get());
    }
    [[nodiscard]] std::span<const Event> all() const { return rows_; }

private:
    std::vector<TestEvent> events_;
    std::vector<Event> rows_;
};

TestEvent order(std::int64_t seconds) {
    return TestEvent("order", at(seconds));
}

std::vector<Value> measured(const Rule& rule, const Rows& rows, Instant now) {
    std::vector<Value> out = {Value::of(true)};  // is overwritten
    measure(rule, {rows.all(), rows.all()}, now, out);
    return out;
}

TEST(Judge, WindowsAreOpenBelowAndClosedAbove) {
    const Rule rule = rule_of(kBody);
    const Rows rows({order(0), order(10), order(11), order(20)});
    EXPECT_EQ(measured(rule, rows, at(10))[0].integer, 1) << "the row of 0 s leaves as that of 10 s arrives";
    EXPECT_EQ(measured(rule, rows, at(20))[0].integer, 2);
    EXPECT_EQ(measured(rule, rows, at(20))[1].integer, 3);
    EXPECT_EQ(measured(rule, rows, from_millis(9999))[0].integer, 1);
    EXPECT_EQ(measured(rule, rows, at(-1))[0].integer, 0);
    EXPECT_EQ(measured(rule, rows, at(40))[1].integer, 0);
}

TEST(Judge, OtherKindsAndWhatWhereExcludesDoNotCount) {
    const Rule rule = rule_of(kBody);
    TestEvent praise = order(2);
    praise.event.category = "praise";
    const Rows rows({order(1), praise, TestEvent("complaint", at(3)), order(4)});
    EXPECT_EQ(measured(rule, rows, at(5))[0].integer, 2);
}

TEST(Judge, AggregatesSkipMissingValues) {
    const Rule rule = rule_of(kBody);
    TestEvent a = order(1), b = order(2), c = order(3);
    a.event.channel = "app";
    b.event.channel = "hotline";
    c.event.channel = "app";
    a.with("pieces", Value::of_int(2)).with("price", Value::of_number(0.1));
    b.with("pieces", Value::of_int(-5)).with("price", Value::of_number(0.2)).with("urgent", Value::of(false));
    const auto before = measured(rule, Rows({a, b, c, order(4)}), at(4));
    EXPECT_EQ(before[2].integer, 2) << "the fourth has no channel";
    EXPECT_EQ(before[3].number, -3);
    EXPECT_EQ(before[4].number, 0.3) << "added up in millionths, not in binary fractions";
    EXPECT_FALSE(before[5].boolean);
    c.with("urgent", Value::of(true));
    EXPECT_TRUE(measured(rule, Rows({a, b, c}), at(4))[5].boolean);
    EXPECT_FALSE(measured(rule, Rows({a, b, c}), at(8))[5].boolean) << "its own window is 5 s";
    const auto none = measured(rule, Rows({}), at(4));
    EXPECT_EQ(none[2].integer, 0);
    EXPECT_EQ(none[3].type, Value::Type::kNumber);
    EXPECT_EQ(none[3].number, 0);
}

TEST(Judge, SumsSaturate) {
    EXPECT_EQ(sum_units(Value::of_int(3)), 3'000'000);
    EXPECT_EQ(sum_units(Value::of_number(0.0000005)), 1) << "rounded half away from zero";
    EXPECT_EQ(sum_units(Value::of_number(-1.5)), -1'500'000);
    EXPECT_EQ(sum_units(Value::of_int(INT64_MAX)), INT64_MAX);
    EXPECT_EQ(sum_units(Value::of_int(INT64_MIN)), INT64_MIN);
    EXPECT_EQ(sum_units(Value::of_number(1e300)), INT64_MAX);
    EXPECT_EQ(sum_units(Value::of_number(-1e300)), INT64_MIN);
    EXPECT_EQ(sum_units(Value::of_number(std::nan(""))), 0);
    EXPECT_EQ(sum_units(Value::missing()), 0);
    EXPECT_EQ(sum_units(Value::of_string("3")), 0);
    EXPECT_EQ(sum_units(Value::of_duration(Duration(1500))), 1500);
}

TEST(Judge, SumsAreExactInAnyOrder) {
    ExactSum there, back;
    for (const std::int64_t units : {INT64_MAX, INT64_MAX, INT64_MIN, INT64_MIN, std::int64_t{2'500'000}}) {
        there.add(units);
    }
    for (const std::int64_t units : {std::int64_t{2'500'000}, INT64_MIN, INT64_MAX, INT64_MIN, INT64_MAX}) {
        back.add(units);
    }
    EXPECT_EQ(there.total(Value::Type::kNumber).number, 2.499998) << "what is beyond int64 on the way is not lost";
    EXPECT_EQ(back.total(Value::Type::kNumber).number, there.total(Value::Type::kNumber).number);
    there.add(INT64_MAX);
    EXPECT_EQ(there.total(Value::Type::kDuration).integer, INT64_MAX);
    EXPECT_TRUE(there.average(Value::Type::kNumber, 0).is_missing());
    ExactSum spans;
    for (const std::int64_t ms : {1, 2, 2}) spans.add(ms);
    EXPECT_EQ(spans.average(Value::Type::kDuration, 2).integer, 3) << "2.5 ms, rounded away from zero";
    spans.add(-10);
    EXPECT_EQ(spans.average(Value::Type::kDuration, 2).integer, -3);
}

TEST(Judge, DistinctComparesValuesOfEveryType) {
    for (const auto& [name, a, b] : std::vector<std::tuple<const char*, Value, Value>>{
             {"pieces", Value::of_int(1), Value::of_int(2)},
             {"price", Value::of_number(1.5), Value::of_int(2)},
             {"urgent", Value::of(true), Value::of(false)},
             {"wanted", Value::of_time(at(1)), Value::of_time(at(2))},
             {"took", Value::of_duration(Duration(1)), Value::of_duration(Duration(2))},
             {"note", Value::of_string("a"), Value::of_string("b")}}) {
        const Rule rule = rule_of("    on: order\n    by: [customer]\n    within: 10s\n    levels: {red: distinct(" +
                                  std::string(name) + ") >= 2}\n");
        const Rows rows({order(1).with(name, a), order(2).with(name, b), order(3).with(name, a)});
        EXPECT_EQ(measured(rule, rows, at(3))[0].integer, 2) << name;
    }
}

TEST(Judge, TheHighestColourThatHoldsIsTheVerdict) {
    const Rule rule = rule_of(kBody);
    const auto level = [&rule](std::int64_t n, bool hot, std::int64_t n20) {
        const std::vector<Value> values = {Value::of_int(n),      Value::of_int(n20),    Value::of_int(0),
                                           Value::of_number(0.0), Value::of_number(0.0), Value::of(hot)};
        EvalContext context;
        context.measures = values;
        const Verdict v = verdict(rule, context);
        EXPECT_FALSE(v.stays[0]);
        EXPECT_FALSE(v.stays[static_cast<int>(Level::kBlue)]) << "the rule has no blue";
        EXPECT_EQ(v.stays[static_cast<int>(Level::kYellow)], n >= 3);
        EXPECT_EQ(v.stays[static_cast<int>(Level::kRed)], n20 >= 8);
        return v.level;
    };
    EXPECT_EQ(level(2, false, 2), Level::kNone);
    EXPECT_EQ(level(3, false, 3), Level::kYellow);
    EXPECT_EQ(level(5, false, 5), Level::kOrange);
    EXPECT_EQ(level(0, true, 0), Level::kOrange) << "yellow need not hold";
    EXPECT_EQ(level(3, false, 8), Level::kRed);
}

TEST(Judge, ClearKeepsAColourLonger) {
    const Rule rule = rule_of(
        "    on: order\n    by: [customer]\n    within: 10s\n    measures: {n: count()}\n"
        "    levels: {yellow: n >= 4, red: n >= 10}\n    clear: 50%\n");
    const std::vector<Value> values = {Value::of_int(5)};
    EvalContext context;
    context.measures = values;
    const Verdict v = verdict(rule, context);
    EXPECT_EQ(v.level, Level::kYellow);
    EXPECT_TRUE(v.stays[static_cast<int>(Level::kRed)]);
}

TEST(Judge, OverdueDecidesTheLevelsOfAPromise) {
    const Rule rule = rule_of(
        "    by: [customer]\n    levels: {yellow: overdue >= 0s, red: overdue >= 3h}\n"
        "    expect: {after: registration, event: reconnection, within: 1h}\n");
    const auto level = [&rule](std::optional<Duration> overdue) {
        EvalContext context;
        context.overdue = overdue;
        return verdict(rule, context).level;
    };
    EXPECT_EQ(level(std::nullopt), Level::kNone);
    EXPECT_EQ(level(Duration(-1)), Level::kNone);
    EXPECT_EQ(level(Duration(0)), Level::kYellow);
    EXPECT_EQ(level(std::chrono::hours(3)), Level::kRed);
}

TEST(Judge, NextChangeIsTheFirstRowToLeaveOrToCome) {
    const Rule rule = rule_of(kBody);
    EXPECT_EQ(next_change(rule, {}, at(0)), kNever);
    const Rows rows({order(0), TestEvent("complaint", at(1)), order(8)});
    EXPECT_EQ(next_change(rule, {rows.all(), rows.all()}, at(-5)), at(0)) << "comes";
    EXPECT_EQ(next_change(rule, {rows.all(), rows.all()}, at(0)), at(5)) << "leaves the window of 5 s";
    EXPECT_EQ(next_change(rule, {rows.all(), rows.all()}, at(5)), at(8))
        << "comes, before the first leaves that of 10 s";
    EXPECT_EQ(next_change(rule, {rows.all(), rows.all()}, at(9)), at(10));
    EXPECT_EQ(next_change(rule, {rows.all(), rows.all()}, at(10)), at(13));
    EXPECT_EQ(next_change(rule, {rows.all(), rows.all()}, at(20)), at(28));
    EXPECT_EQ(next_change(rule, {rows.all(), rows.all()}, at(28)), kNever);
}

/// The windows' contents counted the slow way: which rows lie in which measure's window.
std::set<std::pair<std::size_t, std::size_t>> contents(const Rule& rule, std::span<const Event> rows, Instant now) {
    std::set<std::pair<std::size_t, std::size_t>> inside;
    for (std::size_t m = 0; m < rule.measures.size(); ++m) {
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const bool counted = rows[i].kind == kind("order") && rows[i].category != "praise";
            const Duration age = now - rows[i].time;
            if (counted && age >= Duration(0) && age < rule.measures[m].window) inside.insert({m, i});
        }
    }
    return inside;
}

std::vector<TestEvent> any_rows() {
    const auto numbers = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 4000));
    std::vector<TestEvent> events;
    for (const int x : numbers) {
        TestEvent e(x % 7 == 0 ? "complaint" : "order", from_millis(x / 40 * 500));
        e.event.category = x % 5 == 0 ? "praise" : "network";
        static constexpr const char* kChannels[] = {"", "app", "hotline"};
        e.event.channel = kChannels[x % 3];
        if (e.event.kind == kind("order")) {
            if (x % 4 != 0) e.with("pieces", Value::of_int(x % 11 - 5));
            if (x % 4 != 1) e.with("price", Value::of_number((x % 13) / 10.0));
            if (x % 4 != 2) e.with("urgent", Value::of(x % 9 == 0));
        }
        events.push_back(std::move(e));
    }
    std::stable_sort(events.begin(), events.end(),
                     [](const auto& a, const auto& b) { return a.event.time < b.event.time; });
    return events;
}

RC_GTEST_PROP(Judge, MeasuresEqualANaiveRecount, ()) {
    static const Rule rule = rule_of(kBody);
    const Rows rows(any_rows());
    const Instant now = from_millis(*rc::gen::inRange(-1000, 80'000));
    const auto inside = contents(rule, rows.all(), now);
    std::vector<std::int64_t> counts(rule.measures.size());
    std::set<std::string> channels;
    long long pieces = 0, tenths = 0;
    bool hot = false;
    for (const auto& [m, i] : inside) {
        ++counts[m];
        const Event& e = rows.all()[i];
        if (m == 2 && !e.channel.empty()) channels.insert(std::string(e.channel));
        const Value piece = e.field(field("pieces"));
        const Value price = e.field(field("price"));
        const Value urgent = e.field(field("urgent"));
        if (m == 3 && !piece.is_missing()) pieces += piece.integer;
        if (m == 4 && !price.is_missing()) tenths += std::llround(price.number * 10);
        if (m == 5 && !urgent.is_missing()) hot |= urgent.boolean;
    }
    const auto measured_now = measured(rule, rows, now);
    RC_ASSERT(measured_now.size() == 6u);
    RC_ASSERT(measured_now[0].integer == counts[0]);
    RC_ASSERT(measured_now[1].integer == counts[1]);
    RC_ASSERT(measured_now[2].integer == static_cast<std::int64_t>(channels.size()));
    RC_ASSERT(measured_now[3].number == static_cast<double>(pieces));
    RC_ASSERT(measured_now[4].number == static_cast<double>(tenths) / 10);
    RC_ASSERT(measured_now[5].boolean == hot);
}

RC_GTEST_PROP(Judge, NothingChangesBeforeNextChangeAndSomethingDoesThen, ()) {
    static const Rule rule = rule_of(kBody);
    const Rows rows(any_rows());
    const Instant now = from_millis(*rc::gen::inRange(-1000, 130'000));
    const auto before = contents(rule, rows.all(), now);
    const Instant next = next_change(rule, {rows.all(), rows.all()}, now);
    RC_ASSERT(next > now);
    if (next == kNever) {
        RC_ASSERT(before.empty());
        return;
    }
    RC_ASSERT(contents(rule, rows.all(), next - Duration(1)) == before);
    RC_ASSERT(contents(rule, rows.all(), next) != before);
    const Instant between = now + Duration(*rc::gen::inRange<std::int64_t>(0, (next - now).count()));
    RC_ASSERT(contents(rule, rows.all(), between) == before);
}

}  // namespace
}  // namespace tocsin::rules
