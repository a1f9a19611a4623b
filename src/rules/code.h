#pragma once
/// Compiled expressions: a typed tree in one flat vector, evaluated without allocation.

#include <compare>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/pattern.h"
#include "tocsin/rule_set.h"

namespace tocsin::rules {

enum class Op : std::uint8_t {
    kConstant,
    kField,
    kMeasure,
    kThreshold,
    kOpen,
    kOverdue,  // leaves, this one last
    kNot,
    kNegate,  // one operand: left
    kAnd,
    kOr,  // left and right
    kEqual,
    kNotEqual,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,  //
    kAdd,
    kSubtract,
    kMultiply,
    kDivide,  //
    kIn,
    kNotIn,    // left, and a list of constants
    kMatches,  // left, and a pattern
    kAnswer,   // left, a comparison of a field of type text, and the constant that is its question's hash
};

/// How an operator is written: `>=`, `not in`. Leaves: nothing.
std::string_view op_text(Op op);

struct CodeNode {
    Op op = Op::kConstant;
    Value::Type type = Value::Type::kMissing;  ///< of the result, known when loaded
    /// The operand; or for leaves: index of the constant, field id, index of the measure, level of the threshold.
    std::uint32_t left = 0;
    std::uint32_t right = 0;  ///< the operand; kIn, kNotIn: index of the list; kMatches: index of the pattern;
                              ///< kAnswer: index of the constant
    std::uint16_t begin = 0;  ///< bytes of the text it was compiled from: [begin, end)
    std::uint16_t end = 0;
};

/// What a comparison with a missing value says (design 7).
bool holds_of_nothing(Op comparison);

/// How two values lie to each other. Integers and numbers compare exactly; unordered if one is missing or the types
/// do not go together.
std::partial_ordering compare(const Value& a, const Value& b);

}  // namespace tocsin::rules

namespace tocsin {

/// Built once by the compiler, then immutable and shared by threads. Not movable: constants view its strings.
class Expression::Code {
public:
    Code();
    ~Code();
    Code(const Code&) = delete;
    Code& operator=(const Code&) = delete;

    [[nodiscard]] Value evaluate(std::uint32_t index, const EvalContext& context) const;
    /// evaluate() of a boolean node; missing is false.
    [[nodiscard]] bool test(std::uint32_t index, const EvalContext& context) const;

    /// Adds a node and answers its index.
    std::uint32_t add(rules::CodeNode node);
    /// Adds a constant leaf; a string is copied.
    std::uint32_t add_constant(Value value);
    /// A copy of the string that lives as long as the code.
    std::string_view keep(std::string_view text);

    std::vector<rules::CodeNode> nodes;
    std::vector<Value> constants;
    std::vector<std::vector<Value>> lists;
    std::vector<rules::Pattern> patterns;
    std::vector<std::string> pattern_texts;
    std::uint32_t root = 0;

private:
    std::deque<std::string> strings_;  // deque: views into it stay valid
};

}  // namespace tocsin
