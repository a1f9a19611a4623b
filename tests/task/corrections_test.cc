/// Events that take others back: what a task then remembers, counts and tells.

#include "task/corrections.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/phases.h"
#include "disk.h"
#include "rule_text.h"
#include "task/task_group.h"

namespace tocsin::task {
namespace {

using namespace std::chrono_literals;
using Told = std::vector<std::string>;

Instant at(std::int64_t seconds) {
    return from_millis(1'458'561'600'000 + seconds * 1000);
}

constexpr const char* kThree = R"(  - alert: Three
    on: complaint
    where: category != "praise"
    by: [customer]
    within: 7d
    measures: {n: count()}
    levels: {yellow: n >= 3, orange: n >= 4}
    keep_firing_for: 1d
    raises: case
)";
constexpr const char* kSurge = R"(  - alert: Surge
    on: complaint
    by: [area]
    within: 1h
    measures: {people: distinct(customer), n: count()}
    levels: {yellow: people >= 3, red: people >= 4}
    keep_firing_for: 1d
    rollup_areas: [city]
)";
constexpr const char* kPromise = R"(  - alert: Promise
    expect: {after: registration, event: reconnection, within: 1h}
    by: [customer]
    levels: {yellow: overdue >= 0s}
)";

struct Given {
    std::int64_t second = 0;
    std::string kind, id, customer = "anna", corrects{}, category{}, area = "north/city";
    std::string number{}, hall{}, phase{};
};

class CorrectionTest : public testing::Test {
protected:
    void start(const std::string& body, std::uint32_t tasks = 1) {
        rules_ = rules_of(schema_, "groups:\n- name: g\n  rules:\n" + body, sources_);
        setting_ = std::make_unique<Setting>(Setting{schema_, areas_, pseudonyms_, limits_, tasks});
        begin();
    }
    void begin() {
        tasks_ = std::make_unique<TaskGroup>(*setting_);
        for (std::uint32_t i = 0; i < setting_->task_count; ++i) {
            for (const auto& [key, value] : stored_[i]) EXPECT_TRUE(tasks_->task(i).load(key, value).ok());
        }
        tasks_->adopt(rules_);
    }
    void restart() {
        for (std::uint32_t i = 0; i < tasks_->size(); ++i) {
            put_on_disk(tasks_->task(i), stored_[i]);
        }
        begin();
    }
    Applied give(const Given& g) {
        std::vector<FieldValue> fields;
        const auto put = [&](const char* field, const std::string& value) {
            if (!value.empty()) fields.push_back({*schema_.field(field), Value::of_string(value)});
        };
        put("corrects", g.corrects);
        put("hall", g.hall);
        put("phase", g.phase);
        std::sort(fields.begin(), fields.end(), [](const auto& a, const auto& b) { return a.field < b.field; });
        Event event;
        event.kind = *schema_.kind(g.kind);
        event.time = at(g.second);
        event.id = g.id;
        event.customer = g.customer;
        event.subscriber = g.number.empty() ? g.customer : g.number;
        event.area = g.area;
        event.category = g.category;
        event.fields = fields;
        for (std::uint32_t i = 0; i < tasks_->size(); ++i) tasks_->task(i).advance(event.time - 1min);
        const std::uint32_t task = g.customer.empty() ? 0 : static_cast<std::uint32_t>(g.customer[0]) % tasks_->size();
        return tasks_->apply(task, event);
    }
    CorrectionResult result(const Given& g) { return give(g).correction_result; }
    Told told() {
        Told all;
        for (std::uint32_t i = 0; i < tasks_->size(); ++i) {
            for (const Transition& t : tasks_->task(i).take_transitions()) {
                if (t.kind == TransitionKind::kUpdated) continue;
                const Level level = t.kind == TransitionKind::kClosed ? t.previous_level : t.level;
                all.push_back(t.rule + " " + std::string(transition_name(t.kind)) + " " +
                              std::string(level_name(level)));
                if (t.reason != CloseReason::kNone) all.back() += " " + std::string(close_reason_name(t.reason));
            }
        }
        return all;
    }
    Told finish(std::int64_t second) {
        tasks_->finish(at(second));
        return told();
    }

