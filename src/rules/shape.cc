#include "rules/shape.h"

#include <algorithm>
#include <cmath>

#include "rules/code.h"

namespace tocsin::rules {
namespace {

using Code = Expression::Code;
using Type = Value::Type;

bool is_order(Op op) {
    return op >= Op::kLess && op <= Op::kGreaterEqual;
}
bool rises(Op op) {
    return op == Op::kGreater || op == Op::kGreaterEqual;
}

bool depends(const Code& code, std::uint32_t index) {
    const CodeNode& node = code.nodes[index];
    switch (node.op) {
        case Op::kMeasure:
        case Op::kOpen:
        case Op::kOverdue:
            return true;
        case Op::kConstant:
        case Op::kField:
        case Op::kThreshold:
            return false;
        case Op::kNot:
        case Op::kNegate:
        case Op::kIn:
        case Op::kNotIn:
        case Op::kMatches:
        case Op::kAnswer:
            return depends(code, node.left);
        default:
            return depends(code, node.left) || depends(code, node.right);
    }
}

/// Whether a comparison of what the function gives with something that stands still can only end, never begin, while
/// rows leave the window. A value that is missing compares as false.
bool only_ends(MeasureFn fn, Op op) {
    switch (fn) {
        case MeasureFn::kCount:
        case MeasureFn::kDistinct:
        case MeasureFn::kMax:
            return rises(op);
        case MeasureFn::kMin:
            return op == Op::kLess || op == Op::kLessEqual;
        case MeasureFn::kLast:
        case MeasureFn::kAttr:
            return is_order(op) || op == Op::kEqual || op == Op::kIn || op == Op::kMatches;
        default:
            return false;
    }
}

bool is_monotone(const Code& code, std::uint32_t index, std::span<const Measure> measures) {
    const CodeNode& node = code.nodes[index];
    const auto fn = [&](std::uint32_t i) { return measures[code.nodes[i].left].fn; };
    if (node.op == Op::kAnd || node.op == Op::kOr) {
        return is_monotone(code, node.left, measures) && is_monotone(code, node.right, measures);
    }
    if (node.op == Op::kMeasure) {
        return fn(index) == MeasureFn::kAny || fn(index) == MeasureFn::kSeen || fn(index) == MeasureFn::kLast ||
               fn(index) == MeasureFn::kAttr;
    }
    if (!depends(code, index)) return true;  // thresholds and constants stand still
    const bool right_is_operand = node.op >= Op::kEqual && node.op <= Op::kGreaterEqual;
    if (node.op < Op::kEqual || code.nodes[node.left].op != Op::kMeasure) return false;
    if (right_is_operand && depends(code, node.right)) return false;
    return only_ends(fn(node.left), node.op);
}

/// A copy of a node and all below it, with every comparison of a measure scaled. The shapes were checked before.
class Scaler {
public:
    Scaler(const Code& from, double percent, Fault& fault) : from_(from), percent_(percent), fault_(fault) {}

    std::optional<std::uint32_t> copy(std::uint32_t index) {
        const CodeNode& node = from_.nodes[index];
        if (node.op == Op::kAnd || node.op == Op::kOr) {
            const auto left = copy(node.left);
            if (!left) return std::nullopt;
            const auto right = copy(node.right);
            if (!right) return std::nullopt;
            CodeNode made = node;
            made.left = *left;
            made.right = *right;
            return to_->add(made);
        }
        if (!is_order(node.op) || from_.nodes[node.left].op != Op::kMeasure) return refuse(node);
        const auto bound = scaled_bound(node.right, rises(node.op));
        if (!bound) return refuse(node);
        CodeNode made = node;
        made.left = to_->add(from_.nodes[node.left]);
        made.right = *bound;
        return to_->add(made);
    }

    std::shared_ptr<Code> take() { return std::move(to_); }

private:
    std::nullopt_t refuse(const CodeNode& node) {
        fault_ = {node.begin, node.end,
                  "`clear` needs comparisons of a measure with a constant (0 or more) or a threshold, as in `n >= 3`, "
                  "joined by and/or"};
        return std::nullopt;
    }

