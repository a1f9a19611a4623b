/// Tasks as the engine drives them: events in, transitions and stored entries out, and back again.

#include "task/task.h"

#include <gtest/gtest.h>

#include <map>

#include "disk.h"
#include "rule_text.h"
#include "task/subject.h"
#include "task/task_group.h"

namespace tocsin::task {
namespace {

using namespace std::chrono_literals;

Instant at(std::int64_t seconds) {
    return from_millis(1'458'561'600'000 + seconds * 1000);
}

constexpr const char* kThree = R"(  - alert: Three
    on: complaint
    by: [customer]
    within: 7d
    measures: {n: count()}
    levels: {yellow: n >= 3, orange: n >= 5}
    keep_firing_for: 1d
    raises: case
)";
constexpr const char* kPromise = R"(  - alert: Promise
    expect: {after: registration, event: reconnection, within: 1h}
    by: [subscriber]
    levels: {yellow: overdue >= 0s, orange: overdue >= 3h}
    raises: case
)";
constexpr const char* kSurge = R"(  - alert: Surge
    on: complaint
    by: [area]
    within: 1h
    measures: {people: distinct(customer)}
    levels: {red: people >= 3}
    keep_firing_for: 30m
    raises: warning
)";

class TaskTest : public testing::Test {
protected:
    std::shared_ptr<const RuleSet> rules(const std::string& body) {
        return rules_of(schema_, "groups:\n- name: g\n  rules:\n" + body);
    }
    std::unique_ptr<TaskGroup> group(const std::shared_ptr<const RuleSet>& set, std::uint32_t tasks = 1) {
        setting_ = std::make_unique<Setting>(Setting{schema_, areas_, pseudonyms_, {}, tasks});
        auto made = std::make_unique<TaskGroup>(*setting_);
        for (std::uint32_t i = 0; i < tasks; ++i) {
            for (const auto& [key, value] : stored_[i]) {
                const auto loaded = made->task(i).load(key, value);
                EXPECT_TRUE(loaded.ok()) << loaded.error().message;
            }
        }
        made->adopt(set);
        return made;
    }
    Applied give(TaskGroup& tasks, const std::string& id, const std::string& customer, std::int64_t second,
                 const std::string& kind = "complaint", const std::string& area = "", std::uint32_t task = 0) {
        Event event;
        event.kind = *schema_.kind(kind);
        event.time = at(second);
        event.id = id;
        event.customer = event.subscriber = customer;
        event.area = area;
        tasks.task(task).advance(event.time);
        return tasks.apply(task, event);
    }
    /// "rule kind level" of each, and forgets them.
    static std::vector<std::string> told(TaskGroup& tasks) {
        std::vector<std::string> all;
        for (std::uint32_t i = 0; i < tasks.size(); ++i) {
            for (const Transition& t : tasks.task(i).take_transitions()) {
                const Level level = t.kind == TransitionKind::kClosed ? t.previous_level : t.level;
                all.push_back(t.rule + " " + std::string(transition_name(t.kind)) + " " +
                              std::string(level_name(level)));
            }
        }
        return all;
    }
    void store(TaskGroup& tasks) {
        for (std::uint32_t i = 0; i < tasks.size(); ++i) {
            put_on_disk(tasks.task(i), stored_[i]);
        }
    }

    EventSchema schema_ = EventSchema::builtin();
    AreaTree areas_;
    Pseudonymizer pseudonyms_ = Pseudonymizer::fixed();
    std::unique_ptr<Setting> setting_;
    std::map<std::uint32_t, Rows> stored_;
};

using Told = std::vector<std::string>;

TEST_F(TaskTest, OpensRaisesAndClosesACase) {
    auto tasks = group(rules(kThree));
    for (int i = 1; i <= 3; ++i) give(*tasks, "e" + std::to_string(i), "anna", i * 60);
    EXPECT_EQ(told(*tasks), Told{"Three opened yellow"});
    for (int i = 4; i <= 5; ++i) give(*tasks, "e" + std::to_string(i), "anna", i * 60);
    EXPECT_EQ(told(*tasks), (Told{"Three updated yellow", "Three raised orange"}));
    tasks->finish(at(0) + 20 * 24h);
    EXPECT_EQ(told(*tasks), (Told{"Three lowered yellow", "Three closed yellow"}));
}

