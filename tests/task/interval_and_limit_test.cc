/// `interval`: judged at its multiples only. `limit`: receivers are told of so many, and of the rest by one warning.

#include "levels_in_time.h"

namespace tocsin::task {
namespace {

class Interval : public Story {};
class Limit : public Story {
protected:
    /// Of the episodes of this rule: "level told" or "level withheld" for each transition, in the order made.
    Lines told_of(const std::string& rule) const {
        Lines lines;
        for (const Transition& t : made_) {
            if (t.rule != rule || t.kind == TransitionKind::kUpdated) continue;
            const bool closed = t.kind == TransitionKind::kClosed;
            lines.push_back(std::string(transition_name(t.kind)) + " " +
                            std::string(level_name(closed ? t.previous_level : t.level)) +
                            (t.withheld ? " withheld" : " told"));
        }
        return lines;
    }
    static Lines only(const Lines& all, const std::string& rule) {
        Lines lines;
        for (const std::string& line : all) {
            if (line.starts_with(rule + " ")) lines.push_back(line);
        }
        return lines;
    }
};

constexpr const char* kPerson = R"(  - alert: R
    on: complaint
    by: [customer]
    within: 1h
    measures: {n: count()}
)";
constexpr const char* kPlace = R"(  - alert: R
    on: complaint
    by: [area]
    rollup_areas: [city]
    within: 10m
    measures: {n: count()}
)";

TEST_F(Interval, LevelsChangeAtItsMultiplesOnly) {
    const std::string rule = std::string(kPerson) + "    levels: {yellow: n >= 1, red: n >= 3}\n    interval: 5m\n";
    EXPECT_EQ(tell(rule, {{10}, {20}, {299}}, 9000), (Lines{"R opened red 300 e3", "R closed red 3900"}))
        << "what comes and goes between two beats is not heard";
    EXPECT_EQ(tell(rule, {{300}}, 400), (Lines{"R opened yellow 300 e1"})) << "an event on the beat is heard by it";
}

TEST_F(Interval, ForAndDwellEndWithABeatToo) {
    const std::string rule =
        std::string(kPerson) + "    levels: {yellow: n >= 1}\n    interval: 5m\n    for: 7m\n    dwell: 61m\n";
    EXPECT_EQ(tell(rule, {{10}}, 9000), Lines({"R opened yellow 900 e1", "R closed yellow 4800"}));
}

TEST_F(Interval, WhatBeganWithABeatIsNotEndedBetweenTwo) {
    const std::string rule = R"(  - alert: R
    on: complaint
    by: [customer]
    within: 15m
    interval: 20m
    for: 8m
    measures: {n: count(), seen: 'seen(registration, 1m)'}
    levels: {yellow: n >= 1 and not seen}
)";
    // At 2200 nothing is in the window; the complaint of 2090 that is read later is, and at the beat of 2400 too.
    EXPECT_EQ(tell(rule, {{1199}, {2200, "registration"}, {2090}}, 9000),
              (Lines{"R opened yellow 2400 e1", "R closed yellow 3600"}));
}

TEST_F(Interval, PlacesAndRollupsKeepItToo) {
    const std::string rule = std::string(kPlace) + "    levels: {yellow: n >= 2}\n    interval: 5m\n";
    EXPECT_EQ(tell(rule, {{10}, {20}}, 3000), (Lines{"R opened yellow 300 e2", "R closed yellow 600"}));
    const std::string late = R"(  - alert: Late
    expect: {after: registration, event: reconnection, within: 10m}
    by: [customer]
    levels: {yellow: overdue >= 0s}
    rollup: {by: [area], rollup_areas: [city], levels: {red: open >= 1}, interval: 5m}
)";
    EXPECT_EQ(tell(late, {{10, "registration"}, {1000, "reconnection"}}, 3000),
              (Lines{"Late opened yellow 610 e1", "LateRollup opened red 900 e1", "Late closed yellow 1000",
                     "LateRollup closed red 1200"}));
}

TEST_F(Interval, OfTheGroupHoldsForRulesWithoutTheirOwn) {
    group_ = "  interval: 5m\n  limit: 7\n";
    const auto set = loaded(std::string(kPerson) + "    levels: {yellow: n >= 1}\n    interval: 1m\n    limit: 0\n");
    EXPECT_EQ(set->rules[0].interval, std::chrono::minutes(1));
    EXPECT_EQ(set->rules[0].limit, 0);
    EXPECT_EQ(set->rules.size(), 1u);
    const auto inherits = loaded(std::string(kPlace) + "    levels: {yellow: n >= 1}\n");
    EXPECT_EQ(inherits->rules[0].interval, std::chrono::minutes(5));
    EXPECT_EQ(inherits->rules[0].limit, 7);
    ASSERT_EQ(inherits->rules.size(), 2u);
    EXPECT_EQ(inherits->rules[1].name, "ROverLimit");
    EXPECT_EQ(inherits->rules[1].limits, 0u);
}

