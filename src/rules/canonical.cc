#include "rules/canonical.h"

#include <algorithm>
#include <bit>

#include "base/calendar.h"
#include "base/calendar_window.h"
#include "base/digest.h"
#include "rules/code.h"

namespace tocsin::rules {
namespace {

using Code = Expression::Code;
using Type = Value::Type;

/// Length-prefixed, so that no text can look like its neighbour's end.
void put(std::string& out, std::string_view text) {
    out += std::to_string(text.size());
    out += ':';
    out += text;
}

std::string of_value(const Value& v) {
    std::string out(1, static_cast<char>('a' + static_cast<int>(v.type)));
    switch (v.type) {
        case Type::kMissing:
            break;
        case Type::kBool:
            out += v.boolean ? '1' : '0';
            break;
        case Type::kNumber:
            out += std::to_string(std::bit_cast<std::uint64_t>(v.number));
            break;
        case Type::kString:
            put(out, v.string);
            break;
        default:
            out += std::to_string(v.integer);
            break;
    }
    return out;
}

class Writer {
public:
    Writer(const Code& code, const EventSchema& schema, std::span<const Measure> measures)
        : code_(code), schema_(schema), measures_(measures) {}

    std::string text(std::uint32_t index) const {
        const CodeNode& node = code_.nodes[index];
        switch (node.op) {
            case Op::kConstant:
                return of_value(code_.constants[node.left]);
            case Op::kField:
                return "field " + schema_.field_name(static_cast<FieldId>(node.left));
            case Op::kMeasure:
                return canonical(measures_[node.left], schema_);
            case Op::kThreshold:
                return "threshold " + std::to_string(node.left);
            case Op::kOpen:
                return "open";
            case Op::kOverdue:
                return "overdue";
            case Op::kNot:
            case Op::kNegate:
                return "(" + std::string(op_text(node.op)) + " " + text(node.left) + ")";
            case Op::kAnswer:
                return text(node.left);
            case Op::kIn:
            case Op::kNotIn:
                return joined(node, list(node));
            case Op::kMatches: {
                std::string pattern;
                put(pattern, code_.pattern_texts[node.right]);
                return joined(node, pattern);
            }
            default:
                return joined(node, operand(node, node.right));
        }
    }

private:
    std::string joined(const CodeNode& node, const std::string& right) const {
        return "(" + text(node.left) + " " + std::string(op_text(node.op)) + " " + right + ")";
    }

    bool is_kind(std::uint32_t index) const {
        return code_.nodes[index].op == Op::kField && code_.nodes[index].left == kFieldKind;
    }

    std::string kind_name(const Value& v) const {
        return "kind " + schema_.kind_def(static_cast<KindId>(v.integer)).name;
    }

    std::string operand(const CodeNode& node, std::uint32_t index) const {
        if (is_kind(node.left)) return kind_name(code_.constants[code_.nodes[index].left]);
        return text(index);
    }

    std::string list(const CodeNode& node) const {
        std::vector<std::string> entries;
        for (const Value& v : code_.lists[node.right])
            entries.push_back(is_kind(node.left) ? kind_name(v) : of_value(v));
        std::sort(entries.begin(), entries.end());
        std::string out = "[";
        for (const std::string& e : entries) put(out, e);
        return out + "]";
    }

