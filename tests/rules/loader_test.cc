// Files that load, and every part of the Rule that comes out of them. What does not load is in broken_test.cc.
#include "rules/loader.h"

#include "fixtures.h"

namespace tocsin::rules {
namespace {

const char* const kPerson = R"(
    on: [complaint, urge]
    where: category != "praise"
    by: [customer]
    within: 7d
    measures:
      n: count()
      n30: count() over 30d
    levels:
      yellow: n >= 3
      red: n >= 5 or n30 >= 8 or (n >= 3 and any(escalated_to_regulator))
    keep_firing_for: 14d
    labels: {team: b, tier: gold}
    annotations: {summary: "{{ $n }} for {{ $labels.area }} of {{ $labels.team }}", runbook_url: "https://x/y"}
    status: experimental
    owner: me
    source: a book
    id: r-1
)";

TEST(Loader, APersonRuleIsReadWhole) {
    const Rule rule = rule_of(kPerson);
    EXPECT_EQ(rule.name, "R");
    EXPECT_EQ(rule.group, "g");
    EXPECT_EQ(rule.file, "rules/r.yml");
    EXPECT_EQ(rule.line, 4);
    EXPECT_EQ(rule.id, "r-1");
    EXPECT_EQ(rule.owner, "me");
    EXPECT_EQ(rule.source, "a book");
    EXPECT_TRUE(rule.experimental);
    EXPECT_TRUE(rule.person);
    EXPECT_TRUE(rule.raises_case);
    EXPECT_EQ(rule.on, (std::vector<KindId>{kind("complaint"), kind("urge")}));
    EXPECT_FALSE(rule.where.empty());
    EXPECT_EQ(rule.by, std::vector<FieldId>{kFieldCustomer});
    EXPECT_EQ(rule.within, std::chrono::days(7));
    ASSERT_EQ(rule.measures.size(), 3u);
    EXPECT_EQ(rule.measures[0].name, "n");
    EXPECT_EQ(rule.measures[1].window, std::chrono::days(30));
    EXPECT_EQ(rule.measures[2].name, "");
    EXPECT_TRUE(rule.levels[static_cast<int>(Level::kYellow)]);
    EXPECT_FALSE(rule.levels[static_cast<int>(Level::kBlue)]);
    EXPECT_FALSE(rule.stays[static_cast<int>(Level::kBlue)]);
    EXPECT_TRUE(rule.stays[static_cast<int>(Level::kRed)]);
    EXPECT_FALSE(rule.rises_without_event);
    EXPECT_EQ(rule.keep_firing_for, std::chrono::days(14));
    EXPECT_EQ(rule.labels, (std::map<std::string, std::string>{{"team", "b"}, {"tier", "gold"}}));
    const std::vector<Value> three = {Value::of_int(3)};
    EXPECT_EQ(rule.annotations.at("summary").render({three, {}, {{"area", "c-1"}, {"team", "b"}}, nullptr, {}}),
              "3 for c-1 of b");
    EXPECT_EQ(rule.longest_window(), std::chrono::days(30));
    EXPECT_TRUE(rule.listens_to(kind("urge")));
    EXPECT_FALSE(rule.listens_to(kind("refund")));
    EXPECT_EQ(rule.thresholds, nullptr);
    EXPECT_FALSE(rule.expect);
}

TEST(Loader, WhatIsLeftOutHasDefaults) {
    const Rule person =
        rule_of("    on: complaint\n    by: subscriber\n    within: 1h\n    levels: {red: count() >= 3}\n");
    EXPECT_TRUE(person.person);
    EXPECT_TRUE(person.raises_case);
    EXPECT_FALSE(person.experimental);
    EXPECT_TRUE(person.where.empty());
    EXPECT_EQ(person.keep_firing_for, Duration(0));
    EXPECT_EQ(person.measures.size(), 1u);
    const Rule cells =
        rule_of("    on: complaint\n    by: [area, category]\n    within: 1h\n    levels: {red: count() >= 3}\n");
    EXPECT_FALSE(cells.person);
    EXPECT_FALSE(cells.raises_case);
    EXPECT_EQ(cells.rollup_areas, (std::array<bool, kAreaLevels>{true, true, true, true}));
}

TEST(Loader, ACellRuleTakesTheGroupsThresholds) {
    const std::string body =
        "    on: complaint\n    by: [area]\n    within: 1h\n    rollup_areas: [county, city]\n"
        "    measures: {people: distinct(customer)}\n    levels: {red: people >= ";
    const std::map<std::string, std::string> tables = {{"rules/t.csv", "area,red\n*,30\n"}};
    const Rule rule = rule_of(body + "threshold.red}\n    clear: 70%\n", tables);
    ASSERT_NE(rule.thresholds, nullptr);
    EXPECT_EQ(rule.rollup_areas, (std::array<bool, kAreaLevels>{false, true, true, false}));
    AreaTree areas;
    const Thresholds thresholds = rule.thresholds->find(areas, AreaTree::kUnknown);
    const std::vector<Value> values = {Value::of_int(21)};
    EvalContext context;
    context.measures = values;
    context.thresholds = &thresholds;
    EXPECT_FALSE(rule.levels[4]->holds(context));
    EXPECT_TRUE(rule.stays[4]->holds(context)) << "21 is 70% of 30";
    EXPECT_EQ(rule_of(body + "30}\n", tables).thresholds, nullptr) << "not looked at";
}

TEST(Loader, APromiseIsReadWhole) {
    const Rule rule = rule_of(R"(
    expect:
      after: [suspension where reason == "unregistered", registration where result == "ok"]
      event: reconnection
      cancel_on: [account_cancelled where balance > 0, refund]
      within: 1h30m
      restart: true
    by: [subscriber]
    levels: {yellow: overdue >= 0s, orange: overdue > 3h, red: overdue >= 23h or overdue >= 3h}
)");
    ASSERT_TRUE(rule.expect);
    const Expect& e = *rule.expect;
    EXPECT_EQ(e.after, (std::vector<KindId>{kind("suspension"), kind("registration")}));
    EXPECT_EQ(e.event, std::vector<KindId>{kind("reconnection")});
    EXPECT_EQ(e.cancel_on, (std::vector<KindId>{kind("account_cancelled"), kind("refund")}));
    EXPECT_TRUE(e.event_where.empty());
    EXPECT_EQ(e.within, Duration(std::chrono::minutes(90)));
    EXPECT_FALSE(e.due);
    EXPECT_TRUE(e.restart);
    const auto fits = [](const Expression& where, TestEvent event) {
        EvalContext context;
        context.event = &event.get();
        return where.holds(context);
    };
    EXPECT_TRUE(fits(e.after_where, TestEvent("suspension").with("reason", Value::of_string("unregistered"))));
    EXPECT_FALSE(fits(e.after_where, TestEvent("suspension").with("reason", Value::of_string("fraud"))));
    EXPECT_TRUE(fits(e.after_where, TestEvent("registration").with("result", Value::of_string("ok"))));
    EXPECT_TRUE(fits(e.cancel_where, TestEvent("refund")));
    EXPECT_FALSE(fits(e.cancel_where, TestEvent("account_cancelled")));
    using std::chrono::hours;
    EXPECT_EQ(rule.overdue_steps, (std::vector<Duration>{Duration(0), hours(3), hours(3) + Duration(1), hours(23)}));
    EXPECT_TRUE(rule.listens_to(kind("refund")));
    EXPECT_FALSE(rule.listens_to(kind("complaint")));
    EXPECT_TRUE(rule.on.empty());
    EXPECT_TRUE(rule.raises_case);
}

TEST(Loader, APromiseMayHaveItsDueTimeStated) {
    const Rule rule = rule_of(
        "    expect: {after: suspension, event: reconnection, due: promised}\n    by: [customer]\n"
        "    levels: {yellow: overdue >= 0s}\n");
    ASSERT_TRUE(rule.expect);
    EXPECT_EQ(rule.expect->due, field("promised"));
    EXPECT_FALSE(rule.expect->within);
    EXPECT_FALSE(rule.expect->restart);
    EXPECT_TRUE(rule.expect->after_where.empty());
}

TEST(Loader, LevelsThatFallByEventsMayRiseByTime) {
    EXPECT_TRUE(rule_of("    on: complaint\n    by: [customer]\n    within: 1h\n    levels: {red: count() < 3}\n")
                    .rises_without_event);
}

TEST(Loader, ExpressionsMayFillSeveralLines) {
    const Rule rule = rule_of(
        "    on: complaint\n    by: [customer]\n    within: 1h\n    where: >-\n      category == \"a\"\n"
        "      or category == \"b\"\n    levels: {red: count() >= 3}\n");
    TestEvent e("complaint");
    e.event.category = "b";
    EvalContext context;
    context.event = &e.get();
    EXPECT_TRUE(rule.where.holds(context));
}

TEST(Loader, RulesKeepTheirOrderOverFilesAndGroups) {
    const std::string head = "groups:\n- name: g\n  rules:\n";
    const auto entry = [](const std::string& name) {
        return "  - alert: " + name +
               "\n    on: complaint\n    by: [customer]\n    within: 1h\n    levels: {red: count() >= 3}\n";
    };
    RuleSources sources;
    sources.files = {{"b.yml", head + entry("Zeta") + entry("Alpha") + "- name: h\n  rules:\n" + entry("Mu")},
                     {"a.yml", head + entry("Beta")}};
    yaml::Diagnostics diagnostics;
    const auto set = load_rules(sources, test_schema(), {}, diagnostics);
    ASSERT_TRUE(set.ok()) << diagnostics.text();
    std::string names;
    for (const Rule& rule : set->rules) names += rule.name + std::to_string(rule.order) + " ";
    EXPECT_EQ(names, "Zeta0 Alpha1 Mu2 Beta3 ");
    ASSERT_EQ(set->groups.size(), 3u);
    EXPECT_EQ(set->groups[0].rules, 2u);
    EXPECT_EQ(set->groups[2].file, "a.yml");
    EXPECT_EQ(set->find("Mu")->group, "h");
    EXPECT_EQ(set->find("Nu"), nullptr);

    sources.files[1].text = head + entry("Mu");
    const auto twice = load_rules(sources, test_schema(), {}, diagnostics);
    ASSERT_FALSE(twice.ok());
    EXPECT_EQ(twice.error().kind, ErrorKind::kReject);
    EXPECT_EQ(twice.error().message, "a.yml:4:12: alert: \"Mu\" is already defined at b.yml:16\n");
}

TEST(Loader, TheHashIsOfAllContents) {
    yaml::Diagnostics diagnostics;
    const std::string text = "groups:\n- name: g\n  thresholds_file: t.csv\n  rules: []\n";
    const auto hash = [&](const std::string& file, const std::string& table) {
        return load(file, diagnostics, {{"rules/t.csv", table}}).value().hash;
    };
    const std::string first = hash(text, "area,red\nA,1\n");
    EXPECT_EQ(first.size(), 16u);
    EXPECT_EQ(first.find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_EQ(first, hash(text, "area,red\nA,1\n"));
    EXPECT_NE(first, hash(text, "area,red\nA,2\n"));
    EXPECT_NE(first, hash(text + "# a remark\n", "area,red\nA,1\n"));
    EXPECT_EQ(load_rules({}, test_schema(), {}, diagnostics).value().hash.size(), 16u) << "no rules are a rule set too";
}

TEST(Loader, DefinitionHashChangesWithWhatDecidesLevels) {
    const std::string same = kPerson;
    const std::uint64_t hash = rule_of(same).definition_hash;
    const auto changed = [&same](const std::string& from, const std::string& to) {
        std::string body = same;
        const std::size_t at = body.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        return rule_of(body.replace(at, from.size(), to));
    };
    for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{{"praise", "thanks"},
                                                                                   {"within: 7d", "within: 8d"},
                                                                                   {"over 30d", "over 31d"},
                                                                                   {"n >= 3\n", "n >= 4\n"},
                                                                                   {"yellow:", "orange:"},
                                                                                   {", urge]", "]"},
                                                                                   {"[customer]", "[subscriber]"},
                                                                                   {"14d", "15d"}}) {
        EXPECT_NE(changed(from, to).definition_hash, hash) << from;
    }
    for (const auto& [from, to] :
         std::vector<std::pair<std::string, std::string>>{{"status: experimental", "status: stable"},
                                                          {"owner: me", "owner: you"},
                                                          {"team: b", "team: c"},
                                                          {"complaint, urge", "urge, complaint"},
                                                          {"https://x/y", "https://z"}}) {
        EXPECT_EQ(changed(from, to).definition_hash, hash) << from;
    }
    EXPECT_EQ(changed("n >= 3\n", "n >= 4\n").filter_hash, rule_of(same).filter_hash);
    EXPECT_EQ(changed("within: 7d", "within: 8d").filter_hash, rule_of(same).filter_hash);
    EXPECT_NE(changed("praise", "thanks").filter_hash, rule_of(same).filter_hash);
    EXPECT_NE(changed(", urge]", "]").filter_hash, rule_of(same).filter_hash);
    EXPECT_NE(changed("[customer]", "[customer, category]").filter_hash, rule_of(same).filter_hash);
}

// Stored with episodes and in the keys of cells: another value here means that an upgrade forgets what it has counted.
TEST(Loader, HashesAreTheSameForEver) {
    const Rule person = rule_of(kPerson);
    EXPECT_EQ(person.filter_hash, 6578669474849324876u);
    EXPECT_EQ(person.definition_hash, 13258234894499529490u);
    const Rule cells = rule_of(
        "    on: complaint\n    by: [area]\n    within: 1h\n    clear: 70%\n    rollup_areas: [city]\n"
        "    levels: {red: distinct(customer) >= threshold.red}\n",
        {{"rules/t.csv", "area,red\n*,30\n"}});
    EXPECT_EQ(cells.filter_hash, 1072952962769441730u);
    EXPECT_EQ(cells.definition_hash, 7226453893923680870u);
}

TEST(Loader, HashesOfPromisesCoverTheirParts) {
    const auto hash = [](const std::string& expect) {
        return rule_of("    expect: {" + expect + "}\n    by: [customer]\n    levels: {yellow: overdue >= 0s}\n")
            .definition_hash;
    };
    const std::vector<std::string> all = {
        "after: suspension, event: reconnection, within: 1h",
        "after: suspension, event: reconnection, within: 2h",
        "after: suspension, event: reconnection, due: promised",
        "after: suspension, event: reconnection, within: 1h, restart: true",
        "after: suspension, event: reconnection, within: 1h, cancel_on: refund",
        "after: suspension, event: reconnection, within: 1h, cancel_on: refund where amount > 3",
        "after: suspension, event: reconnection where request_no != \"x\", within: 1h",
        "after: suspension where reason == \"x\", event: reconnection, within: 1h",
        "after: registration, event: reconnection, within: 1h",
    };
    std::map<std::uint64_t, std::string> seen;
    for (const std::string& expect : all) EXPECT_TRUE(seen.emplace(hash(expect), expect).second) << expect;
}

TEST(Loader, ThresholdsBelongToTheDefinition) {
    const std::string body =
        "    on: complaint\n    by: [area]\n    within: 1h\n    levels: {red: count() >= threshold.red}\n";
    const Rule a = rule_of(body, {{"rules/t.csv", "area,red\n*,30\n"}});
    const Rule b = rule_of(body, {{"rules/t.csv", "area,red\n*,31\n"}});
    EXPECT_NE(a.definition_hash, b.definition_hash);
    EXPECT_EQ(a.filter_hash, b.filter_hash);
}

TEST(Loader, LimitsComeFromTheConfiguration) {
    const std::string text =
        "groups:\n- name: g\n  rules:\n  - alert: R\n    on: complaint\n    by: [customer]\n    within: 500d\n"
        "    levels: {red: count() >= 300}\n";
    yaml::Diagnostics refused, accepted;
    EXPECT_FALSE(load(text, refused).ok());
    EXPECT_EQ(refused.errors(), 2u);
    EXPECT_TRUE(load(text, accepted, {}, {std::chrono::days(500), 300}).ok()) << accepted.text();
}

TEST(Loader, TooManyPartsAreRefused) {
    const auto refused = [](const std::string& body) {
        yaml::Diagnostics diagnostics;
        const auto set = load("groups:\n- name: g\n  rules:\n  - alert: R\n    on: complaint\n" + body, diagnostics);
        return set.ok() ? "accepted" : diagnostics.summary();
    };
    std::string measures, labels, by, inline_counts = "count() >= 1";
    for (int i = 0; i < 33; ++i) measures += "      m" + std::to_string(i) + ": count()\n";
    for (int i = 0; i < 33; ++i) labels += "      l" + std::to_string(i) + ": x\n";
    for (int i = 0; i < 9; ++i) by += std::string(by.empty() ? "" : ", ") + "customer";
    for (int i = 2; i < 40; ++i) inline_counts += " or count() over " + std::to_string(i) + "h >= 1";
    const std::string rest = "    by: [customer]\n    within: 1h\n    levels: {red: count() >= 3}\n";
    EXPECT_EQ(refused(rest + "    measures:\n" + measures), "rules/r.yml:9:5: measures: more than 32\n");
    EXPECT_EQ(refused(rest + "    labels:\n" + labels), "rules/r.yml:9:5: labels: more than 32\n");
    EXPECT_EQ(refused(rest + "    annotations:\n" + labels), "rules/r.yml:9:5: annotations: more than 32\n");
    EXPECT_EQ(refused("    by: [" + by + "]\n    within: 1h\n    levels: {red: count() >= 3}\n"),
              "rules/r.yml:6:5: by: more than 8 fields\n");
    const std::string many = refused("    by: [customer]\n    within: 1h\n    levels: {red: " + inline_counts + "}\n");
    EXPECT_NE(many.find("levels.red: the rule has more than 32 measures"), std::string::npos) << many;
}

TEST(Loader, ASetHoldsAThousandRules) {
    std::string text = "groups:\n- name: g\n  rules:\n";
    for (std::size_t i = 0; i <= kRulesMax; ++i) {
        text += "  - {alert: R" + std::to_string(i) +
                ", on: complaint, by: [customer], within: 1h, levels: {red: count() >= 3}}\n";
    }
    yaml::Diagnostics diagnostics;
    EXPECT_FALSE(load(text, diagnostics).ok());
    EXPECT_EQ(diagnostics.summary(), "rules/r.yml:1004:5: more than 1000 rules\n");
}

TEST(Loader, ATableOfTwoGroupsIsReadOnce) {
    int reads = 0;
    const std::string group = "  thresholds_file: sub/t.csv\n  rules: []\n";
    RuleSources sources;
    sources.files = {{"rules/r.yml", "groups:\n- name: g\n" + group + "- name: h\n" + group},
                     {"r.yml", "groups:\n- name: g\n  thresholds_file: /abs/t.csv\n  rules: []\n"}};
    std::string paths;
    sources.read = [&](const std::string& path) -> Result<std::string> {
        ++reads;
        paths += path + " ";
        return std::string("area,red\n*,1\n");
    };
    yaml::Diagnostics diagnostics;
    EXPECT_TRUE(load_rules(sources, test_schema(), {}, diagnostics).ok()) << diagnostics.text();
    EXPECT_EQ(paths, "rules/sub/t.csv /abs/t.csv ");
    EXPECT_EQ(reads, 2);
}

TEST(Loader, WithoutAReaderTablesAreRefused) {
    RuleSources sources;
    sources.files = {{"r.yml", "groups:\n- name: g\n  thresholds_file: t.csv\n  rules: []\n"}};
    yaml::Diagnostics diagnostics;
    EXPECT_FALSE(load_rules(sources, test_schema(), {}, diagnostics).ok());
    EXPECT_EQ(diagnostics.summary(), "r.yml:3:3: thresholds_file: no files can be read here\n");
}

}  // namespace
}  // namespace tocsin::rules
