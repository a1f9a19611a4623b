// The rules that are shipped load as they are, and say what the documents promise.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "fixtures.h"

namespace tocsin::rules {
namespace {

namespace fs = std::filesystem;

const fs::path kRules = fs::path(TOCSIN_SOURCE_DIR) / "rules";

Result<std::string> text_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return reject("cannot read " + file.string());
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

RuleSet shipped() {
    RuleSources sources;
    for (const char* name : {"person.yml", "area.yml", "promise.yml"}) {
        sources.files.push_back({(kRules / name).string(), text_of(kRules / name).value()});
    }
    sources.read = [](const std::string& path) { return text_of(path); };
    yaml::Diagnostics diagnostics;
    auto set = load_rules(sources, EventSchema::builtin(), {}, diagnostics);
    EXPECT_TRUE(set.ok()) << diagnostics.text();
    EXPECT_EQ(diagnostics.warnings(), 0u);
    return set.ok() ? std::move(*set) : RuleSet{};
}

TEST(ShippedRules, LoadAndAreComplete) {
    const RuleSet set = shipped();
    ASSERT_EQ(set.rules.size(), 3u);
    for (const Rule& rule : set.rules) {
        EXPECT_TRUE(rule.annotations.contains("summary")) << rule.name;
        EXPECT_TRUE(rule.annotations.contains("summary_zh")) << rule.name;
        EXPECT_FALSE(rule.owner.empty()) << rule.name;
        EXPECT_FALSE(rule.source.empty()) << rule.name;
        EXPECT_FALSE(rule.id.empty()) << rule.name;
        EXPECT_TRUE(rule.labels.contains("team")) << rule.name;
    }
}

TEST(ShippedRules, HighFrequencyComplainantIsACase) {
    const RuleSet set = shipped();
    const Rule* rule = set.find("HighFrequencyComplainant");
    ASSERT_NE(rule, nullptr);
    EXPECT_TRUE(rule->person);
    EXPECT_TRUE(rule->raises_case);
    EXPECT_FALSE(rule->rises_without_event);
    EXPECT_EQ(rule->longest_window(), std::chrono::days(30));
    const std::vector<Value> measures = {Value::of_int(3), Value::of_int(4), Value::of_int(2)};
    EXPECT_EQ(rule->annotations.at("summary_zh").render({measures, {}, {}, nullptr, {}}),
              "客户7天内投诉3次,30天内4次,涉及2个渠道。");
}

TEST(ShippedRules, AreaComplaintSurgeIsAWarningWithThresholds) {
    const RuleSet set = shipped();
    const Rule* rule = set.find("AreaComplaintSurge");
    ASSERT_NE(rule, nullptr);
    EXPECT_FALSE(rule->person);
    EXPECT_FALSE(rule->raises_case);
    ASSERT_NE(rule->thresholds, nullptr);
    AreaTree areas;
    const Thresholds row = rule->thresholds->find(areas, areas.resolve("anywhere"));
    EXPECT_EQ(row.by_level[static_cast<int>(Level::kBlue)].number, 5);
    EXPECT_EQ(row.by_level[static_cast<int>(Level::kRed)].number, 50);
    EXPECT_FALSE(rule->rollup_areas[static_cast<int>(AreaLevel::kHall)]);
    EXPECT_EQ(rule->keep_firing_for, std::chrono::minutes(30));
}

TEST(ShippedRules, RegisteredNotReconnectedIsAPromise) {
    const RuleSet set = shipped();
    const Rule* rule = set.find("RegisteredNotReconnected");
    ASSERT_NE(rule, nullptr);
    ASSERT_TRUE(rule->expect);
    EXPECT_TRUE(rule->raises_case);
    EXPECT_EQ(rule->expect->within, Duration(std::chrono::hours(1)));
    EXPECT_EQ(rule->overdue_steps, (std::vector<Duration>{Duration(0), std::chrono::hours(3), std::chrono::hours(23)}));
}

}  // namespace
}  // namespace tocsin::rules
