// Positions are checked by searching for the word in the text, so that the expectation is not a copied number.
#include "yaml/node.h"

#include <gtest/gtest.h>

#include "fixtures.h"

namespace tocsin::yaml {
namespace {

TEST(Node, WithoutADocumentIsNull) {
    const Node node;
    EXPECT_TRUE(node.is_null());
    EXPECT_EQ(node.text(), "");
    EXPECT_EQ(node.size(), 0U);
    EXPECT_EQ(node.position().line, 0);
    EXPECT_EQ(node.position_at(3).line, 0);
    EXPECT_FALSE(node.quoted());
    EXPECT_FALSE(node.find("x").has_value());
    EXPECT_TRUE(node.items().empty());
    EXPECT_TRUE(node.entries().empty());
    EXPECT_EQ(node.describe(), "nothing");
}

TEST(Node, KeepsTheOrderOfTheFile) {
    const Node root = parsed("zebra: 1\nant: [c, a, b]\nmole:\n");
    const auto entries = root.entries();
    ASSERT_EQ(entries.size(), 3U);
    EXPECT_EQ(entries[0].name(), "zebra");
    EXPECT_EQ(entries[1].name(), "ant");
    EXPECT_EQ(entries[1].value.items()[0].text(), "c");
    EXPECT_TRUE(entries[2].value.is_null());
    EXPECT_EQ(entries[2].key.position().line, 3);
    EXPECT_FALSE(root.find("bee").has_value());
}

TEST(Node, TellsQuotedFromPlain) {
    const Node root = parsed("- 3\n- \"3\"\n- '3'\n- |\n  3\n- null\n- \"null\"\n- ''\n");
    const bool quoted[] = {false, true, true, true, false, true, true};
    for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(root.at(i).quoted(), quoted[i]) << i;
    EXPECT_TRUE(root.at(4).is_null());
    EXPECT_EQ(root.at(5).text(), "null");
    EXPECT_TRUE(root.at(6).is_scalar());
}

TEST(Node, PositionCountsCharactersAndUnderlinesTheScalar) {
    const Node root = parsed("\xEF\xBB\xBF# 注释\n投诉: {中: 'it''s', b: \"x\\ty\", c: plain text }\n");
    const Position p = root.find("投诉")->find("中")->position();
    EXPECT_EQ(to_string(p), "f.yml:2:9");
    EXPECT_EQ(p.width, 7);
    EXPECT_EQ(root.entries()[0].key.position().width, 2);
    EXPECT_EQ(root.find("投诉")->find("b")->position().width, 6);
    EXPECT_EQ(root.find("投诉")->find("c")->position().width, 10);
    EXPECT_EQ(to_string(root.find("投诉")->position()), "f.yml:2:5");
}

/// For each letter of the alphabet that stands once in the text and in the scalar: position_at must find it.
TEST(Node, FindsEachPlaceOfAScalarOnOneLine) {
    for (const std::string line :
         {"key: a b  c > d", "key: 'a ''b'' c'", "key: \"a \\\"b \\x41 \\u6295 \\U0001F600\\n c\\\\ d\"",
          "key: \"投诉 a 投 b\"", "投: [ 'a', \"b\", c ]", "key:   \"\\L\\P b\""}) {
        Node value = parsed(line).entries()[0].value;
        const std::vector<Node> scalars = value.is_sequence() ? value.items() : std::vector<Node>{value};
        for (const Node& scalar : scalars) {
            for (const char letter : {'a', 'b', 'c', 'd'}) {
                const std::size_t offset = scalar.text().find(letter);
                if (offset == std::string::npos) continue;
                const std::size_t byte = line.find(letter, line.find(':'));
                int col = 1;
                for (std::size_t i = 0; i < byte; ++i) col += (static_cast<unsigned char>(line[i]) & 0xC0) != 0x80;
                EXPECT_EQ(scalar.position_at(offset).col, col) << line << " " << letter;
            }
        }
    }
}

TEST(Node, TheEndOfAScalarIsBehindItsLastCharacter) {
    EXPECT_EQ(parsed("k: n >=").find("k")->position_at(4).col, 8);
    EXPECT_EQ(parsed("k: 'n >='").find("k")->position_at(4).col, 9);
    EXPECT_EQ(parsed("k: n").find("k")->position_at(2).col, 4) << "behind the end: the beginning";
}

TEST(Node, ScalarsOverSeveralLinesPointToTheirBeginning) {
    const Node root = parsed("- |\n  abc\n  def\n- >\n  abc\n- one\n  two\n- \"one\n  two\"\n- !!str word\n");
    const int lines[] = {1, 4, 6, 8, 10};
    for (std::size_t i = 0; i < 5; ++i) {
        EXPECT_EQ(root.at(i).position_at(2).line, lines[i]) << i;
        EXPECT_EQ(root.at(i).position_at(2).col, 3) << i;
        EXPECT_EQ(root.at(i).position().width, 1) << i;
    }
}

TEST(Node, WidthOfAPlaceIsTheCallers) {
    EXPECT_EQ(parsed("k: a >> b").find("k")->position_at(2, 2).width, 2);
}

TEST(Node, DescribesItselfForMessages) {
    EXPECT_EQ(parsed("{}").describe(), "a map");
    EXPECT_EQ(parsed("[]").describe(), "a list");
    EXPECT_EQ(parsed("\"a\\nb\"").describe(), "\"a\\nb\"");
}

TEST(Node, OutlivesWhatItWasParsedFrom) {
    Node kept;
    {
        Diagnostics diagnostics;
        kept = parse("f.yml", "a: {b: deep}", diagnostics)->find("a")->find("b").value();
    }
    EXPECT_EQ(kept.text(), "deep");
    EXPECT_EQ(to_string(kept.position()), "f.yml:1:8");
}

}  // namespace
}  // namespace tocsin::yaml
