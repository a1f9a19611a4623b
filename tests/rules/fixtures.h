#pragma once
/// Events, scopes and rules for the tests of this module.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/compile.h"
#include "rules/loader.h"
#include "tocsin/event.h"
#include "tocsin/schema.h"

namespace tocsin::rules {

/// The built-in kinds and one more, `order`, with a field of every type.
inline const EventSchema& test_schema() {
    static const EventSchema schema = [] {
        EventSchema made = EventSchema::builtin();
        std::string problem;
        KindDef order;
        order.name = "order";
        order.fields = {{"note", FieldType::kString, {}, "", 0},
                        {"pieces", FieldType::kInt, {}, "", 0},
                        {"price", FieldType::kNumber, {}, "", 0},
                        {"urgent", FieldType::kBool, {}, "", 0},
                        {"wanted", FieldType::kTime, {}, "", 0},
                        {"took", FieldType::kDuration, {}, "", 0},
                        {"size", FieldType::kString, {"small", "large"}, "", 0}};
        EXPECT_TRUE(made.add(order, problem)) << problem;
        return made;
    }();
    return schema;
}

inline FieldId field(std::string_view name) {
    return *test_schema().field(name);
}
inline KindId kind(std::string_view name) {
    return *test_schema().kind(name);
}
inline Instant at(std::int64_t seconds) {
    return from_millis(seconds * 1000);
}

/// An event that owns its fields; strings are literals of the test.
struct TestEvent {
    Event event;
    std::vector<FieldValue> fields;

    explicit TestEvent(std::string_view kind_name = "order", Instant time = at(0)) {
        event.kind = kind(kind_name);
        event.time = time;
        event.id = "e1";
        event.customer = "c1";
    }
    TestEvent& with(std::string_view name, Value value) {
        fields.push_back({field(name), value});
        return *this;
    }
    const Event& get() {
        std::sort(fields.begin(), fields.end(), [](const auto& a, const auto& b) { return a.field < b.field; });
        event.fields = fields;
        return event;
    }
};

inline Scope scope_of(std::vector<KindId> kinds, bool person = true) {
    Scope scope{test_schema(), std::move(kinds)};
    scope.person = person;
    scope.has_thresholds = true;
    scope.within = std::chrono::hours(1);
    return scope;
}

/// The fault as "begin-end: message".
inline std::string shown(const Fault& fault) {
    return std::to_string(fault.begin) + "-" + std::to_string(fault.end) + ": " + fault.message;
}

inline Expression predicate(std::string_view text, std::string_view kind_name = "order") {
    Fault fault;
    auto made = compile_predicate(text, scope_of({kind(kind_name)}), fault);
    EXPECT_TRUE(made) << text << ": " << shown(fault);
    return made.value_or(Expression());
}

inline std::string predicate_fault(std::string_view text, std::vector<KindId> kinds = {kind("order")},
                                   bool person = true) {
    Fault fault;
    return compile_predicate(text, scope_of(std::move(kinds), person), fault) ? "accepted" : shown(fault);
}

/// A level over the measures n (count), people (distinct customers), s (sum of pieces) and hot (any urgent).
struct TestLevel {
    std::vector<Measure> measures;
    std::optional<Expression> level;
    Fault fault;

    explicit TestLevel(std::string_view text, Scope scope = scope_of({kind("order")})) {
        const std::pair<const char*, const char*> named[] = {
            {"n", "count()"}, {"people", "distinct(customer)"}, {"s", "sum(pieces)"}, {"hot", "any(urgent)"}};
        for (const auto& [name, definition] : named) {
            auto m = compile_measure(name, definition, scope, fault);
            EXPECT_TRUE(m) << definition << ": " << shown(fault);
            if (m) measures.push_back(*m);
        }
        level = compile_level(text, scope, measures, fault);
    }
    /// With these measures, in order; missing ones are missing.
    [[nodiscard]] bool holds(std::vector<Value> values, const Thresholds* thresholds = nullptr) const {
        EvalContext context;
        context.measures = values;
        context.thresholds = thresholds;
        return level->holds(context);
    }
};

/// One file of rules; `tables` are what thresholds_file may name.
inline Result<RuleSet> load(std::string text, yaml::Diagnostics& diagnostics,
                            std::map<std::string, std::string> tables = {}, RuleLimits limits = {}) {
    RuleSources sources;
    sources.files = {{"rules/r.yml", std::move(text)}};
    sources.read = [tables](const std::string& path) -> Result<std::string> {
        const auto found = tables.find(path);
        if (found == tables.end()) return reject("cannot read " + path);
        return found->second;
    };
    return load_rules(sources, test_schema(), limits, diagnostics);
}

/// The only rule of a file that must load: the text is what stands below `- alert: R`, four spaces in.
inline Rule rule_of(const std::string& body, std::map<std::string, std::string> tables = {}) {
    yaml::Diagnostics diagnostics;
    const std::string table = tables.empty() ? "" : "  thresholds_file: t.csv\n";
    auto set = load("groups:\n- name: g\n" + table + "  rules:\n  - alert: R\n" + body, diagnostics, std::move(tables));
    EXPECT_TRUE(set.ok()) << diagnostics.text();
    return set.ok() ? set->rules.at(0) : Rule{};
}

}  // namespace tocsin::rules
