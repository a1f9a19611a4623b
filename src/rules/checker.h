#pragma once
/// From the tree as written to typed code: what the names mean, and whether the types go together.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/code.h"
#include "rules/compile.h"
#include "rules/syntax.h"

namespace tocsin::rules {

/// What an expression looks at.
enum class Place : std::uint8_t { kEvent, kLevel, kPromiseLevel };

struct Function;  // a line of the table in checker_functions.cc

/// Checks one expression. Used once. Every function answers empty after it has filled the fault.
class Checker {
public:
    /// `measures` only for kLevel: the named ones; aggregates written inside are appended.
    Checker(std::string_view text, const Scope& scope, Place place, std::vector<Measure>* measures, Fault& fault)
        : text_(text), scope_(scope), place_(place), measures_(measures), fault_(fault) {}

    /// The whole expression, which must be true or false.
    std::optional<Expression> boolean(const Syntax& syntax);

    /// A call of a function as a measure.
    std::optional<Measure> measure(const Syntax& syntax);

private:
    using Index = std::optional<std::uint32_t>;
    using Type = Value::Type;

    Index check(const Syntax& syntax);
    Index check_literal(const Syntax& syntax);
    Index check_name(const Syntax& syntax);
    Index check_field(const Syntax& syntax);
    Index check_level_name(const Syntax& syntax);
    Index check_threshold(const Syntax& syntax);
    Index check_call(const Syntax& syntax);
    Index check_unary(const Syntax& syntax);
    Index check_binary(const Syntax& syntax);
    Index check_logic(const Syntax& syntax, std::uint32_t left, std::uint32_t right);
    Index check_arithmetic(const Syntax& syntax, std::uint32_t left, std::uint32_t right);
    Index check_comparison(const Syntax& syntax, std::uint32_t left, std::uint32_t right);
    Index check_list(const Syntax& syntax);
    Index check_pattern(const Syntax& syntax);
    Index check_kind(const Syntax& syntax);

    /// A field of one of these kinds.
    std::optional<FieldId> field_of(const Syntax& name, const std::vector<KindId>& kinds, bool compared = false);
    [[nodiscard]] bool is_text(std::uint32_t index) const;
    /// The comparison; if it looks at a field of type text, its kept answer where there is one (text_answers.h).
    std::uint32_t answer(const Syntax& syntax, std::uint32_t comparison);
    bool check_field_argument(const Syntax& call, const Function& function, Measure& made);
    bool check_field_type(const Syntax& call, const Function& function, Measure& made);
    bool check_predicate_argument(const Syntax& call, Measure& made);
    bool check_share(const Syntax& call, Measure& made);
    bool check_seen(const Syntax& call, Measure& made);
    bool check_arguments(const Syntax& call, const Function& function, Measure& made);
    bool check_place(const Syntax& call, const Function& function);
    bool check_window(const Syntax& call, Duration window);
    bool check_value(const Syntax& literal, std::uint32_t constant, std::uint32_t compared);
    bool check_bound(const Syntax& syntax, std::uint32_t left, std::uint32_t right);
    bool check_zero(const Syntax& syntax, Op op, std::uint32_t left, std::uint32_t right);
    [[nodiscard]] Type type_of(FieldId field) const;
    [[nodiscard]] std::vector<KindId> all_kinds() const;
    std::vector<std::string> values_of(FieldId field, const std::vector<KindId>& kinds) const;
    std::string kinds_with(FieldId field) const;
    std::vector<std::string> field_names(const std::vector<KindId>& kinds) const;
    std::vector<std::string> known_names() const;

    std::nullopt_t fail(const Syntax& at, std::string message);
    std::uint32_t add(const Syntax& syntax, Op op, Type type, std::uint32_t left = 0, std::uint32_t right = 0);
    std::uint32_t constant(const Syntax& syntax, Value value);
    [[nodiscard]] const CodeNode& node(std::uint32_t index) const { return code_->nodes[index]; }
    [[nodiscard]] const Value* constant_of(std::uint32_t index) const;
    /// The place in the author's words: "string (category)".
    [[nodiscard]] std::string described(const Syntax& syntax, std::uint32_t index) const;
    [[nodiscard]] std::string quoted(const Syntax& syntax) const;

    std::string_view text_;
    const Scope& scope_;
    Place place_;
    std::vector<Measure>* measures_;
    Fault& fault_;
    std::shared_ptr<Expression::Code> code_ = std::make_shared<Expression::Code>();
};

}  // namespace tocsin::rules
