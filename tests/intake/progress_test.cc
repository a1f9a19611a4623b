// What the state remembers of the inputs, and which record they are known again by.
#include "intake/progress.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>

namespace tocsin::intake {
namespace {

using Rows = std::map<std::string, std::string>;

struct Sink {
    Rows& rows;
    void put(std::string_view key, std::string_view value) { rows[std::string(key)] = value; }
    void del(std::string_view key) { rows.erase(std::string(key)); }
};

Rows written(ProgressTable& table) {
    Rows rows;
    WriteBatch batch;
    const bool any = table.write(batch);
    EXPECT_EQ(any, !batch.empty());
    batch.for_each(Sink{rows});
    return rows;
}

TEST(ProgressTable, WritesOnlyWhatChanged) {
    ProgressTable table;
    table.set("cs.complaints", 0, {0, 1043, {1041, 77}});
    table.set("cs.complaints", 12, {2, 0, {}});
    EXPECT_EQ(written(table), (Rows{{"ics.complaints/0", "1 0 1043 1041 77"}, {"ics.complaints/12", "1 2 0 -1 0"}}));
    EXPECT_EQ(written(table), Rows{});
    table.set("cs.complaints", 0, {0, 1043, {1041, 77}});
    EXPECT_EQ(written(table), Rows{}) << "the same again is no change";
    table.set("cs.complaints", 0, {0, 1044, {1043, 78}});
    EXPECT_EQ(written(table), (Rows{{"ics.complaints/0", "1 0 1044 1043 78"}}));
}

TEST(ProgressTable, GoesOnFromWhatWasStored) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    ProgressTable before;
    before.set("a.b-c_0", 0, {0, 5, {4, std::numeric_limits<std::uint64_t>::max()}});
    before.set("a.b-c_0", std::numeric_limits<std::int32_t>::max(), {kMost, kMost, {kMost - 1, 1}});
    before.set("t", 3, {1, 0, {}});
    ProgressTable after;
    for (const auto& [key, value] : written(before)) ASSERT_TRUE(after.load(key, value)) << key << " = " << value;
    EXPECT_EQ(after.find("a.b-c_0", 0), before.find("a.b-c_0", 0));
    EXPECT_EQ(after.find("a.b-c_0", std::numeric_limits<std::int32_t>::max()),
              before.find("a.b-c_0", std::numeric_limits<std::int32_t>::max()));
    EXPECT_EQ(after.find("t", 3), (Progress{1, 0, {}}));
    EXPECT_FALSE(after.find("t", 0));
    EXPECT_FALSE(after.find("u", 3));
    EXPECT_EQ(written(after), Rows{}) << "what was loaded is stored already";
}

TEST(ProgressTable, DamagedEntriesAreRefused) {
    const std::pair<std::string, std::string> cases[] = {
        {"", "1 0 5 4 7"},       {"i", "1 0 5 4 7"},     {"ia", "1 0 5 4 7"},     {"i/0", "1 0 5 4 7"},
        {"ia/x", "1 0 5 4 7"},   {"ia/-1", "1 0 5 4 7"}, {"ga/0", "1 0 5 4 7"},   {"ia/0", ""},
        {"ia/0", "1 0 5 4"},     {"ia/0", "2 0 5 4 7"},  {"ia/0", "1 0 5 4 7 8"}, {"ia/0", "1 -1 5 4 7"},
        {"ia/0", "1 0 -1 -2 7"}, {"ia/0", "1 0 5 5 7"},  {"ia/0", "1 0 5 4 x"},   {"ia/0", "1 0 05 4 7"},
        {"ia/0", "1  0 5 4 7"}};
    for (const auto& [key, value] : cases) {
        ProgressTable table;
        EXPECT_FALSE(table.load(key, value)) << key << " = " << value;
    }
}

TEST(ProgressTable, TheHighestThatAnyTaskHasCountedIsKept) {
    ProgressTable table;
    EXPECT_FALSE(table.counted("a", 0));
    table.count("a", 0, {0, 7});
    table.count("a", 0, {0, 9});
    table.count("a", 0, {0, 8});
    EXPECT_EQ(table.counted("a", 0)->highest, 9);
    table.count("a", 0, {1, 2});
    table.count("a", 0, {0, 10});
    EXPECT_EQ(table.counted("a", 0)->epoch, 1);
    EXPECT_EQ(table.counted("a", 0)->highest, 2);
    EXPECT_FALSE(table.find("a", 0));
    EXPECT_EQ(written(table), Rows{}) << "it is stored by the tasks";
}

TEST(Witnesses, OnlyWhatIsAcknowledgedIsOne) {
    Witnesses witnesses;
    EXPECT_EQ(witnesses.settled(100), Witness{});
    witnesses.taken({4, 40});
    witnesses.taken({9, 90});
    EXPECT_EQ(witnesses.settled(4), Witness{}) << "offset 4 is not acknowledged yet";
    EXPECT_EQ(witnesses.settled(5), (Witness{4, 40}));
    witnesses.taken({12, 120});
    EXPECT_EQ(witnesses.settled(12), (Witness{9, 90}));
    EXPECT_EQ(witnesses.settled(13), (Witness{12, 120}));
}

TEST(Witnesses, AReadingThatGoesOnKeepsTheLastOne) {
    Witnesses witnesses;
    witnesses.begin({41, 7});
    EXPECT_EQ(witnesses.settled(42), (Witness{41, 7}));
    witnesses.taken({41, 7});
    witnesses.taken({40, 6});
    EXPECT_EQ(witnesses.settled(50), (Witness{41, 7})) << "what is not behind it is none";
}

}  // namespace
}  // namespace tocsin::intake
