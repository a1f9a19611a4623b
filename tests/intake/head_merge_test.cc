#include "intake/head_merge.h"

#include <gtest/gtest.h>

#include <random>

namespace tocsin::intake {
namespace {

using namespace std::chrono_literals;
using Step = HeadMerge::Step;

// The wall clock of these tests; events are given relative to it.
const Instant kNow = from_millis(1'700'000'000'000);
Instant ago(Duration age) {
    return kNow - age;
}

TEST(HeadMerge, WithoutInputsThereIsNothing) {
    HeadMerge merge(HeadMerge::Freshness::kByWallClock);
    EXPECT_EQ(merge.next(kNow).step, Step::kNothing);
}

TEST(HeadMerge, ABacklogPassesInTheOrderOfItsEvents) {
    HeadMerge merge(HeadMerge::Freshness::kByWallClock);
    const InputId a = merge.add(0, 0, kNow), b = merge.add(0, 1, kNow);
    merge.head_is(a, ago(2h), kNow);
    merge.head_is(b, ago(3h), kNow);
    EXPECT_EQ(merge.next(kNow).input, b);
    merge.head_is(b, ago(1h), kNow);
    EXPECT_EQ(merge.next(kNow).input, a);
}

TEST(HeadMerge, EqualInstantsGoByTheOrderOfTheTopicsThenOfThePartitions) {
    HeadMerge merge(HeadMerge::Freshness::kNever);
    const InputId later_topic = merge.add(1, 0, kNow), second = merge.add(0, 1, kNow), first = merge.add(0, 0, kNow);
    for (const InputId input : {later_topic, second, first}) merge.head_is(input, ago(1h), kNow);
    EXPECT_EQ(merge.next(kNow).input, first);
    merge.head_is_caught_up(first);
    EXPECT_EQ(merge.next(kNow).input, second);
    merge.head_is_caught_up(second);
    EXPECT_EQ(merge.next(kNow).input, later_topic);
}

TEST(HeadMerge, AnInputThatShouldHaveMoreIsWaitedForHalfAMinute) {
    HeadMerge merge(HeadMerge::Freshness::kNever);
    const InputId a = merge.add(0, 0, kNow), b = merge.add(0, 1, kNow);
    merge.head_is(a, ago(2h), kNow);
    auto choice = merge.next(kNow);
    EXPECT_EQ(choice.step, Step::kWait);
    EXPECT_EQ(choice.until, kNow + HeadMerge::kWaitMax);
    merge.head_is_awaited(b, kNow + 20s);
    EXPECT_EQ(merge.next(kNow + HeadMerge::kWaitMax - 1ms).step, Step::kWait);
    choice = merge.next(kNow + HeadMerge::kWaitMax);
    EXPECT_EQ(choice.step, Step::kTake) << "saying it again does not prolong the wait";
    EXPECT_EQ(choice.input, a);
    // After its next record it is waited for anew.
    merge.head_is(a, ago(1h), kNow);
    merge.head_is(b, ago(90min), kNow + 31s);
    EXPECT_EQ(merge.next(kNow + 31s).input, b);
    merge.head_is_awaited(b, kNow + 31s);
    EXPECT_EQ(merge.next(kNow + 32s).step, Step::kWait);
    EXPECT_EQ(merge.awaited(), 1u);
}

TEST(HeadMerge, AnInputAtItsEndHoldsUpNobody) {
    HeadMerge merge(HeadMerge::Freshness::kNever);
    const InputId a = merge.add(0, 0, kNow), b = merge.add(0, 1, kNow);
    merge.head_is(a, ago(2h), kNow);
    merge.head_is_caught_up(b);
    EXPECT_EQ(merge.next(kNow).step, Step::kTake);
    merge.head_is_caught_up(a);
    EXPECT_EQ(merge.next(kNow).step, Step::kNothing);
}

TEST(HeadMerge, IsIdleOnlyOnceNoInputIsWaitedFor) {
    HeadMerge merge(HeadMerge::Freshness::kNever);
    const InputId a = merge.add(0, 0, kNow), b = merge.add(0, 1, kNow);
    EXPECT_EQ(merge.next(kNow).step, Step::kNothing);
    EXPECT_FALSE(merge.idle())
        << "after a start nothing is fetched yet, and a crash may have kept back what comes first";
    merge.head_is_caught_up(a);
    EXPECT_FALSE(merge.idle());
    EXPECT_EQ(merge.next(kNow + HeadMerge::kWaitMax).step, Step::kNothing);
    EXPECT_FALSE(merge.idle()) << "its time is up, but it has not been read";
    merge.head_is_caught_up(b);
    EXPECT_TRUE(merge.idle());
    merge.head_is(b, ago(1h), kNow);
    EXPECT_FALSE(merge.idle());
}

TEST(HeadMerge, NewsPassAtOnceUnlessTheClockIsTheEvents) {
    for (const bool by_wall : {true, false}) {
        HeadMerge merge(by_wall ? HeadMerge::Freshness::kByWallClock : HeadMerge::Freshness::kNever);
        const InputId a = merge.add(0, 0, kNow);
        merge.add(0, 1, kNow);  // waited for
        merge.head_is(a, ago(HeadMerge::kFreshAge - 1ms), kNow);
        EXPECT_EQ(merge.next(kNow).step, by_wall ? Step::kTake : Step::kWait);
        merge.head_is(a, ago(HeadMerge::kFreshAge + 1ms), kNow);
        EXPECT_EQ(merge.next(kNow).step, Step::kWait);
    }
}

TEST(HeadMerge, WhatCannotBeReadPassesAtOnce) {
    HeadMerge merge(HeadMerge::Freshness::kNever);
    const InputId a = merge.add(0, 0, kNow);
    merge.add(0, 1, kNow);
    merge.head_is_unreadable(a);
    EXPECT_EQ(merge.next(kNow).step, Step::kTake);
}

TEST(HeadMerge, NewsAndBacklogTakeTurns) {
    HeadMerge merge(HeadMerge::Freshness::kByWallClock);
    const InputId old = merge.add(0, 0, kNow), fresh = merge.add(0, 1, kNow);
    int news = 0;
    for (int i = 0; i < 10; ++i) {
        merge.head_is(old, ago(2h), kNow);
        merge.head_is(fresh, ago(1s), kNow);
        news += merge.next(kNow).input == fresh ? 1 : 0;
    }
    EXPECT_EQ(news, 5);
}

TEST(HeadMerge, AnInputTakenAwayIsForgotten) {
    HeadMerge merge(HeadMerge::Freshness::kNever);
    const InputId a = merge.add(0, 0, kNow), b = merge.add(0, 1, kNow);
    merge.head_is(a, ago(2h), kNow);
    merge.remove(b);
    EXPECT_EQ(merge.next(kNow).input, a) << "nobody waits for it";
    merge.remove(a);
    EXPECT_EQ(merge.next(kNow).step, Step::kNothing);
    EXPECT_LE(merge.add(0, 5, kNow), b) << "numbers are given again";
}

// Whatever the inputs hold and whenever their records arrive: what comes out is in order if each input is, and all of
// it.
TEST(HeadMerge, OrderedInputsGiveOneOrderedRun) {
    std::mt19937 random(20240301);
    for (int round = 0; round < 300; ++round) {
        HeadMerge merge(HeadMerge::Freshness::kNever);
        std::vector<std::vector<Instant>> inputs(1 + random() % 5);
        std::vector<InputId> ids;
        std::size_t total = 0;
        for (auto& events : inputs) {
            Instant t = ago(500h);
            for (auto n = random() % 30; n > 0; --n) events.push_back(t += Duration(random() % 100'000));
            total += events.size();
            ids.push_back(merge.add(0, static_cast<std::int32_t>(ids.size()), kNow));
        }
        std::vector<std::size_t> at(inputs.size());
        std::vector<Instant> out;
        for (int steps = 0; out.size() < total && steps < 100'000; ++steps) {
            for (std::size_t i = 0; i < inputs.size(); ++i) {
                if (at[i] == inputs[i].size())
                    merge.head_is_caught_up(ids[i]);
                else if (random() % 3 == 0)
                    merge.head_is_awaited(ids[i], kNow);
                else
                    merge.head_is(ids[i], inputs[i][at[i]], kNow);
            }
            const auto choice = merge.next(kNow);
            if (choice.step != Step::kTake) continue;
            out.push_back(inputs[choice.input][at[choice.input]++]);
        }
        ASSERT_EQ(out.size(), total);
        EXPECT_TRUE(std::is_sorted(out.begin(), out.end())) << "round " << round;
    }
}

}  // namespace
}  // namespace tocsin::intake