    const Code& code_;
    const EventSchema& schema_;
    std::span<const Measure> measures_;
};

std::string kind_names(const std::vector<KindId>& kinds, const EventSchema& schema) {
    std::vector<std::string> names;
    for (const KindId kind : kinds) names.push_back(schema.kind_def(kind).name);
    std::sort(names.begin(), names.end());
    std::string out = "kinds";
    for (const std::string& name : names) put(out, name);
    return out;
}

std::string filter_text(const Rule& rule, const EventSchema& schema) {
    std::string out = kind_names(rule.on, schema);
    put(out, canonical(rule.where, schema, {}));
    for (const FieldId field : rule.by) put(out, schema.field_name(field));
    return out;
}

std::string promise_text(const Expect& expect, const EventSchema& schema) {
    std::string out = kind_names(expect.after, schema);
    put(out, canonical(expect.after_where, schema, {}));
    put(out, kind_names(expect.event, schema));
    put(out, canonical(expect.event_where, schema, {}));
    put(out, kind_names(expect.cancel_on, schema));
    put(out, canonical(expect.cancel_where, schema, {}));
    put(out, expect.within ? std::to_string(expect.within->count()) : "");
    put(out, expect.due ? schema.field_name(*expect.due) : "");
    put(out, expect.restart ? "restart" : "");
    if (expect.calendar != nullptr) {
        put(out, std::to_string(expect.workdays) + " " + std::to_string(expect.working_time.count()));
        put(out, expect.calendar->canonical());
    }
    return out;
}

}  // namespace

std::string canonical(const Expression& expression, const EventSchema& schema, std::span<const Measure> measures) {
    if (expression.empty()) return "true";
    return Writer(*expression.code(), schema, measures).text(expression.code()->root);
}

std::string canonical(const Measure& measure, const EventSchema& schema) {
    const auto looks_at_field = [&measure] {
        switch (measure.fn) {
            case MeasureFn::kCount:
            case MeasureFn::kAny:
            case MeasureFn::kRatio:
            case MeasureFn::kAll:
            case MeasureFn::kSeen:
                return false;
            default:
                return true;
        }
    };
    std::string out = "measure " + std::to_string(static_cast<int>(measure.fn)) + " " +
                      (looks_at_field() ? schema.field_name(measure.field) : "");
    put(out, canonical(measure.predicate, schema, {}));
    out += " " + std::to_string(measure.window.count());
    if (measure.calendar != nullptr) put(out, measure.calendar->name() + " " + measure.calendar->zone.name());
    if (measure.fn == MeasureFn::kSeen) put(out, schema.kind_def(measure.kind).name);
    if (measure.fn == MeasureFn::kQuantile) put(out, std::to_string(measure.share));
    return out;
}

std::string canonical(const Expression::Code& code, std::uint32_t node, const EventSchema& schema) {
    return Writer(code, schema, {}).text(node);
}

void set_hashes(Rule& rule, const EventSchema& schema) {
    const std::string filter = filter_text(rule, schema);
    rule.filter_hash = hash64(filter);
    std::string all = filter;
    for (const Measure& m : rule.measures) put(all, canonical(m, schema));
    for (std::size_t level = 0; level < kLevels; ++level) {
        put(all, rule.levels[level] ? canonical(*rule.levels[level], schema, rule.measures) : "");
        put(all, rule.stays[level] ? canonical(*rule.stays[level], schema, rule.measures) : "");
    }
    put(all, std::to_string(rule.keep_firing_for.count()));
    // What is not written leaves no trace: rules of old files keep their hashes.
    if (rule.hold_for > Duration::zero()) put(all, "for " + std::to_string(rule.hold_for.count()));
    if (rule.interval > Duration::zero()) put(all, "interval " + std::to_string(rule.interval.count()));
    if (rule.dwell > Duration::zero()) put(all, "dwell " + std::to_string(rule.dwell.count()));
    // What the phases are is no part of it: another plan must not judge all history anew.
    for (const std::string& phase : rule.phases) put(all, "phase " + phase);
    for (const PhaseOverride& other : rule.overrides) {
        put(all, "override " + other.phase);
        for (std::size_t level = 0; level < kLevels; ++level) {
            put(all, other.levels[level] ? canonical(*other.levels[level], schema, rule.measures) : "");
            put(all, other.stays[level] ? canonical(*other.stays[level], schema, rule.measures) : "");
        }
    }
    for (const bool used : rule.rollup_areas) all += used ? '1' : '0';
    if (rule.thresholds != nullptr) put(all, rule.thresholds->canonical());
    if (rule.expect) put(all, promise_text(*rule.expect, schema));
    rule.definition_hash = hash64(all);
}

}  // namespace tocsin::rules
