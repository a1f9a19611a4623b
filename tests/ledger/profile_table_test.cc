/// The table against a plain map; timers against a plain sorted list.

#include "ledger/profile_table.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <random>
#include <string>

namespace tocsin::ledger {
namespace {

struct Disk {
    std::map<std::string, std::string> rows;
    void put(std::string_view k, std::string_view v) { rows[std::string(k)] = v; }
    void del(std::string_view k) { rows.erase(std::string(k)); }
};

RC_GTEST_PROP(ProfileTable, HoldsWhatAMapHoldsAndWritesIt, ()) {
    ProfileTable table;
    std::map<std::string, std::string> model;
    Disk disk;
    const auto steps = *rc::gen::container<std::vector<std::tuple<int, int, std::string>>>(
        rc::gen::tuple(rc::gen::inRange(0, 8), rc::gen::inRange(0, 4), rc::gen::arbitrary<std::string>()));
    for (const auto& [who, what, text] : steps) {
        const std::string key = "c" + std::to_string(who);
        const Slot slot = table.find(key);
        RC_ASSERT((slot != kNoSlot) == model.contains(key));
        if (what == 0 && slot != kNoSlot) {
            table.erase(slot);
            model.erase(key);
        } else if (what == 1) {
            WriteBatch batch;
            table.write(batch);
            batch.for_each(disk);
            RC_ASSERT(disk.rows.size() == model.size());
        } else {
            table.set(slot, key, text, kNever);
            model[key] = text;
        }
        RC_ASSERT(table.size() == model.size());
    }
    for (const auto& [key, text] : model) RC_ASSERT(table.bytes(table.find(key)) == text);
    WriteBatch batch;
    table.write(batch);
    batch.for_each(disk);
    RC_ASSERT(disk.rows.size() == model.size());
    for (const auto& [key, text] : model) RC_ASSERT(disk.rows.at("p" + key) == text);
}

RC_GTEST_PROP(ProfileTable, TimersFireOnceInOrderAndOnlyAtTheirLatestDueTime, ()) {
    ProfileTable table;
    std::map<std::string, std::int64_t> due;
    const auto sets = *rc::gen::container<std::vector<std::pair<int, int>>>(
        rc::gen::pair(rc::gen::inRange(0, 10), rc::gen::inRange(0, 100)));
    for (const auto& [who, when] : sets) {
        const std::string key = "c" + std::to_string(who);
        table.set(table.find(key), key, std::string(static_cast<std::size_t>(when), 'x'), from_millis(when));
        due[key] = when;
    }
    std::int64_t last = -1;
    std::size_t fired = 0;
    while (const auto timer = table.pop_due(from_millis(50), /*inclusive=*/false)) {
        const std::string key(table.key(timer->slot));
        RC_ASSERT(to_millis(timer->due) == due.at(key));
        RC_ASSERT(to_millis(timer->due) >= last);
        last = to_millis(timer->due);
        due.erase(key);
        ++fired;
    }
    for (const auto& [key, when] : due) RC_ASSERT(when >= 50);
}

TEST(ProfileTable, FindsWhoIsThereAfterManyHaveComeAndGone) {
    ProfileTable table;
    std::map<std::string, Slot> there;
    std::mt19937 chance(11);
    for (int i = 0; i < 40'000; ++i) {
        const std::string key = "c" + std::to_string(chance() % 3'000);
        const auto known = there.find(key);
        table.foresee(key);
        if (chance() % 2 == 0) table.approach();
        ASSERT_EQ(table.find(key), known == there.end() ? kNoSlot : known->second) << key;
        if (known == there.end()) {
            there[key] = table.set(kNoSlot, key, "x", kNever);
        } else if (chance() % 3 != 0) {
            table.erase(known->second);
            there.erase(known);
        }
    }
    ASSERT_EQ(table.size(), there.size());
    for (const auto& [key, slot] : there) ASSERT_EQ(table.find(key), slot) << key;
}

TEST(ProfileTable, ADueTimeAtTheLimitFiresOnlyIfInclusive) {
    ProfileTable table;
    table.set(kNoSlot, "c1", "x", from_millis(50));
    EXPECT_FALSE(table.pop_due(from_millis(50), false));
    EXPECT_TRUE(table.pop_due(from_millis(50), true));
    EXPECT_FALSE(table.pop_due(from_millis(50), true)) << "fired already";
}

TEST(ProfileTable, ATimerSetAgainToTheSameInstantFiresAgain) {
    ProfileTable table;
    const Slot slot = table.set(kNoSlot, "c1", "x", from_millis(50));
    ASSERT_TRUE(table.pop_due(from_millis(60), false));
    table.set(slot, "c1", "x", from_millis(50));
    EXPECT_TRUE(table.pop_due(from_millis(60), false));
}

TEST(ProfileTable, TimersThatMoveManyTimesDoNotPileUp) {
    ProfileTable table;
    Slot slot = kNoSlot;
    for (int i = 0; i < 100'000; ++i) slot = table.set(slot, "c1", "x", from_millis(i));
    EXPECT_LT(table.timers(), 3 * ProfileTable::kStaleTimersMax);
    EXPECT_EQ(table.next_due(), from_millis(99'999));
}

TEST(ProfileTable, GrowingAProfileFromItsOwnBytesIsSafe) {
    ProfileTable table;
    const Slot slot = table.set(kNoSlot, "c1", "abc", kNever);
    std::string bigger(table.bytes(slot));
    bigger += bigger + bigger;
    table.set(slot, table.key(slot), bigger, kNever);
    EXPECT_EQ(table.bytes(slot), "abcabcabc");
    EXPECT_EQ(table.key(slot), "c1");
}

TEST(ProfileTable, LoadedProfilesAreNotWrittenAgain) {
    ProfileTable table;
    table.load("c1", "abc", kNever);
    WriteBatch batch;
    table.write(batch);
    EXPECT_TRUE(batch.empty());
}

}  // namespace
}  // namespace tocsin::ledger
