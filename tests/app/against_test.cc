/// `tocsin replay --against`: the rules of before and of now over the same events.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "fixtures.h"

namespace tocsin::app {
namespace {

using nlohmann::json;

class Against : public testing::Test {
protected:
    Against() {
        config_ =
            scratch_.write("t.yml",
                           "global: {timezone: Asia/Shanghai}\nkafka:\n  topics:\n    - {name: complaints, event: "
                           "complaint}\nrule_files: [now.yml]\nprivacy: {pseudonym_key_file: key}\n");
        scratch_.write("now.yml", rules(2, 2));
        scratch_.write("old.yml", rules(3, 3));
        scratch_.write("key", "a key that is long enough to be one");
        std::filesystem::permissions(scratch_ / "key", std::filesystem::perms::owner_read);
        // One person complains on four days; another, in another place, twice.
        std::string lines;
        for (int day = 1; day <= 4; ++day) lines += line(day, "13900000001", "north");
        for (int day = 2; day <= 3; ++day) lines += line(day, "13900000002", "south");
        events_ = scratch_.write("e.jsonl", lines);
    }
    static std::string rules(int n, int people) {
        return "groups:\n- name: g\n  rules:\n  - alert: Often\n    on: complaint\n    by: [customer]\n    within: "
               "7d\n    "
               "measures: {n: count()}\n    levels: {yellow: n >= " +
               std::to_string(n) +
               "}\n    keep_firing_for: 1d\n    raises: case\n  - alert: Place\n    on: complaint\n    by: [area]\n    "
               "within: 1d\n    measures: {n: count()}\n    levels: {red: n >= " +
               std::to_string(people - 1) + "}\n    keep_firing_for: 1d\n";
    }
    static std::string line(int day, const std::string& customer, const std::string& area) {
        return "{\"id\":\"" + customer.substr(10) + std::to_string(day) + "\",\"time\":\"2016-01-0" +
               std::to_string(day) + "T20:00:00Z\",\"customer\":\"" + customer + "\",\"area\":\"" + area + "\"}\n";
    }
    Ran against(std::vector<std::string> more) const {
        more.insert(more.begin(),
                    {"replay", "--config.file", config_, "--events", events_, "--against", scratch_ / "old.yml"});
        return tocsin(more);
    }
    json document(const std::vector<std::string>& more = {}) const {
        std::vector<std::string> words{"-o", "json"};
        words.insert(words.end(), more.begin(), more.end());
        const Ran ran = against(words);
        EXPECT_EQ(ran.code, 0) << ran.err;
        return json::parse(ran.out);
    }