TEST_F(Limit, BeyondItOneWarningStandsForAllOthers) {
    const std::string rule = std::string(kPerson) + "    levels: {yellow: n >= 1}\n    limit: 2\n";
    const std::vector<Given> events = {
        {0, "complaint", "a"}, {1, "complaint", "b"}, {2, "complaint", "c"}, {3, "complaint", "d"}};
    const Lines all = tell(rule, events, 9000);
    EXPECT_EQ(told_of("R"),
              (Lines{"opened yellow told", "opened yellow told", "opened yellow withheld", "opened yellow withheld",
                     "closed yellow told", "closed yellow told", "closed yellow withheld", "closed yellow withheld"}))
        << "the record itself goes to the output topic all the same";
    EXPECT_EQ(only(all, "ROverLimit"), (Lines{"ROverLimit opened yellow 2 e3", "ROverLimit closed yellow 3603"}))
        << "open as long as anybody is who was not told of";
    EXPECT_EQ(only(all, "R").size(), 8u) << "nothing is lost";
    const auto over = std::find_if(made_.begin(), made_.end(), [](const Transition& t) { return t.rule != "R"; });
    ASSERT_NE(over, made_.end());
    EXPECT_FALSE(over->is_case);
    EXPECT_EQ(over->annotations[0].second, "1 of 3 open episodes of R are not told one by one: its limit is 2.");
}

TEST_F(Limit, TheMoreSevereAreToldOfAllTheSame) {
    const std::string rule = std::string(kPerson) + "    levels: {yellow: n >= 1, red: n >= 2}\n    limit: 1\n";
    const Lines all = tell(rule,
                           {{0, "complaint", "a"},
                            {1, "complaint", "b"},
                            {2, "complaint", "b"},
                            {3, "complaint", "c"},
                            {4, "complaint", "c"}},
                           100);
    EXPECT_EQ(told_of("R"), (Lines{"opened yellow told", "opened yellow withheld", "raised red told",
                                   "opened yellow withheld", "raised red withheld"}));
    EXPECT_EQ(only(all, "ROverLimit"), (Lines{"ROverLimit opened yellow 1 e2", "ROverLimit closed yellow 2",
                                              "ROverLimit opened yellow 3 e4", "ROverLimit raised red 4"}))
        << "the warning has the colour of the most severe that is withheld";
}

TEST_F(Limit, RoomThatIsMadeIsForThoseThatOpenLater) {
    const std::string rule = std::string(kPerson) + "    levels: {yellow: n >= 1}\n    limit: 1\n";
    tell(rule, {{0, "complaint", "a"}, {60, "complaint", "b"}, {3630, "complaint", "c"}}, 3650);
    EXPECT_EQ(told_of("R"),
              (Lines{"opened yellow told", "opened yellow withheld", "closed yellow told", "opened yellow told"}));
    EXPECT_EQ(told_of("ROverLimit"), Lines{"opened yellow told"}) << "b is still open, and nobody was told";
}

TEST_F(Limit, CountsOverAllTasks) {
    tasks_ = 3;
    const std::string rule = std::string(kPlace) + "    levels: {red: n >= 1}\n    limit: 2\n";
    std::vector<Given> events;
    for (int i = 0; i < 6; ++i)
        events.push_back(
            {i, "complaint", std::string(1, static_cast<char>('a' + i)), "north/city" + std::to_string(i)});
    tell(rule, events, 100);
    const Lines lines = told_of("R");
    EXPECT_EQ(std::count(lines.begin(), lines.end(), "opened red told"), 2);
    EXPECT_EQ(std::count(lines.begin(), lines.end(), "opened red withheld"), 4);
    EXPECT_EQ(told_of("ROverLimit"), Lines{"opened red told"});
}

TEST_F(Limit, APromisesCasesAreLimitedToo) {
    const std::string rule = R"(  - alert: R
    expect: {after: registration, event: reconnection, within: 10m}
    by: [customer]
    levels: {yellow: overdue >= 0s}
    limit: 1
)";
    tell(rule, {{0, "registration", "a"}, {1, "registration", "b"}, {900, "reconnection", "b"}}, 1000);
    EXPECT_EQ(told_of("R"), (Lines{"opened yellow told", "opened yellow withheld", "closed yellow withheld"}));
    EXPECT_EQ(told_of("ROverLimit"), (Lines{"opened yellow told", "closed yellow told"}));
}

}  // namespace
}  // namespace tocsin::task
