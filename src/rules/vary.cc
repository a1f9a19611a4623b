#include "rules/vary.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/times.h"
#include "rules/code.h"
#include "rules/reasons.h"

namespace tocsin::rules {
namespace {

using Code = Expression::Code;

std::shared_ptr<Code> copy_of(const Code& code) {
    auto copy = std::make_shared<Code>();
    copy->nodes = code.nodes;
    copy->constants = code.constants;
    copy->lists = code.lists;
    copy->patterns = code.patterns;
    copy->pattern_texts = code.pattern_texts;
    copy->root = code.root;
    return copy;
}

double number_of(const Value& value) {
    return value.type == Value::Type::kNumber ? value.number : static_cast<double>(value.integer);
}

bool is_amount(const Value& value) {
    return value.type == Value::Type::kInt || value.type == Value::Type::kNumber ||
           value.type == Value::Type::kDuration;
}

Value amount(Value::Type type, double number) {
    if (type == Value::Type::kDuration) return Value::of_duration(Duration(std::llround(number)));
    if (type == Value::Type::kInt && number == std::floor(number)) return Value::of_int(std::llround(number));
    return Value::of_number(number);
}

std::string left_text(const Rule& rule, const Code& code, const CodeNode& node, const EventSchema& schema) {
    auto part = copy_of(code);
    part->root = node.left;
    return written(rule, Expression(part), schema);
}

// Each `>` or `>=` with a number or a threshold on its right, in the order in which they are written. Operands stand
// before what joins them, so the order of the nodes is that of the text.
std::vector<std::uint32_t> comparisons_of(const Code& code) {
    std::vector<std::uint32_t> found;
    for (std::uint32_t i = 0; i < code.nodes.size(); ++i) {
        const CodeNode& node = code.nodes[i];
        if (node.op != Op::kGreater && node.op != Op::kGreaterEqual) continue;
        const CodeNode& right = code.nodes[node.right];
        if (right.op == Op::kThreshold || (right.op == Op::kConstant && is_amount(code.constants[right.left])))
            found.push_back(i);
    }
    return found;
}

// The first that compares `left`.
std::optional<std::uint32_t> comparison_of(const Rule& rule, const Code& code, const EventSchema& schema,
                                           const std::string& left) {
    for (const std::uint32_t i : comparisons_of(code)) {
        if (left_text(rule, code, code.nodes[i], schema) == left) return i;
    }
    return std::nullopt;
}

// All thresholds of the table times the factor.
Expression multiplied(const Expression& expression, double factor) {
    auto code = copy_of(*expression.code());
    const auto count = static_cast<std::uint32_t>(code->nodes.size());
    for (std::uint32_t i = 0; i < count; ++i) {
        if (code->nodes[i].op != Op::kThreshold) continue;
        const CodeNode leaf = code->nodes[i];
        CodeNode product = leaf;
        product.op = Op::kMultiply;
        product.type = Value::Type::kNumber;
        product.left = code->add(leaf);
        product.right = code->add_constant(Value::of_number(factor));
        code->nodes[i] = product;
    }
    return Expression(code);
}

Expression replaced(const Expression& expression, std::uint32_t comparison, const Value& to) {
    auto code = copy_of(*expression.code());
    const std::uint32_t constant = code->add_constant(to);
    code->nodes[comparison].right = constant;
    return Expression(code);
}

Value right_of(const Expression& expression, std::uint32_t comparison) {
    const Code& code = *expression.code();
    const CodeNode& right = code.nodes[code.nodes[comparison].right];
    return right.op == Op::kConstant ? code.constants[right.left] : Value::missing();
}

void turn_level(Rule& rule, const Rule& given, std::size_t level, const Dial& dial, const Value& to,
                const EventSchema& schema) {
    const Expression& expression = *given.levels[level];
    if (expression.empty()) return;
    const auto comparison = comparison_of(given, *expression.code(), schema, dial.left);
    if (!comparison) return;
    const Value old = right_of(expression, *comparison);
    if (!is_amount(old)) return;
    const bool is_turned = level == static_cast<std::size_t>(dial.level);
    const double wanted = is_turned ? number_of(to) : std::max(number_of(old), number_of(to));
    rule.levels[level] = replaced(expression, *comparison, amount(old.type, wanted));
    const auto& stays = given.stays[level];
    // `clear` may have made another tree of it, with the same comparisons in the same order.
    const auto staying =
        stays && !stays->empty() ? comparison_of(given, *stays->code(), schema, dial.left) : std::nullopt;
    if (staying && is_amount(right_of(*stays, *staying))) {
        const Value before = right_of(*stays, *staying);
        const double scale = number_of(old) == 0 ? 1 : number_of(before) / number_of(old);
        rule.stays[level] = replaced(*stays, *staying, amount(before.type, wanted * scale));
    }
    if (old.type == Value::Type::kDuration) rule.overdue_steps.push_back(Duration(std::llround(wanted)));
}

}  // namespace

std::vector<Dial> dials_of(const Rule& rule, const EventSchema& schema) {
    std::vector<Dial> dials;
    for (std::size_t level = 1; level < kLevels; ++level) {
        if (!rule.levels[level] || rule.levels[level]->empty()) continue;
        const Code& code = *rule.levels[level]->code();
        for (const std::uint32_t comparison : comparisons_of(code)) {
            Dial dial;
            dial.level = static_cast<Level>(level);
            dial.left = left_text(rule, code, code.nodes[comparison], schema);
            if (std::any_of(dials.begin(), dials.end(),
                            [&](const Dial& d) { return d.level == dial.level && d.left == dial.left; }))
                continue;
            auto part = copy_of(code);
            part->root = comparison;
            dial.text = std::string(level_name(dial.level)) + ": " + written(rule, Expression(part), schema);
            dial.present = right_of(*rule.levels[level], comparison);
            dial.is_factor = dial.present.is_missing();
            if (dial.is_factor) dial.present = Value::of_number(1);
            dials.push_back(std::move(dial));
        }
    }
    return dials;
}

Rule turned(const Rule& rule, const Dial& dial, const Value& to, const EventSchema& schema) {
    Rule other = rule;
    for (auto level = static_cast<std::size_t>(dial.level); level < kLevels; ++level) {
        if (!rule.levels[level]) continue;
        if (!dial.is_factor) {
            turn_level(other, rule, level, dial, to, schema);
            continue;
        }
        for (auto* part : {&other.levels[level], &other.stays[level]}) {
            if (*part && !(*part)->empty()) *part = multiplied(**part, number_of(to));
        }
    }
    std::sort(other.overdue_steps.begin(), other.overdue_steps.end());
    other.overdue_steps.erase(std::unique(other.overdue_steps.begin(), other.overdue_steps.end()),
                              other.overdue_steps.end());
    return other;
}

std::vector<Value> settings_around(const Dial& dial) {
    const double present = number_of(dial.present);
    const bool whole = dial.present.type == Value::Type::kInt;
    const bool duration = dial.present.type == Value::Type::kDuration;
    std::vector<double> numbers{present};
    const auto add = [&](double number) {
        if (whole) number = std::round(number);
        if (duration) number = std::round(number / 60'000) * 60'000;
        if (number > 0) numbers.push_back(number);
    };
    for (const double factor : {0.5, 2.0 / 3, 0.8, 1.25, 1.5, 2.0, 3.0}) add(present * factor);
    if (whole) add(present - 1), add(present + 1);
    if (duration && present == 0) add(15 * 60'000), add(30 * 60'000), add(3'600'000), add(4 * 3'600'000);
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    std::vector<Value> settings;
    for (const double number : numbers) settings.push_back(amount(dial.present.type, number));
    return settings;
}

std::optional<Value> parse_setting(const Dial& dial, const std::string& text) {
    if (dial.present.type == Value::Type::kDuration) {
        const auto duration = parse_duration(text);
        return duration ? std::optional(Value::of_duration(*duration)) : std::nullopt;
    }
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number) || number < 0)
        return std::nullopt;
    return amount(dial.present.type, number);
}

}  // namespace tocsin::rules
