/// `phases` and `overrides`: what a change of phase does, and what it does not.

#include "base/phases.h"

#include "levels_in_time.h"

namespace tocsin::task {
namespace {

class Phases : public Story {
protected:
    static constexpr std::int64_t kHour = 3600;

    Phases() {
        plan_->names = {"reminder", "suspension", "supplement"};
        plan_->settle = std::chrono::hours(2);
        sources_.phases = plan_;
    }
    void begins(std::int64_t second, const std::string& phase, const std::string& area = "") {
        plan_->areas[area].push_back({at(second), phase});
    }
    Given change(std::int64_t second, const std::string& customer, const char* phase) {
        return {second, "phase_change", customer, "", {{"phase", Value::of_string(phase)}}};
    }
    std::shared_ptr<PhasePlan> plan_ = std::make_shared<PhasePlan>();
};

constexpr const char* kPerson = R"(  - alert: R
    on: complaint
    by: [customer]
    within: 7d
    measures: {n: count()}
    levels: {yellow: n >= 2, red: n >= 4}
)";
constexpr const char* kPlace = R"(  - alert: R
    on: complaint
    by: [area]
    rollup_areas: [city]
    within: 1d
    measures: {n: count()}
    levels: {yellow: n >= 2}
)";

TEST_F(Phases, ARuleHoldsInItsPhasesOnlyAndCountsInAll) {
    begins(10 * kHour, "suspension");
    const std::string rule = std::string(kPerson) + "    phases: [suspension]\n";
    EXPECT_EQ(tell(rule, {{0}, {1}}, 20 * kHour), Lines())
        << "nothing opens because a phase begins, not even once it has settled";
    EXPECT_EQ(tell(rule, {{0}, {1}, {11 * kHour}}, 13 * kHour), Lines()) << "it settles for two hours";
    EXPECT_EQ(tell(rule, {{0}, {1}, {12 * kHour}}, 13 * kHour), (Lines{"R opened yellow 43200 e3"}))
        << "and the windows reach back behind the change";
}

TEST_F(Phases, AnEventThatDoesNotCountMovesNobodyToItsArea) {
    begins(0, "suspension", "north");
    const std::string rule =
        "  - {alert: R, on: complaint, where: escalated_to_regulator, by: [customer], within: 7d, levels: {yellow: "
        "count() >= 2}, overrides: {suspension: {levels: {yellow: count() >= 1}}}}\n";
    const std::int64_t begin = 3 * kHour;
    const std::vector<Given> events = {
        {begin, "complaint", "anna", "north", {{"escalated_to_regulator", Value::of(true)}}},
        {begin + 100, "complaint", "anna", "south"}};
    EXPECT_EQ(tell(rule, events, begin + 8 * 24 * kHour),
              (Lines{"R opened yellow 10800 e1", "R closed yellow " + std::to_string(begin + 7 * 24 * kHour)}))
        << "it closes when its window has run empty, also if there was a restart";
}

TEST_F(Phases, WhatIsOpenGoesDownAsEverWhenItsPhaseEnds) {
    begins(0, "reminder");
    begins(10 * kHour, "supplement");
    const std::string rule = std::string(kPerson) + "    phases: [reminder]\n";
    const std::vector<Given> events = {{3 * kHour}, {3 * kHour + 1}};
    EXPECT_EQ(tell(rule, events, 48 * kHour), (Lines{"R opened yellow 10801 e2", "R closed yellow 43200"}))
        << "it stays while the new phase settles";
    EXPECT_EQ(tell(rule + "    keep_firing_for: 6h\n", events, 48 * kHour),
              (Lines{"R opened yellow 10801 e2", "R closed yellow 64800"}));
}

