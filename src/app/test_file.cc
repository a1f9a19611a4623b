#include "app/test_file.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "app/test_events.h"
#include "base/json_text.h"
#include "base/times.h"
#include "yaml/read.h"

namespace tocsin::app {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

/// What a test may ask of a rule's alerts.
struct RuleNames {
    Names labels{"alertname", "level", "area", "raises"}, annotations, measures;

    RuleNames(const Rule& rule, const EventSchema& schema) {
        for (const FieldId field : rule.by) labels.push_back(schema.field_name(field));
        for (const auto& [name, value] : rule.labels) labels.push_back(name);
        for (const auto& [name, text] : rule.annotations) annotations.push_back(name);
        for (const Measure& measure : rule.measures) {
            if (!measure.name.empty()) measures.push_back(measure.name);
        }
        if (rule.expect) measures.emplace_back("overdue");
    }
};

class CheckReader {
public:
    CheckReader(const RuleSet& rules, const EventSchema& schema, Instant start, yaml::Diagnostics& diagnostics)
        : rules_(rules), schema_(schema), start_(start), diagnostics_(diagnostics) {}

    std::optional<AlertCheck> alerts(const yaml::Node& node) {
        yaml::MapReader map(node, "alert_rule_test", diagnostics_);
        AlertCheck check;
        check.line = node.position().line;
        const Rule* rule = read_rule(map);
        const auto at = map.require("eval_time");
        const auto instant = at ? read_moment(*at, "eval_time", start_, diagnostics_) : std::nullopt;
        for (const yaml::Node& entry : list(map, "exp_alerts")) {
            yaml::MapReader alert(entry, "alert", diagnostics_);
            check.alerts.push_back(wanted(alert, rule));
            alert.finish();
        }
        if (!map.finish() || rule == nullptr || !instant) return std::nullopt;
        check.rule = rule->name;
        check.at = *instant;
        return check;
    }

    std::optional<TransitionCheck> transitions(const yaml::Node& node) {
        yaml::MapReader map(node, "transition_test", diagnostics_);
        TransitionCheck check;
        check.line = node.position().line;
        const Rule* rule = read_rule(map);
        for (const yaml::Node& entry : list(map, "exp_transitions"))
            check.transitions.push_back(transition(entry, rule));
        if (!map.finish() || rule == nullptr) return std::nullopt;
        check.rule = rule->name;
        return check;
    }

private:
    const Rule* read_rule(yaml::MapReader& map) {
        const auto name = map.require_string("alertname");
        if (!name) return nullptr;
        const Rule* rule = rules_.find(*name);
        Names names;
        for (const Rule& known : rules_.rules) names.push_back(known.name);
        if (rule == nullptr)
            map.error("alertname", "rule_files have no rule " + yaml::quote(*name) + yaml::did_you_mean(*name, names));
        return rule;
    }

    /// Nothing behind the key, or no key: nothing is expected.
    std::vector<yaml::Node> list(yaml::MapReader& map, std::string_view key) {
        const auto node = map.get(key);
        if (!node || node->is_null()) return {};
        if (!node->is_sequence()) map.error(key, "expected a list, found " + node->describe());
        if (node->size() > kTestExpectedMax) map.error(key, "more than " + std::to_string(kTestExpectedMax));
        return node->items();
    }

    WantedTransition transition(const yaml::Node& node, const Rule* rule) {
        yaml::MapReader map(node, "transition", diagnostics_);
        WantedTransition out;
        if (const auto at = map.require("at")) out.at = read_moment(*at, "at", start_, diagnostics_).value_or(start_);
        static const Names kinds = {"opened", "raised", "lowered", "closed"};
        constexpr std::array kKinds = {TransitionKind::kOpened, TransitionKind::kRaised, TransitionKind::kLowered,
                                       TransitionKind::kClosed};
        map.require("transition");
        if (const auto kind = map.choice("transition", kinds)) out.kind = kKinds[*kind];
        static const Names reasons = {"quiet", "fulfilled", "moved", "cancelled", "expired", "corrected"};
        constexpr std::array kReasons = {CloseReason::kQuiet,     CloseReason::kFulfilled, CloseReason::kMoved,
                                         CloseReason::kCancelled, CloseReason::kExpired,   CloseReason::kCorrected};
        if (const auto reason = map.choice("reason", reasons)) {
            out.reason = kReasons[*reason];
            if (out.kind != TransitionKind::kClosed) map.error("reason", "only what closes has one");
        }
        out.wanted = wanted(map, rule);
        map.finish();
        return out;
    }