    Scratch scratch_;
    std::string config_, events_;
};

TEST_F(Against, EachFlagThatDiffersIsTold) {
    const json d = document();
    const json& often = d["rules"]["Often"];
    EXPECT_EQ(often["text"], "changed");
    EXPECT_EQ(often["added"], 1) << "the second person";
    EXPECT_EQ(often["earlier"], 1) << "the first, a day earlier";
    EXPECT_EQ(often["removed"], 0);
    EXPECT_EQ(often["before"]["flags"], 1);
    EXPECT_EQ(often["after"]["flags"], 2);
    const auto added = std::find_if(d["changes"].begin(), d["changes"].end(),
                                    [](const json& c) { return c["changes"][0] == "added" && c["rule"] == "Often"; });
    ASSERT_NE(added, d["changes"].end());
    EXPECT_EQ((*added)["area"], "south");
    EXPECT_EQ((*added)["after"]["opened_at"], "2016-01-03T20:00:00Z");
    EXPECT_TRUE((*added)["before"].is_null());
    EXPECT_EQ(d["areas"]["south"]["added"], 2) << "a case and a warning";
    EXPECT_TRUE(d["days"].contains("2016-01-04")) << "03T20:00Z is the 4th in China";
}

TEST_F(Against, TheSameRulesDifferInNothing) {
    scratch_.write("old.yml", rules(2, 2));
    const json d = document();
    EXPECT_TRUE(d["changes"].empty()) << d["changes"];
    EXPECT_EQ(d["rules"]["Often"]["text"], "same");
    EXPECT_EQ(d["total"]["before"], d["total"]["after"]);
}

TEST_F(Against, ASideIsWhatReplaySaysOfItsRules) {
    const json d = document();
    for (const auto& [side, file] : {std::pair{"before", "old.yml"}, std::pair{"after", "now.yml"}}) {
        const Ran alone = tocsin({"replay", "--config.file", config_, "--events", events_, "--rules", scratch_ / file});
        std::size_t openings = 0;
        for (std::size_t at = 0; (at = alone.out.find("\"transition\":\"opened\"", at)) != std::string::npos; ++at)
            ++openings;
        EXPECT_EQ(d["total"][side]["flags"], openings) << side;
    }
}

TEST_F(Against, NewAndGoneRulesAreSaidToBe) {
    std::string other = rules(3, 3);
    other.replace(other.find("Often"), 5, "Once");
    scratch_.write("old.yml", other);
    const json d = document();
    EXPECT_EQ(d["rules"]["Often"]["text"], "new");
    EXPECT_EQ(d["rules"]["Once"]["text"], "gone");
    EXPECT_EQ(d["rules"]["Once"]["removed"], 1);
}

TEST_F(Against, FollowUpTakesWhatACaseCosts) {
    const json usual = document(), dear = document({"--minutes-per-case=60"});
    EXPECT_DOUBLE_EQ(usual["minutes_per_case"], 15);
    EXPECT_DOUBLE_EQ(dear["total"]["after"]["hours_per_week"].get<double>(),
                     4 * usual["total"]["after"]["hours_per_week"].get<double>());
    EXPECT_NEAR(dear["total"]["after"]["hours_per_week"].get<double>() * dear["weeks"].get<double>(), 2, 1e-9)
        << "two cases";
}

TEST_F(Against, MoreNewPagesThanAllowedFail) {
    const int pages = document()["total"]["new_pages"];
    ASSERT_GT(pages, 0);
    EXPECT_EQ(against({"--max-new-pages=" + std::to_string(pages)}).code, 0);
    const Ran ran = against({"--max-new-pages=" + std::to_string(pages - 1)});
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(says(ran.err, "--max-new-pages=")) << ran.err;
    EXPECT_TRUE(says(ran.out, "Often")) << "the report is there all the same";
}

TEST_F(Against, EveryFormHasBothSidesAndNoNumber) {
    for (const std::string form : {"table", "json", "markdown", "html"}) {
        const Ran ran = against({"-o", form});
        EXPECT_EQ(ran.code, 0) << ran.err;
        EXPECT_TRUE(says(ran.out, "Often") && says(ran.out, "south") && says(ran.out, "c-")) << form;
        EXPECT_FALSE(says(ran.out + ran.err, "1390000000")) << form;
    }
}

TEST_F(Against, ThePageIsInBothLanguagesHasAChartAndNeedsNothingElse) {
    const std::string page = against({"-o", "html"}).out;
    for (const char* part : {"<svg viewBox", "Pages per day 每日呼叫", "Flags that differ 有差异的触发",
                             "Content-Security-Policy", "</html>"}) {
        EXPECT_TRUE(says(page, part)) << part;
    }
    for (const char* part : {"<script", "http://", "https://", "src=", "href="}) EXPECT_FALSE(says(page, part)) << part;
}

TEST_F(Against, WhatAFileSaysIsNoMarkup) {
    events_ = scratch_.write("odd.jsonl", line(1, "13900000001", "<b>|x|") + line(2, "13900000001", "<b>|x|"));
    EXPECT_TRUE(says(against({"-o", "html"}).out, "<td>&lt;b&gt;|x|</td>"));
    EXPECT_TRUE(says(against({"-o", "markdown"}).out, "\\<b\\>\\|x\\|"));
}

TEST_F(Against, PseudonymsOfTheDaemonNeedItsKey) {
    const json fixed = document(), keyed = document({"--keyed"});
    EXPECT_NE(fixed["changes"][0]["subject"].dump() + fixed["changes"][1]["subject"].dump(),
              keyed["changes"][0]["subject"].dump() + keyed["changes"][1]["subject"].dump());
}

TEST_F(Against, FormsAndFlagsThatDoNotGoTogetherAreRefused) {
    EXPECT_EQ(against({"-o", "ndjson"}).code, 2);
    EXPECT_EQ(against({"--show-subjects"}).code, 2) << "a report is passed on";
    EXPECT_EQ(tocsin({"replay", "--config.file", config_, "--events", events_, "-o", "html"}).code, 2);
    EXPECT_EQ(tocsin({"replay", "--config.file", config_, "--events", events_, "--max-new-pages=1"}).code, 2);
}

TEST_F(Against, OldRulesThatDoNotLoadFail) {
    scratch_.write("old.yml", "groups: 7\n");
    const Ran ran = against({});
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(says(ran.err, "old.yml:1:")) << ran.err;
}

TEST_F(Against, OnlyWhatOpensFromThenOnIsCompared) {
    EXPECT_EQ(document({"--from=2016-01-04T00:00:00Z"})["rules"]["Often"]["before"]["flags"], 0)
        << "it opened on the third";
    EXPECT_EQ(document({"--from=2016-01-03T00:00:00Z"})["rules"]["Often"]["before"]["flags"], 1);
}

}  // namespace
}  // namespace tocsin::app