TEST_F(Phases, OverridesReplaceSingleColours) {
    begins(0, "suspension");
    begins(10 * kHour, "supplement");
    const std::string rule = std::string(kPerson) + "    overrides: {supplement: {levels: {yellow: n >= 1}}}\n";
    EXPECT_EQ(tell(rule, {{5 * kHour}}, 48 * kHour), Lines());
    EXPECT_EQ(tell(rule, {{13 * kHour}}, 48 * kHour), (Lines{"R opened yellow 46800 e1"}));
    EXPECT_EQ(tell(rule, {{11 * kHour}, {11 * kHour + 1}}, 13 * kHour), (Lines{"R opened yellow 39601 e2"}))
        << "while it settles, what holds in both phases is told";
    EXPECT_EQ(tell(rule, {{5 * kHour}, {5 * kHour + 1}, {6 * kHour}, {13 * kHour}}, 14 * kHour),
              (Lines{"R opened yellow 18001 e2", "R raised red 46800"}))
        << "red is what it was";
}

TEST_F(Phases, APersonsOwnWinsOverTheAreas) {
    begins(0, "reminder");
    const std::string rule = std::string(kPerson) + "    phases: [suspension]\n";
    EXPECT_EQ(tell(rule,
                   {{3 * kHour},
                    change(4 * kHour, "anna", "suspension"),
                    {7 * kHour},
                    {7 * kHour, "complaint", "bert"},
                    {8 * kHour, "complaint", "bert"}},
                   10 * kHour),
              (Lines{"R opened yellow 25200 e3"}));
    EXPECT_EQ(
        tell(rule,
             {change(0, "anna", "suspension"), {3 * kHour}, {3 * kHour + 1}, change(4 * kHour, "anna", "reminder")},
             10 * kHour),
        (Lines{"R opened yellow 10801 e3", "R closed yellow 21600"}));
    EXPECT_EQ(tell(rule, {change(0, "anna", "winter"), {3 * kHour}, {3 * kHour + 1}}, 10 * kHour), Lines())
        << "a phase that nobody planned is passed over";
}

TEST_F(Phases, AnEventWithoutACustomerChangesThePhaseOfItsAreaForAll) {
    begins(0, "reminder");
    const auto place = [](std::int64_t second, const char* area, const char* phase) {
        return Given{second, "phase_change", "", area, {{"phase", Value::of_string(phase)}}};
    };
    tasks_ = 3;  // the event is read by one of them
    const std::string rule = std::string(kPerson) + "    phases: [suspension]\n";
    const std::vector<Given> complaints = {{5 * kHour, "complaint", "anna"},
                                           {6 * kHour, "complaint", "anna"},
                                           {6 * kHour, "complaint", "bert"},
                                           {7 * kHour, "complaint", "bert"},
                                           {7 * kHour, "complaint", "carl", "south/city"},
                                           {8 * kHour, "complaint", "carl", "south/city"}};
    const auto with = [&](std::vector<Given> changes) {
        for (const Given& given : complaints) changes.push_back(given);
        std::stable_sort(changes.begin(), changes.end(),
                         [](const Given& a, const Given& b) { return a.second < b.second; });
        return changes;
    };
    EXPECT_EQ(tell(rule, with({}), 20 * kHour), Lines()) << "nobody is in that phase";
    EXPECT_EQ(tell(rule, with({place(kHour, "north", "suspension")}), 20 * kHour),
              (Lines{"R opened yellow 21600 e3", "R opened yellow 25200 e5"}))
        << "who lives in the north, and nobody else";
    EXPECT_EQ(
        tell(rule, with({place(kHour, "north", "suspension"), place(2 * kHour, "north/city", "reminder")}), 20 * kHour),
        Lines())
        << "the nearest area that was told of";
    EXPECT_EQ(tell(rule, with({place(kHour, "north", "winter")}), 20 * kHour), Lines()) << "a phase nobody planned";
    EXPECT_EQ(tell(rule, with({place(kHour, "", "suspension")}), 20 * kHour), Lines()) << "of no area";
    const Lines over = {"R opened yellow 21600 e3", "R opened yellow 25200 e5", "R closed yellow 39600",
                        "R closed yellow 39600"};
    EXPECT_EQ(
        tell(rule, with({place(kHour, "north", "suspension"), place(9 * kHour, "north", "reminder")}), 20 * kHour),
        over)
        << "what is open goes down when the next phase has settled";
    plan_->areas["north"].push_back({at(9 * kHour), "reminder"});
    EXPECT_EQ(tell(rule, with({place(kHour, "north", "suspension")}), 20 * kHour), over)
        << "told or planned: the later one";
}