TEST_F(TaskTest, AnIdCountsOnceAlsoAfterARestart) {
    const auto set = rules(kThree);
    auto tasks = group(set);
    EXPECT_EQ(give(*tasks, "e1", "anna", 1).outcome, Outcome::kCounted);
    EXPECT_EQ(give(*tasks, "e1", "anna", 1).outcome, Outcome::kDuplicate);
    store(*tasks);
    tasks = group(set);
    EXPECT_EQ(give(*tasks, "e1", "anna", 2).outcome, Outcome::kDuplicate);
    EXPECT_EQ(give(*tasks, "e2", "anna", 2).outcome, Outcome::kCounted);
}

TEST_F(TaskTest, LateCountsAndTooLateDoesNot) {
    auto tasks = group(rules(kThree));
    give(*tasks, "now", "anna", 0);
    EXPECT_EQ(give(*tasks, "late", "anna", -3'600).outcome, Outcome::kLate);
    EXPECT_EQ(give(*tasks, "later", "anna", -7'200).outcome, Outcome::kLate);
    EXPECT_EQ(told(*tasks), Told{"Three opened yellow"}) << "three of them lie in seven days";
    EXPECT_EQ(give(*tasks, "old", "anna", -std::int64_t{401} * 86'400).outcome, Outcome::kTooLate);
}

TEST_F(TaskTest, ARestartBetweenAnyTwoEventsChangesNothing) {
    const auto set = rules(std::string(kThree) + kPromise + kSurge);
    const auto play = [&](bool restarts) {
        stored_.clear();
        auto tasks = group(set, 2);
        Told all;
        for (int i = 0; i < 40; ++i) {
            const auto id = "e" + std::to_string(i);
            const std::uint32_t task = i % 2;
            const std::string customer = (task == 0 ? "a" : "b") + std::to_string(i % 6);
            give(*tasks, id, customer, i * 400, i % 5 == 0 ? "registration" : "complaint", "north", task);
            for (auto& line : told(*tasks)) all.push_back(line);
            if (!restarts) continue;
            store(*tasks);
            tasks = group(set, 2);
            EXPECT_EQ(told(*tasks), Told{}) << "starting again says nothing";
        }
        tasks->finish(at(0) + 30 * 24h);
        for (auto& line : told(*tasks)) all.push_back(line);
        return all;
    };
    const Told once = play(false);
    EXPECT_GT(once.size(), 10u);
    EXPECT_EQ(play(true), once);
}

TEST_F(TaskTest, AnAreaIsCountedOverTheTasksOfItsPeople) {
    auto tasks = group(rules(kSurge), 3);
    give(*tasks, "e1", "a", 1, "complaint", "north", 0);
    give(*tasks, "e2", "b", 2, "complaint", "north", 1);
    give(*tasks, "e3", "b", 3, "complaint", "north", 1);
    EXPECT_EQ(told(*tasks), Told{}) << "two people";
    give(*tasks, "e4", "c", 4, "complaint", "north", 2);
    EXPECT_EQ(told(*tasks), Told{"Surge opened red"});
}

TEST_F(TaskTest, APromiseHeldDoesNotBreakUntilItIsLetGo) {
    auto tasks = group(rules(kPromise));
    give(*tasks, "r", "anna", 0, "registration");
    tasks->task(0).hold({true});
    tasks->task(0).advance(at(2 * 3'600));
    EXPECT_EQ(told(*tasks), Told{});
    tasks->task(0).hold({false});
    tasks->task(0).advance(at(2 * 3'600 + 1));
    EXPECT_EQ(told(*tasks), Told{"Promise opened yellow"});
}

TEST_F(TaskTest, ARuleThatIsGoneClosesItsCases) {
    auto tasks = group(rules(std::string(kThree) + kSurge));
    for (int i = 1; i <= 3; ++i) give(*tasks, "e" + std::to_string(i), "anna", i);
    told(*tasks);
    store(*tasks);
    tasks = group(rules(kSurge));
    const auto all = tasks->task(0).take_transitions();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].kind, TransitionKind::kClosed);
    EXPECT_EQ(all[0].reason, CloseReason::kRuleRemoved);
}

TEST_F(TaskTest, ANewRuleWorksOnWhatAlreadyHappened) {
    auto tasks = group(rules(kPromise));
    for (int i = 1; i <= 3; ++i)
        give(*tasks, "e" + std::to_string(i), "a" + std::to_string(i), i, "complaint", "north");
    for (int i = 4; i <= 5; ++i) give(*tasks, "e" + std::to_string(i), "a1", i, "complaint", "north");
    EXPECT_EQ(told(*tasks), Told{}) << "nobody asked";
    store(*tasks);
    tasks = group(rules(std::string(kPromise) + kThree + kSurge));
    EXPECT_EQ(told(*tasks), Told{}) << "it is judged in the background";
    while (tasks->sweep(1)) continue;
    EXPECT_EQ(told(*tasks), (Told{"Three opened yellow", "Surge opened red"}));
}

TEST_F(TaskTest, ANewRuleAboutPlacesIsJudgedAtOnceAlsoBesideAnOlderOne) {
    std::string older = kSurge;
    older.replace(older.find("Surge"), 5, "Older");
    older.replace(older.find(">= 3"), 4, ">= 9");
    auto tasks = group(rules(older));
    for (int i = 1; i <= 3; ++i)
        give(*tasks, "e" + std::to_string(i), "a" + std::to_string(i), i, "complaint", "north");
    give(*tasks, "e4", "a1", 600, "complaint", "south");
    EXPECT_EQ(told(*tasks), Told{});
    tasks->adopt(rules(older + kSurge));
    EXPECT_EQ(told(*tasks), Told{"Surge opened red"});
}

TEST_F(TaskTest, CellsOfANewRuleAreThoseThatCountingLiveWouldHaveMade) {
    const auto cells_of = [&](bool from_the_beginning) {
        stored_.clear();
        auto tasks = group(rules(from_the_beginning ? std::string(kPromise) + kSurge : kPromise));
        for (int i = 0; i < 60; ++i) {
            const std::string who = "a" + std::to_string(i % 7);
            give(*tasks, "e" + std::to_string(i), who, (i * 37 % 40) * 60, "complaint",
                 i % 3 == 0 ? "north/a" : "north/b");
        }
        store(*tasks);
        tasks = group(rules(std::string(kPromise) + kSurge));
        while (tasks->sweep(1)) continue;
        store(*tasks);
        std::map<std::string, std::string> cells;
        for (const auto& [key, value] : stored_[0]) {
            if (key.front() == 'c') cells[key] = value;
        }
        return cells;
    };
    const auto live = cells_of(true);
    EXPECT_GT(live.size(), 60u);
    EXPECT_EQ(cells_of(false), live);
}

TEST_F(TaskTest, ARuleThatDidNotChangeKeepsItsEpisodes) {
    auto tasks = group(rules(std::string(kThree) + kPromise));
    for (int i = 1; i <= 3; ++i) give(*tasks, "e" + std::to_string(i), "anna", i);
    EXPECT_EQ(told(*tasks), Told{"Three opened yellow"});
    store(*tasks);
    tasks = group(rules(std::string(kSurge) + kThree));
    EXPECT_EQ(told(*tasks), Told{});
    give(*tasks, "e4", "anna", 120);
    EXPECT_EQ(told(*tasks), Told{"Three updated yellow"});
}

TEST_F(TaskTest, APseudonymLeadsBackToItsPerson) {
    auto tasks = group(rules(kThree));
    give(*tasks, "e1", "13900000001", 1);
    EXPECT_EQ(tasks->task(0).customer_of(pseudonyms_('c', "13900000001")), "13900000001");
    EXPECT_EQ(tasks->task(0).customer_of("c-nobody"), "");
}

TEST_F(TaskTest, EntriesOfAFormatOfTheFutureAreRefused) {
    auto tasks = group(rules(kThree));
    for (int i = 1; i <= 3; ++i) give(*tasks, "e" + std::to_string(i), "anna", i);
    store(*tasks);
    for (const auto& [key, value] : stored_[0]) {
        if (value.empty() || key.front() == 'd') continue;  // a word of the dictionary is its bytes
        TaskGroup other(*setting_);
        std::string newer = value;
        newer[0] = '\x7f';
        const auto loaded = other.task(0).load(key, newer);
        ASSERT_FALSE(loaded.ok()) << "key " << testing::PrintToString(key);
        EXPECT_EQ(loaded.error().kind, ErrorKind::kFatal);
    }
}

TEST(Subject, NoTwoSubjectsShareAKey) {
    EXPECT_NE(subject_key({"a", "bc"}), subject_key({"ab", "c"}));
    EXPECT_NE(subject_key({"a"}), subject_key({"a", ""}));
    EXPECT_EQ(subject_values(subject_key({"a", "", "b/c"})), (std::vector<std::string>{"a", "", "b/c"}));
}

TEST(Subject, OwnersAreSpreadAndTheSameForEver) {
    Rule rule;
    rule.name = "Surge";
    std::map<std::uint32_t, int> owners;
    for (int i = 0; i < 1000; ++i) ++owners[owner_of(rule, subject_key({"area" + std::to_string(i)}), 4)];
    ASSERT_EQ(owners.size(), 4u);
    for (const auto& [task, n] : owners) EXPECT_GT(n, 180) << task;
}

}  // namespace
}  // namespace tocsin::task
