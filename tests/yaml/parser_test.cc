// Tables of small texts: what is refused, with the exact message, and what is accepted.
#include <gtest/gtest.h>

#include "fixtures.h"
#include "yaml/node.h"

namespace tocsin::yaml {
namespace {

TEST(Parser, RefusesWhatAStrictFileMayNotHave) {
    const struct {
        std::string text, complaint;
    } cases[] = {
        {"a: 1\nb: 2\na: 3\n", "f.yml:3:1: duplicate key \"a\" (first on line 1)\n"},
        {"x:\n  {p: 1, \"p\": 2}\n", "f.yml:2:10: duplicate key \"p\" (first on line 2)\n"},
        {"a: &x {k: 1}\nb:\n  <<: *x\n", "f.yml:3:3: merge keys (<<) are not supported; write the entries out\n"},
        {"[a]: 1\n", "f.yml:1:1: a key must be a word or a string\n"},
        {"? {a: 1}\n: 2\n", "f.yml:1:3: a key must be a word or a string\n"},
        {"~: 1\n", "f.yml:1:1: a key must be a word or a string\n"},
        {"a: !ruby/object 1\n", "f.yml:1:4: the tag \"!ruby/object\" is not allowed; remove it\n"},
        {"a: !!set {x}\n", "f.yml:1:4: the tag \"tag:yaml.org,2002:set\" is not allowed; remove it\n"},
        {"a: !!map [x]\n", "f.yml:1:4: the tag \"tag:yaml.org,2002:map\" is not allowed; remove it\n"},
        {"a: !!binary aGk=\n", "f.yml:1:4: the tag \"tag:yaml.org,2002:binary\" is not allowed; remove it\n"},
        {"a: 1\n---\nb: 2\n---\nc: 3\n", "f.yml:2:1: a second document begins here; a file holds one\n"},
        {",", "f.yml:1:1: `,` belongs into a list or map in brackets, and none is open\n"},
        {"a: &x [*x]\n", "f.yml:1:8: this alias stands inside what it names\n"},
        {"a: *unknown\n",
         "f.yml:1:4: no anchor (&name) of this name stands above; * begins an alias: for text, use quotes\n"},
        {"a:\n\tb: 1\n", "f.yml:2:1: tab in the indentation; use spaces\n"},
        {"a:\n  \tb: 1\n", "f.yml:2:3: tab in the indentation; use spaces\n"},
        {std::string("a: x\0y\n", 7), "f.yml:1:5: control character U+0000 is not allowed; remove it\n"},
        {"投: \x1b[1m\n", "f.yml:1:4: control character U+001B is not allowed; remove it\n"},
        {"a: 1\rb: 2\n", "f.yml:1:5: control character U+000D is not allowed; remove it\n"},
        {"a: 1\nb: \x7f\n", "f.yml:2:4: control character U+007F is not allowed; remove it\n"},
        {"a: [1, 2\n", "f.yml:2:1: this [ is not closed: ] is missing\n"},
        {"a: \"it\\\"s\n\nb: 1\n", "f.yml:1:4: this quote is never closed\n"},
        {"a: 1\nb\n", "f.yml:2:1: the key \"b\" has no colon\n"},
        {"a:\n  b: 1\nc\n", "f.yml:3:1: the key \"c\" has no colon\n"},
        {"a: \"\\0\"\n", "f.yml:1:4: an escape makes a control character or invalid text; remove it\n"},
        {"a: \"\\_\"\n", "f.yml:1:4: an escape makes a control character or invalid text; remove it\n"},
        {"a: \"\\x1b\"\n", "f.yml:1:4: an escape makes a control character or invalid text; remove it\n"},
        {"a: \"\\uD800\"\n", "f.yml:1:11: invalid unicode: 55296\n"},
        {"? a\n", "f.yml:1:3: the key \"a\" has no colon\n"},
        {"a: 'x\n", "f.yml:1:4: this quote is never closed\n"},
        {"a: 1\n b: 2\n",
         "f.yml:2:3: a colon where none can stand: put the text into quotes, or begin a new line for the key\n"},
        {"a: \"\\q\"\n", "f.yml:1:7: unknown escape; write \\\\ for a backslash, or use single quotes\n"},
    };
    for (const auto& c : cases) EXPECT_EQ(complaints(c.text), c.complaint) << c.text;
}

TEST(Parser, ReportsEveryDuplicateKey) {
    EXPECT_EQ(complaints("a: 1\na: 2\nb: 3\nb: 4\n"),
              "f.yml:2:1: duplicate key \"a\" (first on line 1)\nf.yml:4:1: duplicate key \"b\" (first on line 3)\n");
}

TEST(Parser, RefusesBytesThatAreNotUtf8) {
    for (const std::string bytes : {"\x80", "\xC0\xAF", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                                    "\xF8\x88\x80\x80", "\xE6\x8A", "\xFF\xFE"})
        EXPECT_EQ(complaints("a: 1\nb: " + bytes), "f.yml:2:4: not valid UTF-8; save the file as UTF-8\n");
    for (const std::string text : {"\xC2\xA0", "\xE6\x8A\x95", "\xF0\x9F\x98\x80", "\xF4\x8F\xBF\xBF", "\xED\x9F\xBF"})
        EXPECT_EQ(parsed("- '" + text + "'").at(0).text(), text);
}

TEST(Parser, AcceptsCoreTagsAndReadsTheirMeaning) {
    const Node root = parsed("- !!str 3\n- !!int 3\n- !!null x\n- !!seq [a]\n- !!map {a: 1}\n- ! 3\n");
    EXPECT_TRUE(root.at(0).quoted());
    EXPECT_FALSE(root.at(1).quoted());
    EXPECT_TRUE(root.at(2).is_null());
    EXPECT_TRUE(root.at(3).is_sequence());
    EXPECT_TRUE(root.at(4).is_map());
    EXPECT_TRUE(root.at(5).quoted());
}

TEST(Parser, NoDocumentIsANullNode) {
    for (const std::string text : {"", "\n\n", "# only a comment\n", "---\n", "~", "\xEF\xBB\xBF"}) {
        const Node root = parsed(text);
        EXPECT_TRUE(root.is_null()) << text;
        EXPECT_GE(root.position().line, 1) << text;
    }
}

TEST(Parser, AValueThatIsNotThereStandsAtItsKey) {
    const Node root = parsed("a:\n  b:\n# comment\nc: ~\nd: null\ne: {f: , g: 1}\nh: &x\ni: *x\n");
    EXPECT_EQ(to_string(root.find("a")->find("b")->position()), "f.yml:2:3");
    EXPECT_EQ(to_string(root.find("c")->position()), "f.yml:4:4");
    EXPECT_EQ(to_string(root.find("d")->position()), "f.yml:5:4");
    EXPECT_EQ(to_string(root.find("e")->find("f")->position()), "f.yml:6:5");
    EXPECT_EQ(to_string(root.find("i")->position()), "f.yml:7:4");
    EXPECT_EQ(to_string(parsed("a: 1\nb:").find("b")->position()), "f.yml:2:1");
    EXPECT_EQ(to_string(parsed("\"b\" : ").find("b")->position()), "f.yml:1:1");
}

TEST(Parser, AnAliasIsWhatItsAnchorIs) {
    const Node root = parsed("a: &x {k: [1, 2]}\nb: *x\nc: &y text\nd: *y\n*y : key\n");
    EXPECT_EQ(root.find("b")->find("k")->size(), 2U);
    EXPECT_EQ(root.find("b")->position().line, 1);
    EXPECT_EQ(root.find("d")->text(), "text");
    EXPECT_EQ(root.find("text")->text(), "key");
}

TEST(Parser, AliasesCannotGrowADocumentBeyondItsBudget) {
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 9; ++i) {
        const std::string below = "*a" + std::to_string(i - 1);
        const std::string name = "a" + std::to_string(i);
        bomb += name + ": &" + name + " [";
        for (int j = 0; j < 10; ++j) bomb += (j == 0 ? "" : ", ") + below;
        bomb += "]\n";
    }
    EXPECT_EQ(complaints(bomb), "f.yml:5:55: more than 100000 values, aliases counted as what they stand for\n");
}

TEST(Parser, AliasesThatStayWithinTheBudgetAreAccepted) {
    std::string text = "a: &a [" + std::string(2 * 999 + 1, 'x') + "]\nb:\n";
    for (std::size_t i = 8; i < 8 + 2 * 999; i += 2) text[i] = ',';
    for (int i = 0; i < 90; ++i) text += "  - *a\n";
    EXPECT_EQ(parsed(text).find("b")->size(), 90U);
}

TEST(Parser, ADocumentHasABoundedNumberOfNodes) {
    std::string text = "[";
    for (std::size_t i = 0; i < kNodesMax; ++i) text += "1,\n";
    EXPECT_EQ(complaints(text + "]"),
              "f.yml:100000:1: more than 100000 values, aliases counted as what they stand for\n");
}

TEST(Parser, DepthIsBoundedAlsoThroughAliases) {
    const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    EXPECT_EQ(complaints(nested(kDepthMax)), "");
    EXPECT_EQ(complaints(nested(kDepthMax + 1)), "f.yml:1:65: nested deeper than 64 levels\n");
    EXPECT_NE(complaints(nested(100'000)), "");
    const std::string half = "- &x " + nested(40) + "\n- ";
    EXPECT_EQ(complaints(half + std::string(23, '[') + "*x" + std::string(23, ']')), "");
    EXPECT_EQ(complaints(half + std::string(24, '[') + "*x" + std::string(24, ']')),
              "f.yml:2:27: nested deeper than 64 levels\n");
}

TEST(Parser, AFileHasABoundedLength) {
    EXPECT_EQ(complaints(std::string(kFileBytesMax, ' ')), "");
    EXPECT_EQ(complaints(std::string(kFileBytesMax + 1, ' ')),
              "f.yml:1:1: the file has 1048577 bytes; the limit is 1048576\n");
}

TEST(Parser, LargeHostileFilesEndWithAnAnswer) {
    const auto repeated = [](const std::string& piece) {
        std::string text;
        while (text.size() + piece.size() <= kFileBytesMax) text += piece;
        return text;
    };
    for (const std::string piece :
         {"[", "{", "- ", "? ", "a: ", "&a ", "\"", "'x\n", "[a, ", "{a: ", "|\n", "*a ", "- - a\n", "!!str "})
        EXPECT_NE(complaints(repeated(piece)), "") << piece;
}

TEST(Parser, AFileThatCannotBeReadIsAnErrorOfTheWholeFile) {
    Diagnostics diagnostics;
    EXPECT_FALSE(parse_file("/nonexistent/f.yml", diagnostics).has_value());
    EXPECT_FALSE(parse_file("/", diagnostics).has_value());
    EXPECT_EQ(diagnostics.summary(),
              "/nonexistent/f.yml: cannot be read: No such file or directory\n/: cannot be read: it is a directory\n");
}

TEST(Parser, AFileLargerThanTheLimitIsNotReadToItsEnd) {
    Diagnostics diagnostics;
    EXPECT_FALSE(parse_file("/dev/zero", diagnostics).has_value());
    EXPECT_EQ(diagnostics.summary(), "/dev/zero: longer than 1048576 bytes\n");
}

}  // namespace
}  // namespace tocsin::yaml