TEST_F(Phases, APlaceHasThePhaseThatAnEventToldOfItsArea) {
    begins(0, "reminder");
    tasks_ = 2;
    const Given change{kHour, "phase_change", "", "north/city", {{"phase", Value::of_string("suspension")}}};
    const Given back{9 * kHour, "phase_change", "", "north/city", {{"phase", Value::of_string("reminder")}}};
    const std::string rule = std::string(kPlace) + "    phases: [suspension]\n";
    const std::vector<Given> twice = {{4 * kHour, "complaint", "anna"}, {5 * kHour, "complaint", "bert"}};
    EXPECT_EQ(tell(rule, {change, twice[0], twice[1], back}, 20 * kHour),
              (Lines{"R opened yellow 18000 e3", "R closed yellow 39600"}));
    EXPECT_EQ(tell(rule, twice, 20 * kHour), Lines());
}

TEST_F(Phases, PlacesHaveThePhaseOfTheirArea) {
    begins(0, "reminder");
    begins(0, "suspension", "north/city");
    const std::string rule = std::string(kPlace) + "    phases: [suspension]\n";
    EXPECT_EQ(tell(rule,
                   {{3 * kHour},
                    {4 * kHour},
                    {4 * kHour, "complaint", "anna", "north/town"},
                    {5 * kHour, "complaint", "bert", "north/town"}},
                   10 * kHour),
              (Lines{"R opened yellow 14400 e2"}));
}

TEST_F(Phases, APlaceRisesWithItsNextEvent) {
    begins(0, "reminder");
    begins(10 * kHour, "suspension");
    const std::string rule = std::string(kPlace) + "    phases: [suspension]\n";
    EXPECT_EQ(tell(rule, {{8 * kHour}, {9 * kHour}}, 20 * kHour), Lines());
    EXPECT_EQ(tell(rule, {{8 * kHour}, {9 * kHour}, {13 * kHour}}, 20 * kHour), (Lines{"R opened yellow 46800 e3"}));
}

TEST_F(Phases, APromiseIsMadeInItsPhaseAndStands) {
    begins(0, "suspension");
    begins(10 * kHour, "supplement");
    const std::string rule = R"(  - alert: R
    expect: {after: registration, event: reconnection, within: 2h}
    by: [customer]
    phases: [suspension]
    levels: {yellow: overdue >= 0s}
)";
    EXPECT_EQ(tell(rule, {{9 * kHour, "registration"}, {11 * kHour, "registration", "bert"}}, 20 * kHour),
              (Lines{"R opened yellow 39600 e1"}));
}

constexpr const char* kPromise = R"(  - alert: R
    expect: {after: registration, event: reconnection, within: 1h}
    by: [customer]
    levels: {yellow: overdue >= 0s, orange: overdue >= 10h}
)";

TEST_F(Phases, OverridesOfAPromiseHoldInTheirPhase) {
    begins(0, "suspension");
    begins(100 * kHour, "supplement");
    const std::string rule = std::string(kPromise) +
                             "    overrides: {supplement: {levels: {yellow: overdue >= 2h, orange: overdue >= 4h}}}\n";
    EXPECT_EQ(tell(rule, {{9 * kHour, "registration"}}, 50 * kHour),
              (Lines{"R opened yellow 36000 e1", "R raised orange 72000"}));
    EXPECT_EQ(tell(rule, {{109 * kHour, "registration"}}, 150 * kHour),
              (Lines{"R opened yellow 403200 e1", "R raised orange 410400"}));
    EXPECT_EQ(tell(rule, {{109 * kHour, "registration"}, {111 * kHour, "reconnection"}}, 150 * kHour), Lines())
        << "broken by the rule's own levels, not by those of the phase";
}