    EventSchema schema_ = EventSchema::builtin();
    AreaTree areas_;
    Pseudonymizer pseudonyms_ = Pseudonymizer::fixed();
    Limits limits_;
    rules::RuleSources sources_;
    std::shared_ptr<const RuleSet> rules_;
    std::unique_ptr<Setting> setting_;
    std::unique_ptr<TaskGroup> tasks_;
    std::map<std::uint32_t, Rows> stored_;
};

TEST_F(CorrectionTest, ACaseThatWithoutTheEventWouldNotHaveOpenedIsRetracted) {
    for (const char* kind : {"event_withdrawn", "event_merged", "event_duplicate"}) {
        start(kThree);
        for (int i = 1; i <= 3; ++i) give({i * 60, "complaint", "e" + std::to_string(i)});
        EXPECT_EQ(told(), Told{"Three opened yellow"});
        EXPECT_EQ(result({300, kind, "w", "anna", "e2"}), CorrectionResult::kApplied);
        EXPECT_EQ(told(), Told{"Three closed yellow corrected"}) << kind;
        give({400, "complaint", "e4"});
        EXPECT_EQ(told(), Told{"Three opened yellow"}) << "it counts from there on";
    }
}

TEST_F(CorrectionTest, ACaseThatOthersCarryStepsDownAsClearingSays) {
    start(kThree);
    for (int i = 1; i <= 4; ++i) give({i * 60, "complaint", "e" + std::to_string(i)});
    EXPECT_EQ(told(), (Told{"Three opened yellow", "Three raised orange"}));
    give({300, "event_withdrawn", "w", "anna", "e1"});
    EXPECT_EQ(told(), Told{}) << "orange stays for keep_firing_for";
    EXPECT_EQ(finish(300 + 86'400), Told{"Three lowered yellow"});
}

TEST_F(CorrectionTest, TheSecondOfTwoThatAreTakenBackRetractsWhatTheFirstLeft) {
    const std::string month = R"(  - alert: Month
    on: complaint
    by: [customer]
    within: 30d
    measures: {n: count()}
    levels: {red: n >= 100}
)";
    start(kThree + month);  // all that counted when the case opened is remembered
    for (int i = 1; i <= 4; ++i) give({i * 60, "complaint", "e" + std::to_string(i)});
    give({300, "event_withdrawn", "w1", "anna", "e1"});
    told();
    give({301, "event_withdrawn", "w2", "anna", "e4"});
    EXPECT_EQ(told(), Told{"Three closed orange corrected"});
}

TEST_F(CorrectionTest, WhatIsForgottenSpeaksForTheCase) {
    start(kThree);
    for (const int day : {0, 6, 6}) give({day * 86'400 + 3600, "complaint", "e" + std::to_string(told().size() + day)});
    give({6 * 86'400 + 7200, "complaint", "third"});
    EXPECT_EQ(told(), Told{"Three opened yellow"});
    give({7 * 86'400 + 7200, "complaint", "later"});  // the first is forgotten by now
    give({7 * 86'400 + 7300, "event_withdrawn", "w", "anna", "later"});
    EXPECT_EQ(told(), Told{}) << "it had opened without it";
}

TEST_F(CorrectionTest, ACorrectionIsToldOnceAndTheEventComesOnce) {
    start(kThree);
    give({60, "complaint", "e1"});
    EXPECT_EQ(result({70, "event_withdrawn", "w", "anna", "e1"}), CorrectionResult::kApplied);
    EXPECT_EQ(give({70, "event_withdrawn", "w", "anna", "e1"}).outcome, Outcome::kDuplicate);
    EXPECT_EQ(result({80, "event_merged", "m", "anna", "e1"}), CorrectionResult::kRepeated);
    EXPECT_EQ(give({60, "complaint", "e1"}).outcome, Outcome::kDuplicate);
    restart();
    EXPECT_EQ(give({60, "complaint", "e1"}).outcome, Outcome::kDuplicate);
    EXPECT_EQ(result({90, "event_reclassified", "r", "anna", "e1", "praise"}), CorrectionResult::kRepeated);
}

TEST_F(CorrectionTest, OneThatComesBeforeItsEventWaitsForItAlsoOverARestart) {
    start(kThree);
    EXPECT_EQ(result({70, "event_withdrawn", "w", "anna", "e3"}), CorrectionResult::kWaiting);
    EXPECT_EQ(result({70, "event_reclassified", "r", "anna", "e2", "praise"}), CorrectionResult::kWaiting);
    restart();
    for (int i = 1; i <= 4; ++i) {
        const Applied applied = give({i * 10, "complaint", "e" + std::to_string(i)});
        EXPECT_EQ(applied.correction, i == 3   ? Correction::kWithdrawn
                                      : i == 2 ? Correction::kReclassified
                                               : Correction::kNone);
    }
    EXPECT_EQ(told(), Told{}) << "e1 and e4 count";
    give({80, "complaint", "e5"});
    EXPECT_EQ(told(), Told{"Three opened yellow"});
}

TEST_F(CorrectionTest, WhatCannotBeCorrectedIsSaid) {
    limits_.max_events = 5;
    start(kThree);
    EXPECT_EQ(result({0, "event_withdrawn", "w0", "carl", "w9"}), CorrectionResult::kWaiting);
    give({1, "event_withdrawn", "w9", "carl", "e9"});
    EXPECT_EQ(give({2, "complaint", "e9", "carl"}).correction, Correction::kWithdrawn)
        << "no correction of a correction";
    EXPECT_EQ(result({1, "event_withdrawn", "w1", "anna", ""}), CorrectionResult::kNoEvent);
    EXPECT_EQ(result({2, "event_withdrawn", "w2", "anna", "w2"}), CorrectionResult::kNoEvent);
    EXPECT_EQ(result({3, "event_withdrawn", "w3", "anna", "w2"}), CorrectionResult::kNoEvent);
    EXPECT_EQ(result({4, "event_withdrawn", "w4", "", "w2"}), CorrectionResult::kNoEvent);
    EXPECT_EQ(result({5, "event_withdrawn", "w5", "bert", "e0"}), CorrectionResult::kWaiting) << "another's event";
    for (int i = 0; i < 8; ++i) give({10 + i, "complaint", "e" + std::to_string(i)});
    EXPECT_EQ(result({30, "event_withdrawn", "w6", "anna", "e1"}), CorrectionResult::kRolledUp);
    EXPECT_EQ(correction_name(Correction::kReclassified), "reclassified");
    EXPECT_EQ(correction_result_name(CorrectionResult::kRolledUp), "rolled_up");
}

TEST_F(CorrectionTest, AReclassifiedEventCountsUnderItsOldTimeAsWhatItIsNow) {
    start(kThree);
    for (int i = 1; i <= 3; ++i) give({i * 60, "complaint", "e" + std::to_string(i), "anna", "", "praise"});
    EXPECT_EQ(told(), Told{});
    for (int i = 1; i <= 3; ++i)
        give({300 + i, "event_reclassified", "r" + std::to_string(i), "anna", "e" + std::to_string(i), "bill"});
    const auto made = tasks_->task(0).take_transitions();
    ASSERT_EQ(made.size(), 1u);
    EXPECT_EQ(made[0].at, at(180)) << "when it became true, by what is known now";
    EXPECT_EQ(made[0].trigger, "e3");
    give({400, "event_reclassified", "back", "anna", "e3", "praise"});
    EXPECT_EQ(told(), Told{"Three closed yellow corrected"});
}

TEST_F(CorrectionTest, OfTwoReclassificationsTheLaterByTimeHasTheLastWord) {
    for (const bool later_first : {false, true}) {
        start(kThree);
        for (int i = 1; i <= 3; ++i) give({i * 10, "complaint", "e" + std::to_string(i)});
        const Given early{100, "event_reclassified", "r1", "anna", "e3", "praise"},
            late{120, "event_reclassified", "r2", "anna", "e3", "bill"};
        give(later_first ? late : early);
        give(later_first ? early : late);
        std::size_t n = 0;
        tasks_->task(0).for_each_profile([&](std::string_view, const ledger::Profile& profile, const States&) {
            for (const ledger::Row& row : profile.rows()) {
                n += row.event.category == "praise" ? 1 : 0;
                EXPECT_TRUE(row.event.id != "e3" || row.event.category == "bill");
            }
        });
        EXPECT_EQ(n, 1u) << "the correction itself";
    }
}

TEST_F(CorrectionTest, WhatMovesToASubjectMayRetractWhatHeldWithoutIt) {
    start(R"(  - alert: Only
    on: complaint
    by: [customer, category]
    within: 1d
    measures: {n: count(), hall: attr(hall)}
    levels: {yellow: n == 1 or hall == "h1"}
    keep_firing_for: 1d
)");
    give({10, "complaint", "e1"});  // of no category: nobody's
    give({20, "complaint", "e2", "anna", "", "bill"});
    EXPECT_EQ(told(), Told{"Only opened yellow"});
    give({30, "event_reclassified", "r", "anna", "e1", "bill"});
    EXPECT_EQ(told(), Told{"Only closed yellow corrected"})
        << "as it was, one held; as it is, there were two from the start";
}

TEST_F(CorrectionTest, WhatFollowedTheEventAtItsOwnInstantStillFollowsItWhenItIsAskedWhatHeld) {
    start(R"(  - alert: Hall
    on: complaint
    by: [customer]
    within: 1d
    measures: {n: count(), hall: attr(hall)}
    levels: {yellow: hall == "h1"}
    keep_firing_for: 1d
)");
    give({10, "complaint", "e1", "anna", "", "", "", "", "h1"});
    give({10, "complaint", "e2", "anna", "", "", "", "", "h2"});
    EXPECT_EQ(told(), Told{"Hall opened yellow"});
    give({130, "event_reclassified", "r", "anna", "e1", "bill"});  // older ones may be forgotten by now
    EXPECT_EQ(told(), Told{}) << "it does not show that e1 brought it about: e2 was the last of that instant";
}

TEST_F(CorrectionTest, AtABeatWhatIsCorrectedIsHeardWithAllThatComesAtThatInstant) {
    start(R"(  - alert: Beats
    on: complaint
    where: category != "praise"
    by: [customer]
    within: 1h
    interval: 10m
    measures: {n: count()}
    levels: {yellow: n >= 1, orange: n >= 2}
)");
    give({10, "complaint", "e1", "anna", "", "praise"});
    give({600, "event_reclassified", "r", "anna", "e1", "bill"});
    give({600, "complaint", "e2"});
    EXPECT_EQ(finish(700), Told{"Beats opened orange"}) << "not first yellow";
}

TEST_F(CorrectionTest, WhatARuleWatchesOnlySinceItIsCorrectedIsSeen) {
    start(R"(  - alert: Hall
    on: complaint
    by: [subscriber]
    within: 1d
    measures: {n: count(), hall: attr(hall)}
    levels: {yellow: hall == "h1"}
    raises: case
)");
    give({10, "complaint", "e1", "anna", "", "", "", "n1"});
    give({20, "walk_in", "w1", "anna", "", "", "", "n1"});
    give({30, "event_reclassified", "r", "anna", "w1", "", "", "", "h1"});  // says nothing of the number
    EXPECT_EQ(told(), Told{"Hall opened yellow"});
}

TEST_F(CorrectionTest, WhatHeldInAPhaseThatHasPassedIsNotRetracted) {
    auto plan = std::make_shared<PhasePlan>();
    plan->settle = 0s;
    plan->names = {"reminder", "suspension"};
    for (const auto& [second, phase] : std::vector<std::pair<int, const char*>>{
             {0, "suspension"}, {150, "reminder"}, {250, "suspension"}, {300, "reminder"}})
        plan->areas[""].push_back({at(second), phase});
    sources_.phases = plan;
    const std::string rule = R"(  - alert: Two
    on: complaint
    by: [customer]
    within: 7d
    measures: {n: count()}
    levels: {yellow: n >= 2}
    keep_firing_for: 1d
    phases: [suspension]
)";
    const auto tell = [&](const char* third) {
        start(rule);
        give({50, "complaint", "e1"});
        give({100, "complaint", "e2"});
        give({200, third, "e3"});
        EXPECT_EQ(told(), Told{"Two opened yellow"});
        give({400, "event_withdrawn", "w", "anna", "e1"});
        return told();
    };
    EXPECT_EQ(tell("complaint"), Told{}) << "with the two that are left it held from 250 to 300";
    EXPECT_EQ(tell("urge"), Told{"Two closed yellow corrected"});
}

TEST_F(CorrectionTest, WhatHeldOnlyInAPhaseThatNeverBeganIsRetractedAndNothingRises) {
    auto plan = std::make_shared<PhasePlan>();
    plan->settle = 0s;
    plan->names = {"reminder", "suspension", "supplement"};
    sources_.phases = plan;
    const auto tell = [&](const std::string& more) {
        start(R"(  - alert: Two
    on: complaint
    by: [customer]
    within: 7d
    measures: {n: count()}
    levels: {yellow: n >= 2, red: n >= 4}
)" + more);
        Given change{10, "phase_change", "p1"};
        change.phase = "suspension";
        give(change);
        give({50, "complaint", "e1"});
        give({100, "complaint", "e2"});
        EXPECT_EQ(told(), Told{"Two opened yellow"});
        give({400, "event_withdrawn", "w", "anna", "p1"});
        return told();
    };
    plan->areas[""] = {{at(0), "supplement"}};
    EXPECT_EQ(tell("    phases: [suspension]\n"), Told{"Two closed yellow corrected"});
    EXPECT_EQ(tell("    overrides: {supplement: {levels: {red: n >= 2}}}\n"), Told{})
        << "a phase raises nothing, and so does the correction of one";
}

TEST_F(CorrectionTest, AWarningWhosePeopleTakeTheirComplaintsBackIsRetracted) {
    for (const std::uint32_t tasks : {1u, 2u}) {
        start(kSurge, tasks);
        const char* people[] = {"anna", "bert", "carl"};
        for (int i = 0; i < 3; ++i) give({i * 60, "complaint", "e" + std::to_string(i), people[i]});
        give({200, "complaint", "again", "bert"});
        EXPECT_EQ(told(), Told{"Surge opened yellow"});
        give({300, "event_withdrawn", "w1", "bert", "e1"});
        EXPECT_EQ(told(), Told{}) << "with the other complaint of the same person three are left";
        give({310, "event_withdrawn", "w2", "bert", "again"});
        EXPECT_EQ(told(), Told{}) << "the warning did not rest on what came after it opened";
        give({320, "event_withdrawn", "w3", "carl", "e2"});
        EXPECT_EQ(told(), Told{"Surge closed yellow corrected"});
        stored_.clear();
    }
}

TEST_F(CorrectionTest, AWarningMovesWithAComplaintThatBelongsElsewhere) {
    start(kSurge);
    const char* people[] = {"anna", "bert", "carl"};
    for (int i = 0; i < 3; ++i) give({i * 60, "complaint", "e" + std::to_string(i), people[i]});
    for (int i = 0; i < 2; ++i)
        give({i * 60, "complaint", "s" + std::to_string(i), std::string("d") + people[i], "", "", "south/town"});
    EXPECT_EQ(told(), Told{"Surge opened yellow"});
    give({300, "event_reclassified", "r", "carl", "e2", "", "south/town"});
    EXPECT_EQ(told(), (Told{"Surge closed yellow corrected", "Surge opened yellow"}));
}

TEST_F(CorrectionTest, APromiseWhoseOpeningIsWithdrawnIsGone) {
    start(kPromise);
    give({0, "registration", "r1"});
    give({10, "event_withdrawn", "w", "anna", "r1"});
    EXPECT_EQ(finish(2 * 86'400), Told{});

    start(kPromise);
    give({0, "registration", "r1"});
    give({7200, "walk_in", "x"});
    EXPECT_EQ(told(), Told{"Promise opened yellow"});
    give({7300, "event_withdrawn", "w", "anna", "r1"});
    EXPECT_EQ(told(), Told{"Promise closed yellow corrected"});
}

TEST_F(CorrectionTest, AWithdrawnFulfilmentLeavesThePromiseOpen) {
    start(kPromise);
    give({0, "registration", "r1"});
    give({600, "reconnection", "k1"});
    give({700, "event_withdrawn", "w", "anna", "k1"});
    EXPECT_EQ(finish(7200), Told{"Promise opened yellow"});
}

TEST_F(CorrectionTest, AnEarlierPromiseStandsAgainWhereTheOneThatStoodIsWithdrawn) {
    start(kPromise);
    give({0, "registration", "r1"});
    give({1800, "registration", "r2"});
    give({1900, "event_withdrawn", "w", "anna", "r1"});
    tasks_->finish(at(7200));
    const auto made = tasks_->task(0).take_transitions();
    ASSERT_EQ(made.size(), 1u);
    EXPECT_EQ(made[0].at, at(1800 + 3600));
    EXPECT_EQ(made[0].trigger, "r2");
}

TEST_F(CorrectionTest, AfterARestartAPlaceIsNotJudgedBeforeWhatItWasJudgedAt) {
    for (const bool restarts : {false, true}) {
        start(kSurge);
        give({120, "complaint", "e1", "anna"});
        give({130, "complaint", "e2", "bert"});
        if (restarts) restart();
        give({100, "complaint", "e3", "carl"});
        EXPECT_EQ(told(), Told{"Surge opened yellow"}) << "what is late makes three of them";
        stored_.clear();
    }
}

TEST_F(CorrectionTest, AfterARestartWhatABrokenPromiseLeavesBehindEndsWhenItWouldHave) {
    const std::string rollup = "    rollup: {by: [area], levels: {blue: open >= 1}, keep_firing_for: 5m}\n";
    const auto made = [&](const Given& correction, int restart_at) {
        stored_.clear();
        start(kPromise + rollup);
        std::vector<std::pair<std::string, Instant>> all;
        int step = 0;
        for (const Given& g : {Given{0, "registration", "r1"}, Given{7200, "walk_in", "x"}, correction}) {
            give(g);
            for (const Transition& t : tasks_->task(0).take_transitions())
                all.emplace_back(t.rule + " " + std::string(transition_name(t.kind)) + " " + t.area, t.at);
            if (step++ == restart_at) restart();
        }
        tasks_->finish(at(20'000));
        for (const Transition& t : tasks_->task(0).take_transitions())
            all.emplace_back(t.rule + " " + std::string(transition_name(t.kind)) + " " + t.area, t.at);
        return all;
    };
    for (const Given& correction : {Given{7300, "event_withdrawn", "w", "anna", "r1"},
                                    Given{7300, "event_reclassified", "w", "anna", "r1", "", "south/town"}}) {
        const auto expected = made(correction, /*restart_at=*/-1);
        EXPECT_GE(expected.size(), 4u);
        for (const int restart_at : {0, 1, 2}) EXPECT_EQ(made(correction, restart_at), expected) << restart_at;
    }
}

}  // namespace
}  // namespace tocsin::task
