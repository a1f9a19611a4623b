/// `for` and `dwell`: how long a colour must hold, and how long it stays at least.

#include "levels_in_time.h"

namespace tocsin::task {
namespace {

class LevelsInTime : public Story {};

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

TEST_F(LevelsInTime, AColourIsTakenOnceItHasHeldForSoLong) {
    const std::string rule = std::string(kPerson) + "    levels: {yellow: n >= 2, red: n >= 3}\n    for: 10m\n";
    EXPECT_EQ(tell(rule, {{0}, {60}, {300}}, 9000),
              (Lines{"R opened yellow 660 e2", "R raised red 900", "R lowered yellow 3600", "R closed yellow 3660"}))
        << "dated when it was due, by the event at which it began to hold";
}

TEST_F(LevelsInTime, WhatBreaksOffBeginsAnew) {
    const std::string rule =
        std::string(kPerson) + "    levels: {yellow: \"n >= 1 and not seen(reminder, 30m)\"}\n    for: 10m\n";
    EXPECT_EQ(tell(rule, {{0}, {300, "reminder"}, {600}}, 2700), (Lines{"R opened yellow 2700 e3"}))
        << "the reminder leaves at 2100, and from there it is ten minutes";
    EXPECT_EQ(tell(rule, {{0}, {600, "reminder"}}, 1000), Lines()) << "at one instant events come before clocks";
    EXPECT_EQ(tell(rule, {{0}, {601, "reminder"}}, 1000), (Lines{"R opened yellow 600 e1", "R closed yellow 601"}));
}

TEST_F(LevelsInTime, AnEventThatComesLateHasHeldSinceItsOwnTime) {
    const std::string rule = std::string(kPerson) + "    levels: {yellow: n >= 2}\n    for: 10m\n";
    // Read at 1200, it happened at 60: the second complaint of the hour.
    EXPECT_EQ(tell(rule, {{0, "complaint", "anna"}, {1200, "complaint", "bert"}, {60, "complaint", "anna"}}, 1300),
              (Lines{"R opened yellow 660 e3"}));
}

TEST_F(LevelsInTime, PlacesWaitToo) {
    const std::string rule = std::string(kPlace) + "    levels: {yellow: n >= 2}\n    for: 5m\n";
    EXPECT_EQ(tell(rule, {{0}, {60, "complaint", "bert"}, {240, "complaint", "cleo"}}, 3000),
              (Lines{"R opened yellow 360 e2", "R closed yellow 660"}));
    EXPECT_EQ(tell(std::string(kPlace) + "    levels: {yellow: n >= 2}\n    for: 10m\n", {{0}, {60}}, 3000), Lines())
        << "the first has left after ten minutes";
}

TEST_F(LevelsInTime, RollupsWaitToo) {
    const std::string rule = R"(  - alert: Late
    expect: {after: registration, event: reconnection, within: 10m}
    by: [customer]
    levels: {yellow: overdue >= 0s}
    rollup: {by: [area], rollup_areas: [city], levels: {red: open >= 2}, for: 5m}
)";
    const std::vector<Given> events = {{0, "registration", "anna"}, {60, "registration", "bert"}};
    const auto of_rollup = [&](std::vector<Given> all) {
        Lines lines = tell(rule, all, 2000);
        std::erase_if(lines, [](const std::string& line) { return !line.starts_with("LateRollup"); });
        return lines;
    };
    EXPECT_EQ(of_rollup(events), (Lines{"LateRollup opened red 960 e2"}));
    std::vector<Given> kept = events;
    kept.push_back({900, "reconnection", "anna"});
    EXPECT_EQ(of_rollup(kept), Lines()) << "two were broken for four minutes only";
}

TEST_F(LevelsInTime, AColourStaysForItsDwell) {
    const std::string rule = std::string(kPerson) + "    levels: {yellow: n >= 1, orange: n >= 2, red: n >= 3}\n";
    const std::vector<Given> events = {{0}, {1}, {2}};
    EXPECT_EQ(tell(rule, events, 20'000),
              (Lines{"R opened yellow 0 e1", "R raised orange 1", "R raised red 2", "R lowered orange 3600",
                     "R lowered yellow 3601", "R closed yellow 3602"}));
    EXPECT_EQ(tell(rule + "    dwell: 2h\n", events, 20'000),
              (Lines{"R opened yellow 0 e1", "R raised orange 1", "R raised red 2", "R closed red 7202"}))
        << "and then straight to what holds";
    EXPECT_EQ(tell(rule + "    dwell: 50m\n    keep_firing_for: 10m\n", events, 20'000),
              (Lines{"R opened yellow 0 e1", "R raised orange 1", "R raised red 2", "R lowered orange 4200",
                     "R lowered yellow 7200", "R closed yellow 10200"}))
        << "one colour at a time, each for its dwell";
}

TEST_F(LevelsInTime, DwellEndsEarlyOnlyUpwards) {
    const std::string rule = std::string(kPlace) + "    levels: {yellow: n >= 1, red: n >= 3}\n    dwell: 1h\n";
    EXPECT_EQ(tell(rule, {{0}, {60}, {120}}, 9000),
              (Lines{"R opened yellow 0 e1", "R raised red 120", "R closed red 3720"}));
}

TEST_F(LevelsInTime, IdsAreMadeFromTheEventAtWhichItBeganToHold) {
    const std::string rule = std::string(kPerson) + "    levels: {yellow: n >= 2}\n";
    tell(rule, {{0}, {60}}, 2000);
    const std::string without = made_.front().episode_id;
    tell(rule + "    for: 10m\n", {{0}, {60}, {90}}, 2000);
    EXPECT_EQ(made_.front().episode_id, without);
    EXPECT_EQ(made_.front().trigger, "e2");
}

}  // namespace
}  // namespace tocsin::task
