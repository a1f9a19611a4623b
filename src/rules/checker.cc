#include "rules/checker.h"

#include <algorithm>

#include "base/digest.h"
#include "rules/canonical.h"
#include "rules/text_questions.h"
#include "yaml/diagnostics.h"

namespace tocsin::rules {
namespace {

using Type = Value::Type;

bool is_numeric(Type t) {
    return t == Type::kInt || t == Type::kNumber;
}
bool comparable(Type a, Type b) {
    return a == b || (is_numeric(a) && is_numeric(b));
}
bool is_comparison(Op op) {
    return op >= Op::kEqual && op <= Op::kGreaterEqual;
}

/// The comparison with its sides exchanged.
Op mirrored(Op op) {
    switch (op) {
        case Op::kLess:
            return Op::kGreater;
        case Op::kLessEqual:
            return Op::kGreaterEqual;
        case Op::kGreater:
            return Op::kLess;
        case Op::kGreaterEqual:
            return Op::kLessEqual;
        default:
            return op;
    }
}

/// The type of `a op b`; kMissing: they do not go together.
Type arithmetic_type(Op op, Type a, Type b) {
    const bool additive = op == Op::kAdd || op == Op::kSubtract;
    if (is_numeric(a) && is_numeric(b)) {
        return a == Type::kInt && b == Type::kInt && op != Op::kDivide ? Type::kInt : Type::kNumber;
    }
    if (a == Type::kDuration && b == Type::kDuration) {
        return additive ? Type::kDuration : op == Op::kDivide ? Type::kNumber : Type::kMissing;
    }
    if (a == Type::kDuration && is_numeric(b)) return additive ? Type::kMissing : Type::kDuration;
    if (is_numeric(a) && b == Type::kDuration) return op == Op::kMultiply ? Type::kDuration : Type::kMissing;
    if (a == Type::kTime && b == Type::kDuration) return additive ? Type::kTime : Type::kMissing;
    if (a == Type::kDuration && b == Type::kTime) return op == Op::kAdd ? Type::kTime : Type::kMissing;
    if (a == Type::kTime && b == Type::kTime) return op == Op::kSubtract ? Type::kDuration : Type::kMissing;
    return Type::kMissing;
}

}  // namespace

std::string_view type_name(Type type) {
    switch (type) {
        case Type::kBool:
            return "bool";
        case Type::kInt:
            return "int";
        case Type::kNumber:
            return "number";
        case Type::kTime:
            return "time";
        case Type::kDuration:
            return "duration";
        case Type::kString:
            return "string";
        case Type::kMissing:
            break;
    }
    return "nothing";
}

std::nullopt_t Checker::fail(const Syntax& at, std::string message) {
    fault_ = {at.begin, at.end, std::move(message)};
    return std::nullopt;
}

std::uint32_t Checker::add(const Syntax& syntax, Op op, Type type, std::uint32_t left, std::uint32_t right) {
    return code_->add(
        {op, type, left, right, static_cast<std::uint16_t>(syntax.begin), static_cast<std::uint16_t>(syntax.end)});
}

std::uint32_t Checker::constant(const Syntax& syntax, Value value) {
    const std::uint32_t index = code_->add_constant(value);
    code_->nodes[index].begin = static_cast<std::uint16_t>(syntax.begin);
    code_->nodes[index].end = static_cast<std::uint16_t>(syntax.end);
    return index;
}

const Value* Checker::constant_of(std::uint32_t index) const {
    return node(index).op == Op::kConstant ? &code_->constants[node(index).left] : nullptr;
}

std::string Checker::quoted(const Syntax& syntax) const {
    constexpr std::size_t kShownMax = 40;
    std::string shown(text_.substr(syntax.begin, syntax.end - syntax.begin));
    if (shown.size() <= kShownMax) return shown;
    std::size_t cut = kShownMax;
    while (cut > 0 && (static_cast<unsigned char>(shown[cut]) & 0xc0) == 0x80) --cut;  // not inside a character
    return shown.substr(0, cut) + "…";
}

std::string Checker::described(const Syntax& syntax, std::uint32_t index) const {
    return std::string(type_name(node(index).type)) + " (" + quoted(syntax) + ")";
}

std::optional<Expression> Checker::boolean(const Syntax& syntax) {
    const auto root = check(syntax);
    if (!root) return std::nullopt;
    if (node(*root).type != Type::kBool) {
        return fail(syntax, "expected something that is true or false, found " + described(syntax, *root));
    }
    code_->root = *root;
    return Expression(std::move(code_));
}

Checker::Index Checker::check(const Syntax& syntax) {
    switch (syntax.kind) {
        case Syntax::Kind::kLiteral:
            return check_literal(syntax);
        case Syntax::Kind::kName:
            return check_name(syntax);
        case Syntax::Kind::kCall:
            return check_call(syntax);
        case Syntax::Kind::kUnary:
            return check_unary(syntax);
        case Syntax::Kind::kBinary:
            return check_binary(syntax);
        case Syntax::Kind::kList:
            break;
    }
    return fail(syntax, "a list stands only behind `in`");
}

Checker::Index Checker::check_literal(const Syntax& syntax) {
    const Token& token = syntax.token;
    switch (token.kind) {
        case Token::Kind::kInt:
            return constant(syntax, Value::of_int(token.integer));
        case Token::Kind::kNumber:
            return constant(syntax, Value::of_number(token.number));
        case Token::Kind::kDuration:
            return constant(syntax, Value::of_duration(token.duration));
        case Token::Kind::kString:
            return constant(syntax, Value::of_string(token.text));
        default:
            return constant(syntax, Value::of(token.text == "true"));
    }
}

Checker::Index Checker::check_unary(const Syntax& syntax) {
    const Syntax& operand = syntax.children[0];
    const Index inner = check(operand);
    if (!inner) return std::nullopt;
    const Type type = node(*inner).type;
    if (syntax.op == Op::kNot) {
        if (type != Type::kBool) return fail(operand, "`not` needs true or false, found " + described(operand, *inner));
        return add(syntax, Op::kNot, Type::kBool, *inner);
    }
    if (!is_numeric(type) && type != Type::kDuration) {
        return fail(operand, "`-` needs a number or a duration, found " + described(operand, *inner));
    }
    const std::uint32_t made = add(syntax, Op::kNegate, type, *inner);
    return constant_of(*inner) == nullptr ? made : constant(syntax, code_->evaluate(made, {}));
}

Checker::Index Checker::check_binary(const Syntax& syntax) {
    if (syntax.op == Op::kIn || syntax.op == Op::kNotIn) return check_list(syntax);
    if (syntax.op == Op::kMatches) return check_pattern(syntax);
    const bool names_kind = std::any_of(syntax.children.begin(), syntax.children.end(), [](const Syntax& s) {
        return s.kind == Syntax::Kind::kName && s.token.text == "kind";
    });
    if (place_ == Place::kEvent && names_kind && is_comparison(syntax.op)) return check_kind(syntax);
    const Index left = check(syntax.children[0]);
    if (!left) return std::nullopt;
    const Index right = check(syntax.children[1]);
    if (!right) return std::nullopt;
    if (syntax.op == Op::kAnd || syntax.op == Op::kOr) return check_logic(syntax, *left, *right);
    if (is_comparison(syntax.op)) return check_comparison(syntax, *left, *right);
    return check_arithmetic(syntax, *left, *right);
}

Checker::Index Checker::check_logic(const Syntax& syntax, std::uint32_t left, std::uint32_t right) {
    for (int side = 0; side < 2; ++side) {
        const std::uint32_t index = side == 0 ? left : right;
        const Syntax& operand = syntax.children[static_cast<std::size_t>(side)];
        if (node(index).type == Type::kBool) continue;
        return fail(operand, "`" + std::string(op_text(syntax.op)) + "` needs true or false on both sides, found " +
                                 described(operand, index));
    }
    return add(syntax, syntax.op, Type::kBool, left, right);
}

Checker::Index Checker::check_arithmetic(const Syntax& syntax, std::uint32_t left, std::uint32_t right) {
    const Type type = arithmetic_type(syntax.op, node(left).type, node(right).type);
    if (type == Type::kMissing) {
        return fail(syntax, "`" + std::string(op_text(syntax.op)) + "` does not go with " +
                                described(syntax.children[0], left) + " and " + described(syntax.children[1], right));
    }
    const Value* divisor = constant_of(right);
    if (syntax.op == Op::kDivide && divisor != nullptr &&
        (divisor->type == Type::kNumber ? divisor->number == 0 : divisor->integer == 0)) {
        return fail(syntax.children[1], "division by zero");
    }
    const std::uint32_t made = add(syntax, syntax.op, type, left, right);
    if (constant_of(left) == nullptr || constant_of(right) == nullptr) return made;
    const Value folded = code_->evaluate(made, {});
    if (folded.is_missing()) return fail(syntax, "the result is beyond what can be counted");
    return constant(syntax, folded);
}

Checker::Index Checker::check_comparison(const Syntax& syntax, std::uint32_t left, std::uint32_t right) {
    const Syntax& first = syntax.children[0];
    const Syntax& second = syntax.children[1];
    const Type type = node(left).type;
    if (!comparable(type, node(right).type)) {
        return fail(syntax, "cannot compare " + described(first, left) + " with " + described(second, right));
    }
    const bool ordered = syntax.op != Op::kEqual && syntax.op != Op::kNotEqual;
    if (ordered && type == Type::kBool) {
        return fail(syntax, "`" + std::string(op_text(syntax.op)) + "` needs an order, and true and false have none");
    }
    if (!check_value(second, right, left) || !check_value(first, left, right)) return std::nullopt;
    if ((is_text(left) && constant_of(right) == nullptr) || (is_text(right) && constant_of(left) == nullptr))
        return fail(syntax, "a field of type text is not kept: it is only compared with strings in double quotes");
    // What is judged stands on the left: `3 <= n` is `n >= 3`.
    const auto is_judged = [this](std::uint32_t i) {
        return node(i).op == Op::kMeasure || node(i).op == Op::kOpen || node(i).op == Op::kOverdue;
    };
    Op op = syntax.op;
    if (is_judged(right) && !is_judged(left)) {
        std::swap(left, right);
        op = mirrored(op);
    }
    if (!check_bound(syntax, left, right) || !check_zero(syntax, op, left, right)) return std::nullopt;
    return answer(syntax, add(syntax, op, Type::kBool, left, right));
}

bool Checker::is_text(std::uint32_t index) const {
    return node(index).op == Op::kField &&
           scope_.schema.field_type(static_cast<FieldId>(node(index).left)) == FieldType::kText;
}

std::uint32_t Checker::answer(const Syntax& syntax, std::uint32_t comparison) {
    const CodeNode& made = node(comparison);
    if (!is_text(made.left) && !(is_comparison(made.op) && is_text(made.right))) return comparison;
    const std::uint64_t question = hash64(canonical(*code_, comparison, scope_.schema));
    code_->constants.push_back(Value::of_int(static_cast<std::int64_t>(question)));
    return add(syntax, Op::kAnswer, Type::kBool, comparison, static_cast<std::uint32_t>(code_->constants.size() - 1));
}

/// A string field that declares its values is compared with one of them; so is what a measure takes out of it.
bool Checker::check_value(const Syntax& literal, std::uint32_t constant, std::uint32_t compared) {
    const Value* value = constant_of(constant);
    if (value == nullptr || value->type != Type::kString) return true;
    const Op op = node(compared).op;
    if (op != Op::kField && op != Op::kMeasure) return true;
    const Measure* measure = op == Op::kMeasure ? &(*measures_)[node(compared).left] : nullptr;
    const FieldId field = measure != nullptr ? measure->field : static_cast<FieldId>(node(compared).left);
    const bool of_person = measure != nullptr && measure->of_person();
    const std::vector<std::string> values = values_of(field, of_person ? all_kinds() : scope_.kinds);
    if (values.empty() || std::find(values.begin(), values.end(), value->string) != values.end()) return true;
    const std::string& name = scope_.schema.field_name(field);
    std::string known;
    for (const std::string& v : values) known += (known.empty() ? "" : ", ") + v;
    fail(literal, "`" + name + "` is never " + quoted(literal) + yaml::did_you_mean(value->string, values) +
                      ": it is one of " + known);
    return false;
}

/// More events than a profile remembers are never counted, so such a comparison would quietly never (or always) hold.
bool Checker::check_bound(const Syntax& syntax, std::uint32_t left, std::uint32_t right) {
    const Value* bound = constant_of(right);
    if (!scope_.person || node(left).op != Op::kMeasure || bound == nullptr) return true;
    const Measure& m = (*measures_)[node(left).left];
    if (m.fn != MeasureFn::kCount && m.fn != MeasureFn::kDistinct) return true;
    const Value most = Value::of_int(static_cast<std::int64_t>(scope_.limits.max_events));
    if (!(compare(*bound, most) > 0)) return true;
    fail(syntax, "`" + quoted(syntax) + "` counts beyond the " + std::to_string(scope_.limits.max_events) +
                     " events that are remembered of a customer: raise storage.max_events");
    return false;
}

/// A count is never below zero: a comparison that forgets that says nothing.
bool Checker::check_zero(const Syntax& syntax, Op op, std::uint32_t left, std::uint32_t right) {
    const Value* bound = constant_of(right);
    if (node(left).op != Op::kMeasure || bound == nullptr) return true;
    const MeasureFn fn = (*measures_)[node(left).left].fn;
    if (fn != MeasureFn::kCount && fn != MeasureFn::kDistinct) return true;
    const auto to_zero = compare(*bound, Value::of_int(0));
    const bool below = to_zero < 0;
    const bool always =
        (op == Op::kGreaterEqual && to_zero <= 0) || (below && (op == Op::kGreater || op == Op::kNotEqual));
    const bool never = (op == Op::kLess && to_zero <= 0) || (below && (op == Op::kLessEqual || op == Op::kEqual));
    if (!always && !never) return true;
    fail(syntax, "`" + quoted(syntax) + "` holds " + (always ? "always" : "never") + ": a count is never below 0");
    return false;
}

Checker::Index Checker::check_list(const Syntax& syntax) {
    const Syntax& subject = syntax.children[0];
    if (place_ == Place::kEvent && subject.kind == Syntax::Kind::kName && subject.token.text == "kind") {
        return check_kind(syntax);
    }
    const Index left = check(subject);
    if (!left) return std::nullopt;
    std::vector<Value> list;
    for (const Syntax& element : syntax.children[1].children) {
        const Index entry = check(element);
        if (!entry) return std::nullopt;
        const Value* value = constant_of(*entry);
        if (value == nullptr) return fail(element, "a list holds constants, found " + described(element, *entry));
        if (!comparable(node(*left).type, value->type)) {
            return fail(element, "cannot compare " + described(subject, *left) + " with " + described(element, *entry));
        }
        if (!check_value(element, *entry, *left)) return std::nullopt;
        list.push_back(*value);
    }
    code_->lists.push_back(std::move(list));
    return answer(syntax,
                  add(syntax, syntax.op, Type::kBool, *left, static_cast<std::uint32_t>(code_->lists.size() - 1)));
}

Checker::Index Checker::check_pattern(const Syntax& syntax) {
    const Syntax& subject = syntax.children[0];
    const Syntax& pattern = syntax.children[1];
    const Index left = check(subject);
    if (!left) return std::nullopt;
    if (node(*left).type != Type::kString) {
        return fail(subject, "`matches` looks at a string, found " + described(subject, *left));
    }
    if (pattern.kind != Syntax::Kind::kLiteral || pattern.token.kind != Token::Kind::kString) {
        return fail(pattern, "`matches` needs a regular expression in double quotes");
    }
    const std::string& text = pattern.token.text;
    std::string problem;
    auto compiled = compile_pattern(text, Captures::kNone, problem);
    if (compiled == nullptr) return fail(pattern, problem);
    if (const std::size_t steps = steps_of(*compiled); is_text(*left) && steps > kTextPatternStepsMax) {
        return fail(pattern, "the regular expression is too large to search texts for (" + std::to_string(steps) +
                                 " steps, at most " + std::to_string(kTextPatternStepsMax) +
                                 "): make what it repeats shorter, `.{0,100}` for example");
    }
    code_->patterns.push_back(std::move(compiled));
    code_->pattern_texts.push_back(text);
    return answer(
        syntax, add(syntax, Op::kMatches, Type::kBool, *left, static_cast<std::uint32_t>(code_->patterns.size() - 1)));
}

/// `kind == "urge"`, `kind in ["urge", "appeal"]`: events carry the kind as its id.
Checker::Index Checker::check_kind(const Syntax& syntax) {
    const bool first = syntax.children[0].kind == Syntax::Kind::kName && syntax.children[0].token.text == "kind";
    const Syntax& subject = syntax.children[first ? 0 : 1];
    const Syntax& other = syntax.children[first ? 1 : 0];
    if (is_comparison(syntax.op) && syntax.op != Op::kEqual && syntax.op != Op::kNotEqual) {
        return fail(syntax, "`kind` has no order: compare it by == != in");
    }
    std::vector<std::string> names;
    for (const KindId kind : scope_.kinds) names.push_back(scope_.schema.kind_def(kind).name);
    std::vector<Value> ids;
    const auto resolve = [&](const Syntax& word) {
        if (word.kind != Syntax::Kind::kLiteral || word.token.kind != Token::Kind::kString) {
            fail(word, "`kind` is compared with the name of a kind in double quotes");
            return false;
        }
        const auto id = scope_.schema.kind(word.token.text);
        if (!id || std::find(scope_.kinds.begin(), scope_.kinds.end(), *id) == scope_.kinds.end()) {
            fail(word, "no event here is of kind " + quoted(word) + yaml::did_you_mean(word.token.text, names));
            return false;
        }
        ids.push_back(Value::of_int(*id));
        return true;
    };
    const std::uint32_t field = add(subject, Op::kField, Type::kInt, kFieldKind);
    if (is_comparison(syntax.op)) {
        if (!resolve(other)) return std::nullopt;
        return add(syntax, syntax.op, Type::kBool, field, constant(other, ids[0]));
    }
    for (const Syntax& word : other.children) {
        if (!resolve(word)) return std::nullopt;
    }
    code_->lists.push_back(std::move(ids));
    return add(syntax, syntax.op, Type::kBool, field, static_cast<std::uint32_t>(code_->lists.size() - 1));
}

}  // namespace tocsin::rules
