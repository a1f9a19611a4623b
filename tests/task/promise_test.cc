/// Promises as tasks judge them: late news, levels over what the after event said, and rollups over areas and tasks.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "base/calendar.h"
#include "disk.h"
#include "rule_text.h"
#include "rules/loader.h"
#include "task/subject.h"
#include "task/task_group.h"

namespace tocsin::task {
namespace {

using namespace std::chrono_literals;

Instant at(std::int64_t seconds) {
    return from_millis(1'458'561'600'000 + seconds * 1000);
}

constexpr const char* kReconnect = R"(  - alert: Late
    expect: {after: registration, event: reconnection, cancel_on: [account_cancelled], within: 1h}
    by: [subscriber]
    levels: {yellow: overdue >= 0s, orange: overdue >= 3h}
)";
constexpr const char* kRollup = R"(    rollup:
      by: [area]
      levels: {orange: open >= 3, red: open >= 5 or broken >= 6}
)";

class PromiseTask : public testing::Test {
protected:
    struct Given {
        std::int64_t second = 0;
        std::string kind, customer, area = "north/city";
        std::vector<FieldValue> fields{};
        std::string id{};
    };
    std::shared_ptr<const RuleSet> rules(const std::string& body) {
        rules::RuleSources sources;
        sources.calendars = {calendar_};
        return rules_of(schema_, "groups:\n- name: g\n  rules:\n" + body, std::move(sources));
    }
    void start(const std::shared_ptr<const RuleSet>& set, std::uint32_t tasks = 1) {
        setting_ = std::make_unique<Setting>(Setting{schema_, areas_, pseudonyms_, {}, tasks});
        tasks_ = std::make_unique<TaskGroup>(*setting_);
        for (std::uint32_t i = 0; i < tasks; ++i) {
            for (const auto& [key, value] : stored_[i]) {
                const auto loaded = tasks_->task(i).load(key, value);
                EXPECT_TRUE(loaded.ok()) << loaded.error().message;
            }
        }
        tasks_->adopt(set);
        for (std::uint32_t i = 0; i < tasks; ++i) tasks_->task(i).keep_cells_from(tasks_->task(i).clock());
    }
    void store(std::uint32_t i) { put_on_disk(tasks_->task(i), stored_[i]); }
    void restart(const std::shared_ptr<const RuleSet>& set) {
        const std::uint32_t tasks = tasks_->size();
        for (std::uint32_t i = 0; i < tasks; ++i) store(i);
        start(set, tasks);
        Instant oldest = kNever;  // as the engine says once it knows what is on disk
        for (std::uint32_t i = 0; i < tasks; ++i) oldest = std::min(oldest, tasks_->task(i).clock());
        for (std::uint32_t i = 0; i < tasks; ++i) tasks_->task(i).keep_cells_from(oldest);
    }
    Applied give(const Given& given, std::uint32_t task = 0, bool advance = true) {
        Event event;
        event.kind = *schema_.kind(given.kind);
        event.time = at(given.second);
        const std::string id =
            given.id.empty() ? given.kind + "-" + given.customer + "-" + std::to_string(given.second) : given.id;
        event.id = id;
        event.customer = event.subscriber = given.customer;
        event.area = given.area;
        event.fields = given.fields;
        if (advance) tasks_->task(task).advance(event.time);
        return tasks_->apply(task, event);
    }
    void clock(std::int64_t second) {
        for (std::uint32_t i = 0; i < tasks_->size(); ++i) tasks_->task(i).advance(at(second));
    }
    std::vector<Transition> take() {
        std::vector<Transition> all;
        for (std::uint32_t i = 0; i < tasks_->size(); ++i) {
            for (Transition& t : tasks_->task(i).take_transitions()) all.push_back(std::move(t));
        }
        return all;
    }
    static std::string line(const Transition& t) {
        const Level level = t.kind == TransitionKind::kClosed ? t.previous_level : t.level;
        std::string out = t.rule + " " + std::string(transition_name(t.kind)) + " " + std::string(level_name(level));
        if (t.kind == TransitionKind::kClosed) out += " " + std::string(close_reason_name(t.reason));
        return out;
    }
    std::vector<std::string> told(const std::string& only = {}) {
        std::vector<std::string> lines;
        for (const Transition& t : take()) {
            if (only.empty() || t.rule == only) lines.push_back(line(t));
        }
        return lines;
    }
    FieldValue field(const std::string& name, Value value) const { return {*schema_.field(name), value}; }

