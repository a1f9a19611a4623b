#include "rules/syntax.h"

#include <algorithm>
#include <array>

namespace tocsin::rules {
namespace {

using Kind = Token::Kind;

/// How tightly an operator binds: more is tighter.
enum Binding : int { kLoosest = 0, kBindOr, kBindAnd, kBindNot, kBindCompare, kBindAdd, kBindMultiply, kBindNegate };

struct Infix {
    std::string_view text;
    Op op;
    int binding;
};

// A new operator is a line here, a line in the checker's table, and its case in Code.
constexpr std::array<Infix, 14> kInfixes = {{{"or", Op::kOr, kBindOr},
                                             {"and", Op::kAnd, kBindAnd},
                                             {"==", Op::kEqual, kBindCompare},
                                             {"!=", Op::kNotEqual, kBindCompare},
                                             {"<", Op::kLess, kBindCompare},
                                             {"<=", Op::kLessEqual, kBindCompare},
                                             {">", Op::kGreater, kBindCompare},
                                             {">=", Op::kGreaterEqual, kBindCompare},
                                             {"in", Op::kIn, kBindCompare},
                                             {"matches", Op::kMatches, kBindCompare},
                                             {"+", Op::kAdd, kBindAdd},
                                             {"-", Op::kSubtract, kBindAdd},
                                             {"*", Op::kMultiply, kBindMultiply},
                                             {"/", Op::kDivide, kBindMultiply}}};

class Parser {
public:
    Parser(std::vector<Token> tokens, Fault& fault) : tokens_(std::move(tokens)), fault_(fault) {}

    std::optional<Syntax> run() {
        if (peek().kind == Kind::kEnd) return fail(peek(), "the expression is empty");
        auto tree = expression(kLoosest);
        if (tree && peek().kind != Kind::kEnd) return fail(peek(), "unexpected " + named(peek()) + remedy(peek()));
        return tree;
    }

private:
    static std::string named(const Token& token) {
        if (token.kind == Kind::kEnd) return "end of the expression";
        if (token.kind == Kind::kString) return "string";
        return "`" + token.text + "`";
    }

    /// For a word where an operator should stand.
    static std::string remedy(const Token& token) {
        if (token.kind != Kind::kName) return {};
        std::string lower = token.text;
        for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        if (is_word(lower)) return ": write `" + lower + "`";
        return ": expected an operator, for example `and`, `or`, `==`, `in`, `matches`";
    }

    std::nullopt_t fail(const Token& at, std::string message) {
        fault_ = {at.begin, std::max(at.end, at.begin + 1), std::move(message)};
        return std::nullopt;
    }

