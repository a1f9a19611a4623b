// thresholds_file: tables that load, what is found in them for an area, and tables that do not load.
#include "rules/thresholds.h"

#include <gtest/gtest.h>

namespace tocsin::rules {
namespace {

double blue_of(const ThresholdTable& table, AreaTree& areas, const char* area) {
    const Value v = table.find(areas, areas.resolve(area)).by_level[static_cast<int>(Level::kBlue)];
    return v.is_missing() ? -1 : v.number;
}

TEST(Thresholds, TheNearestListedAncestorWins) {
    yaml::Diagnostics diagnostics;
    const auto table = parse_thresholds(
        "t.csv", "area,blue,red\n*,5,50\nAnhui,100,\nAnhui/Hefei,,20\nAnhui/Hefei/Shushan,2.5,9\n", diagnostics);
    ASSERT_TRUE(table) << diagnostics.text();
    AreaTree areas;
    EXPECT_EQ(blue_of(*table, areas, "Anhui/Hefei/Shushan/Hall 1"), 2.5);
    EXPECT_EQ(blue_of(*table, areas, "Anhui/Hefei/Baohe"), -1) << "an empty colour is unused, not inherited";
    EXPECT_EQ(blue_of(*table, areas, "Anhui/Wuhu"), 100);
    EXPECT_EQ(blue_of(*table, areas, "Henan"), 5);
    EXPECT_EQ(blue_of(*table, areas, ""), 5) << "unknown areas take the rest's";
}

TEST(Thresholds, WithoutTheRestAnAreaHasNone) {
    yaml::Diagnostics diagnostics;
    const auto table = parse_thresholds("t.csv", "red,blue,area\n9,3,Anhui\n", diagnostics);
    ASSERT_TRUE(table) << diagnostics.text();
    AreaTree areas;
    EXPECT_EQ(blue_of(*table, areas, "Anhui"), 3);
    EXPECT_EQ(blue_of(*table, areas, "Henan"), -1);
}

TEST(Thresholds, CanonicalTextIsOfTheValuesNotOfTheSpelling) {
    yaml::Diagnostics diagnostics;
    const auto canonical = [&diagnostics](const char* text) {
        return parse_thresholds("t.csv", text, diagnostics).value().canonical();
    };
    EXPECT_EQ(canonical("area,blue,red\nA,1,2\nB,3,\n"), canonical("area,red,blue,yellow\nB,,3.0,\nA,2,1,\n"));
    EXPECT_NE(canonical("area,blue\nA,1\n"), canonical("area,red\nA,1\n"));
    EXPECT_NE(canonical("area,blue\nA,1\n"), canonical("area,blue\nA,1.5\n"));
    EXPECT_NE(canonical("area,blue\nA,1\n"), canonical("area,blue\nB,1\n"));
}

TEST(Thresholds, MistakesAreReportedTogether) {
    yaml::Diagnostics diagnostics;
    EXPECT_FALSE(parse_thresholds("t.csv", "area,blue\nA,-1\n,5\nA,inf\nB,1e3\nC,7\nC,8\n", diagnostics));
    EXPECT_EQ(diagnostics.summary(),
              "t.csv:2:3: blue: expected a number of 0 or more, found \"-1\"\n"
              "t.csv:3:1: area: a code is missing; `*` stands for all areas not listed\n"
              "t.csv:4:1: area: \"A\" is given twice\n"
              "t.csv:4:3: blue: expected a number of 0 or more, found \"inf\"\n"
              "t.csv:5:3: blue: expected a number of 0 or more, found \"1e3\"\n"
              "t.csv:7:1: area: \"C\" is given twice\n");
}

TEST(Thresholds, ATableNeedsRowsAndAnArea) {
    yaml::Diagnostics diagnostics;
    EXPECT_FALSE(parse_thresholds("t.csv", "area,blue\n", diagnostics));
    EXPECT_EQ(diagnostics.summary(), "t.csv: the table has no rows\n");
    yaml::Diagnostics other;
    EXPECT_FALSE(parse_thresholds("t.csv", "blue,red\n1,2\n", other));
    EXPECT_TRUE(other.has_errors());
}

}  // namespace
}  // namespace tocsin::rules