TEST_F(Phases, APromiseIsInThePhaseOfThePlaceOfItsEvent) {
    begins(0, "suspension");
    begins(0, "supplement", "south");
    const std::string rule = std::string(kPromise) + "    overrides: {supplement: {levels: {yellow: overdue >= 2h}}}\n";
    EXPECT_EQ(tell(rule,
                   {{9 * kHour, "registration", "anna", "south/city"},
                    {9 * kHour + 1, "complaint", "anna", "north/city"},
                    {9 * kHour + 2, "registration", "bert", "north/city"}},
                   15 * kHour),
              (Lines{"R opened yellow 43200 e1", "R opened yellow 36002 e3"}));
}

TEST_F(Phases, APromiseThatIsOpenGoesDownWhenAMilderPhaseHasSettled) {
    begins(0, "suspension");
    begins(20 * kHour, "supplement");
    const std::string rule =
        std::string(kPromise) +
        "    overrides: {supplement: {levels: {yellow: overdue >= 24h, orange: overdue >= 30h}}}\n";
    EXPECT_EQ(tell(rule, {{5 * kHour, "registration"}}, 40 * kHour),
              (Lines{"R opened yellow 21600 e1", "R raised orange 57600", "R closed orange 79200",
                     "R opened yellow 108000 e1", "R raised orange 129600"}))
        << "the promise stands: it breaks again by the phase's levels";
    EXPECT_EQ(tell(rule, {{18 * kHour, "registration"}}, 30 * kHour),
              (Lines{"R opened yellow 68400 e1", "R closed yellow 79200"}));
}

TEST_F(Phases, AStricterPhaseRaisesNoStormOfPromises) {
    begins(0, "suspension");
    begins(20 * kHour, "supplement");
    const std::string rule = std::string(kPromise) + "    overrides: {supplement: {levels: {orange: overdue >= 3h}}}\n";
    // Its third hour was over before the phase began: the next step of any phase tells of it.
    EXPECT_EQ(tell(rule, {{13 * kHour, "registration"}}, 40 * kHour),
              (Lines{"R opened yellow 50400 e1", "R raised orange 86400"}));
    // It ended while the phase settled: told of when it has settled.
    EXPECT_EQ(tell(rule, {{17 * kHour, "registration"}}, 40 * kHour),
              (Lines{"R opened yellow 64800 e1", "R raised orange 79200"}));
    EXPECT_EQ(tell(rule, {{19 * kHour, "registration"}}, 40 * kHour),
              (Lines{"R opened yellow 72000 e1", "R raised orange 82800"}));
    EXPECT_EQ(tell(rule, {{13 * kHour, "registration"}, {23 * kHour, "registration"}}, 23 * kHour),
              (Lines{"R opened yellow 50400 e1", "R raised orange 82800"}))
        << "an event of the promise brings it up";
    plan_->settle = Duration(0);
    EXPECT_EQ(tell(rule, {{16 * kHour, "registration"}, {17 * kHour, "registration", "bert"}}, 22 * kHour),
              (Lines{"R opened yellow 61200 e1", "R raised orange 72000", "R opened yellow 64800 e2",
                     "R raised orange 75600"}));
}

TEST_F(Phases, RestartsAtAnyHourSayNothingOfPromisesThatWasNotSaid) {
    begins(0, "suspension");
    begins(20 * kHour, "supplement");
    begins(31 * kHour, "reminder");
    const std::string rule = std::string(kPromise) +
                             "    overrides:\n"
                             "      supplement: {levels: {orange: overdue >= 3h}}\n"
                             "      reminder: {levels: {yellow: overdue >= 17h, orange: overdue >= 25h}}\n";
    for (std::int64_t made = 3; made < 30; ++made) {
        const Given promise{made * kHour, "registration"};
        std::vector<Given> ticks = {promise};
        for (std::int64_t hour = made; hour < 50; ++hour)
            ticks.push_back({hour * kHour + 1, "complaint", "bert", "north/city", {}, "t" + std::to_string(hour)});
        EXPECT_EQ(tell(rule, ticks, 60 * kHour), tell(rule, {promise}, 60 * kHour)) << made;
        EXPECT_FALSE(made_.empty()) << made;
    }
}

