// Each rule of the filter alone; exactly_once_test.cc shows that together they are enough.
#include "intake/origin_filter.h"

#include <gtest/gtest.h>

#include <map>

namespace tocsin::intake {
namespace {

using Verdict = OriginFilter::Verdict;

struct Stored {
    std::map<std::string, std::string, std::less<>> rows;
    void put(std::string_view key, std::string_view value) {
        rows.insert_or_assign(std::string(key), std::string(value));
    }
    void del(std::string_view key) { rows.erase(std::string(key)); }
};

Stored written(OriginFilter& filter) {
    WriteBatch batch;
    filter.write(batch);
    Stored stored;
    batch.for_each(stored);
    return stored;
}

TEST(OriginFilter, PassesOnlyWhatIsAboveTheHighest) {
    OriginFilter filter;
    EXPECT_EQ(filter.admit({"a", 0, 0, 0}), Verdict::kNew);
    EXPECT_EQ(filter.admit({"a", 0, 0, 0}), Verdict::kRepeated);
    EXPECT_EQ(filter.admit({"a", 0, 7, 0}), Verdict::kNew);
    EXPECT_EQ(filter.admit({"a", 0, 3, 0}), Verdict::kRepeated);
    EXPECT_EQ(filter.admit({"a", 0, 8, 0}), Verdict::kNew);
}

TEST(OriginFilter, PartitionsAndTopicsAreApart) {
    OriginFilter filter;
    EXPECT_EQ(filter.admit({"a", 0, 5, 0}), Verdict::kNew);
    EXPECT_EQ(filter.admit({"a", 1, 5, 0}), Verdict::kNew);
    EXPECT_EQ(filter.admit({"b", 0, 5, 0}), Verdict::kNew);
    EXPECT_EQ(filter.admit({"b", 0, 5, 0}), Verdict::kRepeated);
}

TEST(OriginFilter, HigherEpochStartsAnewAndTheOldOneIsStale) {
    OriginFilter filter;
    EXPECT_EQ(filter.admit({"a", 0, 100, 0}), Verdict::kNew);
    EXPECT_EQ(filter.admit({"a", 0, 0, 1}), Verdict::kNew);
    EXPECT_EQ(filter.admit({"a", 0, 0, 1}), Verdict::kRepeated);
    EXPECT_EQ(filter.admit({"a", 0, 101, 0}), Verdict::kStale);
    EXPECT_EQ(filter.admit({"a", 0, 1, 1}), Verdict::kNew);
}

TEST(OriginFilter, SwitchedOffPassesEverythingAndStoresNothing) {
    OriginFilter filter(OriginFilter::Check::kOff);
    EXPECT_EQ(filter.admit({"a", 0, 5, 0}), Verdict::kNew);
    EXPECT_EQ(filter.admit({"a", 0, 5, 0}), Verdict::kNew);
    EXPECT_TRUE(written(filter).rows.empty());
}

TEST(OriginFilter, WritesOnlyWhatChanged) {
    OriginFilter filter;
    filter.admit({"cs.complaints", 0, 5, 0});
    filter.admit({"cs.complaints", 12, 7, 2});
    const std::map<std::string, std::string, std::less<>> expected = {{"fcs.complaints/0", "1 0 5"},
                                                                      {"fcs.complaints/12", "1 2 7"}};
    EXPECT_EQ(written(filter).rows, expected);
    EXPECT_TRUE(written(filter).rows.empty());
    filter.admit({"cs.complaints", 0, 5, 0});
    EXPECT_TRUE(written(filter).rows.empty()) << "a repeated record changes nothing";
    filter.admit({"cs.complaints", 0, 6, 0});
    EXPECT_EQ(written(filter).rows.at("fcs.complaints/0"), "1 0 6");
}

TEST(OriginFilter, GoesOnFromWhatWasStored) {
    OriginFilter before;
    before.admit({"a", 0, 5, 1});
    OriginFilter after;
    for (const auto& [key, value] : written(before).rows) ASSERT_TRUE(after.load(key, value));
    EXPECT_EQ(after.admit({"a", 0, 5, 1}), Verdict::kRepeated);
    EXPECT_EQ(after.admit({"a", 0, 9, 0}), Verdict::kStale);
    EXPECT_EQ(after.admit({"a", 0, 6, 1}), Verdict::kNew);
}

TEST(OriginFilter, DamagedEntriesAreRefused) {
    const std::pair<std::string, std::string> cases[] = {
        {"", "1 0 5"},     {"x", "1 0 5"},      {"f", "1 0 5"},     {"fa", "1 0 5"},    {"f/0", "1 0 5"},
        {"fa/x", "1 0 5"}, {"fa/-1", "1 0 5"},  {"fa/0", ""},       {"fa/0", "1"},      {"fa/0", "1 0"},
        {"fa/0", "2 0 5"}, {"fa/0", "1 0 5 6"}, {"fa/0", "1 -1 5"}, {"fa/0", "1 0 -5"}, {"fa/0", "1 0 x"},
        {"ga/0", "1 0 5"}, {"fa/0", "1 0 05"},  {"fa/0", "1  0 5"}};
    for (const auto& [key, value] : cases) {
        OriginFilter filter;
        EXPECT_FALSE(filter.load(key, value)) << key << " = " << value;
        EXPECT_EQ(filter.admit({"a", 0, 0, 0}), Verdict::kNew) << "nothing was restored";
    }
}

}  // namespace
}  // namespace tocsin::intake
