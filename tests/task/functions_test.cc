/// What functions over a window and over a person do to cases and warnings, as the engine sees it.

#include <gtest/gtest.h>

#include <map>

#include "rule_text.h"
#include "task/task_group.h"

namespace tocsin::task {
namespace {

using namespace std::chrono_literals;
using Told = std::vector<std::string>;

class FunctionsTest : public testing::Test {
protected:
    void use(const std::string& body, std::uint32_t tasks = 1) {
        const auto set = rules_of(schema_, "groups:\n- name: g\n  rules:\n  - alert: R\n" + body);
        setting_ = std::make_unique<Setting>(Setting{schema_, areas_, pseudonyms_, limits_, tasks});
        group_ = std::make_unique<TaskGroup>(*setting_);
        group_->adopt(set);
    }
    /// An event of anna's at this second, with fields in the order of the schema.
    void give(const std::string& kind, std::int64_t second, std::vector<std::pair<std::string, Value>> values = {},
              std::uint32_t task = 0) {
        std::vector<FieldValue> fields;
        for (const auto& [name, value] : values) fields.push_back({*schema_.field(name), value});
        std::sort(fields.begin(), fields.end(), [](const auto& a, const auto& b) { return a.field < b.field; });
        const std::string id = "e" + std::to_string(++events_);
        Event event;
        event.kind = *schema_.kind(kind);
        event.time = at(second);
        event.id = id;
        event.customer = customer_;
        event.subscriber = subscriber_;
        event.area = area_;
        event.category = category_;
        event.fields = fields;
        group_->task(task).advance(event.time - 10s);
        group_->apply(task, event);
    }
    static Instant at(std::int64_t second) { return from_millis(1'458'561'600'000 + second * 1000); }
    void run_to(std::int64_t second) {
        for (std::uint32_t i = 0; i < group_->size(); ++i) group_->task(i).advance_through(at(second));
    }
    std::vector<Transition> transitions() {
        std::vector<Transition> all;
        for (std::uint32_t i = 0; i < group_->size(); ++i) {
            for (Transition& t : group_->task(i).take_transitions()) all.push_back(std::move(t));
        }
        return all;
    }
    /// "opened red 60 e2": what, level, second, trigger; and forgets them.
    Told told() {
        Told lines;
        for (const Transition& t : transitions()) {
            const Level level = t.kind == TransitionKind::kClosed ? t.previous_level : t.level;
            const std::int64_t second = (to_millis(t.at) - to_millis(at(0))) / 1000;
            lines.push_back(std::string(transition_name(t.kind)) + " " + std::string(level_name(level)) + " " +
                            std::to_string(second) + " " + t.trigger);
        }
        return lines;
    }