TEST_F(Phases, APhaseThatAnEventTellsOfReplansPromises) {
    begins(0, "suspension");
    const std::string rule =
        std::string(kPromise) + "    overrides: {supplement: {levels: {yellow: overdue >= 24h}}}\n";
    const Given made{5 * kHour, "registration"};
    const Given own = change(8 * kHour, "anna", "supplement");
    const Given place{8 * kHour, "phase_change", "", "north", {{"phase", Value::of_string("supplement")}}};
    const Lines expected = {"R opened yellow 21600 e1", "R closed yellow 36000", "R opened orange 57600 e1"};
    EXPECT_EQ(tell(rule, {made, own}, 40 * kHour), expected) << "orange is what it was";
    EXPECT_EQ(tell(rule, {made, change(8 * kHour, "bert", "supplement")}, 40 * kHour),
              (Lines{"R opened yellow 21600 e1", "R raised orange 57600"}))
        << "another's";
    tasks_ = 2;
    EXPECT_EQ(tell(rule, {made, place}, 40 * kHour), expected);
}

TEST_F(Phases, APromiseThatWasMadeGoesByOverridesOfPhasesInWhichNoneIsMade) {
    begins(0, "suspension");
    begins(10 * kHour, "supplement");
    const std::string rule = std::string(kPromise) +
                             "    phases: [suspension]\n"
                             "    overrides: {supplement: {levels: {yellow: overdue >= 5h}}}\n";
    EXPECT_EQ(tell(rule, {{9 * kHour, "registration"}, {13 * kHour, "registration", "bert"}}, 18 * kHour),
              (Lines{"R opened yellow 54000 e1"}));
}

TEST_F(Phases, WhatWasKeptBeforeThePhaseCalledItBrokenIsTakenBack) {
    begins(0, "supplement");
    const std::string rule = std::string(kPromise) + "    overrides: {supplement: {levels: {yellow: overdue >= 2h}}}\n";
    tell(rule, {{5 * kHour, "registration"}, {9 * kHour, "complaint"}, {7 * kHour, "reconnection"}}, 10 * kHour);
    ASSERT_EQ(made_.size(), 2u);
    EXPECT_EQ(made_[1].reason, CloseReason::kCorrected);
    tell(rule, {{5 * kHour, "registration"}, {10 * kHour, "complaint"}, {9 * kHour, "reconnection"}}, 10 * kHour);
    ASSERT_EQ(made_.size(), 2u);
    EXPECT_EQ(made_[1].reason, CloseReason::kFulfilled);
}

TEST_F(Phases, OverridesMayLookAtOpenAndAtTheEvent) {
    begins(0, "supplement");
    const std::string rule = R"(  - alert: R
    expect: {after: registration, event: reconnection, within: 1h}
    by: [customer, area]
    levels: {yellow: overdue >= 10h}
    overrides: {supplement: {levels: {yellow: overdue >= 0s and after.result == "ok" and open >= 2}}}
)";
    const auto registered = [](std::int64_t second, const char* result, const char* area) {
        return Given{second, "registration", "anna", area, {{"result", Value::of_string(result)}}};
    };
    const Given first = registered(0, "ok", "north/city");
    EXPECT_EQ(tell(rule, {first}, 5 * kHour), Lines()) << "there is one";
    EXPECT_EQ(tell(rule, {first, registered(kHour, "ok", "north/town")}, 5 * kHour),
              (Lines{"R opened yellow 7200 e1", "R opened yellow 7200 e2"}));
    EXPECT_EQ(tell(rule, {first, registered(kHour, "failed", "north/town")}, 5 * kHour),
              (Lines{"R opened yellow 7200 e1"}));
}

