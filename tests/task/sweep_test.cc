/// New rules over what is remembered: in slices between records, through crashes, to the same end as at once.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <map>

#include "disk.h"
#include "rule_text.h"
#include "task/task_group.h"

namespace tocsin::task {
namespace {

using namespace std::chrono_literals;
using Told = std::vector<std::string>;

constexpr const char* kOld = R"(  - alert: Old
    on: hotline_rating
    by: [customer]
    within: 7d
    measures: {n: count()}
    levels: {yellow: n >= 100}
)";
constexpr const char* kThree = R"(  - alert: Three
    on: complaint
    by: [customer]
    within: 6d
    measures: {n: count()}
    levels: {yellow: n >= 3, orange: n >= 4}
)";
constexpr const char* kPlaces = R"(  - alert: Places
    on: complaint
    by: [area]
    within: 1d
    measures: {people: distinct(customer), n: count()}
    levels: {yellow: people >= 8, red: n >= 100}
)";

Instant at(std::int64_t second) {
    return from_millis(1'458'561'600'000 + second * 1000);
}

class SweepTest : public testing::Test {
protected:
    static constexpr std::uint32_t kTasks = 2;

    std::shared_ptr<const RuleSet> rules(const std::string& body) {
        return rules_of(schema_, "groups:\n- name: g\n  rules:\n" + body);
    }
    /// The next life, from what is stored.
    void live(const std::string& body) {
        group_ = std::make_unique<TaskGroup>(setting_);
        for (std::uint32_t i = 0; i < kTasks; ++i) {
            for (const auto& [key, value] : stored_[i]) EXPECT_TRUE(group_->task(i).load(key, value).ok());
        }
        group_->adopt(rules(body));
    }
    void give(const std::string& id, int customer, std::int64_t second, Duration behind = 0s) {
        const std::string who = "c" + std::to_string(customer);
        Event event;
        event.kind = *schema_.kind("complaint");
        event.time = at(second);
        event.id = id;
        event.customer = event.subscriber = who;
        event.area = "north";
        for (std::uint32_t i = 0; i < kTasks; ++i) group_->task(i).advance(event.time - behind);
        group_->apply(static_cast<std::uint32_t>(customer) % kTasks, event);
    }
    /// Twelve people, of whom one in three has complained three times.
    void remember() {
        for (int i = 0; i < 36; ++i) {
            const int who = i < 12 ? i : (i % 4) * 3;
            if (i < 20) give("e" + std::to_string(i), who, i * 60);
        }
    }
    void store(std::uint32_t from = 0, std::uint32_t to = kTasks) {
        for (std::uint32_t i = from; i < to; ++i) {
            put_on_disk(group_->task(i), stored_[i]);
            take(i);
        }
    }
    void take(std::uint32_t i) {
        for (const Transition& t : group_->task(i).take_transitions()) {
            made_.push_back(t.id() + " " + t.rule + " " + std::string(transition_name(t.kind)) + " " +
                            std::string(level_name(t.level)) + (t.swept ? " swept" : ""));
        }
    }
    Told told() {
        for (std::uint32_t i = 0; i < kTasks; ++i) take(i);
        std::sort(made_.begin(), made_.end());
        return std::exchange(made_, {});
    }
    void sweep_all(std::size_t slice = 1) {
        while (group_->sweep(slice)) continue;
    }
    static std::size_t with(const Told& all, const std::string& what) {
        return static_cast<std::size_t>(
            std::count_if(all.begin(), all.end(), [&](const auto& t) { return t.find(what) != std::string::npos; }));
    }
    std::vector<Rows> rows() {
        store();
        return stored_;
    }

    EventSchema schema_ = EventSchema::builtin();
    AreaTree areas_;
    Pseudonymizer pseudonyms_ = Pseudonymizer::fixed();
    Setting setting_{schema_, areas_, pseudonyms_, {}, kTasks};
    std::unique_ptr<TaskGroup> group_;
    std::vector<Rows> stored_ = std::vector<Rows>(kTasks);
    Told made_;
};

const std::string kNew = std::string(kOld) + kThree + kPlaces;

