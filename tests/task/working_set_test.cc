/// Profiles stay unpacked between commits: how often a task is written must change nothing in what it says and stores.

#include "task/working_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "rule_text.h"
#include "task/task_group.h"

namespace tocsin::task {
namespace {

using namespace std::chrono_literals;

constexpr const char* kRules = R"(groups:
- name: g
  rules:
  - alert: Three
    on: complaint
    by: [customer]
    within: 6h
    measures: {n: count(), channels: distinct(channel)}
    levels: {yellow: n >= 3, orange: n >= 3 and channels >= 3}
    keep_firing_for: 1h
    raises: case
  - alert: Promise
    expect: {after: registration, event: reconnection, within: 1h}
    by: [subscriber]
    levels: {yellow: overdue >= 0s, orange: overdue >= 3h}
    raises: case
  - alert: Surge
    on: complaint
    by: [area]
    within: 1h
    measures: {people: distinct(customer)}
    levels: {red: people >= 3}
    keep_firing_for: 30m
    raises: warning
)";

struct Disk {
    std::map<std::string, std::string> rows;
    void put(std::string_view k, std::string_view v) {
        // An area's row says when it was judged last, as of the commit it changed in: that does depend on commits.
        if (k.front() != AreaJudge::kKeyPrefix) rows[std::string(k)] = v;
    }
    void del(std::string_view k) { rows.erase(std::string(k)); }
};

class World {
public:
    World() { group_.adopt(rules_of(schema_, kRules)); }
    /// One event of a small random world: few customers, few ids, many channels, some events late.
    void give(std::mt19937& chance) {
        static constexpr const char* kKinds[] = {"complaint", "complaint", "registration", "reconnection"};
        static constexpr const char* kChannels[] = {"", "app", "web", "hall", "hotline"};
        static constexpr const char* kAreas[] = {"", "P/C", "P/C/1", "P/D/2"};
        now_ += Duration(chance() % 1'200'000);
        const std::string id = "e" + std::to_string(chance() % 400);
        const std::string customer = chance() % 20 == 0 ? "" : "c" + std::to_string(chance() % 3);
        Event event;
        event.kind = *schema_.kind(kKinds[chance() % 4]);
        event.time = now_ - (chance() % 10 == 0 ? Duration(chance() % 3'600'000) : Duration(0));
        event.id = id;
        event.customer = event.subscriber = customer;
        event.area = kAreas[chance() % 4];
        event.channel = kChannels[chance() % 5];
        group_.task(0).advance(now_ - 10min);
        outcomes.push_back(static_cast<int>(group_.apply(0, event).outcome));
    }
    void write() {
        WriteBatch batch;
        group_.task(0).write(batch);
        batch.for_each(disk);
        for (const Transition& t : group_.task(0).take_transitions()) said.push_back(to_json(t));
    }

    Disk disk;
    std::vector<int> outcomes;
    std::vector<std::string> said;

private:
    EventSchema schema_ = EventSchema::builtin();
    AreaTree areas_;
    Pseudonymizer pseudonyms_ = Pseudonymizer::fixed();
    Setting setting_{schema_, areas_, pseudonyms_, {48h, 24h, 8}, 1};
    TaskGroup group_{setting_};
    Instant now_ = from_millis(1'458'561'600'000);
};

// Eight events count, more are rolled up, and after that their ids are known without them: all roads of a profile.
TEST(WorkingSet, WhatIsSaidAndStoredDoesNotDependOnHowOftenItIsWritten) {
    for (unsigned seed = 1; seed <= 10; ++seed) {
        World often, seldom, once;
        std::mt19937 first(seed), second(seed), third(seed);
        for (int i = 0; i < 1500; ++i) {
            often.give(first);
            often.write();
            seldom.give(second);
            if (i % 37 == 0) seldom.write();
            once.give(third);
        }
        seldom.write();
        once.write();
        ASSERT_EQ(often.outcomes, seldom.outcomes) << "seed " << seed;
        ASSERT_EQ(often.outcomes, once.outcomes) << "seed " << seed;
        ASSERT_EQ(often.said, seldom.said) << "seed " << seed;
        ASSERT_EQ(often.said, once.said) << "seed " << seed;
        ASSERT_EQ(often.disk.rows, seldom.disk.rows) << "seed " << seed;
        ASSERT_EQ(often.disk.rows, once.disk.rows) << "seed " << seed;
    }
}

TEST(WorkingSet, TheFirstOfManyIdsIsStillADuplicate) {
    World world;
    std::mt19937 chance(7);
    for (int i = 0; i < 2000; ++i) world.give(chance);
    const auto duplicates =
        std::count(world.outcomes.begin(), world.outcomes.end(), static_cast<int>(Outcome::kDuplicate));
    EXPECT_GT(duplicates, 50);
    EXPECT_LT(duplicates, 1000);
}

}  // namespace
}  // namespace tocsin::task
