#include "lint/levels.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "rules/canonical.h"
#include "rules/code.h"

namespace tocsin::lint {
namespace {

using rules::CodeNode;
using rules::Op;
using Code = Expression::Code;
using Index = std::uint32_t;

constexpr std::size_t kPointsMax = 20'000;

bool is_comparison(Op op) {
    return op >= Op::kEqual && op <= Op::kGreaterEqual;
}

bool has_operand_left(Op op) {
    return op >= Op::kNot;
}
bool has_operand_right(Op op) {
    return op >= Op::kAnd && op < Op::kIn;
}

/// Of a part of an expression, as canonical() writes it: the same text, the same meaning.
std::string text_of(const Code& code, Index index, const EventSchema& schema, std::span<const Measure> measures) {
    auto part = std::make_shared<Code>();
    part->nodes = code.nodes;
    part->constants = code.constants;
    part->lists = code.lists;
    part->patterns = code.patterns;
    part->pattern_texts = code.pattern_texts;
    part->root = index;
    return rules::canonical(Expression(std::move(part)), schema, measures);
}

/// Whether it is the same whatever happens: constants and thresholds.
bool stands_still(const Code& code, Index index) {
    const CodeNode& node = code.nodes[index];
    if (node.op == Op::kConstant || node.op == Op::kThreshold) return true;
    if (!has_operand_left(node.op)) return false;
    return stands_still(code, node.left) && (!has_operand_right(node.op) || stands_still(code, node.right));
}

/// Something that takes any value: a measure, `open`, `overdue` (which is below 0 before a promise is due); or a
/// condition taken as it is, true or false.
struct Axis {
    std::string key;
    MeasureFn fn = MeasureFn::kCount;
    Value::Type type = Value::Type::kBool;
    bool is_measure = false;
    std::set<double> bounds;    ///< that it is compared with
    std::vector<Value> values;  ///< one for each way to lie to the bounds

    [[nodiscard]] bool is_count() const {
        const bool counts = is_measure && (fn == MeasureFn::kCount || fn == MeasureFn::kDistinct);
        return counts || key == "open";
    }
    [[nodiscard]] bool is_share() const { return is_measure && fn == MeasureFn::kRatio; }
    [[nodiscard]] bool may_be_missing() const { return is_measure && !is_count() && fn != MeasureFn::kSum; }

    void lay_out() {
        if (type == Value::Type::kBool) {
            values = {Value::of(false), Value::of(true)};
            return;
        }
        std::set<double> points;
        for (auto b = bounds.begin(); b != bounds.end(); ++b) {
            points.insert(*b);
            points.insert(std::floor(*b) - 1);
            points.insert(std::ceil(*b) + 1);
            if (std::next(b) != bounds.end()) points.insert((*b + *std::next(b)) / 2);
            if (b == bounds.begin() || std::next(b) == bounds.end()) points.insert({*b / 2, *b - 0.5, *b + 0.5, 0, 1});
        }
        const bool whole =
            is_count() || type == Value::Type::kInt || type == Value::Type::kDuration || type == Value::Type::kTime;
        std::set<double> kept;
        for (double p : points) {
            if (whole)
                kept.insert({std::floor(p), std::ceil(p)});
            else
                kept.insert(p);
        }
        for (const double p : kept) {
            if ((is_count() || is_share()) && p < 0) continue;
            if (is_share() && p > 1) continue;
            values.push_back(value(p));
        }
        if (may_be_missing()) values.push_back(Value::missing());
    }

private:
    [[nodiscard]] Value value(double p) const {
        switch (type) {
            case Value::Type::kInt:
                return Value::of_int(static_cast<std::int64_t>(p));
            case Value::Type::kDuration:
                return Value::of_duration(Duration(static_cast<std::int64_t>(p)));
            case Value::Type::kTime:
                return Value::of_time(from_millis(static_cast<std::int64_t>(p)));
            default:
                return Value::of_number(p);
        }
    }
};

double as_double(const Value& v) {
    return v.type == Value::Type::kNumber ? v.number : static_cast<double>(v.integer);
}

bool is_ordered(Value::Type type) {
    return type == Value::Type::kInt || type == Value::Type::kNumber || type == Value::Type::kDuration ||
           type == Value::Type::kTime;
}

/// All levels of a rule over the axes they have in common.
class Space {
public:
    Space(const Rule& rule, const Thresholds& thresholds, const EventSchema& schema) : rule_(rule), schema_(schema) {
        context_.thresholds = &thresholds;
        for (std::size_t l = 1; l < kLevels; ++l) {
            if (rule.levels[l] && !needs_unset(*rule.levels[l]->code())) levels_.push_back(l);
        }
        for (const std::size_t l : levels_) collect(*rule.levels[l]->code(), rule.levels[l]->code()->root);
        for (Axis& axis : axes_) axis.lay_out();
    }

