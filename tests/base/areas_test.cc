#include "tocsin/areas.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

Area area(const std::string& code, AreaLevel level) {
    Area a;
    a.code = code;
    a.level = level;
    return a;
}

std::vector<std::string> codes(const AreaTree& tree, AreaId id) {
    std::vector<std::string> all;
    for (const AreaId each : tree.lineage(id)) all.push_back(tree.area(each).code);
    return all;
}
using Codes = std::vector<std::string>;

TEST(AreaTree, PathsMakeTheirAncestors) {
    AreaTree tree;
    const AreaId hall = tree.resolve("p/c/k/h");
    EXPECT_EQ(codes(tree, hall), (Codes{"p/c/k/h", "p/c/k", "p/c", "p"}));
    EXPECT_EQ(tree.area(hall).level, AreaLevel::kHall);
    EXPECT_EQ(tree.area(hall).name, "h");
    EXPECT_EQ(tree.resolve("p/c"), tree.lineage(hall)[2]);
    EXPECT_EQ(tree.resolve("p/c/k/h"), hall);
}

TEST(AreaTree, WhatIsNoPathIsUnknown) {
    AreaTree tree;
    for (const char* value : {"", "/", "/p", "p/", "p//c", "a/b/c/d/e"})
        EXPECT_EQ(tree.resolve(value), AreaTree::kUnknown) << value;
    EXPECT_EQ(tree.size(), 1u) << "and makes nothing";
    EXPECT_EQ(codes(tree, AreaTree::kUnknown), Codes{"unknown"});
}

TEST(AreaTree, AFileClosesTheTree) {
    AreaTree tree;
    std::string problem;
    ASSERT_TRUE(tree.add(area("90", AreaLevel::kProvince), "", problem)) << problem;
    ASSERT_TRUE(tree.add(area("9001", AreaLevel::kCity), "90", problem)) << problem;
    ASSERT_TRUE(tree.add(area("h7", AreaLevel::kHall), "9001", problem)) << "a level may be left out: " << problem;
    EXPECT_TRUE(tree.from_file());
    EXPECT_EQ(codes(tree, tree.resolve("h7")), (Codes{"h7", "9001", "90"}));
    EXPECT_EQ(tree.resolve("9002"), AreaTree::kUnknown);
    EXPECT_EQ(tree.resolve("90/9001"), AreaTree::kUnknown);
}

TEST(AreaTree, ABrokenFileIsRefusedWithTheReason) {
    AreaTree tree;
    std::string problem;
    ASSERT_TRUE(tree.add(area("90", AreaLevel::kProvince), "", problem));
    EXPECT_FALSE(tree.add(area("90", AreaLevel::kProvince), "", problem));
    EXPECT_EQ(problem, "area \"90\" is there already");
    EXPECT_FALSE(tree.add(area("x", AreaLevel::kCity), "91", problem));
    EXPECT_EQ(problem, "unknown parent \"91\"; parents come before their children");
    EXPECT_FALSE(tree.add(area("x", AreaLevel::kProvince), "90", problem));
    EXPECT_EQ(problem, "area \"x\" is not of a lower level than its parent \"90\"");
    EXPECT_EQ(tree.size(), 2u);
}

TEST(AreaTree, HasALimit) {
    AreaTree tree;
    for (std::size_t i = 0; i < AreaTree::kNodesMax; ++i) tree.resolve("p" + std::to_string(i));
    EXPECT_LE(tree.size(), AreaTree::kNodesMax);
    EXPECT_EQ(tree.resolve("one more"), AreaTree::kUnknown);
    EXPECT_NE(tree.resolve("p1"), AreaTree::kUnknown) << "those that are known stay";
}

}  // namespace
}  // namespace tocsin
