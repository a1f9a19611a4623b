#include "episodes/subject_state.h"

#include <gtest/gtest.h>

#include "base/digest.h"

namespace tocsin::episodes {
namespace {

SubjectState full() {
    SubjectState s;
    s.rule = "Three";
    s.subject = std::string(
        "\x02"
        "c1",
        3);
    s.episode.level = Level::kOrange;
    s.episode.opened_at = from_millis(1'000);
    s.episode.false_since = from_millis(2'000);
    s.episode.updated_minute = 7;
    s.episode.transitions = 3;
    s.episode.id = "pjd5eifh774anplkqpjsxllb72";
    s.episode.trigger = "e1";
    s.episode.area = "north";
    s.promise = Promise{from_millis(5), from_millis(6), "e0", "south"};
    s.due = from_millis(9'000);
    s.openings = {{42, 1}};
    return s;
}

TEST(SubjectState, ComesBackAsItWasStored) {
    const std::vector<SubjectState> before{full(), SubjectState{}};
    std::vector<SubjectState> after;
    ASSERT_TRUE(unpack_states(pack_states(before), after));
    ASSERT_EQ(after.size(), 2u);
    const SubjectState &a = full(), &b = after[0];
    EXPECT_EQ(b.rule, a.rule);
    EXPECT_EQ(b.subject, a.subject);
    EXPECT_EQ(b.episode.level, a.episode.level);
    EXPECT_EQ(b.episode.opened_at, a.episode.opened_at);
    EXPECT_EQ(b.episode.false_since, a.episode.false_since);
    EXPECT_EQ(b.episode.updated_minute, a.episode.updated_minute);
    EXPECT_EQ(b.episode.transitions, a.episode.transitions);
    EXPECT_EQ(b.episode.id, a.episode.id);
    EXPECT_EQ(b.episode.trigger, a.episode.trigger);
    EXPECT_EQ(b.episode.area, a.episode.area);
    ASSERT_TRUE(b.promise);
    EXPECT_EQ(b.promise->due, a.promise->due);
    EXPECT_EQ(b.promise->stated_at, a.promise->stated_at);
    EXPECT_EQ(b.promise->stated_by, a.promise->stated_by);
    EXPECT_EQ(b.due, a.due);
    ASSERT_EQ(b.openings.size(), 1u);
    EXPECT_EQ(b.openings[0].hash, 42u);
    EXPECT_FALSE(after[1].promise);
}

TEST(SubjectState, IsPinnedByteByByte) {
    EXPECT_EQ(hex(pack_states({full()})),
              "01" "03" "055468726565" "03026331" "d08c01"         // format, parts, rule, subject, next timer
              "03" "d00f" "a01f" "0e" "03"                         // episode: level, opened, since, minute, transitions,
              "1a706a643565696668373734616e706c6b71706a73786c6c623732" "026531" "056e6f727468"  // id, trigger, area
              "0a" "0c" "026530" "05736f757468"                    // promise: stated, due, by, area
              "01" "2a00000000000000" "01");                       // one opening: hash, episodes
    EXPECT_EQ(hex(pack_states({SubjectState{}})), "01" "00" "00" "00" "feffffffffffffff3f" "00");
}

TEST(SubjectState, DamageIsNoticed) {
    const std::string whole = pack_states({full()});
    std::vector<SubjectState> states;
    for (std::size_t n = 1; n < whole.size(); ++n)
        EXPECT_FALSE(unpack_states(whole.substr(0, n), states)) << n << " bytes";
    EXPECT_TRUE(unpack_states("", states)) << "nothing is stored of most people";
    EXPECT_TRUE(states.empty());
}

TEST(SubjectState, IsIdleOnlyWithNothingWorthKeeping) {
    EXPECT_TRUE(SubjectState{}.idle());
    SubjectState s;
    s.due = from_millis(1);
    EXPECT_FALSE(s.idle());
    s = {};
    s.promise = Promise{};
    EXPECT_FALSE(s.idle());
    s = {};
    s.episode.level = Level::kBlue;
    EXPECT_FALSE(s.idle());
}

TEST(SubjectState, EpisodesWithTheSameOpeningAreCounted) {
    SubjectState s;
    EXPECT_EQ(s.count_opening(1), 0u);
    EXPECT_EQ(s.count_opening(1), 1u);
    EXPECT_EQ(s.count_opening(2), 0u);
    for (std::uint64_t i = 10; i < 10 + SubjectState::kOpeningsMax; ++i) s.count_opening(i);
    EXPECT_LE(s.openings.size(), SubjectState::kOpeningsMax);
}

TEST(SubjectState, TheEarliestTimerOfAll) {
    std::vector<SubjectState> states(3);
    EXPECT_EQ(earliest_due(states), kNever);
    states[1].due = from_millis(20);
    states[2].due = from_millis(10);
    EXPECT_EQ(earliest_due(states), from_millis(10));
}

}  // namespace
}  // namespace tocsin::episodes
