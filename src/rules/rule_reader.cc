// What all rules have: name, by, raises, labels, annotations.
#include "rules/rule_reader.h"

#include <algorithm>

#include "rules/canonical.h"
#include "rules/template.h"
#include "rules/token.h"

namespace tocsin::rules {
namespace {

bool is_rule_name(std::string_view name) {
    if (name.empty() || name[0] < 'A' || name[0] > 'Z') return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
}

bool is_ascii_identifier(std::string_view text) {
    return is_identifier(text) &&
           std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string title_of(const yaml::Node& node) {
    const auto name = node.find("alert");
    return name && name->is_scalar() ? "rule \"" + name->text() + "\"" : "rule";
}

/// Labels that the record itself has.
constexpr std::array<std::string_view, 3> kReservedLabels = {"alertname", "level", "area"};

/// Characters of the part that a fault underlines.
int width_of(std::string_view part) {
    const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
    return std::max<int>(1, static_cast<int>(std::count_if(part.begin(), part.end(), begins)));
}

/// "did you mean", or that a list needs its brackets.
std::string near_or_list(std::string_view text, const std::vector<std::string>& names) {
    if (text.find_first_of(", ") == std::string_view::npos) return yaml::did_you_mean(text, names);
    return ": a list stands in brackets: [" + std::string(text) + "]";
}

}  // namespace

std::map<std::string, std::string> read_labels(yaml::MapReader& map, yaml::Diagnostics& diagnostics) {
    std::map<std::string, std::string> labels;
    const auto node = map.get("labels");
    if (!node) return labels;
    if (!node->is_map()) {
        map.error("labels", "expected a map, found " + node->describe());
        return labels;
    }
    if (node->size() > kLabelsMax) map.error("labels", "more than " + std::to_string(kLabelsMax));
    for (const yaml::Node::Entry& entry : node->entries()) {
        const std::string& name = entry.name();
        if (!is_ascii_identifier(name)) {
            diagnostics.error(entry.key.position(), "labels: \"" + name + "\" is no label name: letters, digits and _");
        } else if (std::find(kReservedLabels.begin(), kReservedLabels.end(), name) != kReservedLabels.end()) {
            diagnostics.error(entry.key.position(), "labels: \"" + name + "\" is set by tocsin itself");
        } else if (const auto value = yaml::as_string(entry.value, "labels." + name, diagnostics)) {
            if (const std::size_t brace = value->find("{{"); brace != std::string::npos) {
                diagnostics.error(entry.value.position_at(brace, 2),
                                  "labels." + name +
                                      ": alerts are known and routed by their labels, which take no "
                                      "template; {{ … }} belongs into annotations");
            }
            labels[name] = *value;
        }
    }
    return labels;
}

RuleReader::RuleReader(const yaml::Node& node, const GroupScope& group) : RuleReader(node, group, title_of(node)) {}

RuleReader::RuleReader(const yaml::Node& node, const GroupScope& group, std::string title)
    : map_(node, std::move(title), group.diagnostics), group_(group) {}

std::optional<Rule> RuleReader::read() {
    if (!map_.node().is_map()) return std::nullopt;  // reported by map_
    const std::size_t errors_before = group_.diagnostics.errors();
    rule_.file = group_.file;
    rule_.group = group_.group;
    rule_.line = map_.position("alert").line;
    read_name();
    const auto expect = map_.get("expect");
    read_by();
    if (expect) {
        read_promise_rule(*expect);
    } else {
        read_window_rule();
    }
    read_phases();
    read_overrides();
    read_raises();
    read_texts();
    read_annotations();
    if (const auto rollup = map_.get("rollup")) {
        if (rule_.expect)
            read_rollup(*rollup);
        else
            map_.error("rollup", "counts broken promises: it belongs to a rule with `expect`");
    }
    refuse_unbuilt();
    map_.finish();
    if (group_.diagnostics.errors() > errors_before) return std::nullopt;
    set_hashes(rule_, group_.schema);
    return std::move(rule_);
}

void RuleReader::read_name() {
    const auto name = map_.require_string("alert");
    if (!name) return;
    rule_.name = *name;
    if (!is_rule_name(*name))
        error(*map_.get("alert"), "alert",
              yaml::quote(*name) + " is no rule name: write it like HighFrequencyComplainant");
    if (name->size() > kNameBytesMax)
        error(*map_.get("alert"), "alert", "longer than " + std::to_string(kNameBytesMax) + " characters");
}

void RuleReader::refuse_unbuilt() {
    map_.not_supported("expr", "expr: rules here are no PromQL: write on, by, within, measures and levels");
    map_.not_supported("record", "record: rules here record nothing: write alert");
}

void RuleReader::read_by() {
    const auto node = map_.require("by");
    if (!node) return;
    const auto entries = yaml::as_scalars(*node, "by", group_.diagnostics);
    if (!entries) return;
    if (entries->empty()) return map_.error("by", "names at least one field, for example [customer] or [area]");
    if (entries->size() > kByFieldsMax)
        return map_.error("by", "more than " + std::to_string(kByFieldsMax) + " fields");
    for (const yaml::Node& entry : *entries) {
        const auto field = group_.schema.field(entry.text());
        if (!field) {
            std::vector<std::string> names;
            for (FieldId f = 0; f < group_.schema.field_count(); ++f) names.push_back(group_.schema.field_name(f));
            error(entry, "by", "unknown field " + entry.describe() + near_or_list(entry.text(), names));
            continue;
        }
        const FieldType type = group_.schema.field_type(*field);
        const bool countable = type == FieldType::kString || type == FieldType::kInt || type == FieldType::kBool;
        if (*field == kFieldId || *field == kFieldKind || !countable) {
            error(entry, "by",
                  "\"" + entry.text() + "\" cannot be a subject: name fields of few values, or customer or subscriber");
        } else if (std::find(rule_.by.begin(), rule_.by.end(), *field) != rule_.by.end()) {
            error(entry, "by", "\"" + entry.text() + "\" is given twice");
        } else {
            rule_.by.push_back(*field);
        }
    }
    rule_.person = std::any_of(rule_.by.begin(), rule_.by.end(),
                               [](FieldId f) { return f == kFieldCustomer || f == kFieldSubscriber; });
}

void RuleReader::read_raises() {
    rule_.raises_case = rule_.person;
    const auto choice = map_.choice("raises", {"case", "warning"});
    if (!choice) return;
    rule_.raises_case = *choice == 0;
    if (rule_.raises_case && !rule_.person && !rule_.by.empty()) {
        map_.error("raises", "a case is about a person: it needs customer or subscriber in `by`");
    }
}

void RuleReader::read_texts() {
    rule_.id = map_.string("id").value_or("");
    rule_.owner = map_.string("owner").value_or("");
    rule_.source = map_.string("source").value_or("");
    rule_.experimental = map_.choice("status", {"stable", "experimental"}).value_or(0) == 1;
    rule_.limit = read_limit(map_).value_or(group_.limit);
    rule_.labels = group_.labels;
    for (auto& [name, value] : read_labels(map_, group_.diagnostics)) rule_.labels[name] = value;
}

void RuleReader::read_annotations() {
    const auto node = map_.get("annotations");
    if (!node) return;
    if (!node->is_map()) return map_.error("annotations", "expected a map, found " + node->describe());
    if (node->size() > kAnnotationsMax)
        return map_.error("annotations", "more than " + std::to_string(kAnnotationsMax));
    TemplateNames names{
        group_.schema, rule_.measures, {kReservedLabels.begin(), kReservedLabels.end()}, rule_.expect.has_value(), {}};
    if (rule_.person) names.last = rule_.expect ? rule_.expect->after : rule_.on;
    for (const FieldId field : rule_.by) names.labels.push_back(group_.schema.field_name(field));
    for (const auto& [name, value] : rule_.labels) names.labels.push_back(name);
    for (const yaml::Node::Entry& entry : node->entries()) {
        const std::string key = "annotations." + entry.name();
        if (!is_ascii_identifier(entry.name())) {
            error(entry.key, "annotations", "\"" + entry.name() + "\" is no annotation name: letters, digits and _");
            continue;
        }
        const auto text = yaml::as_string(entry.value, key, group_.diagnostics);
        if (!text) continue;
        if (!measures_ok_) continue;
        Fault fault;
        if (auto compiled = compile_template(*text, names, fault)) {
            rule_.annotations[entry.name()] = std::move(*compiled);
        } else {
            report(entry.value, key, fault);
        }
    }
}

std::optional<KindId> RuleReader::kind_of(const yaml::Node& node, std::string_view key, std::string_view name) {
    const auto kind = group_.schema.kind(name);
    if (kind) return kind;
    std::vector<std::string> names;
    for (const KindDef& def : group_.schema.kinds()) names.push_back(def.name);
    error(node, key, "unknown event kind \"" + std::string(name) + "\"" + near_or_list(name, names));
    return std::nullopt;
}

Scope RuleReader::scope() const {
    const std::vector<KindId>& kinds = rule_.expect ? rule_.expect->after : rule_.on;
    return {group_.schema, kinds,         rule_.person,  group_.thresholds != nullptr,
            rule_.within,  group_.limits, rule_.calendar};
}

void RuleReader::report(const yaml::Node& node, std::string_view key, const Fault& fault, std::size_t shift) {
    const std::string& text = node.text();
    const std::size_t begin = std::min(fault.begin + shift, text.size());
    const std::size_t end = std::clamp(fault.end + shift, begin, text.size());
    group_.diagnostics.error(node.position_at(begin, width_of(std::string_view(text).substr(begin, end - begin))),
                             std::string(key) + ": " + fault.message);
}

void RuleReader::error(const yaml::Node& node, std::string_view key, const std::string& message) {
    group_.diagnostics.error(node.position(), std::string(key) + ": " + message);
}

}  // namespace tocsin::rules
