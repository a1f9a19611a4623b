#include "rules/code.h"

#include <cmath>

#include "tocsin/text_answers.h"

namespace tocsin {
namespace {

using rules::CodeNode;
using rules::Op;
using Type = Value::Type;

bool is_numeric(const Value& v) {
    return v.type == Type::kInt || v.type == Type::kNumber;
}
double as_double(const Value& v) {
    return v.type == Type::kInt ? static_cast<double>(v.integer) : v.number;
}

Value duration_of(double millis) {
    // An Instant plus this must stay an Instant; beyond it the answer is as good as missing.
    constexpr double kMillisMax = 1e17;
    if (!(std::fabs(millis) <= kMillisMax)) return Value::missing();
    return Value::of_duration(Duration(std::llround(millis)));
}

Value integers(Op op, std::int64_t a, std::int64_t b) {
    std::int64_t out = 0;
    switch (op) {
        case Op::kAdd:
            if (!__builtin_add_overflow(a, b, &out)) return Value::of_int(out);
            break;
        case Op::kSubtract:
            if (!__builtin_sub_overflow(a, b, &out)) return Value::of_int(out);
            break;
        default:
            if (!__builtin_mul_overflow(a, b, &out)) return Value::of_int(out);
            break;
    }
    return Value::missing();
}

Value numbers(Op op, double a, double b) {
    switch (op) {
        case Op::kAdd:
            return Value::of_number(a + b);
        case Op::kSubtract:
            return Value::of_number(a - b);
        case Op::kMultiply:
            return Value::of_number(a * b);
        default:
            return b == 0 ? Value::missing() : Value::of_number(a / b);
    }
}

/// Times and durations with each other; the compiler lets only pairs pass that mean something.
Value durations(Op op, Type result, const Value& a, const Value& b) {
    if (op == Op::kDivide) return numbers(op, static_cast<double>(a.integer), static_cast<double>(b.integer));
    Value out = integers(op, a.integer, b.integer);
    if (!out.is_missing()) out.type = result;
    return out;
}

/// A duration times or by a number.
Value scaled(Op op, const Value& span, double factor) {
    if (op == Op::kMultiply) return duration_of(static_cast<double>(span.integer) * factor);
    return factor == 0 ? Value::missing() : duration_of(static_cast<double>(span.integer) / factor);
}

Value calculate(Op op, Type result, const Value& a, const Value& b) {
    if (a.is_missing() || b.is_missing()) return Value::missing();
    if (is_numeric(a) && is_numeric(b)) {
        if (op != Op::kDivide && a.type == Type::kInt && b.type == Type::kInt) {
            const Value exact = integers(op, a.integer, b.integer);
            if (!exact.is_missing()) return exact;
        }
        return numbers(op, as_double(a), as_double(b));
    }
    const auto spans_time = [](const Value& v) { return v.type == Type::kTime || v.type == Type::kDuration; };
    if (!spans_time(a) && !spans_time(b)) return Value::missing();
    if (is_numeric(a)) return scaled(op, b, as_double(a));
    if (is_numeric(b)) return scaled(op, a, as_double(b));
    return durations(op, result, a, b);
}

Value negated(const Value& v) {
    switch (v.type) {
        case Type::kInt:
            return integers(Op::kSubtract, 0, v.integer);
        case Type::kNumber:
            return Value::of_number(-v.number);
        case Type::kDuration:
            return durations(Op::kSubtract, Type::kDuration, Value::of_duration(Duration(0)), v);
        default:
            return Value::missing();
    }
}

bool is_in(const Value& v, const std::vector<Value>& list) {
    for (const Value& entry : list) {
        if (rules::compare(v, entry) == 0) return true;
    }
    return false;
}

}  // namespace

namespace rules {

std::partial_ordering compare(const Value& a, const Value& b) {
    if (a.type != b.type) {
        if (!is_numeric(a) || !is_numeric(b)) return std::partial_ordering::unordered;
        // 64 bits of mantissa or more on every platform of ours: no integer loses a digit.
        const auto exact = [](const Value& v) {
            return v.type == Type::kInt ? static_cast<long double>(v.integer) : static_cast<long double>(v.number);
        };
        return exact(a) <=> exact(b);
    }
    switch (a.type) {
        case Type::kMissing:
            return std::partial_ordering::unordered;
        case Type::kBool:
            return a.boolean <=> b.boolean;
        case Type::kNumber:
            return a.number <=> b.number;
        case Type::kString:
            return a.string <=> b.string;
        default:
            return a.integer <=> b.integer;
    }
}

std::string_view op_text(Op op) {
    switch (op) {
        case Op::kNot:
            return "not";
        case Op::kNegate:
            return "-";
        case Op::kAnd:
            return "and";
        case Op::kOr:
            return "or";
        case Op::kEqual:
            return "==";
        case Op::kNotEqual:
            return "!=";
        case Op::kLess:
            return "<";
        case Op::kLessEqual:
            return "<=";
        case Op::kGreater:
            return ">";
        case Op::kGreaterEqual:
            return ">=";
        case Op::kAdd:
            return "+";
        case Op::kSubtract:
            return "-";
        case Op::kMultiply:
            return "*";
        case Op::kDivide:
            return "/";
        case Op::kIn:
            return "in";
        case Op::kNotIn:
            return "not in";
        case Op::kMatches:
            return "matches";
        default:
            return "";
    }
}

bool holds_of_nothing(Op comparison) {
    return comparison == Op::kNotEqual || comparison == Op::kNotIn;
}

}  // namespace rules

Expression::Code::Code() = default;
Expression::Code::~Code() = default;

std::uint32_t Expression::Code::add(CodeNode node) {
    nodes.push_back(node);
    return static_cast<std::uint32_t>(nodes.size() - 1);
}

std::uint32_t Expression::Code::add_constant(Value value) {
    if (value.type == Type::kString) value.string = keep(value.string);
    constants.push_back(value);
    return add({Op::kConstant, value.type, static_cast<std::uint32_t>(constants.size() - 1), 0});
}

std::string_view Expression::Code::keep(std::string_view text) {
    return strings_.emplace_back(text);
}

Value Expression::Code::evaluate(std::uint32_t index, const EvalContext& context) const {
    const CodeNode& node = nodes[index];
    switch (node.op) {
        case Op::kConstant:
            return constants[node.left];
        case Op::kField:
            return context.event == nullptr ? Value::missing() : context.event->field(static_cast<FieldId>(node.left));
        case Op::kMeasure:
            return node.left < context.measures.size() ? context.measures[node.left] : Value::missing();
        case Op::kThreshold:
            return context.thresholds == nullptr ? Value::missing() : context.thresholds->by_level[node.left];
        case Op::kOpen:
            return context.open ? Value::of_int(*context.open) : Value::missing();
        case Op::kOverdue:
            return context.overdue ? Value::of_duration(*context.overdue) : Value::missing();
        case Op::kNegate:
            return negated(evaluate(node.left, context));
        case Op::kAdd:
        case Op::kSubtract:
        case Op::kMultiply:
        case Op::kDivide:
            return calculate(node.op, node.type, evaluate(node.left, context), evaluate(node.right, context));
        default:
            return Value::of(test(index, context));
    }
}

bool Expression::Code::test(std::uint32_t index, const EvalContext& context) const {
    const CodeNode& node = nodes[index];
    switch (node.op) {
        case Op::kNot:
            return !test(node.left, context);
        case Op::kAnd:
            return test(node.left, context) && test(node.right, context);
        case Op::kOr:
            return test(node.left, context) || test(node.right, context);
        case Op::kIn:
            return is_in(evaluate(node.left, context), lists[node.right]);
        case Op::kNotIn:
            return !is_in(evaluate(node.left, context), lists[node.right]);
        case Op::kMatches: {
            const Value v = evaluate(node.left, context);
            return v.type == Type::kString && rules::is_found(*patterns[node.right], v.string);
        }
        case Op::kAnswer:
            if (context.event != nullptr &&
                has_answer(*context.event, static_cast<std::uint64_t>(constants[node.right].integer)))
                return !rules::holds_of_nothing(nodes[node.left].op);
            return test(node.left, context);
        case Op::kEqual:
            return rules::compare(evaluate(node.left, context), evaluate(node.right, context)) == 0;
        case Op::kNotEqual:
            return rules::compare(evaluate(node.left, context), evaluate(node.right, context)) != 0;
        case Op::kLess:
            return rules::compare(evaluate(node.left, context), evaluate(node.right, context)) < 0;
        case Op::kLessEqual:
            return rules::compare(evaluate(node.left, context), evaluate(node.right, context)) <= 0;
        case Op::kGreater:
            return rules::compare(evaluate(node.left, context), evaluate(node.right, context)) > 0;
        case Op::kGreaterEqual:
            return rules::compare(evaluate(node.left, context), evaluate(node.right, context)) >= 0;
        default: {
            const Value v = evaluate(index, context);
            return v.type == Type::kBool && v.boolean;
        }
    }
}

Value Expression::evaluate(const EvalContext& context) const {
    return empty() ? Value::of(true) : code_->evaluate(code_->root, context);
}

bool Expression::holds(const EvalContext& context) const {
    return empty() || code_->test(code_->root, context);
}

}  // namespace tocsin