    EventSchema schema_ = EventSchema::builtin();
    AreaTree areas_;
    Pseudonymizer pseudonyms_ = Pseudonymizer::fixed();
    Limits limits_;
    std::unique_ptr<Setting> setting_;
    std::unique_ptr<TaskGroup> group_;
    int events_ = 0;
    std::string customer_ = "anna", subscriber_ = "anna", area_, category_;
};

constexpr const char* kAgain =
    "    on: suspension\n    by: [subscriber]\n    within: 1h\n"
    "    levels: {red: 'count() >= 1 and seen(reconnection, 10m)'}\n";

TEST_F(FunctionsTest, RestoredAndSuspendedAgainWithinMinutes) {
    use(kAgain);
    give("suspension", 0);
    give("reconnection", 3'000);
    EXPECT_EQ(told(), (Told{"opened red 3000 e2"})) << "suspended within the hour, seen restored";
    run_to(3'599);
    EXPECT_EQ(told(), Told{});
    run_to(3'600);
    EXPECT_EQ(told(), Told{"closed red 3600 e2"}) << "its suspension left the window";
    give("suspension", 3'601);
    EXPECT_EQ(told(), Told{}) << "ten minutes are over";
    give("reconnection", 5'000);
    give("suspension", 5'060);
    run_to(5'600);
    EXPECT_EQ(told(), (Told{"opened red 5000 e4", "updated red 5060 e4", "closed red 5600 e4"}));
}

TEST_F(FunctionsTest, EventsOfAnotherNumberOfTheCustomerAreNotSeen) {
    use(kAgain);
    subscriber_ = "139";
    give("suspension", 0);
    subscriber_ = "138";
    give("reconnection", 60);
    EXPECT_EQ(told(), Told{});
    subscriber_ = "139";
    give("reconnection", 120);
    EXPECT_EQ(told(), Told{"opened red 120 e3"});
    subscriber_ = "138";
    give("suspension", 130);
    EXPECT_EQ(told(), Told{"opened red 130 e4"}) << "of its own number";
}

TEST_F(FunctionsTest, AnAbsenceEndsWhenTheEventComes) {
    use("    on: suspension\n    by: [subscriber]\n    within: 7d\n"
        "    levels: {red: 'count() >= 1 and not seen(reminder, 10d)'}\n");
    give("suspension", 0);
    EXPECT_EQ(told(), Told{"opened red 0 e1"});
    give("reminder", 500);
    EXPECT_EQ(told(), Told{"closed red 500 e1"}) << "the reminder is no suspension, but the rule looks at it";
    run_to(7 * 86'400 - 1);
    EXPECT_EQ(told(), Told{});
    run_to(20 * 86'400);
    EXPECT_EQ(told(), Told{}) << "once the suspension is out of its window nothing holds";
}

TEST_F(FunctionsTest, WhatWasSeenLeavesAtItsInstant) {
    use("    on: complaint\n    by: [customer]\n    within: 1d\n"
        "    levels: {yellow: 'count() >= 1', red: 'count() >= 1 and not seen(reminder, 1h)'}\n");
    give("reminder", 0);
    give("complaint", 60);
    run_to(3'599);
    EXPECT_EQ(told(), Told{"opened yellow 60 e2"});
    run_to(3'600);
    EXPECT_EQ(told(), Told{"raised red 3600 e2"});
}

TEST_F(FunctionsTest, AWatchedEventIsNoFurtherOne) {
    use("    on: complaint\n    by: [customer]\n    within: 1d\n    measures: {balance: attr(balance)}\n"
        "    levels: {yellow: 'count() >= 1'}\n");
    give("complaint", 0);
    give("account_cancelled", 100, {{"balance", Value::of_number(5)}});
    give("account_cancelled", 200);
    EXPECT_EQ(told(), Told{"opened yellow 0 e1"});
    give("complaint", 300);
    const auto all = transitions();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].kind, TransitionKind::kUpdated);
    ASSERT_EQ(all[0].measures.size(), 1u);
    EXPECT_EQ(all[0].measures[0].second.value.number, 5) << "the latest that is known, not the latest event";
}

TEST_F(FunctionsTest, WhatIsKnownOfAPersonDecidesOverAllItsSubjects) {
    use("    on: complaint\n    by: [customer, category]\n    within: 1d\n"
        "    levels: {red: 'count() >= 2 and attr(balance) > 100'}\n");
    for (const char* category : {"bill", "network"}) {
        category_ = category;
        for (int i = 0; i < 2; ++i) give("complaint", i);
    }
    category_ = "";
    EXPECT_EQ(told(), Told{});
    give("account_cancelled", 60, {{"balance", Value::of_number(200)}});
    EXPECT_EQ(told(), (Told{"opened red 60 e5", "opened red 60 e5"}));
    give("account_cancelled", 70, {{"balance", Value::of_number(20)}});
    EXPECT_EQ(told(), (Told{"closed red 70 e5", "closed red 70 e5"}));
}

TEST_F(FunctionsTest, AWatchedEventAloneRaisesNothing) {
    use("    on: complaint\n    by: [customer]\n    within: 1h\n    levels: {red: 'seen(suspension, 1d)'}\n");
    give("suspension", 0);
    EXPECT_EQ(told(), Told{}) << "no complaint";
    give("complaint", 100);
    EXPECT_EQ(told(), Told{"opened red 100 e2"});
    run_to(86'400);
    EXPECT_EQ(told(), Told{"closed red 86400 e2"});
    run_to(3 * 86'400);
    give("suspension", 3 * 86'400);
    EXPECT_EQ(told(), Told{}) << "the complaint is out of the longest window";
}

TEST_F(FunctionsTest, SeenRemembersWhatRolledUp) {
    limits_.max_events = 3;
    use("    on: complaint\n    by: [customer]\n    within: 1h\n    levels: {red: 'count() >= 3 and seen(suspension, "
        "1h)'}\n");
    give("suspension", 0);
    for (int i = 1; i <= 4; ++i) give("complaint", i * 60);
    EXPECT_EQ(told(), (Told{"opened red 180 e4", "updated red 240 e4"}));
    run_to(3'600);
    EXPECT_EQ(told(), Told{"closed red 3600 e4"});
}

TEST_F(FunctionsTest, MeasuresAreRecordedInTheirJsonTypes) {
    use("    on: [refund, hotline_rating, suspension, complaint]\n    by: [customer]\n    within: 1d\n    measures:\n"
        "      n: count()\n      kinds: distinct(kind)\n      spent: sum(amount)\n      mean: avg(amount)\n"
        "      least: min(score)\n      most: max(amount)\n      share: ratio(solved)\n      every: all(solved)\n"
        "      some: any(solved)\n      begin: first(time)\n      end: last(category)\n      late: max(promised)\n"
        "      p90: quantile(amount, 90%)\n      off: seen(suspension, 7d)\n      warned: seen(reminder, 7d)\n"
        "      credit: attr(balance)\n      why: attr(reason)\n      none: avg(amount) over 1s\n"
        "    levels: {red: n >= 5}\n");
    give("refund", 0, {{"amount", Value::of_number(0.1)}});
    give("refund", 1, {{"amount", Value::of_number(0.2)}});
    give("suspension", 2, {{"reason", Value::of_string("unregistered")}, {"promised", Value::of_time(at(86'400))}});
    category_ = "bill";
    give("hotline_rating", 3, {{"score", Value::of_int(4)}, {"solved", Value::of(true)}});
    give("complaint", 4);
    const auto all = transitions();
    ASSERT_EQ(all.size(), 1u);
    const std::string json = to_json(all[0], Subjects::kPseudonyms);
    const std::size_t begin = json.find("\"measures\":");
    EXPECT_EQ(json.substr(begin, json.find(",\"trigger\"") - begin),
              "\"measures\":{\"n\":5,\"kinds\":4,\"spent\":0.3,\"mean\":0.15,\"least\":4,\"most\":0.2,\"share\":0.2,"
              "\"every\":false,\"some\":true,\"begin\":\"2016-03-21T12:00:00Z\",\"end\":\"bill\","
              "\"late\":\"2016-03-22T12:00:00Z\",\"p90\":0.2,\"off\":true,\"warned\":false,\"credit\":null,"
              "\"why\":\"unregistered\",\"none\":null}");
}

TEST_F(FunctionsTest, CellsAverageOverTheTasksOfTheirPeople) {
    use("    on: hotline_rating\n    by: [area]\n    within: 10m\n"
        "    measures: {mean: avg(score), solved: ratio(solved), total: sum(score), n: count()}\n"
        "    levels: {red: mean < 3 and solved <= 50%}\n",
        2);
    area_ = "north";
    give("hotline_rating", 0, {{"score", Value::of_int(5)}, {"solved", Value::of(true)}}, 0);
    customer_ = subscriber_ = "berta";
    give("hotline_rating", 30, {{"score", Value::of_int(1)}}, 1);
    EXPECT_EQ(told(), Told{}) << "three on average";
    give("hotline_rating", 65, {{"solved", Value::of(true)}}, 1);
    give("hotline_rating", 70, {{"score", Value::of_int(2)}}, 1);
    const auto all = transitions();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].kind, TransitionKind::kOpened);
    std::map<std::string, double> values;
    for (const auto& [name, owned] : all[0].measures) {
        values[name] =
            owned.value.type == Value::Type::kNumber ? owned.value.number : static_cast<double>(owned.value.integer);
    }
    EXPECT_EQ(values["mean"], 8.0 / 3) << "who gave no score is no zero";
    EXPECT_EQ(values["solved"], 0.5);
    EXPECT_EQ(values["total"], 8);
    EXPECT_EQ(values["n"], 4);
    run_to(600);
    EXPECT_EQ(told(), Told{}) << "the first minute left: 2 on average, half of them solved";
    run_to(660);
    EXPECT_EQ(told(), Told{"closed red 660 e4"}) << "of nothing there is no average";
}

}  // namespace
}  // namespace tocsin::task
