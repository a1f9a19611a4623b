/// Exit codes of design 8.3, and that each message names the thing and the remedy.

#include "fixtures.h"

namespace tocsin::app {
namespace {

using Words = std::vector<std::string>;

struct Case {
    const char* what;
    Words words;
    int code;
    const char* out;  ///< a part of stdout; empty: nothing at all on it
    const char* err;  ///< a part of stderr
};

std::string source(const std::string& path) {
    return std::string(TOCSIN_SOURCE_DIR) + "/" + path;
}

const std::string kMinimal = source("tests/config/good/minimal.yml");

const Case kCases[] = {
    {"nothing", {}, 2, "", "A subcommand is required"},
    {"unknown command", {"nonsense"}, 2, "", "nonsense"},
    {"unknown flag", {"version", "--nope"}, 2, "", "--nope"},
    {"flag without its value", {"run", "--config.file"}, 2, "", "--config.file"},
    {"run without configuration", {"run"}, 2, "", "--config.file is required"},
    {"unknown level", {"run", "--config.file=x", "--log.level=loud"}, 2, "", "--log.level"},
    {"unknown clock", {"run", "--config.file=x", "--clock=sun"}, 2, "", "--clock"},
    {"check what?", {"check"}, 2, "", "A subcommand is required"},
    {"check what?", {"check", "nonsense"}, 2, "", "nonsense"},
    {"check nothing", {"check", "config"}, 2, "", "--config.file is required"},
    {"unknown scenario", {"demo", "--scenario=other"}, 2, "", "--scenario"},
    {"unknown output", {"replay", "--config.file=x", "--events=y", "-o", "xml"}, 2, "", "--output"},
    {"no events", {"replay", "--config.file=x"}, 2, "", "--events=FILE or --from-kafka"},
    {"no time",
     {"replay", "--config.file=x", "--events=y", "--from=monday"},
     2,
     "",
     "--from: \"monday\" is not RFC 3339"},
    {"no time", {"replay", "--config.file=x", "--events=y", "--to=2016-02-30T00:00:00Z"}, 2, "", "--to: "},

    {"configuration that is not there: run",
     {"run", "--config.file=/nowhere/t.yml"},
     78,
     "",
     "/nowhere/t.yml: cannot be read"},
    {"configuration that is not there: check",
     {"check", "config", "/nowhere/t.yml"},
     1,
     "",
     "/nowhere/t.yml: cannot be read"},
    {"rules that are not there", {"check", "rules", "/nowhere/r.yml"}, 1, "", "/nowhere/r.yml: cannot be read"},
    {"events that are not there",
     {"check", "events", "--config.file", kMinimal, "/nowhere/e.jsonl"},
     1,
     "",
     "/nowhere/e.jsonl: cannot be read"},
    {"events of a topic that is misspelt",
     {"check", "events", "--config.file", kMinimal, "complaint=/nowhere/e.jsonl"},
     1,
     "",
     "has no topic \"complaint\" (did you mean \"complaints\"?)"},
    {"events in a folder",
     {"replay", "--config.file", kMinimal, "--events=/tmp"},
     1,
     "",
     "/tmp: cannot be read: it is a directory"},
    {"replay of no file",
     {"replay", "--config.file", kMinimal, "--events=/nowhere/e.jsonl"},
     1,
     "",
     "/nowhere/e.jsonl: cannot be read"},
    {"nobody there",
     {"case", "list", "--url=http://127.0.0.1:1"},
     1,
     "",
     "is the daemon running? (--url names another)"},
    {"nobody there", {"warning", "show", "X", "--url=http://127.0.0.1:1"}, 1, "", "cannot ask http://127.0.0.1:1"},
    {"nobody there", {"lookup", "c-x", "--reveal", "--url=http://127.0.0.1:1"}, 1, "", "cannot ask"},
    {"no state",
     {"state", "dump", "--storage.path=/nowhere"},
     1,
     "",
     "/nowhere: holds no task; is it the storage.path of a daemon?"},
    {"a task of a configuration that is not there",
     {"state", "rebuild", "--config.file=missing.yml", "--task=1"},
     78,
     "",
     "missing.yml"},

    {"version", {"version"}, 0, "tocsin 0.", ""},
    {"version as a flag", {"--version"}, 0, "tocsin 0.", ""},
    {"check config as the other commands are told",
     {"check", "config", "--config.file", source("tests/config/good/full.yml")},
     0,
     "ok, 2 rules",
     "warning: "},
    {"version for programs", {"version", "--json"}, 0, "{\"version\":\"0.", ""},
    {"help", {"--help"}, 0, "Subcommands:", ""},
    {"help of a command", {"replay", "--help"}, 0, "--show-subjects", ""},
};

TEST(CommandLine, ExitCodesAndWordsOfEachMistake) {
    for (const Case& c : kCases) {
        const Ran ran = tocsin(c.words);
        const std::string line = std::string(c.what) + ": tocsin " + testing::PrintToString(c.words);
        EXPECT_EQ(ran.code, c.code) << line << "\n" << ran.err;
        EXPECT_TRUE(says(ran.out, c.out)) << line << "\n" << ran.out;
        EXPECT_EQ(ran.out.empty(), *c.out == 0) << line << ": stdout is data\n" << ran.out;
        EXPECT_TRUE(says(ran.err, c.err)) << line << "\n" << ran.err;
        EXPECT_EQ(ran.err.empty(), *c.err == 0) << line << "\n" << ran.err;
    }
}

TEST(CommandLine, RunRefusesAConfigurationThatNoRestartWouldMend) {
    const Scratch scratch;
    const std::string file = scratch.write("t.yml", "kafka:\n  topic: x\n");
    const Ran ran = tocsin({"run", "--config.file", file});
    EXPECT_EQ(ran.code, 78) << "systemd must not start it again";
    EXPECT_TRUE(says(ran.err, file + ":2:3: ")) << ran.err;
    EXPECT_TRUE(says(ran.err, "topic")) << ran.err;
}

TEST(CheckConfig, CountsTheRulesAndWarnsOfSecretsThatAreElsewhere) {
    const std::string file = source("tests/config/good/full.yml");
    const Ran ran = tocsin({"check", "config", file});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(ran.out, file + ": ok, 2 rules\n");
    EXPECT_TRUE(says(ran.err, "warning: secret_file: ")) << "checked on another machine than it runs on";
}

TEST(CheckConfig, OneBadFileOfTwoFails) {
    const std::string good = source("tests/config/good/full.yml");
    const Ran ran = tocsin({"check", "config", "/nowhere/t.yml", good});
    EXPECT_EQ(ran.code, 1);
    EXPECT_EQ(ran.out, good + ": ok, 2 rules\n") << "the good one is checked all the same";
}

TEST(CheckConfig, KnowsTheClientsPropertiesAsRunDoes) {
    const Scratch scratch;
    scratch.write("key", "0123456789abcdef");
    scratch.write("r.yml", "groups: []\n");
    const std::string file = scratch.write("t.yml", R"(kafka:
  brokers: localhost:9092
  client_properties: {security.protokol: ssl}
  topics: [{name: cs, event: complaint}]
privacy: {pseudonym_key_file: key}
rule_files: [r.yml]
)");
    const Ran ran = tocsin({"check", "config", file});
    EXPECT_EQ(ran.code, 1);
    EXPECT_EQ(ran.out, "");
    EXPECT_TRUE(says(ran.err, file + ": kafka.client_properties: \"security.protokol\"")) << ran.err;
}

TEST(CheckRules, TheShippedRulesAreGood) {
    const Ran ran =
        tocsin({"check", "rules", source("rules/person.yml"), source("rules/area.yml"), source("rules/promise.yml")});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_TRUE(says(ran.out, "rules/promise.yml: ok, 1 rules\n")) << ran.out;
    EXPECT_EQ(ran.err, "");
}

TEST(CheckRules, OneNameInTwoFilesIsFoundThoughEachIsGood) {
    const Scratch scratch;
    const std::string rule =
        "groups:\n- name: g\n  rules:\n  - alert: R\n    on: complaint\n    by: [customer]\n    within: 7d\n"
        "    levels: {yellow: count() >= 3}\n";
    const std::string one = scratch.write("one.yml", rule), two = scratch.write("two.yml", rule);
    const Ran ran = tocsin({"check", "rules", one, two});
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(says(ran.err, two + ":4:12: alert: \"R\" is already defined at " + one + ":4")) << ran.err;
}

TEST(CheckRules, ABadRuleIsShownWhereItStands) {
    const Scratch scratch;
    const std::string file = scratch.write("r.yml", R"(groups:
- name: g
  rules:
  - alert: R
    on: complaint
    by: [customer]
    within: 7d
    measures: {n: count()}
    levels: {yellow: m >= 3}
    raises: case
)");
    const Ran ran = tocsin({"check", "rules", file});
    EXPECT_EQ(ran.code, 1);
    EXPECT_EQ(ran.out, "");
    EXPECT_TRUE(says(ran.err, file + ":9:")) << ran.err;
    EXPECT_TRUE(says(ran.err, "m")) << ran.err;
}

TEST(CheckEvents, PrintsWhatWouldBeADeadLetter) {
    const Scratch scratch;
    const std::string config = source("tests/config/good/minimal.yml");
    const std::string good =
        scratch.write("good.jsonl", "{\"id\":\"1\",\"time\":\"2016-01-01T00:00:00Z\",\"customer\":\"c\"}\n");
    const std::string bad =
        scratch.write("bad.jsonl", "{\"id\":\"1\",\"time\":\"2016-01-01T00:00:00Z\",\"customer\":\"c\"}\n{\n\n");
    Ran ran = tocsin({"check", "events", "--config.file", config, good});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(ran.out, "");
    EXPECT_TRUE(says(ran.err, "1 records, 0 would be dead letters")) << ran.err;

    ran = tocsin({"check", "events", "--config.file", config, "complaints=" + bad});
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(says(ran.out, bad + ":2: json_invalid: ")) << ran.out;
    EXPECT_TRUE(says(ran.out, bad + ":3: empty: ")) << ran.out;

    ran = tocsin({"check", "events", "--config.file", config, "--record", scratch.write("one.json", "{\n}\n")});
    EXPECT_EQ(ran.code, 1) << "one record over two lines: an object without a time";
    EXPECT_TRUE(says(ran.err, "1 records, 1 would be dead letters")) << ran.err;
}

}  // namespace
}  // namespace tocsin::app
