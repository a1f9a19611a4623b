/// A reload on the running engine: new rules are judged between records, and what that finds is kept for a digest.

#include "fixtures.h"

namespace tocsin::pipeline {
namespace {

constexpr const char* kTwice = R"(  - alert: Twice
    on: complaint
    by: [customer]
    within: 7d
    measures: {n: count()}
    levels: {yellow: n >= 2}
    keep_firing_for: 1d
    raises: case
)";

class ReloadTest : public EngineTest {
protected:
    static constexpr int kPeople = 20;

    /// Everybody complains twice.
    void remember(ArrayLog& log) const {
        for (int i = 0; i < 2 * kPeople; ++i) {
            const std::string who = "c" + std::to_string(i % kPeople);
            log.append(static_cast<std::uint32_t>(i % kPeople % 2), record("e" + std::to_string(i), who, i));
        }
    }
    static void finish(Life& life, std::int64_t second) {
        for (int n = 0; life.engine->warming() && n < 1'000; ++n) life.run(at(second));
        ASSERT_FALSE(life.engine->warming());
        life.run(at(second + 1));
        ASSERT_TRUE(life.engine->flush(at(second + 2)).ok());
    }
    /// Ids of the openings that were told of the rule, and whether it was held for a digest.
    static std::map<std::string, bool> told(const Life& life, const std::string& rule) {
        std::map<std::string, bool> all;
        for (const auto& [t, held] : life.notebook.transitions) {
            if (t.rule == rule && t.kind == TransitionKind::kOpened) all[t.id()] = held;
        }
        return all;
    }
    EventSchema schema_ = EventSchema::builtin();
    const std::shared_ptr<const RuleSet> with_twice_ = rules_of(schema_, kTwice);
};

TEST_F(ReloadTest, WhatTheSweepFindsIsHeldAndItsEndIsToldWhenAllOfItMayLeave) {
    ArrayLog log(2);
    remember(log);
    auto life = live(log, wall(), 2);
    life->run(at(100));
    EXPECT_TRUE(life->notebook.transitions.empty());
    life->engine->adopt(with_twice_);
    EXPECT_TRUE(life->engine->warming());
    finish(*life, 100);
    const auto found = told(*life, "Twice");
    EXPECT_EQ(found.size(), static_cast<std::size_t>(kPeople));
    for (const auto& [id, held] : found) EXPECT_TRUE(held) << id;
    using Warmed = std::vector<std::pair<std::size_t, std::vector<std::string>>>;
    EXPECT_EQ(life->notebook.warmed, (Warmed{{0, {}}, {0, {"Twice"}}, {kPeople, {}}}))
        << "at the start, at the reload, and behind the last of what was found";
    for (const int task : {0, 1}) log.caught_up(static_cast<std::uint32_t>(task), at(200));
    life->run(at(200));
    log.append(0, record("later", "new", 200));
    log.append(0, record("later2", "new", 201));
    life->run(at(202));
    ASSERT_TRUE(life->engine->flush(at(203)).ok());
    ASSERT_EQ(life->notebook.transitions.size(), kPeople + 1u);
    EXPECT_FALSE(life->notebook.transitions.back().second) << "what an event brings about is told as ever";
}

TEST_F(ReloadTest, RecordsAreAppliedWhileTheSweepGoesOn) {
    ArrayLog log(2);
    remember(log);
    auto life = live(log, wall(), 2);
    life->run(at(100));
    life->engine->adopt(with_twice_);
    for (int i = 0; i < 10; ++i) log.append(0, record("f" + std::to_string(i), "c0", 110 + i));
    life->run(at(130));
    EXPECT_EQ(life->adder.applied_ids.back(), "f9");
    finish(*life, 130);
    EXPECT_EQ(told(*life, "Three").size(), 1u) << "a rule that did not change";
    EXPECT_EQ(told(*life, "Twice").size(), static_cast<std::size_t>(kPeople));
}

TEST_F(ReloadTest, ACrashInTheMiddleLosesNothingAndSaysNothingTwice) {
    ArrayLog log(2);
    remember(log);
    {
        auto life = live(log, wall(), 2);
        life->run(at(100));
        ASSERT_TRUE(life->engine->flush(at(101)).ok());
    }
    std::map<std::string, bool> durable;
    {
        auto life = live(log, wall(), 2);
        life->engine->adopt(with_twice_);
        EXPECT_TRUE(life->engine->tasks().sweep(7));
        ASSERT_TRUE(life->engine->flush(at(102)).ok());
        durable = told(*life, "Twice");
        EXPECT_EQ(durable.size(), 7u);
        EXPECT_TRUE(life->engine->tasks().sweep(7)) << "what this finds is lost with the process";
    }
    auto life = std::make_unique<Life>(root_, log, 2, wall(), true, with_twice_);
    EXPECT_TRUE(life->engine->warming()) << "the rules are those that are stored, and the sweep had not ended";
    EXPECT_EQ(life->notebook.warmed.front().second, std::vector<std::string>{"Twice"});
    finish(*life, 103);
    const auto rest = told(*life, "Twice");
    EXPECT_EQ(rest.size(), kPeople - 7u);
    for (const auto& [id, held] : rest) EXPECT_FALSE(durable.contains(id)) << id;
    auto next = std::make_unique<Life>(root_.string() + "-none", log, 2, wall(), true, with_twice_);
    EXPECT_FALSE(next->engine->warming()) << "nothing is remembered there";
    std::filesystem::remove_all(root_.string() + "-none");
}

TEST_F(ReloadTest, WithTheEventClockNothingStandsStillBeforeTheEndOfTheSweep) {
    ArrayLog log(2);
    remember(log);
    auto life = live(log, by_event_time(), 2);
    life->run(at(100));
    life->engine->adopt(with_twice_);
    finish(*life, 100);
    EXPECT_EQ(told(*life, "Twice").size(), static_cast<std::size_t>(kPeople));
}

}  // namespace
}  // namespace tocsin::pipeline
