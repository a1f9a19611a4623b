#pragma once
/// The tree of an expression as it was written, before anybody asked what its names mean.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/code.h"
#include "rules/fault.h"
#include "rules/token.h"

namespace tocsin::rules {

constexpr std::size_t kExpressionDepthMax = 64;
constexpr std::size_t kExpressionNodesMax = 1000;

/// One place of the tree.
struct Syntax {
    enum class Kind : std::uint8_t { kLiteral, kName, kCall, kUnary, kBinary, kList };

    Kind kind = Kind::kLiteral;
    std::size_t begin = 0;  ///< bytes of the text: [begin, end), with parentheses
    std::size_t end = 0;
    Op op = Op::kConstant;         ///< kUnary, kBinary
    Token token;                   ///< kLiteral, kName and kCall: the word itself
    std::vector<Syntax> children;  ///< operands, arguments, elements
    std::optional<Duration> over;  ///< kCall: `over 30d`
};

/// Operators by how tightly they bind: or, and, not, comparisons (which do not chain), + -, * /, unary minus, and
/// `over` behind a call. Empty with `fault` filled if the text is no expression or beyond a limit.
std::optional<Syntax> parse(std::string_view text, Fault& fault);

}  // namespace tocsin::rules
