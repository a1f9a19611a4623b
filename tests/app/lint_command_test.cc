/// `tocsin check rules`: findings as text and for machines, exit codes, which findings, where tests and history come
/// from. What each check finds is tested in tests/lint.
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>

#include "fixtures.h"

namespace tocsin::app {
namespace {

using Json = nlohmann::json;

class LintCommand : public testing::Test {
protected:
    /// A file of rules: nothing is found about them but what the levels and their missing tests give.
    std::string rules(const std::string& name, const std::vector<std::pair<std::string, std::string>>& levels) const {
        std::string text = "groups:\n- name: g\n  rules:\n";
        for (const auto& [rule, level] : levels)
            text +=
                "  - alert: " + rule +
                "\n    on: complaint\n    by: [customer]\n    within: 7d\n    measures: {n: count()}\n    levels: {" +
                level + "}\n    annotations: {summary: x}\n";
        return scratch_.write(name, text);
    }
    static Ran check(std::vector<std::string> words) {
        words.insert(words.begin(), {"check", "rules"});
        return tocsin(words);
    }
    void git(const std::string& words) const {
        const std::string line =
            "git -C " + scratch_ / "" + " -c user.name=t -c user.email=t@example.org " + words + " >/dev/null 2>&1";
        ASSERT_EQ(std::system(line.c_str()), 0) << line;
    }

