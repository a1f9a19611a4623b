/// `tocsin test`: what people see when a test fails, exit codes, coverage, JUnit, golden files.
///
/// failing_tests/NAME.yml fails with exactly what NAME.expected says. TOCSIN_UPDATE_EXPECTED=1 writes them anew; read
/// the difference before it goes in.
#include <cstdlib>

#include "fixtures.h"

namespace tocsin::app {
namespace {

namespace fs = std::filesystem;

const std::string kFolder = std::string(TOCSIN_SOURCE_DIR) + "/tests/app/failing_tests/";

std::string text_of(const fs::path& file) {
    std::ostringstream out;
    out << std::ifstream(file, std::ios::binary).rdbuf();
    return out.str();
}

std::string without(std::string text, const std::string& part) {
    for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos;) text.erase(at, part.size());
    return text;
}

TEST(FailingTests, EachShowsWhatWasExpectedBesideWhatCame) {
    std::size_t files = 0;
    for (const auto& entry : fs::directory_iterator(kFolder)) {
        if (entry.path().extension() != ".yml" || entry.path().filename() == "rules.yml") continue;
        ++files;
        const Ran ran = tocsin({"test", entry.path()});
        EXPECT_EQ(ran.code, 1) << entry.path() << ran.err;
        EXPECT_EQ(ran.err, "") << "what failed is data";
        const std::string said = without(ran.out, kFolder);
        const fs::path expected = fs::path(entry.path()).replace_extension(".expected");
        if (std::getenv("TOCSIN_UPDATE_EXPECTED") != nullptr) std::ofstream(expected, std::ios::binary) << said;
        EXPECT_EQ(said, text_of(expected)) << entry.path().filename();
    }
    EXPECT_GE(files, 11u);
}

class TestCommand : public testing::Test {
protected:
    TestCommand() {
        scratch_.write(
            "r.yml",
            "groups:\n- name: g\n  rules:\n  - alert: Often\n    on: complaint\n    by: [customer]\n    within: 7d\n"
            "    measures: {n: count()}\n    levels: {yellow: n >= 2, red: n >= 4}\n");
    }
    /// A file with one test: `count` complaints of c1, a day after each other, and what stands below them.
    std::string test(const std::string& name, int count, const std::string& checks) const {
        return scratch_.write(name, "rule_files: [r.yml]\ntests:\n- name: a claim\n  events: [{at: 0d+1dx" +
                                        std::to_string(count - 1) + ", kind: complaint, fields: {customer: c1}}]\n" +
                                        checks);
    }
    static std::string open(const std::string& at, const std::string& level) {
        return "  alert_rule_test: [{alertname: Often, eval_time: " + at +
               ", exp_alerts: [{exp_labels: {level: " + level + "}}]}]\n";
    }