TEST_F(SweepTest, NothingIsSaidBeforeItsTurnAndEverythingAtTheEnd) {
    live(kOld);
    remember();
    EXPECT_TRUE(told().empty());
    group_->adopt(rules(kNew));
    EXPECT_TRUE(told().empty()) << "a reload itself judges nobody";
    EXPECT_TRUE(group_->warming());
    EXPECT_EQ(group_->warming_rules(), (std::vector<bool>{false, true, true}));
    EXPECT_EQ(group_->left_to_sweep(), 12u);
    EXPECT_TRUE(group_->sweep(5));
    EXPECT_EQ(group_->left_to_sweep(), 7u);
    EXPECT_EQ(group_->swept(), 5u);
    EXPECT_TRUE(group_->sweep(6));
    EXPECT_EQ(with(told(), "Places"), 0u) << "of places only when all that is remembered is in their cells";
    EXPECT_FALSE(group_->sweep(5));
    const Told all = told();
    EXPECT_EQ(with(all, "Places opened yellow swept"), 1u);
    EXPECT_EQ(with(all, "swept"), all.size());
    EXPECT_FALSE(group_->warming());
    give("f1", 0, 3'000);
    EXPECT_EQ(with(told(), "swept"), 0u) << "what an event brings about is told as ever";
}

TEST_F(SweepTest, ANewRuleIsHeardWithAllThatComesAtThatInstant) {
    const std::string body = "  - {alert: New, on: complaint, by: [customer], within: 1h, ";
    for (const char* rule : {"interval: 10m, levels: {yellow: count() == 1, orange: count() >= 2}}\n",
                             "for: 10m, levels: {yellow: count() == 1}}\n"}) {
        live(kOld);
        give("e1", 0, 0);
        for (std::uint32_t i = 0; i < kTasks; ++i) group_->task(i).advance(at(600));
        group_->adopt(rules(kOld + (body + rule)));
        sweep_all();
        EXPECT_EQ(with(told(), "yellow"), 0u) << rule;
        give("e2", 0, 600);
        group_->finish(at(700));
        EXPECT_EQ(with(told(), "yellow"), 0u) << "when the instant had passed there were two: " << rule;
    }
}

TEST_F(SweepTest, ARuleThatIsGoneClosesNothingBeforeItOpened) {
    live(std::string(kOld) + kThree);
    for (int i = 1; i <= 3; ++i) give("e" + std::to_string(i), 0, i * 10, 1min);
    group_->adopt(rules(kOld));
    const auto made = group_->task(0).take_transitions();
    ASSERT_EQ(made.size(), 2u);
    EXPECT_EQ(made[0].at, at(30));
    EXPECT_EQ(made[1].reason, CloseReason::kRuleRemoved);
    EXPECT_EQ(made[1].at, at(30)) << "although the clock is behind that";
}

TEST_F(SweepTest, ARuleThatTellsOthersApartIsAnotherRule) {
    const std::string three =
        "  - {alert: Three, on: complaint, within: 6d, levels: {yellow: count() >= 3}, limit: 1, by: ";
    live(kOld + three + "[customer]}\n");
    for (int i = 1; i <= 3; ++i) give("e" + std::to_string(i), 0, i * 10);
    EXPECT_EQ(with(told(), "Three opened yellow"), 1u);
    group_->adopt(rules(kOld + three + "[subscriber]}\n"));
    EXPECT_EQ(with(told(), "Three closed"), 1u);
    sweep_all();
    const Told all = told();
    EXPECT_EQ(with(all, "Three opened yellow"), 1u);
    EXPECT_EQ(all.size(), 1u) << "the one that closed does not count against the limit";
}

TEST_F(SweepTest, PlacesOfARuleThatIsGoneAreNoneOfTheNextOne) {
    const std::string few = "  - {alert: Few, on: complaint, within: 1h, levels: {yellow: count() < 3}, by: ";
    live(kOld + few + "[area]}\n");
    give("e1", 0, 0);
    EXPECT_EQ(with(told(), "Few opened yellow"), 1u);
    group_->adopt(rules(kOld + few + "[category]}\n"));
    sweep_all();
    EXPECT_EQ(told().size(), 1u) << "closed; north is no category";
    group_->adopt(rules(kOld));
    group_->adopt(rules(kOld + few + "[area]}\n"));
    EXPECT_EQ(with(told(), "Few opened"), 0u) << "as after a start: nothing is known of the place";
}

TEST_F(SweepTest, SlicesAndEventsBetweenThemLeadToWhatOneStrokeLeadsTo) {
    std::vector<Rows> first;
    Told said;
    for (const std::size_t slice : {1'000, 5, 1}) {
        stored_.assign(kTasks, {});
        live(kOld);
        remember();
        group_->adopt(rules(kNew));
        for (int i = 0; i < 12; ++i) {
            group_->sweep(slice);
            give("f" + std::to_string(i), (i * 5) % 13, 3'000 + i);  // known people, met and not met, and a new one
        }
        sweep_all(slice);
        Told now = told();
        for (std::string& t : now) t = t.substr(0, t.find(" swept"));
        std::vector<Rows> left = rows();
        for (Rows& of_task : left) {
            std::erase_if(of_task, [](const auto& row) { return row.first.front() != 'c'; });
        }
        if (first.empty()) {
            first = left;
            continue;
        }
        EXPECT_EQ(left, first) << "cells, in slices of " << slice;
        EXPECT_GT(with(now, "Three"), 0u);
    }
    EXPECT_GT(first[0].size() + first[1].size(), 4u);
}

TEST_F(SweepTest, ACrashAnywhereCountsNobodyTwiceAndSaysEverythingOnce) {
    Told uncrashed;
    std::vector<Rows> left;
    for (int crash = -1; crash < 15; ++crash) {
        stored_.assign(kTasks, {});
        live(kOld);
        remember();
        store();
        told();
        Told all;
        live(kNew);
        for (int n = 0; group_->warming(); ++n) {
            group_->sweep(1);
            if (n % 3 == 1) store();      // everybody's commit
            if (n % 4 == 2) store(0, 1);  // the crash comes between two tasks' commits
            if (n == crash) {
                const Told durable = std::exchange(made_, {});
                all.insert(all.end(), durable.begin(), durable.end());
                live(kNew);
            }
        }
        store();
        const Told rest = told();
        all.insert(all.end(), rest.begin(), rest.end());
        std::sort(all.begin(), all.end());
        if (crash == -1) {
            uncrashed = all;
            left = stored_;
            EXPECT_EQ(with(all, "Places opened yellow"), 1u);
            EXPECT_EQ(with(all, "Three opened yellow"), 4u);
        }
        EXPECT_EQ(all, uncrashed) << "crash after slice " << crash;
        EXPECT_EQ(stored_, left) << "crash after slice " << crash;
    }
}

// The negative control of the test above: there is something that would be counted twice.
TEST_F(SweepTest, ACrashLeavesCellsThatAreHalfFull) {
    const auto events_in_cells = [&] {
        std::uint64_t events = 0;
        for (std::uint32_t i = 0; i < kTasks; ++i) {
            group_->task(i).cells().for_each([&](std::string_view, const ledger::Cell& cell) {
                for (const ledger::Bucket& bucket : cell.buckets()) events += bucket.events;
            });
        }
        return events;
    };
    live(kOld);
    remember();
    store();
    live(kNew);
    group_->sweep(8);
    const std::uint64_t half = events_in_cells();
    EXPECT_GT(half, 10u) << "the first task has filled all of its cells, the second some";
    EXPECT_LT(half, 20u);
    store();
    live(kNew);
    EXPECT_EQ(events_in_cells(), 10u) << "what was not complete is emptied before it is filled again";
    sweep_all();
    EXPECT_EQ(events_in_cells(), 20u) << "all there are";
}

TEST_F(SweepTest, ARuleThatComesBackDoesNotFindItsOldNumbers) {
    live(std::string(kOld) + kPlaces);
    remember();
    EXPECT_EQ(with(told(), "Places opened yellow"), 1u);
    group_->adopt(rules(kOld));
    told();
    group_->adopt(rules(kNew));
    sweep_all();
    told();
    for (int i = 0; i < 79; ++i) give("f" + std::to_string(i), i % 8, 3'000 + i);
    EXPECT_EQ(with(told(), "Places raised red"), 0u) << "99 complaints";
    give("g", 1, 4'000);
    EXPECT_EQ(with(told(), "Places raised red"), 1u);
}

TEST_F(SweepTest, TwoRulesOverTheSameCellsCountEachEventOnce) {
    std::string second = kPlaces;
    second.replace(second.find("Places"), 6, "Others");
    live(std::string(kPlaces) + second);
    for (int i = 0; i < 7; ++i) give("e" + std::to_string(i), i, i);
    for (int i = 7; i < 99; ++i) give("e" + std::to_string(i), i % 7, i);
    EXPECT_EQ(told(), Told{});
    give("e99", 1, 100);
    EXPECT_EQ(with(told(), "opened red"), 2u);
}

TEST_F(SweepTest, AReloadDuringASweepBeginsItAgainForBothRules) {
    live(kOld);
    remember();
    group_->adopt(rules(std::string(kOld) + kThree));
    group_->sweep(7);
    group_->adopt(rules(kNew));
    EXPECT_EQ(group_->warming_rules(), (std::vector<bool>{false, true, true}))
        << "the first has not been judged everywhere";
    sweep_all();
    const Told all = told();
    EXPECT_EQ(with(all, "Three opened yellow"), 4u);
    EXPECT_EQ(with(all, "Places opened yellow"), 1u);
}

TEST_F(SweepTest, RulesThatDidNotChangeAreJudgedMeanwhile) {
    live(std::string(kOld) + kThree);
    remember();
    EXPECT_EQ(with(told(), "Three opened yellow"), 4u);
    group_->adopt(rules(kNew));
    EXPECT_EQ(group_->warming_rules(), (std::vector<bool>{false, false, true}));
    give("f1", 0, 3'000);
    const Told said = told();
    EXPECT_EQ(with(said, "Three raised orange"), 1u);
    EXPECT_EQ(with(said, "swept"), 0u);
}

TEST_F(SweepTest, AnEventJudgesWhoItTouchesAtOnce) {
    live(kOld);
    remember();
    group_->adopt(rules(kNew));
    give("f1", 0, 3'000);
    const Told said = told();
    EXPECT_EQ(with(said, "Three opened yellow swept"), 1u) << "that was so before the event";
    EXPECT_EQ(with(said, "Three raised orange"), 1u);
    EXPECT_EQ(with(said, "Three raised orange swept"), 0u);
}

TEST_F(SweepTest, OtherLevelsOverKnownCellsNeedNoSweep) {
    live(std::string(kOld) + kPlaces);
    remember();
    told();
    std::string other = kPlaces;
    other.replace(other.find("people >= 8"), 11, "people >= 9");
    other.replace(other.find("n >= 100"), 8, "n >= 20");
    group_->adopt(rules(std::string(kOld) + other));
    EXPECT_FALSE(group_->warming());
    EXPECT_EQ(with(told(), "Places raised red swept"), 1u);
}

TEST_F(SweepTest, AWindowThatReachesBeforeWhatIsKeptIsIncompleteUntilItDoesNot) {
    constexpr std::int64_t kDay = 86'400;
    live(kOld);
    give("e1", 1, 0);
    give("e2", 1, 20 * kDay);
    std::string longer = kThree;
    longer.replace(longer.find("6d"), 2, "10d");
    group_->adopt(rules(std::string(kOld) + longer));
    const auto incomplete = [&](std::size_t rule) {
        return group_->incomplete_until(group_->task(0).recorder().rules().rules[rule]);
    };
    EXPECT_EQ(incomplete(0), std::nullopt) << "7 days were kept";
    EXPECT_EQ(incomplete(1), at(23 * kDay)) << "10 days behind the oldest instant of which all was kept";
    sweep_all();
    store();
    live(std::string(kOld) + longer);
    EXPECT_EQ(incomplete(1), at(23 * kDay)) << "also after a restart";
    give("e3", 1, 23 * kDay);
    EXPECT_EQ(incomplete(1), std::nullopt);
}

// Also the measurement: TOCSIN_SWEEP_PROFILES=1000000 build/release/src/task/task_test --gtest_filter='*LookedAtOnce*'
TEST_F(SweepTest, EachProfileIsLookedAtOnceHoweverManyRulesAreNew) {
    const char* asked = std::getenv("TOCSIN_SWEEP_PROFILES");
    const int profiles = asked == nullptr ? 500 : std::atoi(asked);
    live(kOld);
    for (int i = 0; i < 2 * profiles; ++i) give("e" + std::to_string(i), i % profiles, i / 100);
    const auto now = [] { return std::chrono::steady_clock::now(); };
    for (const auto& [name, body] : {std::pair<const char*, std::string>("a rule about persons", kThree),
                                     {"a rule about places", kPlaces},
                                     {"both", std::string(kThree) + kPlaces}}) {
        group_->adopt(rules(kOld));
        const std::uint64_t before = group_->swept();
        const auto begin = now();
        group_->adopt(rules(std::string(kOld) + body));
        const std::chrono::duration<double> adopting = now() - begin;
        std::chrono::duration<double> longest{}, all{};
        for (bool more = true; more;) {
            const auto slice = now();
            more = group_->sweep(128);
            all += now() - slice;
            longest = std::max<std::chrono::duration<double>>(longest, now() - slice);
        }
        EXPECT_EQ(group_->swept() - before, static_cast<std::uint64_t>(profiles)) << name;
        if (asked == nullptr) continue;
        std::cout << name << ": " << profiles / all.count() << " profiles/s, adopted in " << adopting.count() * 1e3
                  << " ms, longest slice of 128 " << longest.count() * 1e3 << " ms\n";
    }
}

}  // namespace
}  // namespace tocsin::task