    Wanted wanted(yaml::MapReader& map, const Rule* rule) {
        Wanted out;
        out.line = map.node().position().line;
        const RuleNames names = rule == nullptr ? RuleNames({}, schema_) : RuleNames(*rule, schema_);
        out.labels = texts(map, "exp_labels", rule, names.labels);
        out.annotations = texts(map, "exp_annotations", rule, names.annotations);
        out.measures = texts(map, "exp_measures", rule, names.measures);
        return out;
    }

    /// A name that no alert of the rule has would never fit: it is a mistake of the test.
    Wanted::Texts texts(yaml::MapReader& map, std::string_view key, const Rule* rule, const Names& names) {
        Wanted::Texts out;
        const auto node = map.get(key);
        if (!node) return out;
        if (!node->is_map()) map.error(key, "expected a map, found " + node->describe());
        for (const yaml::Node::Entry& entry : node->entries()) {
            const auto text = yaml::as_string(entry.value, std::string(key) + "." + entry.name(), diagnostics_);
            if (text) out[entry.name()] = *text;
            if (text && rule != nullptr && key == "exp_labels" && entry.name() == "level")
                check_level(entry.value, *rule);
            if (rule == nullptr || std::find(names.begin(), names.end(), entry.name()) != names.end()) continue;
            diagnostics_.error(entry.key.position(), std::string(key) + ": " + rule->name + " has no " +
                                                         yaml::quote(entry.name()) +
                                                         yaml::did_you_mean(entry.name(), names));
        }
        return out;
    }

    void check_level(const yaml::Node& node, const Rule& rule) {
        Names names;
        for (int l = 1; l < kLevels; ++l)
            if (rule.levels[static_cast<std::size_t>(l)]) names.emplace_back(level_name(static_cast<Level>(l)));
        if (std::find(names.begin(), names.end(), node.text()) != names.end()) return;
        diagnostics_.error(node.position(), "exp_labels.level: " + rule.name + " has no level " +
                                                yaml::quote(node.text()) + yaml::did_you_mean(node.text(), names));
    }

    const RuleSet& rules_;
    const EventSchema& schema_;
    Instant start_;
    yaml::Diagnostics& diagnostics_;
};

class FileReader {
public:
    FileReader(const std::string& path, yaml::Diagnostics& diagnostics) : diagnostics_(diagnostics) {
        file_.path = path;
    }

    std::optional<TestFile> read() {
        const std::size_t errors_before = diagnostics_.errors();
        const auto root = yaml::parse_file(file_.path, diagnostics_);
        if (!root) return std::nullopt;
        yaml::MapReader map(*root, "test file", diagnostics_);
        if (const auto config = map.string("config_file")) {
            auto loaded = config::load_config(beside(*config), diagnostics_, config::Purpose::kRules);
            if (loaded) file_.config = std::move(*loaded);
        }
        read_rules(map);
        map.not_supported(
            "evaluation_interval",
            "evaluation_interval: rules are judged at every event and at every instant that is due: leave it out");
        const auto tests = map.require("tests");
        if (tests && !tests->is_sequence()) map.error("tests", "expected a list, found " + tests->describe());
        if (tests && tests->size() > kTestsMax) map.error("tests", "more than " + std::to_string(kTestsMax));
        map.finish();
        // Against rules that did not load every name would be a mistake.
        if (!file_.rules || !tests) return std::nullopt;
        for (const yaml::Node& test : tests->items()) read_test(test);
        if (diagnostics_.errors() > errors_before) return std::nullopt;
        return std::move(file_);
    }

private:
    [[nodiscard]] std::string beside(const std::string& path) const {
        return (fs::path(file_.path).parent_path() / path).lexically_normal().string();
    }