    Scratch scratch_;
};

TEST_F(TestCommand, PassesAndSaysWhichLevelsNoTestReached) {
    const Ran ran = tocsin({"test", test("t.yml", 2, open("1d", "yellow"))});
    EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
    EXPECT_TRUE(
        says(ran.out,
             "t.yml: 1 of 1 tests passed\nrule Often level red: never reached by a test\ncoverage: 1 of 2 levels\n"))
        << ran.out;
}

TEST_F(TestCommand, FilesTogetherCoverWhatNoneCoversAlone) {
    const Ran ran = tocsin({"test", test("t.yml", 2, open("1d", "yellow")), test("u.yml", 4, open("3d", "red"))});
    EXPECT_EQ(ran.code, 0) << ran.out;
    EXPECT_TRUE(says(ran.out, "coverage: 2 of 2 levels\n")) << ran.out;
    EXPECT_FALSE(says(ran.out, "never reached"));
}

TEST_F(TestCommand, AFolderStandsForItsFiles) {
    const Ran ran = tocsin({"test", std::string(TOCSIN_SOURCE_DIR) + "/rules/tests"});
    EXPECT_EQ(ran.code, 0) << ran.out;
    for (const char* name : {"area.yml", "person.yml", "promise.yml"}) EXPECT_TRUE(says(ran.out, name)) << ran.out;
}

TEST_F(TestCommand, NoTestAtAllIsAFailure) {
    EXPECT_EQ(tocsin({"test", scratch_.write("none.yml", "rule_files: [r.yml]\ntests: []\n")}).code, 1);
    const Ran ran = tocsin({"test", "--run=no such name", test("t.yml", 2, open("1d", "yellow"))});
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(says(ran.err, "no test has a name that fits")) << ran.err;
}

TEST_F(TestCommand, RunChoosesByName) {
    const std::string file =
        scratch_.write("t.yml", "rule_files: [r.yml]\ntests:\n- name: right\n" +
                                    std::string("  alert_rule_test: [{alertname: Often, eval_time: 1d}]\n") +
                                    "- name: wrong\n" + open("1d", "red"));
    EXPECT_EQ(tocsin({"test", "--run=^right$", file}).code, 0);
    EXPECT_EQ(tocsin({"test", "--run=wr.ng", file}).code, 1);
    EXPECT_EQ(tocsin({"test", "--run=(", file}).code, 2) << "not a regular expression";
}

TEST_F(TestCommand, AFileThatIsNotUnderstoodFailsAndTheOthersRun) {
    const Ran ran = tocsin(
        {"test", scratch_.write("bad.yml", "rule_files: [r.yml]\ntest: []\n"), test("t.yml", 2, open("1d", "yellow"))});
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(says(ran.err, "bad.yml:2:1: unknown field \"test\"")) << ran.err;
    EXPECT_TRUE(says(ran.out, "1 of 1 tests passed")) << ran.out;
}

TEST_F(TestCommand, JUnitHasASuiteForEachFile) {
    const std::string junit = scratch_ / "junit.xml";
    const Ran ran = tocsin({"test", "--junit=" + junit, test("t.yml", 2, open("1d", "yellow")),
                            test("f.yml", 2, open("1d", "red")), scratch_.write("bad.yml", "tests: 7\n")});
    EXPECT_EQ(ran.code, 1);
    const std::string xml = scratch_.read("junit.xml");
    EXPECT_TRUE(says(xml, "t.yml\" tests=\"1\" failures=\"0\" errors=\"0\">")) << xml;
    EXPECT_TRUE(says(xml, "f.yml\" tests=\"1\" failures=\"1\" errors=\"0\">")) << xml;
    EXPECT_TRUE(says(xml, "bad.yml\" tests=\"1\" failures=\"0\" errors=\"1\">")) << xml;
    EXPECT_TRUE(says(xml, "&lt;--")) << "the difference is in the failure";
    EXPECT_EQ(
        tocsin({"test", "--junit=" + scratch_ / "no/such/folder.xml", test("t.yml", 2, open("1d", "yellow"))}).code, 1);
}

TEST_F(TestCommand, AGoldenFileIsWrittenOnRequestAndComparedEverAfter) {
    const std::string file = test("t.yml", 4, "  golden: t.golden.jsonl\n");
    EXPECT_EQ(tocsin({"test", file}).code, 1) << "there is none";
    EXPECT_EQ(tocsin({"test", "--update-golden", file}).code, 0);
    const std::string golden = scratch_.read("t.golden.jsonl");
    EXPECT_TRUE(says(golden, R"("transition":"opened","labels":{"customer":"c1","level":"yellow")")) << golden;
    EXPECT_TRUE(says(golden, R"("transition":"raised","labels":{"customer":"c1","level":"red")")) << golden;
    EXPECT_EQ(tocsin({"test", file}).code, 0);
    test("t.yml", 3, "  golden: t.golden.jsonl\n");
    const Ran ran = tocsin({"test", file});
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(says(ran.out, "line 2\n        expected  {")) << ran.out;
    EXPECT_EQ(scratch_.read("t.golden.jsonl"), golden) << "only on request";
}

TEST_F(TestCommand, WantedAlertsAreFoundInWhateverOrderTheyFit) {
    const std::string events =
        "  events:\n  - {at: 0d+1hx1, kind: complaint, fields: {customer: c1}}\n  - {at: 0d+1hx3, kind: complaint, "
        "fields: {customer: c2}}\n";
    const auto run = [&](const std::string& alerts) {
        return tocsin({"test", scratch_.write(
                                   "t.yml", "rule_files: [r.yml]\ntests:\n- name: a claim\n" + events +
                                                "  alert_rule_test: [{alertname: Often, eval_time: 1d, exp_alerts: [" +
                                                alerts + "]}]\n")})
            .code;
    };
    EXPECT_EQ(run("{}, {}"), 0) << "what is not named may be anything";
    EXPECT_EQ(run("{}, {exp_labels: {customer: c1}}"), 0);
    EXPECT_EQ(run("{}, {exp_labels: {customer: c2}}"), 0);
    EXPECT_EQ(run("{exp_labels: {level: red}}, {exp_labels: {level: yellow}}"), 0);
    EXPECT_EQ(run("{exp_labels: {customer: c1}}, {exp_labels: {level: yellow}}"), 1) << "both are c1";
    EXPECT_EQ(run("{}"), 1) << "one too many";
    EXPECT_EQ(run("{}, {}, {}"), 1) << "one too few";
    EXPECT_EQ(run("{exp_measures: {n: 2.0}}, {exp_measures: {n: 4}}"), 0) << "numbers, not words";
}

TEST_F(TestCommand, RecordsOfAFileAreDecodedAsTheTopicSays) {
    scratch_.write("t.conf.yml",
                   "kafka:\n  topics:\n    - {name: c, event: complaint, fields: {customer: /who, time: /when}}\n");
    scratch_.write(
        "mapped.jsonl",
        "{\"who\":\"c1\",\"when\":\"2026-01-05T00:00:00Z\"}\n{\"who\":\"c1\",\"when\":\"2026-01-06T00:00:00Z\"}\n");
    scratch_.write("plain.jsonl", "{\"kind\":\"complaint\",\"customer\":\"c1\",\"time\":\"2026-01-07T00:00:00Z\"}\n");
    const std::string file = scratch_.write("t.yml",
                                            "config_file: t.conf.yml\nrule_files: [r.yml]\ntests:\n- name: a claim\n"
                                            "  events: [{at: 3d, kind: complaint, fields: {customer: c1}}]\n  "
                                            "events_from: [c=mapped.jsonl, plain.jsonl]\n" +
                                                open("3d", "red"));
    const Ran ran = tocsin({"test", file});
    EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
}

TEST_F(TestCommand, EventsAreOfThePersonsThatTheConfigurationKnows) {
    scratch_.write("t.conf.yml", "kafka: {topics: [{name: c, event: complaint}]}\nidentity: {links_file: links.csv}\n");
    scratch_.write("links.csv", "identifier,person\nc1,c0\nc9,c0\n");
    const std::string file =
        scratch_.write("t.yml",
                       "config_file: t.conf.yml\nrule_files: [r.yml]\ntests:\n- name: two numbers of one person\n"
                       "  events: [{at: 0d, kind: complaint, fields: {customer: c1}}, {at: 1d, kind: complaint, "
                       "fields: {customer: c9}}]\n" +
                           open("1d", "yellow"));
    EXPECT_EQ(tocsin({"test", file}).code, 0);
    scratch_.write("links.csv", "identifier,person\nc1,c0\n");
    EXPECT_EQ(tocsin({"test", file}).code, 1) << "two numbers of two people";
}

TEST_F(TestCommand, CheckReadsTestsWithoutRunningThem) {
    const Ran good = tocsin({"check", "test", test("t.yml", 2, open("1d", "red"))});
    EXPECT_EQ(good.code, 0) << "although it would fail";
    EXPECT_TRUE(says(good.out, "t.yml: ok, 1 tests\n")) << good.out;
    EXPECT_EQ(tocsin({"check", "test", scratch_.write("bad.yml", "tests: 7\n")}).code, 1);
}

TEST_F(TestCommand, SaysWhatReplaySays) {
    const std::string config =
        scratch_.write("c.yml", "kafka: {topics: [{name: c, event: {field: /kind}}]}\nrule_files: [r.yml]\n");
    std::string lines;
    for (int day = 5; day < 9; ++day)
        lines += "{\"kind\":\"complaint\",\"customer\":\"c1\",\"time\":\"2026-01-0" + std::to_string(day) +
                 "T00:00:00Z\"}\n";
    const std::string events = scratch_.write("e.jsonl", lines);
    const Ran replayed = tocsin({"replay", "--config.file", config, "--events", events, "--show-subjects"});
    EXPECT_EQ(tocsin({"test", "--update-golden", test("t.yml", 4, "  golden: g.jsonl\n")}).code, 0);
    const std::string golden = scratch_.read("g.jsonl");
    std::size_t found = 0;
    for (const char* said :
         {R"({"at":"2026-01-06T00:00:00Z","rule":"Often",)", R"({"at":"2026-01-08T00:00:00Z","rule":"Often",)"}) {
        EXPECT_TRUE(says(replayed.out, said)) << replayed.out;
        EXPECT_TRUE(says(golden, said)) << golden;
        ++found;
    }
    EXPECT_EQ(found, 2u);
}

}  // namespace
}  // namespace tocsin::app