    Scratch scratch_;
    std::string wrong_ = "yellow: n >= 5, red: n >= 3", right_ = "yellow: n >= 3, red: n >= 5";
};

TEST_F(LintCommand, FindingsAreToldAndFailNothingUnlessAsked) {
    const std::string file = rules("r.yml", {{"A", wrong_}});
    const Ran told = check({"--lint=level-order", file});
    EXPECT_EQ(told.code, 0) << told.err;
    EXPECT_EQ(told.out, file + ": ok, 1 rules\n");
    EXPECT_EQ(
        told.err,
        file +
            ":9:35: warning: level-order: red is easier than yellow: it holds wherever yellow does, so yellow is "
            "never reached\n"
            "    9 |     levels: {yellow: n >= 5, red: n >= 3}\n      |                                   ^^^^^^\n");
    EXPECT_EQ(check({"--lint-fatal", "--lint=level-order", file}).code, 3);
    EXPECT_EQ(check({"--lint-fatal", "--lint=level-order", rules("s.yml", {{"A", right_}})}).code, 0);
}

TEST_F(LintCommand, WhatOnlyAConfigurationKnowsIsAskedForByItsFlag) {
    const std::string file = scratch_.write(
        "p.yml",
        "groups:\n- name: g\n  rules:\n  - alert: Refund\n    by: [customer]\n    expect: {after: account_cancelled, "
        "event: refund, within: 5 workdays, calendar: cn}\n    levels: {red: overdue >= 0s}\n");
    const Ran without = check({file});
    EXPECT_EQ(without.code, 1);
    EXPECT_TRUE(says(without.err, "add --config.file=tocsin.yml")) << without.err;
    EXPECT_FALSE(says(check({rules("m.yml", {{"B", "yellow: m >= 3"}})}).err, "--config.file")) << "another mistake";
}

TEST_F(LintCommand, ARuleThatAsksAboutATextIsSaidToKnowNothingOfThePast) {
    const std::string body =
        "groups:\n- name: g\n  rules:\n  - {alert: Press, on: complaint, by: [customer], within: 7d, levels: {red: "
        "count() >= 3}, where: 'text matches \"press\"'}\n";
    const Ran ran = check({"--lint=none", scratch_.write("t.yml", body)});
    EXPECT_EQ(ran.code, 0);
    EXPECT_TRUE(says(ran.err, "t.yml:4: Press looks at a field of type text, which is not kept")) << ran.err;
    EXPECT_EQ(check({"--lint=none", rules("r.yml", {{"A", right_}})}).err, "");
}

TEST_F(LintCommand, AProvisionalYearIsSaidOnceForAllFiles) {
    scratch_.write(
        "c.yml",
        "calendars:\n- {name: cn, zone: Asia/Shanghai, hours: \"09:00-17:00\", years: [{year: 2026, provisional: "
        "true}]}\n");
    const std::string config = scratch_.write("tocsin.yml", "calendars_file: c.yml\n");
    std::vector<std::string> words = {"--lint=none", "--config.file=" + config};
    for (const char* name : {"A", "B"})
        words.push_back(
            scratch_.write(std::string(name) + ".yml",
                           std::string("groups:\n- name: ") + name + "\n  rules:\n  - alert: " + name +
                               "\n    by: [customer]\n    expect: {after: account_cancelled, event: refund, "
                               "within: 5 workdays, calendar: cn}\n    levels: {red: overdue >= 0s}\n"));
    const Ran ran = check(words);
    EXPECT_EQ(ran.code, 0) << ran.err;
    const std::size_t first = ran.err.find("is provisional");
    EXPECT_NE(first, std::string::npos) << ran.err;
    EXPECT_EQ(ran.err.find("is provisional", first + 1), std::string::npos) << ran.err;
}

TEST_F(LintCommand, AnErrorIsWorseThanAFinding) {
    const Ran ran = check({"--lint-fatal", rules("r.yml", {{"A", wrong_}}), rules("s.yml", {{"B", "yellow: m >= 3"}})});
    EXPECT_EQ(ran.code, 1);
    EXPECT_FALSE(says(ran.err, "warning")) << "rules that do not load are not looked at further";
}

TEST_F(LintCommand, AFlagTakesOneWordAndLeavesTheFilesToBeChecked) {
    const std::string wrong = rules("s.yml", {{"B", "yellow: m >= 3"}}), right = rules("r.yml", {{"A", right_}});
    for (const char* flag : {"--lint=none", "--tests=tests", "--events=e.jsonl"}) {
        const Ran ran = check({flag, wrong, right});
        EXPECT_EQ(ran.code, 1) << flag;
        EXPECT_TRUE(says(ran.err, "s.yml:")) << flag << ran.err;
    }
}

TEST_F(LintCommand, ChecksAreChosenByName) {
    const std::string file = rules("r.yml", {{"A", wrong_}});
    const Ran all = check({file}), none = check({"--lint=none", file}), two = check({"--lint=no-test,noisy", file});
    EXPECT_TRUE(says(all.err, "level-order") && says(all.err, "no-test")) << all.err;
    EXPECT_EQ(none.err, "");
    EXPECT_TRUE(!says(two.err, "level-order") && says(two.err, "no-test")) << two.err;
    const Ran unknown = check({"--lint=level-ordre", file});
    EXPECT_EQ(unknown.code, 2);
    EXPECT_TRUE(says(unknown.err, "did you mean \"level-order\"?")) << unknown.err;
}

TEST_F(LintCommand, JsonHasErrorsAndFindings) {
    const std::string file = rules("r.yml", {{"A", wrong_}});
    const Ran found = check({"--format=json", "--lint=level-order", file});
    EXPECT_EQ(
        Json::parse(found.out),
        Json::array(
            {{{"file", file},
              {"line", 9},
              {"column", 35},
              {"severity", "warning"},
              {"check", "level-order"},
              {"message", "red is easier than yellow: it holds wherever yellow does, so yellow is never reached"}}}));
    const Ran broken = check({"--format=json", rules("s.yml", {{"B", "yellow: m >= 3"}})});
    EXPECT_EQ(broken.code, 1);
    const Json errors = Json::parse(broken.out);
    ASSERT_EQ(errors.size(), 1u);
    EXPECT_EQ(errors[0]["severity"], "error");
    EXPECT_EQ(errors[0]["check"], nullptr);
    EXPECT_EQ(errors[0]["line"], 9);
    EXPECT_EQ(Json::parse(check({"--format=json", "--lint=none", file}).out), Json::array());
}

TEST_F(LintCommand, GithubShowsThemBesideTheLines) {
    const std::string file = rules("r.yml", {{"A", wrong_}});
    EXPECT_EQ(check({"--format=github", "--lint=level-order", file}).out,
              "::warning file=" + file +
                  ",line=9,col=35,title=level-order::red is easier than yellow: it holds wherever yellow does, so "
                  "yellow is never reached\n");
    EXPECT_TRUE(says(check({"--format=github", rules("s,t.yml", {{"B", "yellow: m >= 3"}})}).out,
                     "s%2Ct.yml,line=9,col=22,title=tocsin::levels.yellow"))
        << "escaped";
}

TEST_F(LintCommand, SarifNamesEachCheckAndEachPlace) {
    const std::string file = rules("r.yml", {{"A", wrong_}});
    const Json sarif = Json::parse(check({"--format=sarif", "--lint=level-order", file}).out);
    EXPECT_EQ(sarif["version"], "2.1.0");
    const Json& run = sarif["runs"][0];
    std::set<std::string> ids;
    for (const Json& rule : run["tool"]["driver"]["rules"]) ids.insert(rule["id"]);
    EXPECT_GE(ids.size(), 17u);
    ASSERT_EQ(run["results"].size(), 1u);
    const Json& result = run["results"][0];
    EXPECT_TRUE(ids.contains(result["ruleId"]));
    EXPECT_EQ(result["level"], "warning");
    EXPECT_EQ(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], file);
    EXPECT_EQ(result["locations"][0]["physicalLocation"]["region"], (Json{{"startLine", 9}, {"startColumn", 35}}));
}

TEST_F(LintCommand, TestsAreFoundBesideTheRulesOrWhereTheFlagSays) {
    const std::string file = rules("r.yml", {{"A", right_}, {"B", "yellow: n >= 4"}});
    EXPECT_TRUE(says(check({file}).err, "no test asks about A"));
    std::filesystem::create_directories(scratch_ / "tests");
    std::filesystem::create_directories(scratch_ / "elsewhere");
    const auto test = [](const std::string& rule) {
        return "rule_files: [../r.yml]\ntests: [{name: x, alert_rule_test: [{alertname: " + rule +
               ", eval_time: 1d}]}]\n";
    };
    scratch_.write("tests/r.yml", test("A"));
    scratch_.write("elsewhere/r.yml", test("B"));
    const Ran beside = check({file}), elsewhere = check({"--tests", scratch_ / "elsewhere", file});
    EXPECT_TRUE(!says(beside.err, "about A") && says(beside.err, "no test asks about B")) << beside.err;
    EXPECT_TRUE(says(elsewhere.err, "about A") && !says(elsewhere.err, "about B")) << elsewhere.err;
    scratch_.write("tests/r.yml", "rule_files: [../r.yml]\ntests: 7\n");
    const Ran unreadable = check({file});
    EXPECT_TRUE(says(unreadable.err, "these tests cannot be read") && says(unreadable.err, "about A"))
        << unreadable.err;
}

TEST_F(LintCommand, ATestOfAnotherFileWithARuleOfThatNameDoesNotCount) {
    const std::string file = rules("r.yml", {{"A", right_}});
    rules("other.yml", {{"A", right_}});
    std::filesystem::create_directories(scratch_ / "tests");
    scratch_.write(
        "tests/r.yml",
        "rule_files: [../other.yml]\ntests: [{name: x, alert_rule_test: [{alertname: A, eval_time: 1d}]}]\n");
    EXPECT_TRUE(says(check({file}).err, "no test asks about A"));
}

TEST_F(LintCommand, HistorySaysWhichRulesAreNoisy) {
    const std::string config = scratch_.write("c.yml", "kafka: {topics: [{name: c, event: complaint}]}\n");
    std::string lines;
    for (int person = 0; person < 30; ++person)
        for (int day = 1; day <= 14; day += 13)
            lines += "{\"customer\":\"c" + std::to_string(person) + "\",\"time\":\"2016-01-" + (day < 10 ? "0" : "") +
                     std::to_string(day) + "T00:00:00Z\"}\n";
    const std::string events = scratch_.write("e.jsonl", lines);
    const std::string file = rules("r.yml", {{"Once", "yellow: n >= 1"}, {"Twice", "yellow: n >= 2"}});
    const Ran ran = check({"--config.file", config, "--events", events, "--budget=20", "--lint=noisy", file});
    EXPECT_TRUE(
        says(ran.err, "Once would have opened 32.3 times a week in 1.9 weeks of history, above its budget of 20"))
        << ran.err;
    EXPECT_FALSE(says(ran.err, "Twice")) << ran.err;
    EXPECT_FALSE(
        says(check({"--config.file", config, "--events", events, "--budget=40", "--lint=noisy", file}).err, "noisy"));
    EXPECT_EQ(check({"--config.file", config, "--events", scratch_ / "none.jsonl", file}).code, 1);
}

TEST_F(LintCommand, OnlyRulesThatChangedAreToldOf) {
    const std::string file = rules("r.yml", {{"A", wrong_}, {"B", wrong_}});
    git("init -q");
    git("add .");
    git("commit -qm x");
    EXPECT_EQ(check({"--changed-since=HEAD", "--lint-fatal", file}).code, 0) << "nothing changed";
    rules("r.yml", {{"New", wrong_}, {"A", wrong_}, {"B", "yellow: n >= 6, red: n >= 4"}});
    const Ran ran = check({"--changed-since=HEAD", "--lint-fatal", "--lint=level-order,no-test", file});
    EXPECT_EQ(ran.code, 3);
    EXPECT_TRUE(says(ran.err, "about New") && says(ran.err, "about B")) << ran.err;
    EXPECT_FALSE(says(ran.err, "about A")) << "it only moved: " << ran.err;
    const std::string fresh = rules("fresh.yml", {{"C", wrong_}});
    EXPECT_EQ(check({"--changed-since=HEAD", "--lint-fatal", fresh}).code, 3) << "a file that was not there is all new";
}

TEST_F(LintCommand, AThresholdThatChangedChangesItsRules) {
    const std::string file =
        scratch_.write("r.yml",
                       "groups:\n- name: g\n  thresholds_file: t.csv\n  rules:\n  - alert: A\n    on: complaint\n    "
                       "by: [area]\n    within: 1h\n"
                       "    measures: {n: count()}\n    levels: {yellow: n >= threshold.yellow}\n");
    scratch_.write("t.csv", "area,yellow\n*,5\n");
    git("init -q");
    git("add .");
    git("commit -qm x");
    EXPECT_EQ(check({"--changed-since=HEAD", "--lint-fatal", file}).code, 0);
    scratch_.write("t.csv", "area,yellow\n*,6\n");
    EXPECT_EQ(check({"--changed-since=HEAD", "--lint-fatal", file}).code, 3);
}

TEST_F(LintCommand, WithoutARepositoryOrTheRevisionNothingIsGuessed) {
    const std::string file = rules("r.yml", {{"A", wrong_}});
    Ran ran = check({"--changed-since=HEAD", file});
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(says(ran.err, "is in no repository of git")) << ran.err;
    git("init -q");
    for (const std::string revision : {"HEAD", "--output=x", "none"}) {
        ran = check({"--changed-since=" + revision, file});
        EXPECT_EQ(ran.code, 1) << revision;
        EXPECT_TRUE(says(ran.err, "has no revision \"" + revision + "\"")) << ran.err;
    }
}

TEST_F(LintCommand, TheShippedRulesHaveNoFindings) {
    std::vector<std::string> words = {"--lint-fatal"};
    for (const char* name : {"person", "area", "promise"})
        words.push_back(std::string(TOCSIN_SOURCE_DIR) + "/rules/" + name + ".yml");
    const Ran ran = check(words);
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(ran.err, "");
}

}  // namespace
}  // namespace tocsin::app
