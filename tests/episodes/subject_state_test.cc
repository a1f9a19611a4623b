#include "episodes/subject_state.h"

#include <gtest/gtest.h>

#include "base/digest.h"

namespace tocsin::episodes {
namespace {

std::string packed(const std::vector<SubjectState>& states) {
    std::string out;
    pack_states(states, out);
    return out;
}

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
    s.promise = Promise{from_millis(5), from_millis(6), "e0", "south", {}};
    s.due = from_millis(9'000);
    s.openings = {{42, 1}};
    return s;
}

TEST(SubjectState, ComesBackAsItWasStored) {
    const std::vector<SubjectState> before{full(), SubjectState{}};
    std::vector<SubjectState> after;
    ASSERT_TRUE(unpack_states(packed(before), after));
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
    EXPECT_EQ(hex(packed({full()})),
              "01"
              "03"
              "055468726565"
              "03026331"
              "d08c01"  // format, parts, rule, subject, next timer
              "03"
              "d00f"
              "a01f"
              "0e"
              "03"  // episode: level, opened, since, minute, transitions,
              "1a706a643565696668373734616e706c6b71706a73786c6c623732"
              "026531"
              "056e6f727468"  // id, trigger, area
              "0a"
              "0c"
              "026530"
              "05736f757468"  // promise: stated, due, by, area
              "01"
              "2a00000000000000"
              "01");  // one opening: hash, episodes
    EXPECT_EQ(hex(packed({SubjectState{}})),
              "01"
              "00"
              "00"
              "00"
              "feffffffffffffff3f"
              "00");
}

SubjectState with_more() {
    SubjectState s = full();
    OwnedValue text;
    text.value.type = Value::Type::kString;
    text.text = "fraud";
    s.promise->fields = {{"reason", text},
                         {"emergency", {Value::of(true), ""}},
                         {"balance", {Value::of_number(-1.5), ""}},
                         {"promised", {Value::of_time(from_millis(77)), ""}}};
    s.past = {{from_millis(1), from_millis(2), "p1", "north"}, {from_millis(-3), from_millis(4), "p2", ""}};
    return s;
}

TEST(SubjectState, FieldsAndPastBreaksComeBack) {
    std::vector<SubjectState> after;
    ASSERT_TRUE(unpack_states(packed({with_more(), full()}), after));
    ASSERT_EQ(after.size(), 2u);
    const auto& fields = after[0].promise->fields;
    ASSERT_EQ(fields.size(), 4u);
    EXPECT_EQ(fields[0].name, "reason");
    EXPECT_EQ(fields[0].value.text, "fraud");
    EXPECT_TRUE(fields[1].value.value.boolean);
    EXPECT_EQ(fields[2].value.value.number, -1.5);
    EXPECT_EQ(fields[3].value.value.type, Value::Type::kTime);
    EXPECT_EQ(fields[3].value.value.integer, 77);
    ASSERT_EQ(after[0].past.size(), 2u);
    EXPECT_EQ(after[0].past[1].from, from_millis(-3));
    EXPECT_EQ(after[0].past[1].to, from_millis(4));
    EXPECT_EQ(after[0].past[0].id, "p1");
    EXPECT_EQ(after[0].past[0].area, "north");
    EXPECT_TRUE(after[1].promise->fields.empty() && after[1].past.empty());
}

TEST(SubjectState, MoreIsPinnedByteByByte) {
    SubjectState s;
    s.promise = Promise{from_millis(5), from_millis(6), "e0", "s", {{"f", {Value::of(true), ""}}}};
    s.past = {{from_millis(1), from_millis(2), "p", "n"}};
    EXPECT_EQ(hex(packed({s})),
              "02"
              "0e"
              "00"
              "00"
              "feffffffffffffff3f"  // format, parts, rule, subject, next timer
              "0a"
              "0c"
              "026530"
              "0173"
              "00"  // promise: stated, due, by, area; no openings
              "01"
              "0166"
              "01"
              "01"  // one field: name, type bool, true
              "01"
              "02"
              "04"
              "0170"
              "016e");  // one past break: from, to, id, area
}

SubjectState waiting() {
    SubjectState s;
    s.rule = "R";
    s.episode = full().episode;
    s.episode.level_since = from_millis(6);
    s.rising = {{Level::kRed, from_millis(7), "e9", "north"}};
    return s;
}

TEST(SubjectState, WhatWaitsComesBack) {
    std::vector<SubjectState> after;
    ASSERT_TRUE(unpack_states(packed({waiting(), full()}), after));
    ASSERT_EQ(after.size(), 2u);
    EXPECT_EQ(after[0].episode.level_since, from_millis(6));
    ASSERT_EQ(after[0].rising.size(), 1u);
    EXPECT_EQ(after[0].rising[0].level, Level::kRed);
    EXPECT_EQ(after[0].rising[0].since, from_millis(7));
    EXPECT_EQ(after[0].rising[0].trigger, "e9");
    EXPECT_EQ(after[0].rising[0].area, "north");
    EXPECT_EQ(after[1].episode.level_since, kBeforeAll);
    EXPECT_TRUE(after[1].rising.empty());
}

TEST(SubjectState, WhatWaitsIsPinnedByteByByte) {
    const std::string bytes = hex(packed({waiting()}));
    EXPECT_EQ(bytes.substr(0, 8),
              "03"
              "31"
              "01"
              "52")
        << "format, parts, rule";
    EXPECT_EQ(bytes.substr(bytes.size() - 28),
              "00"
              "0c"
              "01"
              "04"
              "0e"
              "026539"
              "056e6f727468")
        << "no openings; since when it has its colour; one waits: level, since, trigger, area";
}

TEST(SubjectState, WhatIsWithheldStaysSo) {
    SubjectState s = full();
    s.episode.withheld = true;
    const std::string bytes = packed({s});
    EXPECT_EQ(hex(bytes.substr(0, 2)),
              "03"
              "43")
        << "format, parts";
    EXPECT_EQ(bytes.substr(2), packed({full()}).substr(2)) << "and nothing else";
    std::vector<SubjectState> after;
    ASSERT_TRUE(unpack_states(bytes, after));
    EXPECT_TRUE(after[0].episode.withheld);
}

TEST(SubjectState, WithoutThemTheFormatIsTheOldOne) {
    EXPECT_EQ(packed({full()})[0], 1);
    EXPECT_EQ(packed({with_more()})[0], 2);
}

TEST(SubjectState, PastBreaksAreBounded) {
    SubjectState s;
    for (int i = 0; i < 100; ++i) s.remember({from_millis(i), from_millis(i), "", ""});
    ASSERT_EQ(s.past.size(), SubjectState::kPastMax);
    EXPECT_EQ(s.past.back().from, from_millis(99));
    EXPECT_FALSE(s.idle());
}

TEST(SubjectState, DamageIsNoticed) {
    SubjectState both = with_more();
    both.rising = waiting().rising;
    const std::string whole = packed({both});
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
    s.rising = waiting().rising;
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