    /// bound * percent / 100, or bound * 100 / percent. In this order a bound that comes out whole is exactly whole.
    std::optional<std::uint32_t> scaled_bound(std::uint32_t index, bool down) {
        const CodeNode& node = from_.nodes[index];
        const double factor = down ? percent_ : 100;
        const double divisor = down ? 100 : percent_;
        if (node.op == Op::kConstant) {
            const Value& v = from_.constants[node.left];
            if (v.type != Type::kInt && v.type != Type::kNumber && v.type != Type::kDuration) return std::nullopt;
            const double bound = v.type == Type::kNumber ? v.number : static_cast<double>(v.integer);
            if (bound < 0) return std::nullopt;
            const double made = bound * factor / divisor;
            if (v.type != Type::kDuration) return to_->add_constant(Value::of_number(made));
            constexpr double kMillisMax = 1e17;  // an instant plus this is still one
            if (made > kMillisMax) return std::nullopt;
            return to_->add_constant(Value::of_duration(Duration(std::llround(made))));
        }
        if (node.op != Op::kThreshold) return std::nullopt;
        const std::uint32_t times = to_->add_constant(Value::of_number(factor));
        const std::uint32_t by = to_->add_constant(Value::of_number(divisor));
        const std::uint32_t threshold = to_->add(node);
        const std::uint32_t product = to_->add({Op::kMultiply, Type::kNumber, threshold, times});
        return to_->add({Op::kDivide, Type::kNumber, product, by});
    }

    const Code& from_;
    double percent_;
    Fault& fault_;
    std::shared_ptr<Code> to_ = std::make_shared<Code>();
};

bool has_operands(Op op) {
    return op > Op::kOverdue;
}
bool has_two_operands(Op op) {
    return op > Op::kNegate && op != Op::kIn && op != Op::kNotIn && op != Op::kMatches;
}

bool mentions(const Code& code, std::uint32_t index, Op leaf) {
    const CodeNode& node = code.nodes[index];
    if (!has_operands(node.op)) return node.op == leaf;
    return mentions(code, node.left, leaf) || (has_two_operands(node.op) && mentions(code, node.right, leaf));
}

/// Whether it can hold only where a comparison with `overdue` does. The shapes were checked before.
bool needs_overdue(const Code& code, std::uint32_t index) {
    const CodeNode& node = code.nodes[index];
    if (node.op == Op::kAnd) return needs_overdue(code, node.left) || needs_overdue(code, node.right);
    if (node.op == Op::kOr) return needs_overdue(code, node.left) && needs_overdue(code, node.right);
    return mentions(code, index, Op::kOverdue);
}

bool add_steps(const Code& code, std::uint32_t index, std::vector<Duration>& steps, Fault& fault) {
    const CodeNode& node = code.nodes[index];
    if (!mentions(code, index, Op::kOverdue)) return true;  // asked again whenever something is judged
    if (node.op == Op::kAnd || node.op == Op::kOr) {
        return add_steps(code, node.left, steps, fault) && add_steps(code, node.right, steps, fault);
    }
    const bool compared =
        rises(node.op) && code.nodes[node.left].op == Op::kOverdue && code.nodes[node.right].op == Op::kConstant;
    const Duration step = compared ? Duration(code.constants[code.nodes[node.right].left].integer) : Duration(-1);
    if (step < Duration::zero()) {
        fault = {node.begin, node.end,
                 "`overdue` is only compared by > or >= with a duration of 0s or more, as in `overdue >= 3h`"};
        return false;
    }
    steps.push_back(node.op == Op::kGreater ? step + Duration(1) : step);
    return true;
}

}  // namespace

bool looks_at_something(const Expression& level) {
    return level.code() != nullptr && depends(*level.code(), level.code()->root);
}

bool looks_at_thresholds(const Expression& level) {
    const auto& nodes = level.code()->nodes;
    return std::any_of(nodes.begin(), nodes.end(), [](const CodeNode& node) { return node.op == Op::kThreshold; });
}

bool may_rise_without_event(const Expression& level, std::span<const Measure> measures) {
    return !is_monotone(*level.code(), level.code()->root, measures);
}

std::optional<Expression> scaled(const Expression& level, double percent, Fault& fault) {
    if (percent == 100) return level;
    Scaler scaler(*level.code(), percent, fault);
    const auto root = scaler.copy(level.code()->root);
    if (!root) return std::nullopt;
    auto code = scaler.take();
    code->root = *root;
    return Expression(std::move(code));
}

bool add_overdue_steps(const Expression& level, std::vector<Duration>& steps, Fault& fault) {
    const Code& code = *level.code();
    if (!add_steps(code, code.root, steps, fault)) return false;
    if (needs_overdue(code, code.root)) return true;
    const CodeNode& root = code.nodes[code.root];
    fault = {root.begin, root.end,
             "may hold before the promise is due: join what needs no `overdue` to it, as in `overdue >= 0s and …`"};
    return false;
}

bool looks_at_open(const Expression& level) {
    return mentions(*level.code(), level.code()->root, Op::kOpen);
}

std::vector<FieldId> fields_of(const Expression& level) {
    std::vector<FieldId> fields;
    for (const CodeNode& node : level.code()->nodes) {
        const auto field = static_cast<FieldId>(node.left);
        if (node.op != Op::kField || std::find(fields.begin(), fields.end(), field) != fields.end()) continue;
        fields.push_back(field);
    }
    return fields;
}

}  // namespace tocsin::rules