    const Token& peek(std::size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
    Token take() { return at_ + 1 < tokens_.size() ? tokens_[at_++] : tokens_.back(); }
    bool sees(std::string_view text) const {
        return (peek().kind == Kind::kSymbol || peek().kind == Kind::kWord) && peek().text == text;
    }

    /// Counts a node against the limit.
    std::optional<Syntax> made(Syntax syntax) {
        if (++nodes_ <= kExpressionNodesMax) return syntax;
        fault_ = {
            syntax.begin, syntax.end,
            "the expression has more than " + std::to_string(kExpressionNodesMax) + " parts; split it into rules"};
        return std::nullopt;
    }

    std::optional<Syntax> expression(int binding) {
        if (++depth_ > kExpressionDepthMax) {
            return fail(peek(), "the expression is nested deeper than " + std::to_string(kExpressionDepthMax));
        }
        auto left = prefix();
        while (left) {
            const bool negated = sees("not") && peek(1).kind == Kind::kWord && peek(1).text == "in";
            const Infix* infix = infix_at(negated ? 1 : 0);
            if (infix == nullptr || infix->binding <= binding) break;
            if (infix->binding == kBindCompare && is_comparison(*left)) {
                return fail(peek(), "comparisons do not chain: join two of them by `and`");
            }
            if (negated) take();
            take();
            left = join(std::move(*left), *infix, negated);
        }
        --depth_;
        return left;
    }

    const Infix* infix_at(std::size_t ahead) const {
        const Token& token = peek(ahead);
        if (token.kind != Kind::kSymbol && token.kind != Kind::kWord) return nullptr;
        for (const Infix& infix : kInfixes) {
            if (infix.text == token.text) return &infix;
        }
        return nullptr;
    }

    /// Written without parentheses: those widen the node beyond its operands.
    static bool is_comparison(const Syntax& syntax) {
        return syntax.kind == Syntax::Kind::kBinary && syntax.op >= Op::kEqual &&
               (syntax.op <= Op::kGreaterEqual || syntax.op >= Op::kIn) && syntax.begin == syntax.children[0].begin;
    }

    std::optional<Syntax> join(Syntax left, const Infix& infix, bool negated) {
        auto right = infix.op == Op::kIn ? list() : expression(infix.binding);
        if (!right) return std::nullopt;
        Syntax out;
        out.kind = Syntax::Kind::kBinary;
        out.op = negated ? Op::kNotIn : infix.op;
        out.begin = left.begin;
        out.end = right->end;
        out.children.push_back(std::move(left));
        out.children.push_back(std::move(*right));
        return made(std::move(out));
    }

    std::optional<Syntax> list() {
        if (!sees("[")) return fail(peek(), "`in` needs a list: category in [\"network\", \"bill\"]");
        Syntax out;
        out.kind = Syntax::Kind::kList;
        out.begin = take().begin;
        for (;;) {
            auto element = expression(kLoosest);
            if (!element) return std::nullopt;
            out.children.push_back(std::move(*element));
            if (!sees(",")) break;
            take();
        }
        if (!sees("]")) return fail(peek(), "expected `,` or `]`, found " + named(peek()));
        out.end = take().end;
        return made(std::move(out));
    }

    std::optional<Syntax> prefix() {
        if (sees("not")) return unary(Op::kNot, kBindNot);
        if (sees("-")) return unary(Op::kNegate, kBindNegate);
        if (sees("(")) return parentheses();
        const Token token = peek();
        switch (token.kind) {
            case Kind::kInt:
            case Kind::kNumber:
            case Kind::kDuration:
            case Kind::kString:
                return leaf(Syntax::Kind::kLiteral);
            case Kind::kWord:
                if (token.text == "true" || token.text == "false") return leaf(Syntax::Kind::kLiteral);
                break;
            case Kind::kName:
                if (peek(1).kind == Kind::kSymbol && peek(1).text == "(") return call();
                return leaf(Syntax::Kind::kName);
            default:
                break;
        }
        return fail(token, "expected a value, found " + named(token));
    }

    std::optional<Syntax> leaf(Syntax::Kind kind) {
        Syntax out;
        out.kind = kind;
        out.token = take();
        out.begin = out.token.begin;
        out.end = out.token.end;
        return made(std::move(out));
    }

    std::optional<Syntax> unary(Op op, int binding) {
        Syntax out;
        out.kind = Syntax::Kind::kUnary;
        out.op = op;
        out.begin = take().begin;
        auto operand = expression(binding);
        if (!operand) return std::nullopt;
        out.end = operand->end;
        out.children.push_back(std::move(*operand));
        return made(std::move(out));
    }

    std::optional<Syntax> parentheses() {
        const std::size_t begin = take().begin;
        auto inner = expression(kLoosest);
        if (!inner) return std::nullopt;
        if (!sees(")")) return fail(peek(), "expected `)`, found " + named(peek()) + remedy(peek()));
        inner->begin = begin;
        inner->end = take().end;
        return inner;
    }

    std::optional<Syntax> call() {
        Syntax out;
        out.kind = Syntax::Kind::kCall;
        out.token = take();
        out.begin = out.token.begin;
        take();
        while (!sees(")")) {
            if (!out.children.empty()) {
                if (!sees(",")) return fail(peek(), "expected `,` or `)`, found " + named(peek()));
                take();
            }
            auto argument = expression(kLoosest);
            if (!argument) return std::nullopt;
            out.children.push_back(std::move(*argument));
        }
        out.end = take().end;
        if (sees("over")) {
            take();
            if (peek().kind != Kind::kDuration) return fail(peek(), "`over` needs a duration, for example `over 30d`");
            out.end = peek().end;
            out.over = take().duration;
        }
        return made(std::move(out));
    }

    std::vector<Token> tokens_;
    Fault& fault_;
    std::size_t at_ = 0;
    std::size_t nodes_ = 0;
    std::size_t depth_ = 0;
};

}  // namespace

std::optional<Syntax> parse(std::string_view text, Fault& fault) {
    auto tokens = tokenize(text, fault);
    if (tokens.empty()) return std::nullopt;
    return Parser(std::move(tokens), fault).run();
}

}  // namespace tocsin::rules
