// Each reader against a table of scalars: the value, or the whole message.
#include "yaml/read.h"

#include <gtest/gtest.h>

#include <functional>

#include "fixtures.h"

namespace tocsin::yaml {
namespace {

/// The value as text, or the complaint about it.
std::string outcome(const std::string& scalar,
                    const std::function<std::optional<std::string>(const Node&, Diagnostics&)>& read) {
    Diagnostics diagnostics;
    const auto value = read(parsed("k: " + scalar).find("k").value(), diagnostics);
    EXPECT_NE(value.has_value(), diagnostics.has_errors()) << scalar;
    return value ? *value : diagnostics.summary();
}

TEST(Read, WholeNumbers) {
    const struct {
        std::string scalar, outcome;
    } cases[] = {
        {"3", "3"},
        {"-7", "-7"},
        {"9223372036854775807", "9223372036854775807"},
        {"9223372036854775808", "f.yml:1:4: k: expected a whole number, found \"9223372036854775808\"\n"},
        {"\"3\"", "f.yml:1:4: k: expected a whole number, found the string \"3\"\n"},
        {"3.0", "f.yml:1:4: k: expected a whole number, found \"3.0\"\n"},
        {"0x10", "f.yml:1:4: k: expected a whole number, found \"0x10\"\n"},
        {"1_000", "f.yml:1:4: k: expected a whole number, found \"1_000\"\n"},
        {"[3]", "f.yml:1:4: k: expected a whole number, found a list\n"},
        {"~", "f.yml:1:4: k: expected a whole number, found nothing\n"},
    };
    for (const auto& c : cases)
        EXPECT_EQ(outcome(c.scalar,
                          [](const Node& n, Diagnostics& d) -> std::optional<std::string> {
                              const auto value = as_int(n, "k", d);
                              return value ? std::optional(std::to_string(*value)) : std::nullopt;
                          }),
                  c.outcome);
}

TEST(Read, Numbers) {
    const struct {
        std::string scalar, outcome;
    } cases[] = {
        {"1.5", "1.500000"},
        {"-2", "-2.000000"},
        {"1e3", "1000.000000"},
        {".inf", "f.yml:1:4: k: expected a number, found \".inf\"\n"},
        {"inf", "f.yml:1:4: k: expected a number, found \"inf\"\n"},
        {"nan", "f.yml:1:4: k: expected a number, found \"nan\"\n"},
        {"'1.5'", "f.yml:1:4: k: expected a number, found the string \"1.5\"\n"},
        {"70%", "f.yml:1:4: k: expected a number, found \"70%\"\n"},
        {"{a: 1}", "f.yml:1:4: k: expected a number, found a map\n"},
    };
    for (const auto& c : cases)
        EXPECT_EQ(outcome(c.scalar,
                          [](const Node& n, Diagnostics& d) -> std::optional<std::string> {
                              const auto value = as_number(n, "k", d);
                              return value ? std::optional(std::to_string(*value)) : std::nullopt;
                          }),
                  c.outcome);
}

TEST(Read, OnlyTrueAndFalseAreBooleans) {
    const struct {
        std::string scalar, outcome;
    } cases[] = {
        {"true", "yes"},
        {"false", "no"},
        {"yes", "f.yml:1:4: k: expected true or false, found \"yes\"\n"},
        {"True", "f.yml:1:4: k: expected true or false, found \"True\"\n"},
        {"1", "f.yml:1:4: k: expected true or false, found \"1\"\n"},
        {"\"true\"", "f.yml:1:4: k: expected true or false, found the string \"true\"\n"},
    };
    for (const auto& c : cases)
        EXPECT_EQ(outcome(c.scalar,
                          [](const Node& n, Diagnostics& d) -> std::optional<std::string> {
                              const auto value = as_bool(n, "k", d);
                              return value ? std::optional<std::string>(*value ? "yes" : "no") : std::nullopt;
                          }),
                  c.outcome);
}

TEST(Read, Durations) {
    const struct {
        std::string scalar, outcome;
    } cases[] = {
        {"1h30m", "5400000"},
        {"\"1h30m\"", "5400000"},
        {"90", "f.yml:1:4: k: expected a duration like 90s, 1h30m or 7d, found \"90\"\n"},
        {"soon", "f.yml:1:4: k: expected a duration like 90s, 1h30m or 7d, found \"soon\"\n"},
        {"[1h]", "f.yml:1:4: k: expected a duration like 90s, 1h30m or 7d, found a list\n"},
        {"", "f.yml:1:1: k: expected a duration like 90s, 1h30m or 7d, found nothing\n"},
    };
    for (const auto& c : cases)
        EXPECT_EQ(outcome(c.scalar,
                          [](const Node& n, Diagnostics& d) -> std::optional<std::string> {
                              const auto value = as_duration(n, "k", d);
                              return value ? std::optional(std::to_string(value->count())) : std::nullopt;
                          }),
                  c.outcome);
}

TEST(Read, StringsOneOrMany) {
    const struct {
        std::string scalar, outcome;
    } cases[] = {
        {"a", "a,"},
        {"[a, '', 3]", "a,,3,"},
        {"[]", ""},
        {"{a: b}", "f.yml:1:4: k: expected a string or a list of strings, found a map\n"},
        {"[a, [b], ~]",
         "f.yml:1:8: k[1]: expected a string, found a list\nf.yml:1:13: k[2]: expected a string, found nothing\n"},
    };
    for (const auto& c : cases)
        EXPECT_EQ(outcome(c.scalar,
                          [](const Node& n, Diagnostics& d) -> std::optional<std::string> {
                              const auto values = as_strings(n, "k", d);
                              if (!values) return std::nullopt;
                              std::string joined;
                              for (const std::string& value : *values) joined += value + ",";
                              return joined;
                          }),
                  c.outcome);
}

TEST(Read, AnyScalarIsAStringByteForByte) {
    const struct {
        std::string scalar, outcome;
    } cases[] = {
        {"0755", "0755"},
        {"'a b '", "a b "},
        {"true", "true"},
        {"\"\"", ""},
        {"null", "f.yml:1:4: k: expected a string, found nothing\n"},
        {"[]", "f.yml:1:4: k: expected a string, found a list\n"},
    };
    for (const auto& c : cases)
        EXPECT_EQ(outcome(c.scalar, [](const Node& n, Diagnostics& d) { return as_string(n, "k", d); }), c.outcome);
}

TEST(Read, ChoicesProposeTheNearest) {
    const struct {
        std::string scalar, outcome;
    } cases[] = {
        {"direct", "0"},
        {"rekey", "1"},
        {"dirct", "f.yml:1:4: k: expected direct, rekey or none, found \"dirct\" (did you mean \"direct\"?)\n"},
        {"Direct", "f.yml:1:4: k: expected direct, rekey or none, found \"Direct\" (did you mean \"direct\"?)\n"},
        {"[direct]", "f.yml:1:4: k: expected direct, rekey or none, found a list\n"},
    };
    for (const auto& c : cases)
        EXPECT_EQ(outcome(c.scalar,
                          [](const Node& n, Diagnostics& d) -> std::optional<std::string> {
                              const auto value = as_choice(n, "k", {"direct", "rekey", "none"}, d);
                              return value ? std::optional(std::to_string(*value)) : std::nullopt;
                          }),
                  c.outcome);
}

TEST(MapReader, ReadsEachTypeByItsKey) {
    Diagnostics diagnostics;
    MapReader reader(parsed("s: text\ni: 3\nn: 1.5\nb: true\nd: 1h30m\nl: [a, b]\nc: two\nr: x\n"), "map", diagnostics);
    EXPECT_EQ(reader.string("s"), "text");
    EXPECT_EQ(reader.integer("i"), 3);
    EXPECT_EQ(reader.number("n"), 1.5);
    EXPECT_EQ(reader.boolean("b"), true);
    EXPECT_EQ(reader.duration("d"), Duration(5'400'000));
    EXPECT_EQ(reader.strings("l"), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(reader.choice("c", {"one", "two"}), 1U);
    EXPECT_EQ(reader.require_string("r"), "x");
    EXPECT_TRUE(reader.finish());
    EXPECT_FALSE(diagnostics.has_errors());
}

TEST(MapReader, AbsentKeysAnswerEmptyWithoutAComplaint) {
    Diagnostics diagnostics;
    MapReader reader(parsed("{}"), "map", diagnostics);
    EXPECT_FALSE(reader.get("x") || reader.string("x") || reader.integer("x") || reader.number("x") ||
                 reader.boolean("x") || reader.duration("x") || reader.strings("x") || reader.choice("x", {"a"}));
    EXPECT_TRUE(reader.finish());
}

TEST(MapReader, KeysNeverAskedForAreErrorsWithAProposal) {
    Diagnostics diagnostics;
    const Node root = parse("f.yml", "alert: X\nwitin: 7d\nbananas: 3\n", diagnostics).value();
    MapReader reader(root, "rule \"X\"", diagnostics);
    reader.get("alert");
    reader.get("within");
    EXPECT_FALSE(reader.finish());
    EXPECT_EQ(diagnostics.text(),
              "f.yml:2:1: unknown field \"witin\" in rule \"X\" (did you mean \"within\"?)\n"
              "    2 | witin: 7d\n"
              "      | ^^^^^\n"
              "f.yml:3:1: unknown field \"bananas\" in rule \"X\" (known here: alert, within)\n"
              "    3 | bananas: 3\n"
              "      | ^^^^^^^\n");
}

TEST(MapReader, RequiredKeysAreMissedWhereTheMapBegins) {
    Diagnostics diagnostics;
    MapReader reader(parsed("- x: 1\n  y: ''\n").at(0), "topic", diagnostics);
    EXPECT_FALSE(reader.require("name").has_value());
    EXPECT_FALSE(reader.require_string("event").has_value());
    EXPECT_FALSE(reader.require_string("y").has_value());
    reader.get("x");
    reader.finish();
    EXPECT_EQ(diagnostics.summary(),
              "f.yml:1:3: missing field \"name\" in topic\nf.yml:1:3: missing field \"event\" in topic\n"
              "f.yml:2:6: y: expected a string that is not empty, found the string \"\"\n");
}

TEST(MapReader, WhatIsNotBuiltYetIsRefusedAndNeverProposed) {
    Diagnostics diagnostics;
    MapReader reader(parsed("phases: [a]\nphase: b\nlimit: 3\n"), "rule", diagnostics);
    reader.not_supported("phases");
    reader.not_supported("limit", "limit: not supported yet; remove it");
    reader.not_supported("overrides");
    reader.finish();
    EXPECT_EQ(diagnostics.summary(),
              "f.yml:1:1: phases: not supported yet\nf.yml:2:1: unknown field \"phase\" in rule\n"
              "f.yml:3:1: limit: not supported yet; remove it\n");
}

TEST(MapReader, SomethingElseThanAMapIsOneComplaint) {
    for (const std::string text : {"- a", "word", "~"}) {
        Diagnostics diagnostics;
        MapReader reader(parsed(text), "section kafka", diagnostics);
        EXPECT_FALSE(reader.require("brokers").has_value());
        EXPECT_FALSE(reader.require_string("name").has_value());
        reader.not_supported("phases");
        EXPECT_FALSE(reader.finish());
        EXPECT_EQ(diagnostics.errors(), 1U) << diagnostics.summary();
    }
}

TEST(MapReader, CallersErrorsStandAtTheKey) {
    Diagnostics diagnostics;
    MapReader reader(parsed("a: 1\nb: 2\n"), "map", diagnostics);
    reader.error("b", "above the limit of 1");
    reader.error("c", "needed because of b");
    EXPECT_EQ(diagnostics.summary(), "f.yml:1:1: c: needed because of b\nf.yml:2:1: b: above the limit of 1\n");
    EXPECT_EQ(reader.what(), "map");
    EXPECT_TRUE(reader.node().is_map());
    EXPECT_EQ(&reader.diagnostics(), &diagnostics);
}

}  // namespace
}  // namespace tocsin::yaml
