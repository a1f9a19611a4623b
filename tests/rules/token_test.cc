// Texts and the tokens they fall into, or the reason why they do not.
#include "rules/token.h"

#include <gtest/gtest.h>

namespace tocsin::rules {
namespace {

std::string tokens_of(std::string_view text) {
    Fault fault;
    std::string out;
    for (const Token& token : tokenize(text, fault)) {
        if (token.kind == Token::Kind::kEnd) return out;
        static constexpr const char* kNames[] = {"end", "name",   "word",     "symbol",
                                                 "int", "number", "duration", "string"};
        out += std::string(out.empty() ? "" : " ") + kNames[static_cast<int>(token.kind)] + ":" + token.text;
    }
    return std::to_string(fault.begin) + ": " + fault.message;
}

TEST(Token, EveryKindIsTold) {
    EXPECT_EQ(tokens_of("n>=3"), "name:n symbol:>= int:3");
    EXPECT_EQ(tokens_of("threshold.red and not a.b.c"), "name:threshold.red word:and word:not name:a.b.c");
    EXPECT_EQ(tokens_of("0.5 70% 2.5%"), "number:0.5 number:70% number:2.5%");
    EXPECT_EQ(tokens_of("3h 1h30m 250ms"), "duration:3h duration:1h30m duration:250ms");
    EXPECT_EQ(tokens_of(R"(in ["a", "b"])"), "word:in symbol:[ string:a symbol:, string:b symbol:]");
    EXPECT_EQ(tokens_of("类别 == \"网络\""), "name:类别 symbol:== string:网络");
    EXPECT_EQ(tokens_of(" \t\n"), "");
}

TEST(Token, NumbersAreRead) {
    Fault fault;
    const auto tokens = tokenize("12 0.25 5% 1h30m", fault);
    ASSERT_EQ(tokens.size(), 5u);
    EXPECT_EQ(tokens[0].integer, 12);
    EXPECT_EQ(tokens[1].number, 0.25);
    EXPECT_EQ(tokens[2].number, 0.05);
    EXPECT_EQ(tokens[3].duration, std::chrono::minutes(90));
    EXPECT_EQ(tokens[3].begin, 11u);
    EXPECT_EQ(tokens[3].end, 16u);
}

TEST(Token, StringsHaveFewEscapes) {
    EXPECT_EQ(tokens_of(R"("a\"b\\c\n")"), "string:a\"b\\c\n");
    EXPECT_EQ(tokens_of(R"("\d+")"), R"(1: unknown escape `\d`: write \\ for a backslash)");
    EXPECT_EQ(tokens_of(R"(x == "abc)"), "5: the string is not closed: a closing \" is missing");
    EXPECT_EQ(tokens_of(R"("abc\)"), "0: the string is not closed: a closing \" is missing");
}

TEST(Token, SlipsAreNamedWithWhatWasMeant) {
    EXPECT_EQ(tokens_of("a && b"), "2: unexpected `&&`: write `and`");
    EXPECT_EQ(tokens_of("a || b"), "2: unexpected `||`: write `or`");
    EXPECT_EQ(tokens_of("a = 3"), "2: unexpected `=`: write `==`");
    EXPECT_EQ(tokens_of("a =~ \"x\""), "2: unexpected `=~`: write `matches`");
    EXPECT_EQ(tokens_of("!a"), "0: unexpected `!`: write `not`");
    EXPECT_EQ(tokens_of("a == 'x'"), "5: unexpected `'`: write double quotes");
    EXPECT_EQ(tokens_of("a ? b"), "2: unexpected `?`");
    EXPECT_EQ(tokens_of(std::string_view("a\0", 2)), "1: unexpected control character");
}

TEST(Token, WhatIsNeitherNumberNorDurationIsRefused) {
    for (const char* text : {"3x", "1e6", "1.2.3", "99999999999999999999h", "30m1h", "9999w999999999999d"}) {
        EXPECT_EQ(tokens_of(text),
                  "0: `" + std::string(text) + "` is neither a number (3, 0.5, 70%) nor a duration (90s, 1h30m, 7d)");
    }
}

TEST(Token, LongTextsAreRefused) {
    EXPECT_EQ(tokens_of(std::string(kExpressionBytesMax, ' ')), "");
    EXPECT_EQ(tokens_of(std::string(kExpressionBytesMax + 1, ' ')), "0: the expression has 4097 bytes, at most 4096");
}

TEST(Token, IdentifiersBeginWithALetter) {
    EXPECT_TRUE(is_identifier("n30"));
    EXPECT_TRUE(is_identifier("_x"));
    EXPECT_TRUE(is_identifier("人数"));
    EXPECT_FALSE(is_identifier(""));
    EXPECT_FALSE(is_identifier("30n"));
    EXPECT_FALSE(is_identifier("a.b"));
    EXPECT_FALSE(is_identifier("a-b"));
}

}  // namespace
}  // namespace tocsin::rules