    void read_rules(yaml::MapReader& map) {
        map.require("rule_files");
        std::vector<std::string> files;
        for (const std::string& file : map.strings("rule_files").value_or(std::vector<std::string>()))
            files.push_back(beside(file));
        if (files.empty() || diagnostics_.has_errors()) return;
        auto rules = config::load_rules(file_.config, files, diagnostics_);
        if (rules) file_.rules = std::make_shared<const RuleSet>(std::move(*rules));
    }

    void read_test(const yaml::Node& node) {
        yaml::MapReader map(node, title_of(node), diagnostics_);
        RuleTest test;
        test.line = node.position().line;
        test.name = map.require_string("name").value_or("");
        if (!test.name.empty() && !names_.insert(test.name).second)
            map.error("name", "a test " + yaml::quote(test.name) + " is already in this file");
        test.start = from_millis(1'767'571'200'000);  // 2026-01-05T00:00:00Z, a Monday
        if (const auto start = map.get("start")) {
            const auto at = start->is_scalar() ? parse_rfc3339(start->text()) : std::nullopt;
            if (at)
                test.start = *at;
            else
                map.error("start", "expected a time like 2016-11-07T00:00:00Z, found " + start->describe());
        }
        if (const auto until = map.get("until")) test.until = read_moment(*until, "until", test.start, diagnostics_);
        if (const auto events = list(map, "events"))
            test.lines = read_timeline(*events, file_.config.schema, test.start, diagnostics_);
        for (const std::string& text : map.strings("events_from").value_or(std::vector<std::string>()))
            test.files.push_back(text);
        CheckReader checks(*file_.rules, file_.config.schema, test.start, diagnostics_);
        read_checks(map, checks, test);
        if (const auto golden = map.string("golden")) test.golden = beside(*golden);
        refuse_series(map);
        const auto is_there = [&](const char* key) { return node.find(key).has_value(); };
        if (node.is_map() && !is_there("alert_rule_test") && !is_there("transition_test") && !is_there("golden"))
            map.error("name", "the test expects nothing: write alert_rule_test, transition_test or golden");
        map.finish();
        file_.tests.push_back(std::move(test));
    }

    void read_checks(yaml::MapReader& map, CheckReader& checks, RuleTest& test) {
        if (const auto nodes = list(map, "alert_rule_test")) {
            for (const yaml::Node& node : nodes->items())
                if (auto check = checks.alerts(node)) test.alerts.push_back(std::move(*check));
        }
        if (const auto nodes = list(map, "transition_test")) {
            for (const yaml::Node& node : nodes->items())
                if (auto check = checks.transitions(node)) test.transitions.push_back(std::move(*check));
        }
    }

    /// What people know from promtool.
    static void refuse_series(yaml::MapReader& map) {
        map.not_supported("input_series", "input_series: rules here read events, not series: write events");
        map.not_supported("interval", "interval: the times of events stand in their `at`: 0d+1dx4");
        map.not_supported("promql_expr_test", "promql_expr_test: rules here are no PromQL: write alert_rule_test");
    }

    static std::string title_of(const yaml::Node& node) {
        const auto name = node.find("name");
        return name && name->is_scalar() ? "test \"" + name->text() + "\"" : "test";
    }

    static std::optional<yaml::Node> list(yaml::MapReader& map, std::string_view key) {
        auto node = map.get(key);
        if (node && !node->is_sequence()) map.error(key, "expected a list, found " + node->describe());
        return node;
    }

    yaml::Diagnostics& diagnostics_;
    TestFile file_;
    std::set<std::string> names_;
};

}  // namespace

std::optional<TestFile> load_test_file(const std::string& path, yaml::Diagnostics& diagnostics) {
    return FileReader(path, diagnostics).read();
}

std::string measure_text(const OwnedValue& owned) {
    const Value& v = owned.value;
    if (v.type == Value::Type::kBool) return v.boolean ? "true" : "false";
    if (v.type == Value::Type::kInt) return std::to_string(v.integer);
    if (v.type == Value::Type::kTime) return format_rfc3339(from_millis(v.integer));
    if (v.type == Value::Type::kDuration) return format_duration(Duration(v.integer));
    std::string number;
    if (v.type == Value::Type::kNumber) append_json_number(number, v.number);
    return v.type == Value::Type::kNumber ? number : owned.text;
}

}  // namespace tocsin::app
