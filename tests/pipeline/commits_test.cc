/// When the engine commits, and what one commit holds.

#include <gtest/gtest.h>

#include "fixtures.h"

namespace tocsin::pipeline {
namespace {

using namespace std::chrono_literals;
using Ids = std::vector<std::string>;

TEST_F(EngineTest, ABacklogIsCommittedAtItsIntervalAndWhatIsNewAtOnce) {
    ArrayLog log(1);
    for (int i = 1; i <= 8000; ++i) log.append(0, record("e" + std::to_string(i), "c" + std::to_string(i), i));
    EngineOptions options = wall();
    options.backlog_commit_interval = 3s;
    auto life = live(log, options);
    const auto commits_after_a_step = [&](Instant now) {
        EXPECT_TRUE(life->engine->step(now).ok());
        return life->adder.commits;
    };
    const int first = commits_after_a_step(at(10'000));
    EXPECT_EQ(commits_after_a_step(at(10'000) + 2900ms), first) << "a step takes 2,000 records: there is more";
    EXPECT_EQ(commits_after_a_step(at(10'000) + 3s), first + 1);
    EXPECT_EQ(commits_after_a_step(at(10'000) + 3050ms), first + 1) << "the last 2,000";
    EXPECT_EQ(commits_after_a_step(at(10'000) + 3100ms), first + 2) << "nothing more to read: 100 ms are enough";
}

TEST_F(EngineTest, PositionAndStateAreOneCommit) {
    ArrayLog log(1);
    for (int i = 1; i <= 2; ++i) log.append(0, record("e" + std::to_string(i), "anna", i));
    {
        auto life = live(log);
        life->run(at(100));
        // The commit of the last step is too recent for another one: these two die with the process.
        log.append(0, record("e3", "anna", 3));
        log.append(0, record("e4", "anna", 4));
        ASSERT_TRUE(life->engine->step(at(100)).ok());
        EXPECT_EQ(life->lane().position.next, 4);
        EXPECT_EQ(life->notebook.transitions.size(), 0u) << "what is not committed is not told";
    }
    EXPECT_EQ(decode_position(stored().at(std::string(kPositionKey)))->next, 2);

    auto next_life = live(log);
    next_life->run(at(101));
    ASSERT_TRUE(next_life->engine->flush(at(101)).ok());
    EXPECT_EQ(next_life->adder.applied_ids, (Ids{"e3", "e4"})) << "the two that died are read again, no other is";
    EXPECT_EQ(counted(*next_life, task::Outcome::kDuplicate), 0) << "and the state had not seen them";
    ASSERT_EQ(next_life->notebook.transitions.size(), 2u);
    EXPECT_EQ(next_life->notebook.transitions[0].first.events, (Ids{"e3", "e2", "e1"})) << "opened";
    EXPECT_EQ(next_life->notebook.transitions[1].first.number, 2u) << "and then one more";
}

TEST_F(EngineTest, WhatIsCountedOfAnInputIsNeverStoredWithoutItsProgress) {
    ArrayLog log(2);
    StoredRecord r = record("e1", "anna", 1);
    r.origin = "in/0/4/0";
    log.append(1, r);
    log.append(0, {"", "", "", intake::encode_marks({{}, at(2)}), {}});  // nothing earlier is still to come there
    auto life = live(log, rekeyed(), 2);
    life->progress.set("in", 0, {0, 4, {}});
    life->run(at(100));
    ASSERT_TRUE(life->engine->flush(at(100)).ok());
    EXPECT_EQ(stored(0).at("iin/0"), "1 0 4 -1 0");
    EXPECT_EQ(stored(1).at("fin/0"), "1 0 4");
    life->progress.set("in", 0, {0, 5, {4, 77}});
    ASSERT_TRUE(life->engine->flush(at(101)).ok()) << "nothing was counted since";
    EXPECT_EQ(stored(0).at("iin/0"), "1 0 5 4 77");
}

}  // namespace
}  // namespace tocsin::pipeline