TEST_F(Phases, OverridesThatCameWithAReloadReplanWhatIsOpen) {
    begins(0, "supplement");
    AreaTree areas;
    Pseudonymizer pseudonyms = Pseudonymizer::fixed();
    const Setting setting{schema_, areas, pseudonyms, {}, 1};
    TaskGroup group(setting);
    const std::string late =
        "  - alert: R\n    expect: {after: registration, event: reconnection, within: 1h}\n"
        "    by: [customer]\n    levels: {yellow: overdue >= 10h}\n";
    group.adopt(loaded(late));
    Event event;
    event.kind = *schema_.kind("registration");
    event.time = at(0);
    event.id = "e1";
    event.customer = event.subscriber = "anna";
    group.task(0).advance(event.time);
    group.apply(0, event);
    group.adopt(loaded(late + "    overrides: {supplement: {levels: {yellow: overdue >= 2h}}}\n"));
    group.task(0).advance(at(4 * kHour));
    const std::vector<Transition> made = group.task(0).take_transitions();
    ASSERT_EQ(made.size(), 1u);
    EXPECT_EQ(made[0].at, at(3 * kHour));
}

TEST_F(Phases, ANewRuleIsJudgedOverAllThatIsRemembered) {
    begins(0, "suspension");
    AreaTree areas;
    Pseudonymizer pseudonyms = Pseudonymizer::fixed();
    const Setting setting{schema_, areas, pseudonyms, {}, 1};
    TaskGroup group(setting);
    group.adopt(loaded(std::string(kPerson) + "    phases: [reminder]\n"));
    for (const auto& [id, second] : {std::pair("e1", 3 * kHour), std::pair("e2", 4 * kHour)}) {
        Event event;
        event.kind = *schema_.kind("complaint");
        event.time = at(second);
        event.id = id;
        event.customer = event.subscriber = "anna";
        group.task(0).advance(event.time);
        group.apply(0, event);
    }
    EXPECT_TRUE(group.task(0).take_transitions().empty());
    group.adopt(loaded(std::string(kPerson) + "    phases: [suspension]\n"));
    while (group.sweep(1)) continue;
    const std::vector<Transition> made = group.task(0).take_transitions();
    ASSERT_EQ(made.size(), 1u);
    EXPECT_EQ(made[0].at, at(4 * kHour));
}

TEST_F(Phases, AnotherPlanIsTakenWithAReload) {
    begins(0, "suspension");
    AreaTree areas;
    Pseudonymizer pseudonyms = Pseudonymizer::fixed();
    const Setting setting{schema_, areas, pseudonyms, {}, 1};
    TaskGroup group(setting);
    const std::string rule = std::string(kPerson) + "    phases: [suspension]\n";
    group.adopt(loaded(rule));
    for (const auto& [id, second] : {std::pair("e1", 3 * kHour), std::pair("e2", 4 * kHour)}) {
        Event event;
        event.kind = *schema_.kind("complaint");
        event.time = at(second);
        event.id = id;
        event.customer = event.subscriber = "anna";
        group.task(0).advance(event.time);
        group.apply(0, event);
    }
    EXPECT_EQ(group.task(0).take_transitions().size(), 1u);
    begins(5 * kHour, "supplement");
    const auto next = loaded(rule);
    EXPECT_EQ(next->rules[0].definition_hash, group.task(0).recorder().rules().rules[0].definition_hash);
    group.adopt(next);
    group.task(0).advance(at(20 * kHour));
    const std::vector<Transition> made = group.task(0).take_transitions();
    ASSERT_EQ(made.size(), 1u);
    EXPECT_EQ(made[0].kind, TransitionKind::kClosed);
    EXPECT_EQ(made[0].at, at(7 * kHour));
}

}  // namespace
}  // namespace tocsin::task