    [[nodiscard]] const std::vector<std::size_t>& levels() const { return levels_; }

    /// Calls `at(holds)` for every way; false if there are too many.
    template <typename At>
    bool walk(const At& at) {
        std::size_t points = 1;
        for (const Axis& axis : axes_) {
            points *= axis.values.size();
            if (points > kPointsMax) return false;
        }
        at_.assign(axes_.size(), 0);
        for (std::size_t point = 0; point < points; ++point) {
            std::size_t rest = point;
            for (std::size_t a = 0; a < axes_.size(); ++a) {
                at_[a] = rest % axes_[a].values.size();
                rest /= axes_[a].values.size();
            }
            std::array<bool, kLevels> holds{};
            for (const std::size_t l : levels_)
                holds[l] = test(*rule_.levels[l]->code(), rule_.levels[l]->code()->root);
            at(holds);
        }
        return true;
    }

private:
    [[nodiscard]] bool needs_unset(const Code& code) const {
        return std::any_of(code.nodes.begin(), code.nodes.end(), [&](const CodeNode& node) {
            return node.op == Op::kThreshold && context_.thresholds->by_level[node.left].is_missing();
        });
    }

    static bool is_variable(const CodeNode& node) {
        return (node.op == Op::kMeasure || node.op == Op::kOpen || node.op == Op::kOverdue) && is_ordered(node.type);
    }

    /// The operand of a comparison that varies while the other stands still, or nothing.
    static std::optional<std::pair<Index, Index>> split(const Code& code, const CodeNode& node) {
        if (!is_comparison(node.op)) return std::nullopt;
        if (is_variable(code.nodes[node.left]) && stands_still(code, node.right))
            return std::pair(node.left, node.right);
        if (is_variable(code.nodes[node.right]) && stands_still(code, node.left))
            return std::pair(node.right, node.left);
        return std::nullopt;
    }

    void add_axis(const Code& code, Index index, bool as_condition, Index of) {
        known_[{&code, of}] = axis(code, index, as_condition);
    }

    std::size_t axis(const Code& code, Index index, bool as_condition) {
        const CodeNode& node = code.nodes[index];
        Axis made;
        made.key = node.op == Op::kOpen      ? "open"
                   : node.op == Op::kOverdue ? "overdue"
                                             : text_of(code, index, schema_, rule_.measures);
        for (std::size_t a = 0; a < axes_.size(); ++a)
            if (axes_[a].key == made.key) return a;
        if (!as_condition) {
            made.type = node.type;
            made.is_measure = node.op == Op::kMeasure;
            if (made.is_measure) made.fn = rule_.measures[node.left].fn;
        }
        axes_.push_back(std::move(made));
        return axes_.size() - 1;
    }

    void collect(const Code& code, Index index) {
        const CodeNode& node = code.nodes[index];
        if (node.op == Op::kAnd || node.op == Op::kOr || node.op == Op::kNot) {
            collect(code, node.left);
            if (node.op != Op::kNot) collect(code, node.right);
        } else if (const auto sides = split(code, node)) {
            add_axis(code, sides->first, false, index);
            const Value bound = code.evaluate(sides->second, context_);
            if (is_ordered(bound.type)) axes_[known_[{&code, index}]].bounds.insert(as_double(bound));
        } else if (!stands_still(code, index)) {
            add_axis(code, index, true, index);
        }
    }

