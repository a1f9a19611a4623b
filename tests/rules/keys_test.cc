// The table of keys that `tocsin schema rules` is made of is what the loader asks for: no more, no less.
#include "rules/keys.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "../yaml/tables.h"
#include "base/phases.h"
#include "rules/loader.h"

namespace tocsin::rules {
namespace {

namespace fs = std::filesystem;

TEST(RuleKeys, AreWhatTheLoaderAsksFor) {
    yaml::AskedKeys asked;
    for (const char* folder : {"rules", "tests/rules/broken"}) {
        for (const auto& entry : fs::directory_iterator(fs::path(TOCSIN_SOURCE_DIR) / folder)) {
            if (entry.path().extension() != ".yml") continue;
            std::ostringstream text;
            text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
            yaml::Diagnostics diagnostics;
            asked.listen(diagnostics, entry.path());
            RuleSources sources;
            sources.files = {{entry.path(), text.str()}};
            auto plan = std::make_shared<PhasePlan>();
            plan->names = {"suspension"};
            sources.phases = plan;
            static_cast<void>(load_rules(sources, EventSchema::builtin(), {}, diagnostics));
        }
    }
    EXPECT_EQ(asked.differences(rule_tables()), std::vector<std::string>());

    std::vector<yaml::Table> less = rule_tables();
    less[2].keys.erase(less[2].keys.begin());
    less[2].keys.push_back({"phaze", yaml::Shape::kText, "x"});
    for (yaml::Key& key : less[2].keys) {
        if (key.name == "raises") key.choices = {"case"};
        if (key.name == "keep_firing_for") key.shape = yaml::Shape::kInt;
    }
    EXPECT_EQ(
        asked.differences(less),
        (std::vector<std::string>{"rule.alert: a reader asks for it, and no table has it",
                                  "rule.keep_firing_for: read as duration, and the table says otherwise",
                                  "rule.raises: other choices than the reader's", "rule.phaze: no reader asks for it"}))
        << "the comparison sees what is wrong";
}

}  // namespace
}  // namespace tocsin::rules
