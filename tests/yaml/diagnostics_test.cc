// Messages are compared as a person sees them, to the last blank.
#include "yaml/diagnostics.h"

#include <gtest/gtest.h>

#include <memory>

namespace tocsin::yaml {
namespace {

std::shared_ptr<const std::string> source(std::string text) {
    return std::make_shared<const std::string>(std::move(text));
}

TEST(Diagnostics, ShowsTheLineAndUnderlinesTheWord) {
    Diagnostics diagnostics;
    diagnostics.add_source("rules/city.yml", source("groups:\n  - name: a\n    witin: 7d\n"));
    diagnostics.error({"rules/city.yml", 3, 5, 5}, "unknown field \"witin\" in rule \"X\" (did you mean \"within\"?)");
    EXPECT_EQ(diagnostics.text(),
              "rules/city.yml:3:5: unknown field \"witin\" in rule \"X\" (did you mean \"within\"?)\n"
              "    3 |     witin: 7d\n"
              "      |     ^^^^^\n");
}

TEST(Diagnostics, SummaryLeavesTheSourceOut) {
    Diagnostics diagnostics;
    diagnostics.add_source("f", source("abc\n"));
    diagnostics.error({"f", 1, 2}, "bad");
    EXPECT_EQ(diagnostics.summary(), "f:1:2: bad\n");
}

TEST(Diagnostics, CaretStandsBelowChineseAndBehindTabs) {
    Diagnostics diagnostics;
    diagnostics.add_source("f", source("投诉:\t处理\r\n"));
    diagnostics.error({"f", 1, 5, 2}, "unknown");
    EXPECT_EQ(diagnostics.text(), "f:1:5: unknown\n    1 | 投诉:\t处理\n      |      \t^^^^\n");
}

TEST(Diagnostics, ByteOrderMarkIsNotPartOfTheFirstLine) {
    Diagnostics diagnostics;
    diagnostics.add_source("f", source("\xEF\xBB\xBF"
                                       "abc"));
    diagnostics.error({"f", 1, 1, 3}, "bad");
    EXPECT_EQ(diagnostics.text(), "f:1:1: bad\n    1 | abc\n      | ^^^\n");
}

TEST(Diagnostics, CaretMayStandBehindTheEndOfTheLine) {
    Diagnostics diagnostics;
    diagnostics.add_source("f", source("ab"));
    diagnostics.error({"f", 1, 3, 7}, "expected more");
    EXPECT_EQ(diagnostics.text(), "f:1:3: expected more\n    1 | ab\n      |   ^\n");
}

TEST(Diagnostics, WithoutSourceOrLineOnlyTheMessageIsPrinted) {
    Diagnostics diagnostics;
    diagnostics.add_source("known", source("one line\n"));
    diagnostics.error({"unknown", 1, 1}, "a");
    diagnostics.error({"known", 7, 1}, "b");
    diagnostics.error({"known"}, "cannot be opened: No such file or directory");
    EXPECT_EQ(diagnostics.text(), "unknown:1:1: a\nknown: cannot be opened: No such file or directory\nknown:7:1: b\n");
}

TEST(Diagnostics, VeryLongLinesAreNotShown) {
    Diagnostics diagnostics;
    diagnostics.add_source("f", source(std::string(Diagnostics::kSourceLineBytesMax + 1, 'x')));
    diagnostics.error({"f", 1, 1}, "long");
    EXPECT_EQ(diagnostics.text(), "f:1:1: long\n");
}

TEST(Diagnostics, ALineThatMayHoldASecretIsNotShown) {
    Diagnostics diagnostics;
    diagnostics.add_source("f", source("{password: not a real one}\n"));
    diagnostics.error({"f", 1, 1}, "missing field");
    diagnostics.hide_line({"f", 1, 2});
    diagnostics.error({"f", 1, 2}, "password: put it into a file");
    EXPECT_EQ(diagnostics.text(), "f:1:1: missing field\nf:1:2: password: put it into a file\n");
}

TEST(Diagnostics, SortsByPlaceWithinAFileAndKeepsTheOrderOfFiles) {
    Diagnostics diagnostics;
    diagnostics.error({"b", 9, 1}, "3");
    diagnostics.error({"a", 1, 1}, "5");
    diagnostics.error({"b", 2, 8}, "2");
    diagnostics.error({"b", 2, 3}, "1");
    diagnostics.error({"b", 9, 1}, "4");
    EXPECT_EQ(diagnostics.summary(), "b:2:3: 1\nb:2:8: 2\nb:9:1: 3\nb:9:1: 4\na:1:1: 5\n");
}

TEST(Diagnostics, WarningsAreMarkedAndAreNoErrors) {
    Diagnostics diagnostics;
    diagnostics.warning({"f", 1, 1}, "matches no file");
    EXPECT_FALSE(diagnostics.has_errors());
    EXPECT_EQ(diagnostics.warnings(), 1U);
    EXPECT_EQ(diagnostics.text(), "f:1:1: warning: matches no file\n");
}

TEST(Diagnostics, BeyondTheLimitErrorsAndWarningsAreOnlyCounted) {
    Diagnostics diagnostics;
    for (std::size_t i = 0; i < Diagnostics::kErrorsMax + 3; ++i) diagnostics.error({"f", 1, 1}, "e");
    for (std::size_t i = 0; i < Diagnostics::kWarningsMax + 2; ++i) diagnostics.warning({"f", 1, 1}, "w");
    EXPECT_EQ(diagnostics.errors(), Diagnostics::kErrorsMax + 3);
    EXPECT_EQ(diagnostics.sorted().size(), Diagnostics::kErrorsMax + Diagnostics::kWarningsMax);
    const std::string text = diagnostics.text();
    EXPECT_EQ(text.substr(text.find("and ")), "and 3 more errors\nand 2 more warnings\n");
}

TEST(Quote, ReplacesControlCharactersAndCutsLongTexts) {
    EXPECT_EQ(quote("a\nb\tc\x1b"), "\"a\\nb\\tc?\"");
    EXPECT_EQ(quote(std::string(41, 'x')), "\"" + std::string(40, 'x') + "…\"");
    EXPECT_EQ(quote("投诉"), "\"投诉\"");
}

TEST(DidYouMean, ProposesTheNearestWordOrNothing) {
    const std::vector<std::string> known = {"within", "where", "by", "levels", "keep_firing_for"};
    const struct {
        std::string word, proposal;
    } cases[] = {
        {"witin", "within"},
        {"wihtin", "within"},
        {"Within", "within"},
        {"wher", "where"},
        {"level", "levels"},
        {"keep_fireing_fro", "keep_firing_for"},
        {"bx", "by"},
        {"zz", ""},
        {"measures", ""},
        {"", ""},
        {std::string(65, 'w'), ""},
    };
    for (const auto& c : cases)
        EXPECT_EQ(did_you_mean(c.word, known), c.proposal.empty() ? "" : " (did you mean \"" + c.proposal + "\"?)")
            << c.word;
    EXPECT_EQ(did_you_mean("within", {}), "");
}

TEST(DidYouMean, IgnoresCandidatesTooLongToCompare) {
    EXPECT_EQ(did_you_mean("abc", {std::string(65, 'a')}), "");
}

}  // namespace
}  // namespace tocsin::yaml
