// phases_file: what it may say.
#include <gtest/gtest.h>

#include "base/phases.h"
#include "base/times.h"
#include "config/config.h"
#include "folder.h"

namespace tocsin::config {
namespace {

TEST(PhasesFile, IsReadAndRulesNameItsPhases) {
    Folder folder;
    folder.write("phases.yml", R"(
phases: [reminder, suspension]
settle: 6h
changes:
  - {at: 2016-10-15T00:00:00+08:00, phase: suspension, areas: ["140100", "140200"]}
  - {at: 2016-09-01T00:00:00+08:00, phase: reminder}
  - {at: 2016-09-02T00:00:00+08:00, phase: reminder, areas: "140100"}
)");
    folder.write("r.yml", R"(groups:
- name: g
  rules:
  - {alert: R, on: complaint, by: [customer], within: 1d, levels: {red: count() >= 2}, phases: [suspension]}
)");
    folder.write("tocsin.yml", kTopics + "phases_file: phases.yml\nglobal: {timezone: Asia/Shanghai}\n");
    yaml::Diagnostics diagnostics;
    const auto config = load_config(folder / "tocsin.yml", diagnostics, Purpose::kReplay);
    ASSERT_TRUE(config.ok()) << diagnostics.text();
    const PhasePlan& plan = *config->phases;
    EXPECT_EQ(plan.names, (std::vector<std::string>{"reminder", "suspension"}));
    EXPECT_EQ(plan.settle, std::chrono::hours(6));
    EXPECT_EQ(plan.areas.size(), 3u);
    const auto& taiyuan = plan.areas.at("140100");
    ASSERT_EQ(taiyuan.size(), 2u);
    EXPECT_EQ(taiyuan[0].phase, "reminder") << "ascending by time";
    EXPECT_EQ(taiyuan[1].at, parse_rfc3339("2016-10-14T16:00:00Z"));
    const auto rules = load_rules(*config, {folder / "r.yml"}, diagnostics);
    ASSERT_TRUE(rules.ok()) << diagnostics.text();
    EXPECT_EQ(rules->rules[0].plan, config->phases);
}

}  // namespace
}  // namespace tocsin::config
