// Patterns against a folder of files: which are found, in which order.
#include <gtest/gtest.h>

#include "folder.h"

namespace tocsin::config {
namespace {

TEST(RuleFiles, AreFoundByPatternInTheOrderOfPatternsThenNames) {
    const Folder folder;
    for (const char* name : {"b.yml", "a.yml", "ab.yml", "c.yaml", ".hidden.yml", "sub/d.yml", "sub/e.yml"})
        folder.write("rules/" + std::string(name), "");
    std::filesystem::create_directories(folder / "rules/folder.yml");
    const struct {
        std::string patterns;
        std::vector<std::string> found;
    } cases[] = {
        {"rules/a.yml", {"a.yml"}},
        {"rules/*.yml", {"a.yml", "ab.yml", "b.yml"}},
        {"['rules/?.yml']", {"a.yml", "b.yml"}},
        {"[rules/*b*]", {"ab.yml", "b.yml"}},
        {"[rules/**.y*ml]", {"a.yml", "ab.yml", "b.yml", "c.yaml"}},
        {"[rules/b.yml, rules/*.yml, rules/a.yml]", {"b.yml", "a.yml", "ab.yml"}},
        {"[rules/sub/*.yml, rules/sub/../a.yml]", {"sub/d.yml", "sub/e.yml", "a.yml"}},
        {"[rules/.*.yml]", {".hidden.yml"}},
        {"[]", {}},
        {"['" + (folder / "rules/sub/?.yml") + "']", {"sub/d.yml", "sub/e.yml"}},
    };
    for (const auto& c : cases) {
        std::vector<std::string> expected;
        for (const std::string& name : c.found) expected.push_back(folder / ("rules/" + name));
        EXPECT_EQ(folder.loaded(kTopics + "rule_files: " + c.patterns + "\n").rule_files, expected) << c.patterns;
    }
}

TEST(RuleFiles, ADaemonIsNotStartedWithoutAnyRuleFile) {
    const Folder folder;
    const std::string key = "privacy: {pseudonym_key_file: " + folder.write("key", "0123456789abcdef") + "}\n";
    for (const std::string patterns : {"[]", "['none/*.yml', 'nowhere/*']"}) {
        const std::string said = folder.complaints(kTopics + key + "rule_files: " + patterns + "\n", Purpose::kRun);
        EXPECT_NE(said.find("rule_files: there is not one rule file"), std::string::npos) << said;
    }
}

TEST(RuleFiles, APatternWithoutAFileIsAWarningANameIsAnError) {
    const Folder folder;
    std::filesystem::create_directories(folder / "rules");
    EXPECT_EQ(folder.complaints(kTopics + "rule_files: ['rules/*', 'none/?', rules, none.yml]\n", Purpose::kReplay),
              "tocsin.yml:4:14: warning: rule_files: no file fits rules/*\n"
              "tocsin.yml:4:25: warning: rule_files: no file fits none/?\n"
              "tocsin.yml:4:35: rule_files: rules is a folder; write rules/*.yml\n"
              "tocsin.yml:4:42: rule_files: there is no file none.yml\n");
}

TEST(RuleFiles, AHostilePatternEndsSoon) {
    const Folder folder;
    folder.write(std::string(200, 'a') + ".yml", "");
    std::string pattern;
    for (int i = 0; i < 100; ++i) pattern += "a*";
    EXPECT_TRUE(folder.loaded(kTopics + "rule_files: ['" + pattern + "b']\n").rule_files.empty());
}

TEST(RuleFiles, AreBounded) {
    const Folder folder;
    for (std::size_t i = 0; i <= kRuleFilesMax; ++i) folder.write("rules/" + std::to_string(i), "");
    EXPECT_EQ(folder.complaints(kTopics + "rule_files: 'rules/*'\n", Purpose::kReplay),
              "tocsin.yml:4:13: rule_files: more than 1000 files\n");
}

}  // namespace
}  // namespace tocsin::config
