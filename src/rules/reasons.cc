#include "rules/reasons.h"

#include <array>
#include <charconv>

#include "base/times.h"
#include "rules/code.h"

namespace tocsin::rules {
namespace {

constexpr std::array<std::string_view, 14> kFunctions{"count", "distinct", "sum",   "any",  "avg",      "min",  "max",
                                                      "ratio", "all",      "first", "last", "quantile", "seen", "attr"};

bool compares(Op op) {
    switch (op) {
        case Op::kEqual:
        case Op::kNotEqual:
        case Op::kLess:
        case Op::kLessEqual:
        case Op::kGreater:
        case Op::kGreaterEqual:
        case Op::kIn:
        case Op::kNotIn:
        case Op::kMatches:
            return true;
        default:
            return false;
    }
}

class Reader {
public:
    Reader(const Rule& rule, const EventSchema& schema, const Expression::Code& code)
        : rule_(rule), schema_(schema), code_(code) {}

    [[nodiscard]] std::string text(std::uint32_t index, bool inner = false) const {
        const CodeNode& node = code_.nodes[index];
        const std::string op(op_text(node.op));
        if (compares(node.op)) return text(node.left, true) + " " + op + " " + right(node);
        switch (node.op) {
            case Op::kConstant:
                return constant(code_.constants[node.left]);
            case Op::kField:
                return (rule_.expect ? "after." : "") + schema_.field_name(static_cast<FieldId>(node.left));
            case Op::kMeasure:
                return measure(rule_.measures[node.left]);
            case Op::kThreshold:
                return "threshold." + std::string(level_name(static_cast<Level>(node.left)));
            case Op::kOpen:
                return "open";
            case Op::kOverdue:
                return "overdue";
            case Op::kAnswer:
                return text(node.left, inner);
            case Op::kNot:
                return op + " " + text(node.left, true);
            case Op::kNegate:
                return op + text(node.left, true);
            default: {
                const std::string both = text(node.left, true) + " " + op + " " + text(node.right, true);
                return inner ? "(" + both + ")" : both;
            }
        }
    }

    void collect(std::uint32_t index, const EvalContext& context, std::vector<Reason>& out) const {
        const CodeNode& node = code_.nodes[index];
        if (node.op == Op::kAnd || node.op == Op::kOr) {
            collect(node.left, context, out);
            collect(node.right, context, out);
        } else if (compares(node.op)) {
            const bool is_pair = node.op != Op::kIn && node.op != Op::kNotIn && node.op != Op::kMatches;
            out.push_back({text(index), value_text(code_.evaluate(node.left, context)),
                           is_pair ? value_text(code_.evaluate(node.right, context)) : right(node),
                           code_.test(index, context)});
        } else {
            const bool holds = code_.test(index, context);
            out.push_back({text(index), holds ? "true" : "false", "", holds});
        }
    }

private:
    static std::string constant(const Value& value) {
        return value.type == Value::Type::kString ? "\"" + std::string(value.string) + "\"" : value_text(value);
    }
    [[nodiscard]] std::string right(const CodeNode& node) const {
        if (node.op == Op::kMatches) return "\"" + code_.pattern_texts[node.right] + "\"";
        if (node.op != Op::kIn && node.op != Op::kNotIn) return text(node.right, true);
        std::string list;
        for (const Value& value : code_.lists[node.right]) list += (list.empty() ? "" : ", ") + constant(value);
        return "[" + list + "]";
    }
    // A function written inside a level has no name.
    [[nodiscard]] std::string measure(const Measure& measure) const {
        if (!measure.name.empty()) return measure.name;
        const auto fn = static_cast<std::size_t>(measure.fn);
        std::string inside;
        if (measure.fn == MeasureFn::kSeen)
            inside = schema_.kind_def(measure.kind).name;
        else if (!measure.predicate.empty())
            inside = written(rule_, measure.predicate, schema_);
        else if (measure.fn != MeasureFn::kCount)
            inside = schema_.field_name(measure.field);
        return std::string(fn < kFunctions.size() ? kFunctions[fn] : "measure") + "(" + inside + ")";
    }

    const Rule& rule_;
    const EventSchema& schema_;
    const Expression::Code& code_;
};

}  // namespace

std::string value_text(const Value& value) {
    switch (value.type) {
        case Value::Type::kMissing:
            return "nothing";
        case Value::Type::kBool:
            return value.boolean ? "true" : "false";
        case Value::Type::kInt:
            return std::to_string(value.integer);
        case Value::Type::kNumber: {
            constexpr int kDigits = 6;
            std::array<char, 32> text{};
            const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value.number,
                                                    std::chars_format::general, kDigits);
            return {text.data(), end};
        }
        case Value::Type::kTime:
            return format_rfc3339(from_millis(value.integer));
        case Value::Type::kDuration:
            return (value.integer < 0 ? "-" : "") + format_duration(Duration(std::abs(value.integer)));
        case Value::Type::kString:
            return std::string(value.string);
    }
    return "";
}

std::vector<Reason> reasons(const Rule& rule, const Expression& expression, const EvalContext& context,
                            const EventSchema& schema) {
    std::vector<Reason> all;
    if (!expression.empty()) Reader(rule, schema, *expression.code()).collect(expression.code()->root, context, all);
    return all;
}

std::string written(const Rule& rule, const Expression& expression, const EventSchema& schema) {
    return expression.empty() ? "true" : Reader(rule, schema, *expression.code()).text(expression.code()->root);
}

}  // namespace tocsin::rules
