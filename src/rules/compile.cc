#include "rules/compile.h"

#include <algorithm>

#include "base/times.h"
#include "rules/checker.h"
#include "rules/shape.h"
#include "rules/syntax.h"

namespace tocsin::rules {
namespace {

std::nullopt_t whole(std::string_view text, Fault& fault, std::string message) {
    fault = {0, text.size(), std::move(message)};
    return std::nullopt;
}

/// The bucket of cells with a window of this length (design 5), and how to say when it applies.
struct Bucket {
    Duration width;
    std::string_view when;
};
Bucket bucket_of(Duration window) {
    if (window <= std::chrono::hours(2)) return {std::chrono::minutes(1), "up to 2h"};
    if (window <= std::chrono::days(1)) return {std::chrono::minutes(5), "above 2h"};
    return {std::chrono::hours(1), "above 1d"};
}

/// Appends a copy of the other expression's code and answers its root.
std::uint32_t append(Expression::Code& to, const Expression::Code& from) {
    const auto nodes = static_cast<std::uint32_t>(to.nodes.size());
    const auto constants = static_cast<std::uint32_t>(to.constants.size());
    const auto lists = static_cast<std::uint32_t>(to.lists.size());
    const auto patterns = static_cast<std::uint32_t>(to.patterns.size());
    const auto kept = [&to](Value v) {
        if (v.type == Value::Type::kString) v.string = to.keep(v.string);
        return v;
    };
    for (const Value& v : from.constants) to.constants.push_back(kept(v));
    for (const std::vector<Value>& list : from.lists) {
        auto& copy = to.lists.emplace_back();
        for (const Value& v : list) copy.push_back(kept(v));
    }
    to.patterns.insert(to.patterns.end(), from.patterns.begin(), from.patterns.end());
    to.pattern_texts.insert(to.pattern_texts.end(), from.pattern_texts.begin(), from.pattern_texts.end());
    for (CodeNode node : from.nodes) {
        if (node.op == Op::kConstant) node.left += constants;
        if (node.op > Op::kOverdue) {
            node.left += nodes;
            node.right += node.op == Op::kIn || node.op == Op::kNotIn ? lists
                          : node.op == Op::kMatches                   ? patterns
                          : node.op == Op::kAnswer                    ? constants
                                                                      : nodes;
        }
        to.nodes.push_back(node);
    }
    return nodes + from.root;
}

}  // namespace

Expression any_of(const std::vector<KindPredicate>& choices) {
    const bool all_fit =
        std::all_of(choices.begin(), choices.end(), [](const KindPredicate& c) { return c.predicate.empty(); });
    if (all_fit) return {};
    if (choices.size() == 1) return choices[0].predicate;
    auto code = std::make_shared<Expression::Code>();
    for (std::size_t i = 0; i < choices.size(); ++i) {
        const std::uint32_t field = code->add({Op::kField, Value::Type::kInt, kFieldKind, 0});
        const std::uint32_t kind = code->add_constant(Value::of_int(choices[i].kind));
        std::uint32_t choice = code->add({Op::kEqual, Value::Type::kBool, field, kind});
        if (!choices[i].predicate.empty()) {
            const std::uint32_t predicate = append(*code, *choices[i].predicate.code());
            choice = code->add({Op::kAnd, Value::Type::kBool, choice, predicate});
        }
        code->root = i == 0 ? choice : code->add({Op::kOr, Value::Type::kBool, code->root, choice});
    }
    return Expression(std::move(code));
}

std::optional<Expression> compile_predicate(std::string_view text, const Scope& scope, Fault& fault) {
    const auto tree = parse(text, fault);
    if (!tree) return std::nullopt;
    return Checker(text, scope, Place::kEvent, nullptr, fault).boolean(*tree);
}

std::optional<Measure> compile_measure(std::string name, std::string_view text, const Scope& scope, Fault& fault) {
    const auto tree = parse(text, fault);
    if (!tree) return std::nullopt;
    auto made = Checker(text, scope, Place::kEvent, nullptr, fault).measure(*tree);
    if (made) made->name = std::move(name);
    return made;
}

std::optional<Expression> compile_level(std::string_view text, const Scope& scope, std::vector<Measure>& measures,
                                        Fault& fault) {
    const auto tree = parse(text, fault);
    if (!tree) return std::nullopt;
    auto level = Checker(text, scope, Place::kLevel, &measures, fault).boolean(*tree);
    if (level && !looks_at_something(*level)) {
        return whole(text, fault, "holds always or never: a level looks at measures, for example `n >= 3`");
    }
    return level;
}

std::optional<Expression> compile_promise_level(std::string_view text, const Scope& scope, Fault& fault) {
    const auto tree = parse(text, fault);
    if (!tree) return std::nullopt;
    auto level = Checker(text, scope, Place::kPromiseLevel, nullptr, fault).boolean(*tree);
    if (level && !looks_at_something(*level)) {
        return whole(text, fault,
                     "holds always or never: the level of a promise looks at `overdue`, for example `overdue >= 3h`");
    }
    return level;
}

std::string window_problem(Duration window, const Scope& scope) {
    const std::string shown = format_duration(window);
    if (window <= Duration::zero()) return "a window of " + shown + " holds no event";
    if (window > scope.limits.retention) {
        return "the window " + shown + " is longer than storage.retention (" + format_duration(scope.limits.retention) +
               ")";
    }
    if (scope.person) return {};
    const Bucket bucket = bucket_of(window);
    if (window % bucket.width == Duration::zero()) return {};
    return "the window " + shown + " is no multiple of " + format_duration(bucket.width) + ", the bucket of windows " +
           std::string(bucket.when);
}

}  // namespace tocsin::rules