    std::shared_ptr<const Calendar> calendar_ = [] {
        auto cn = std::make_shared<Calendar>();
        cn->name = "cn";
        cn->zone = Zone::make("Asia/Shanghai").value();
        cn->week.free[0] = cn->week.free[6] = true;
        cn->week.hours = parse_hours("08:30-12:00, 14:00-18:00").value();
        cn->years[2016] = false;
        return cn;
    }();
    EventSchema schema_ = EventSchema::builtin();
    AreaTree areas_;
    Pseudonymizer pseudonyms_ = Pseudonymizer::fixed();
    std::unique_ptr<Setting> setting_;
    std::unique_ptr<TaskGroup> tasks_;
    std::map<std::uint32_t, Rows> stored_;
};

using Told = std::vector<std::string>;

TEST_F(PromiseTask, WhatWasInTimeAndIsToldLateClosesAsCorrected) {
    start(rules(kReconnect));
    give({0, "registration", "anna"});
    clock(5'000);
    EXPECT_EQ(told(), Told{"Late opened yellow"});
    give({3'600, "reconnection", "anna"});
    EXPECT_EQ(told(), Told{"Late closed yellow corrected"});
    clock(20'000);
    EXPECT_EQ(told(), Told{});
    give({20'000, "registration", "anna"});
    clock(24'000);
    EXPECT_EQ(told(), Told{"Late opened yellow"}) << "a later event opens a new promise";
    give({24'000, "reconnection", "anna"});
    EXPECT_EQ(told(), Told{"Late closed yellow fulfilled"});
}

TEST_F(PromiseTask, AnEventThatComesAfterItsFulfilmentOpensNothing) {
    start(rules(kReconnect));
    give({100, "reconnection", "anna"}, 0, false);
    give({50, "registration", "anna"}, 0, false);
    clock(50'000);
    EXPECT_EQ(told(), Told{}) << "it had been kept before it was told";
}

TEST_F(PromiseTask, TheOldestStandsAlsoWhenItIsToldLast) {
    start(rules(kReconnect));
    give({100, "registration", "anna"}, 0, false);
    give({50, "registration", "anna"}, 0, false);
    clock(3'651);
    const auto all = take();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].at, at(3'650));
}

TEST_F(PromiseTask, OrderDoesNotMatterAsLongAsTheClockHasNotPassed) {
    // Every order of the same events, none of them behind the clock, says the same in the end.
    const auto set = rules(kReconnect);
    const std::vector<Given> events = {{10, "registration", "anna"},      {20, "reconnection", "anna"},
                                       {30, "registration", "anna"},      {40, "registration", "anna"},
                                       {50, "account_cancelled", "anna"}, {60, "registration", "anna"},
                                       {70, "registration", "anna"}};
    std::mt19937 random(7);
    for (int round = 0; round < 300; ++round) {
        auto shuffled = events;
        std::shuffle(shuffled.begin(), shuffled.end(), random);
        start(set);
        for (const Given& given : shuffled) give(given, 0, false);
        clock(10'000);
        const auto all = take();
        ASSERT_EQ(all.size(), 1u) << "round " << round;
        EXPECT_EQ(all[0].at, at(3'660)) << "round " << round;
        EXPECT_EQ(all[0].trigger, "registration-anna-60");
    }
}

TEST_F(PromiseTask, LevelsLookAtWhatTheAfterEventSaid) {
    const auto set = rules(R"(  - alert: Refund
    expect: {after: account_cancelled where balance > 0, event: refund, within: 1h}
    by: [customer]
    levels:
      yellow: overdue >= 0s
      red: overdue >= 1h and after.balance >= 100 and after.category == "vip"
)");
    start(set);
    const auto cancel = [&](const std::string& who, double balance, const std::string& category) {
        Event event;
        event.kind = *schema_.kind("account_cancelled");
        event.time = at(0);
        event.id = who;
        event.customer = event.subscriber = who;
        event.category = category;
        const FieldValue fields[] = {field("balance", Value::of_number(balance))};
        event.fields = fields;
        tasks_->apply(0, event);
    };
    cancel("rich", 100, "vip");
    cancel("poor", 99, "vip");
    cancel("plain", 500, "");
    restart(set);
    clock(100'000);
    EXPECT_EQ(told(),
              (Told{"Refund opened yellow", "Refund opened yellow", "Refund opened yellow", "Refund raised red"}));
}

TEST_F(PromiseTask, OpenCountsWhatIsDueOfOneCustomer) {
    const auto set = rules(R"(  - alert: Many
    expect: {after: reconnection_request, event: reconnection, within: 1h}
    by: [customer, request_no]
    levels:
      yellow: overdue >= 0s
      red: overdue >= 0s and open >= 2
)");
    start(set);
    const auto request = [&](const std::string& kind, std::int64_t second, const std::string& number) {
        give({second, kind, "anna", "north", {field("request_no", Value::of_string(number))}});
    };
    request("reconnection_request", 0, "1");
    request("reconnection_request", 60, "2");
    restart(set);
    clock(3'601);
    EXPECT_EQ(told(), Told{"Many opened yellow"});
    clock(3'661);
    EXPECT_EQ(told(), (Told{"Many opened red", "Many raised red"}));
    restart(set);
    request("reconnection", 4'000, "1");
    EXPECT_EQ(told(), (Told{"Many closed red fulfilled", "Many lowered yellow"}));
}

TEST_F(PromiseTask, WorkdaysAreCountedByTheCalendar) {
    start(rules(R"(  - alert: Refund
    expect: {after: account_cancelled, event: refund, within: 2 workdays, calendar: cn}
    by: [customer]
    levels: {yellow: overdue >= 0s}
)"));
    const Applied inside = give({0, "account_cancelled", "anna"});  // Monday 2016-03-21 20:00 in Shanghai
    EXPECT_EQ(inside.uncovered, 0u);
    clock(5 * 86'400);
    auto all = take();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].at, at(46 * 3'600)) << "Wednesday, 18:00";
    EXPECT_EQ(give({std::int64_t{300} * 86'400, "account_cancelled", "bert"}).uncovered, 1u) << "in 2017";
}

TEST_F(PromiseTask, ARollupWarnsOnceWhenManyWaitInOnePlace) {
    start(rules(std::string(kReconnect) + kRollup));
    for (int i = 0; i < 4; ++i) give({i * 60, "registration", "c" + std::to_string(i)});
    clock(3'600 + 121);
    const auto all = take();
    std::vector<std::string> places;
    for (const Transition& t : all) {
        if (t.rule != "LateRollup") continue;
        EXPECT_EQ(line(t), "LateRollup opened orange");
        EXPECT_EQ(t.at, at(3'600 + 120)) << "the third";
        EXPECT_FALSE(t.is_case);
        EXPECT_EQ(t.events, (Told{"registration-c2-120", "registration-c1-60", "registration-c0-0"}));
        EXPECT_EQ(t.trigger, "registration-c2-120");
        ASSERT_EQ(t.measures.size(), 2u);
        EXPECT_EQ(t.measures[0].second.value.integer, 3);
        places.push_back(t.area);
    }
    EXPECT_EQ(places, (Told{"north", "north/city"})) << "one for the city, one for the province above it";
    give({4'000, "reconnection", "c0"});
    give({4'060, "reconnection", "c1"});
    clock(5'000);
    EXPECT_EQ(told("LateRollup"), (Told{"LateRollup updated orange", "LateRollup updated orange",
                                        "LateRollup closed orange quiet", "LateRollup closed orange quiet"}))
        << "two are left, with the fourth";
}

TEST_F(PromiseTask, ManyBreaksInAShortTimeAreOneWarningEvenIfTheyAreMended) {
    start(rules(std::string(kReconnect) + kRollup));
    for (int i = 0; i < 6; ++i) {
        give({i * 60, "registration", "c" + std::to_string(i)});
    }
    for (int i = 0; i < 6; ++i) {  // each mended half a minute after it broke
        clock(3'600 + i * 60 + 1);
        give({3'600 + i * 60 + 30, "reconnection", "c" + std::to_string(i)});
    }
    clock(3'600 + 301);
    EXPECT_EQ(told("LateRollup"), (Told{"LateRollup opened red", "LateRollup opened red"})) << "never two at a time";
    clock(3'600 + 1'801);
    EXPECT_EQ(told("LateRollup"), (Told{"LateRollup closed red quiet", "LateRollup closed red quiet"}))
        << "half an hour after the first";
}

TEST_F(PromiseTask, ARetractedBreakIsTakenBackFromItsArea) {
    start(rules(std::string(kReconnect) + kRollup));
    for (int i = 0; i < 3; ++i) give({0, "registration", "c" + std::to_string(i)});
    clock(5'000);
    EXPECT_EQ(told("LateRollup"), (Told{"LateRollup opened orange", "LateRollup opened orange"}));
    give({3'000, "reconnection", "c1"});
    clock(5'001);
    EXPECT_EQ(told("LateRollup"), (Told{"LateRollup closed orange quiet", "LateRollup closed orange quiet"}));
}

TEST_F(PromiseTask, ARollupCountsOverTheTasksOfItsPeopleAndBelow) {
    start(rules(std::string(kReconnect) + kRollup), 4);
    for (int i = 0; i < 4; ++i)
        give({i, "registration", "c" + std::to_string(i), "north/city" + std::to_string(i)}, static_cast<unsigned>(i));
    clock(4'000);
    EXPECT_EQ(told("LateRollup"), (Told{"LateRollup opened orange", "LateRollup updated orange"}))
        << "no city has three, the province has four";
}

TEST_F(PromiseTask, AHeldRuleRollsNothingUpUntilItIsLetGo) {
    start(rules(std::string(kReconnect) + kRollup));
    for (int i = 0; i < 3; ++i) give({0, "registration", "c" + std::to_string(i)});
    tasks_->task(0).hold({true, false});
    clock(4'000);
    EXPECT_EQ(told(), Told{});
    tasks_->task(0).hold({false, false});
    clock(4'001);
    const auto all = take();
    EXPECT_EQ(all.size(), 5u);
    for (const Transition& t : all) EXPECT_EQ(t.at, at(3'600)) << t.rule;
}

TEST_F(PromiseTask, ARollupThatIsNewFindsWhatIsBroken) {
    start(rules(kReconnect));
    for (int i = 0; i < 3; ++i) give({0, "registration", "c" + std::to_string(i)});
    clock(10'000);
    told();
    tasks_->adopt(rules(std::string(kReconnect) + kRollup));
    clock(10'001);
    EXPECT_EQ(told(), (Told{"LateRollup opened orange", "LateRollup opened orange"}));
    tasks_->adopt(rules(kReconnect));
    EXPECT_EQ(told(), (Told{"LateRollup closed orange rule_removed", "LateRollup closed orange rule_removed"}));
}

TEST_F(PromiseTask, ARuleThatTellsOthersApartMakesPromisesOfItsOwn) {
    std::string other = std::string(kReconnect) + kRollup;
    start(rules(other));
    for (const char* who : {"anna", "ben", "carl"}) give({0, "registration", who});
    give({3'000, "registration", "dora"});
    clock(5'000);
    EXPECT_EQ(told("LateRollup"), (Told{"LateRollup opened orange", "LateRollup opened orange"}));
    other.replace(other.find("subscriber"), 10, "customer");
    tasks_->adopt(rules(other));
    EXPECT_EQ(told("Late"), Told(3, "Late closed yellow rule_removed"));
    give({10'000, "registration", "dora"});
    EXPECT_EQ(told("Late"), Told{}) << "nobody would hear that dora's of 3,000 has been kept";
    clock(14'000);
    EXPECT_EQ(told(), Told{"Late opened yellow"});
}

/// A story of many customers in several areas: registrations, reconnections in time and late, cancellations.
std::vector<std::pair<int, std::string>> story(std::mt19937& random) {
    std::vector<std::pair<int, std::string>> events;
    int second = 0;
    for (int i = 0; i < 120; ++i) {
        second += static_cast<int>(random() % 400);
        const char* kinds[] = {"registration", "registration", "registration", "reconnection", "account_cancelled"};
        events.emplace_back(second, kinds[random() % 5]);
    }
    return events;
}

TEST_F(PromiseTask, ARestartBetweenAnyTwoEventsChangesNothing) {
    const auto set = rules(std::string(kReconnect) + kRollup);
    const auto play = [&](unsigned seed, bool restarts) {
        std::mt19937 random(seed);
        stored_.clear();
        start(set, 3);
        std::vector<std::string> all;
        const auto note = [&] {
            for (const Transition& t : take()) all.push_back(to_json(t));
        };
        for (const auto& [second, kind] : story(random)) {
            const auto who = static_cast<unsigned>(random() % 24);
            give({second, kind, "c" + std::to_string(who), "north/city" + std::to_string(who % 2)}, who % 3);
            note();
            if (!restarts) continue;
            restart(set);
            EXPECT_EQ(told(), Told{}) << "starting again says nothing";
        }
        tasks_->finish(at(90'000));
        note();
        return all;
    };
    for (unsigned seed = 1; seed <= 8; ++seed) {
        const auto once = play(seed, false);
        EXPECT_GT(once.size(), 40u);
        const auto again = play(seed, true);
        for (std::size_t i = 0; i < std::min(once.size(), again.size()); ++i)
            ASSERT_EQ(again[i], once[i]) << "seed " << seed << ", transition " << i;
        EXPECT_EQ(again.size(), once.size());
    }
}

/// The same, recounted from all events: which promises were broken from when to when, and what each area had then.
class Recount {
public:
    void add(std::int64_t second, const std::string& kind, const std::string& who) {
        auto& open = open_[who];
        if (kind == "registration") {
            if (!open) open = second + 3'600;
            return;
        }
        if (open && second > *open) breaks_.push_back({*open, second});
        open.reset();
    }
    void end() {
        for (const auto& [who, open] : open_) {
            if (open) breaks_.push_back({*open, INT64_MAX});
        }
    }
    /// The colour at the end of an instant.
    int level(std::int64_t t) const {
        std::int64_t open = 0, broken = 0;
        for (const auto& [from, to] : breaks_) {
            open += from <= t && to > t;
            broken += from <= t && from > t - 1'800;
        }
        return open >= 5 || broken >= 6 ? 4 : open >= 3 ? 3 : 0;
    }
    std::vector<std::string> changes() const {
        std::set<std::int64_t> instants;
        for (const auto& [from, to] : breaks_)
            for (const std::int64_t t : {from, to, from + 1'800}) instants.insert(t);
        std::vector<std::string> out;
        int now = 0;
        for (const std::int64_t t : instants) {
            if (t > 200'000 || level(t) == now) continue;
            now = level(t);
            out.push_back(std::to_string(t) + " " + std::to_string(now));
        }
        return out;
    }

private:
    std::map<std::string, std::optional<std::int64_t>> open_;
    std::vector<std::pair<std::int64_t, std::int64_t>> breaks_;
};

TEST_F(PromiseTask, ARollupEqualsARecountHoweverManyTasksAndHoweverFarBehindTheirClocks) {
    const auto set = rules(std::string(kReconnect) + kRollup);
    std::size_t changes = 0;
    for (unsigned seed = 1; seed <= 60; ++seed) {
        std::mt19937 random(seed);
        const std::uint32_t count = 1 + seed % 5;
        stored_.clear();
        start(set, count);
        Recount recount;
        std::vector<Transition> all;
        for (const auto& [second, kind] : story(random)) {
            const auto who = static_cast<unsigned>(random() % 24);
            recount.add(second, kind, "c" + std::to_string(who));
            give({second, kind, "c" + std::to_string(who), "north/city"}, who % count);
            for (Transition& t : take()) all.push_back(std::move(t));
            if (random() % 10 == 0) restart(set);
        }
        recount.end();
        tasks_->finish(at(200'000));
        for (Transition& t : take()) all.push_back(std::move(t));
        for (const char* area : {"north", "north/city"}) {
            std::vector<std::string> seen;
            for (const Transition& t : all) {
                if (t.rule != "LateRollup" || t.area != area || t.kind == TransitionKind::kUpdated) continue;
                seen.push_back(std::to_string((t.at - at(0)) / 1s) + " " + std::to_string(static_cast<int>(t.level)));
            }
            EXPECT_EQ(seen, recount.changes()) << "seed " << seed << ", " << area;
            changes += seen.size();
        }
    }
    EXPECT_GT(changes, 300u) << "or nothing was compared";
}

TEST_F(PromiseTask, ATaskThatComesBackBehindTheOthersIsToldTheirPast) {
    // The owners' entries are lost from the middle of the story on (the process ended between two commits); the
    // contributors' are not. The owners find what happened in between all the same.
    const auto set = rules(std::string(kReconnect) + kRollup);
    start(set, 2);
    std::string area = "a";
    while (owner_of(*set->find("LateRollup"), subject_key({area}), 2) != 0) ++area[0];
    for (std::uint32_t i = 0; i < 2; ++i) tasks_->task(i).keep_cells_from(at(0));
    for (int i = 0; i < 3; ++i) give({0, "registration", "c" + std::to_string(i), area}, 1);
    tasks_->task(0).advance(at(3'000));
    store(0);  // what task 0 knew before anything broke
    const auto early = stored_[0];
    tasks_->task(1).advance(at(3'601));
    for (int i = 0; i < 3; ++i) give({3'700, "reconnection", "c" + std::to_string(i), area}, 1);
    tasks_->task(1).advance(at(4'000));
    tasks_->task(0).advance(at(3'650));
    EXPECT_EQ(told("LateRollup"), Told{"LateRollup opened orange"});
    store(1);
    stored_[0] = early;
    start(set, 2);
    tasks_->task(0).advance(at(5'000));
    EXPECT_EQ(told("LateRollup"), (Told{"LateRollup opened orange", "LateRollup closed orange quiet"}));
}

}  // namespace
}  // namespace tocsin::task