    bool test(const Code& code, Index index) {
        const CodeNode& node = code.nodes[index];
        if (node.op == Op::kNot) return !test(code, node.left);
        if (node.op == Op::kAnd) return test(code, node.left) && test(code, node.right);
        if (node.op == Op::kOr) return test(code, node.left) || test(code, node.right);
        if (stands_still(code, index)) return code.test(index, context_);
        const auto sides = split(code, node);
        const std::size_t a = known_[{&code, index}];
        const Value& value = axes_[a].values[at_[a]];
        if (!sides) return value.boolean;
        const Value still = code.evaluate(sides->second, context_);
        return sides->first == node.left ? compared(node.op, value, still) : compared(node.op, still, value);
    }

    static bool compared(Op op, const Value& a, const Value& b) {
        const auto order = rules::compare(a, b);
        switch (op) {
            case Op::kEqual:
                return order == 0;
            case Op::kNotEqual:
                return order != 0;
            case Op::kLess:
                return order < 0;
            case Op::kLessEqual:
                return order <= 0;
            case Op::kGreater:
                return order > 0;
            default:
                return order >= 0;
        }
    }

    const Rule& rule_;
    const EventSchema& schema_;
    EvalContext context_;
    std::vector<std::size_t> levels_;
    std::vector<Axis> axes_;
    std::map<std::pair<const Code*, Index>, std::size_t> known_;  // which axis a comparison or condition looks at
    std::vector<std::size_t> at_;
};

struct Seen {
    std::array<bool, kLevels> holds{}, fails{}, is_highest{};
    std::array<std::array<bool, kLevels>, kLevels> alone{};  ///< [a][b]: a holds somewhere without b
};

}  // namespace

std::vector<LevelFault> level_faults(const Rule& rule, const Thresholds& thresholds, const EventSchema& schema) {
    Space space(rule, thresholds, schema);
    Seen seen;
    const bool walked = space.walk([&](const std::array<bool, kLevels>& holds) {
        for (std::size_t a = 1; a < kLevels; ++a) {
            (holds[a] ? seen.holds : seen.fails)[a] = true;
            seen.is_highest[a] |= holds[a] && std::none_of(holds.begin() + static_cast<std::ptrdiff_t>(a) + 1,
                                                           holds.end(), [](bool h) { return h; });
            for (std::size_t b = 1; b < kLevels; ++b) seen.alone[a][b] |= holds[a] && !holds[b];
        }
    });
    std::vector<LevelFault> faults;
    if (!walked) return faults;
    for (const std::size_t l : space.levels()) {
        const Level level = static_cast<Level>(l);
        if (!seen.holds[l]) {
            faults.push_back({LevelFault::Kind::kNever, level, Level::kNone});
            continue;
        }
        if (!seen.fails[l]) faults.push_back({LevelFault::Kind::kAlways, level, Level::kNone});
        if (seen.is_highest[l]) continue;
        const auto easier = std::find_if(space.levels().begin(), space.levels().end(),
                                         [&](std::size_t h) { return h > l && !seen.alone[l][h] && seen.alone[h][l]; });
        if (easier != space.levels().end())
            faults.push_back({LevelFault::Kind::kEasier, level, static_cast<Level>(*easier)});
        else
            faults.push_back({LevelFault::Kind::kCovered, level, Level::kNone});
    }
    return faults;
}

std::vector<Span> self_comparisons(const Expression& expression, const EventSchema& schema,
                                   std::span<const Measure> measures) {
    std::vector<Span> spans;
    if (expression.empty()) return spans;
    const Code& code = *expression.code();
    for (const CodeNode& node : code.nodes) {
        if (!is_comparison(node.op) || code.nodes[node.left].op == Op::kConstant) continue;
        if (text_of(code, node.left, schema, measures) == text_of(code, node.right, schema, measures))
            spans.push_back({node.begin, node.end});
    }
    return spans;
}

bool looks_at_threshold(const Expression& level, Level colour) {
    return std::any_of(level.code()->nodes.begin(), level.code()->nodes.end(), [&](const CodeNode& node) {
        return node.op == Op::kThreshold && node.left == static_cast<Index>(colour);
    });
}

}  // namespace tocsin::lint
