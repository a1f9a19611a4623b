// Pointers against RFC 6901, the tree against plain lookups.
#include "decode/json_pointer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace tocsin::decode {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(JsonPointer, SplitsAndUnescapes) {
    EXPECT_THAT(parse_json_pointer("/a").value(), ElementsAre("a"));
    EXPECT_THAT(parse_json_pointer("/a/b/0").value(), ElementsAre("a", "b", "0"));
    EXPECT_THAT(parse_json_pointer("/").value(), ElementsAre(""));
    EXPECT_THAT(parse_json_pointer("//").value(), ElementsAre("", ""));
    EXPECT_THAT(parse_json_pointer("/a~1b").value(), ElementsAre("a/b"));
    EXPECT_THAT(parse_json_pointer("/m~0n").value(), ElementsAre("m~n"));
    EXPECT_THAT(parse_json_pointer("/~01").value(), ElementsAre("~1"));
    EXPECT_THAT(parse_json_pointer("/ /c%d/受理号").value(), ElementsAre(" ", "c%d", "受理号"));
}

TEST(JsonPointer, RefusalNamesThePointerAndTheRemedy) {
    const std::pair<std::string, std::string> cases[] = {
        {"", "JSON pointer is empty: it would name the whole record; write /name"},
        {"serialNo", "JSON pointer \"serialNo\" must begin with '/': write /serialNo"},
        {"/a~", "JSON pointer \"/a~\" has a '~' that is not ~0 (for ~) or ~1 (for /)"},
        {"/a~2b", "JSON pointer \"/a~2b\" has a '~' that is not ~0 (for ~) or ~1 (for /)"},
        {std::string(kPointerBytesMax + 1, '/'), "JSON pointer of 1025 bytes exceeds 1024"},
    };
    for (const auto& [pointer, message] : cases) {
        const auto parsed = parse_json_pointer(pointer);
        ASSERT_FALSE(parsed.ok()) << pointer;
        EXPECT_EQ(parsed.error().message, message);
        EXPECT_EQ(parsed.error().kind, ErrorKind::kReject);
    }
    const auto deep = parse_json_pointer(std::string(kPointerTokensMax + 1, '/'));
    ASSERT_FALSE(deep.ok());
    EXPECT_THAT(deep.error().message, HasSubstr("is deeper than 32 levels"));
}

TEST(JsonPointer, NameBecomesAPointerThatNamesIt) {
    for (const std::string name : {"a", "", "a/b", "m~n", "~1", "受理号"}) {
        EXPECT_THAT(parse_json_pointer(pointer_to_name(name)).value(), ElementsAre(name));
    }
}

TEST(PointerTree, EqualPointersAreOnePlace) {
    PointerTree tree;
    const Place first = tree.add("/a/b").value();
    EXPECT_EQ(tree.add("/a/b").value(), first);
    EXPECT_NE(tree.add("/a/c").value(), first);
    EXPECT_EQ(tree.size(), 4u);  // root, a, b, c
}

TEST(PointerTree, ParentComesBeforeItsChildren) {
    PointerTree tree;
    const Place deep = tree.add("/x/y/z").value();
    const Place x = tree.add("/x").value();
    const Place y = tree.add("/x/y").value();
    EXPECT_LT(kRootPlace, x);
    EXPECT_LT(x, y);
    EXPECT_LT(y, deep);
    EXPECT_TRUE(tree.has_children(x));
    EXPECT_FALSE(tree.has_children(deep));
}

TEST(PointerTree, FindsEveryNameAndNoOther) {
    PointerTree tree;
    std::set<std::string> names;
    std::vector<Place> places;
    for (int i = 0; i < 1000; ++i) {
        const std::string name = "f" + std::to_string(i * 7919 % 1000) + (i % 2 == 0 ? "" : "x");
        names.insert(name);
        places.push_back(tree.add(pointer_to_name(name)).value());
    }
    for (int i = 0; i < 1000; ++i) {
        for (const std::string& name : {"f" + std::to_string(i), "f" + std::to_string(i) + "x"}) {
            EXPECT_EQ(tree.child(kRootPlace, name).has_value(), names.count(name) == 1) << name;
        }
    }
    EXPECT_EQ(std::set<Place>(places.begin(), places.end()).size(), names.size());
    EXPECT_FALSE(tree.child(kRootPlace, "").has_value());
    EXPECT_FALSE(tree.child(places[0], "f0").has_value());
}

TEST(PointerTree, OnlyPlainDecimalsNameElements) {
    const std::pair<std::string, std::size_t> cases[] = {
        {"/a/0", 1}, {"/a/12", 1}, {"/a/01", 0},  {"/a/-1", 0},
        {"/a/-", 0}, {"/a/", 0},   {"/a/1e0", 0}, {"/a/99999999999999999999", 0}};
    for (const auto& [pointer, elements] : cases) {
        PointerTree tree;
        ASSERT_TRUE(tree.add(pointer).ok());
        EXPECT_EQ(tree.elements(tree.add("/a").value()).size(), elements) << pointer;
    }
}

TEST(PointerTree, RefusesMorePlacesThanItsLimit) {
    PointerTree tree;
    for (std::size_t i = 1; i < PointerTree::kPlacesMax; ++i) ASSERT_TRUE(tree.add("/" + std::to_string(i)).ok());
    EXPECT_TRUE(tree.add("/1").ok());
    const auto beyond = tree.add("/new");
    ASSERT_FALSE(beyond.ok());
    EXPECT_THAT(beyond.error().message, HasSubstr("more than 4096 places"));
    EXPECT_FALSE(tree.add("nonsense").ok());
}

}  // namespace
}  // namespace tocsin::decode
