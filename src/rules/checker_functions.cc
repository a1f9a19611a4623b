// The functions of an expression: what each takes, what it gives, where it may stand.
#include <algorithm>
#include <array>
#include <cmath>

#include "rules/canonical.h"
#include "rules/checker.h"
#include "rules/judge.h"
#include "yaml/diagnostics.h"

namespace tocsin::rules {

using Type = Value::Type;

/// A line of the table below.
struct Function {
    /// Fields by what can be done with their values: kept at all, put in order, laid on a scale, added up.
    enum class Takes : std::uint8_t {
        kNothing,
        kDistinct,
        kField,
        kOrdered,
        kScale,
        kAmount,
        kPredicate,
        kKind,
        kFieldOfAny
    };

    std::string_view name;
    std::optional<MeasureFn> fn;  ///< empty: part of the language, not built yet
    Takes takes = Takes::kNothing;
    Type gives = Type::kMissing;  ///< kMissing: what the field is
    bool cells = false;           ///< whether sums per bucket are enough for it
    std::string_view example = {};
};

namespace {

using Takes = Function::Takes;

// All functions of the language. One that gets built becomes a line like the first.
constexpr std::array<Function, 17> kFunctions = {{
    {"count", MeasureFn::kCount, Takes::kNothing, Type::kInt, true},
    {"distinct", MeasureFn::kDistinct, Takes::kDistinct, Type::kInt, true, "distinct(channel)"},
    {"sum", MeasureFn::kSum, Takes::kAmount, Type::kMissing, true, "sum(amount)"},
    {"avg", MeasureFn::kAvg, Takes::kAmount, Type::kMissing, true, "avg(score)"},
    {"any", MeasureFn::kAny, Takes::kPredicate, Type::kBool, true, "any(emergency)"},
    {"all", MeasureFn::kAll, Takes::kPredicate, Type::kBool, false, "all(solved)"},
    {"ratio", MeasureFn::kRatio, Takes::kPredicate, Type::kNumber, true, "ratio(solved)"},
    {"min", MeasureFn::kMin, Takes::kOrdered, Type::kMissing, false, "min(score)"},
    {"max", MeasureFn::kMax, Takes::kOrdered, Type::kMissing, false, "max(amount)"},
    {"first", MeasureFn::kFirst, Takes::kField, Type::kMissing, false, "first(channel)"},
    {"last", MeasureFn::kLast, Takes::kField, Type::kMissing, false, "last(channel)"},
    {"quantile", MeasureFn::kQuantile, Takes::kScale, Type::kMissing, false, "quantile(amount, 90%)"},
    {"seen", MeasureFn::kSeen, Takes::kKind, Type::kBool, false, "seen(suspension, 7d)"},
    {"attr", MeasureFn::kAttr, Takes::kFieldOfAny, Type::kMissing, false, "attr(balance)"},
    {"surprise", {}},
    {"expected", {}},
    {"excess_ratio", {}},
}};

const Function* function_of(std::string_view name) {
    const auto* found =
        std::find_if(kFunctions.begin(), kFunctions.end(), [name](const Function& f) { return f.name == name; });
    return found == kFunctions.end() ? nullptr : &*found;
}

std::vector<std::string> supported_functions() {
    std::vector<std::string> names;
    for (const Function& f : kFunctions) {
        if (f.fn) names.emplace_back(f.name);
    }
    return names;
}

std::string as_call(const Function& function) {
    return std::string(function.name) + "()";
}

/// Why a field of this type is nothing for the function; empty: it is.
std::string_view objection(Takes takes, Type type) {
    const bool is_scale = type == Type::kInt || type == Type::kNumber || type == Type::kDuration;
    switch (takes) {
        case Takes::kAmount:
            return is_scale ? "" : "adds up numbers or durations";
        case Takes::kScale:
            return is_scale || type == Type::kTime ? "" : "looks at numbers, durations or times";
        case Takes::kOrdered:
            return type != Type::kBool ? "" : "needs values with an order";
        default:
            return "";
    }
}

}  // namespace

/// Whether the function may stand here at all.
bool Checker::check_place(const Syntax& syntax, const Function& function) {
    if (scope_.person || function.cells) return true;
    const std::string name = as_call(function);
    if (*function.fn == MeasureFn::kSeen || *function.fn == MeasureFn::kAttr) {
        fail(syntax, name + " looks at one person's events: it needs customer or subscriber in `by`");
    } else {
        fail(syntax, name +
                         ": without customer or subscriber in `by` there are sums per bucket, not events: only "
                         "count() sum() avg() ratio() any() distinct(customer) can be told from them");
    }
    return false;
}

Checker::Index Checker::check_call(const Syntax& syntax) {
    const std::string& name = syntax.token.text;
    const Function* function = function_of(name);
    if (function == nullptr) {
        return fail(syntax, "unknown function \"" + name + "()\"" + yaml::did_you_mean(name, supported_functions()));
    }
    if (!function->fn) return fail(syntax, name + "(): not supported yet");
    if (place_ == Place::kEvent) {
        const bool of_person = function->takes == Takes::kKind || function->takes == Takes::kFieldOfAny;
        return fail(syntax, "`" + name + "()` looks at all events of a " + (of_person ? "person" : "window") +
                                ": it belongs into measures or levels");
    }
    if (place_ == Place::kPromiseLevel) {
        return fail(syntax, "`" + name + "()`: the levels of a promise look at `overdue`, `open` and `after.field`");
    }
    auto made = measure(syntax);
    if (!made) return std::nullopt;
    const std::string meaning = canonical(*made, scope_.schema);
    const auto same = std::find_if(measures_->begin(), measures_->end(),
                                   [&](const Measure& m) { return canonical(m, scope_.schema) == meaning; });
    const auto index = static_cast<std::uint32_t>(same - measures_->begin());
    const Type type = made->type;
    if (same == measures_->end()) {
        if (measures_->size() == kMeasuresMax) {
            return fail(syntax, "the rule has more than " + std::to_string(kMeasuresMax) + " measures");
        }
        measures_->push_back(std::move(*made));
    }
    return add(syntax, Op::kMeasure, type, index);
}

std::optional<Measure> Checker::measure(const Syntax& syntax) {
    if (syntax.kind != Syntax::Kind::kCall) {
        return fail(syntax, "a measure is one function: count(), sum(amount), any(emergency) …");
    }
    const Function* function = function_of(syntax.token.text);
    if (function == nullptr || !function->fn) {
        check_call(syntax);  // says what is wrong with the name
        return std::nullopt;
    }
    Measure made;
    made.fn = *function->fn;
    made.type = function->gives;
    // What is known of a person does not grow old with the window that counts: it is known as long as events are.
    made.window = syntax.over.value_or(made.fn == MeasureFn::kAttr ? scope_.limits.retention : scope_.within);
    if (!check_place(syntax, *function) || !check_arguments(syntax, *function, made)) return std::nullopt;
    if (!syntax.over && made.fn != MeasureFn::kAttr && made.fn != MeasureFn::kSeen) made.calendar = scope_.calendar;
    if (made.calendar == nullptr && !check_window(syntax, made.window)) return std::nullopt;
    return made;
}

bool Checker::check_arguments(const Syntax& call, const Function& function, Measure& made) {
    switch (function.takes) {
        case Takes::kNothing:
            if (call.children.empty()) return true;
            fail(call, as_call(function) + " takes nothing: `where` says which events count, any(…) asks for one");
            return false;
        case Takes::kPredicate:
            return check_predicate_argument(call, made);
        case Takes::kKind:
            return check_seen(call, made);
        default:
            return check_field_argument(call, function, made);
    }
}

bool Checker::check_predicate_argument(const Syntax& call, Measure& made) {
    const std::string& name = call.token.text;
    if (call.children.size() != 1) {
        fail(call, name + "() takes one predicate, for example " + std::string(function_of(name)->example));
        return false;
    }
    Checker inner(text_, scope_, Place::kEvent, nullptr, fault_);
    auto predicate = inner.boolean(call.children[0]);
    if (predicate) made.predicate = std::move(*predicate);
    return predicate.has_value();
}

bool Checker::check_field_argument(const Syntax& call, const Function& function, Measure& made) {
    const bool shared = function.takes == Takes::kScale;
    if (call.children.size() != (shared ? 2 : 1) || call.children[0].kind != Syntax::Kind::kName) {
        fail(call, as_call(function) + (shared ? " takes a field and a share" : " takes one field") + ", for example " +
                       std::string(function.example));
        return false;
    }
    const auto field = field_of(call.children[0], function.takes == Takes::kFieldOfAny ? all_kinds() : scope_.kinds);
    if (!field) return false;
    made.field = *field;
    if (!check_field_type(call, function, made)) return false;
    return !shared || check_share(call, made);
}

bool Checker::check_field_type(const Syntax& call, const Function& function, Measure& made) {
    const Syntax& argument = call.children[0];
    const std::string shown = "`" + argument.token.text + "`";
    const bool gives_itself = made.type == Type::kMissing;
    const Type type = type_of(made.field);
    if (gives_itself) made.type = type;
    if (made.type == Type::kInt && function.takes == Takes::kAmount) made.type = Type::kNumber;
    if (const auto problem = objection(function.takes, type); !problem.empty()) {
        fail(call,
             as_call(function) + " " + std::string(problem) + "; " + shown + " is " + std::string(type_name(type)));
        return false;
    }
    if (function.takes == Takes::kDistinct && !scope_.person && made.field != kFieldCustomer) {
        fail(call, "distinct(" + argument.token.text +
                       "): without customer or subscriber in `by` only distinct(customer) is counted");
        return false;
    }
    if (gives_itself && made.field == kFieldKind) {
        fail(argument, "`kind` is no value: distinct(kind) counts kinds, seen(suspension, 7d) asks for one");
        return false;
    }
    if (gives_itself && (made.field == kFieldCustomer || made.field == kFieldSubscriber)) {
        fail(argument, shown + " would be told in plain: distinct(" + argument.token.text + ") counts people");
        return false;
    }
    return true;
}

/// The second argument of quantile(): 0.9 or 90%.
bool Checker::check_share(const Syntax& call, Measure& made) {
    const Syntax& written = call.children[1];
    const Index index = check(written);
    if (!index) return false;
    const Value* value = constant_of(*index);
    if (value != nullptr && compare(*value, Value::of_int(0)) >= 0 && compare(*value, Value::of_int(1)) <= 0) {
        made.share = sum_units(*value);
        return true;
    }
    fail(written, "the share of " + call.token.text + "() is a number from 0 to 1, for example 90%, found " +
                      described(written, *index));
    return false;
}

bool Checker::check_seen(const Syntax& call, Measure& made) {
    const std::string name = call.token.text + "()";
    const std::string example = std::string(function_of(call.token.text)->example);
    if (call.over) {
        fail(call, name + " has a duration of its own instead of `over`, for example " + example);
        return false;
    }
    const bool named = call.children.size() == 2 && (call.children[0].kind == Syntax::Kind::kName ||
                                                     call.children[0].token.kind == Token::Kind::kString);
    if (!named) {
        fail(call, name + " takes a kind of event and a duration, for example " + example);
        return false;
    }
    const std::string& kind_name = call.children[0].token.text;
    const auto kind = scope_.schema.kind(kind_name);
    if (!kind) {
        std::vector<std::string> names;
        for (const KindDef& def : scope_.schema.kinds()) names.push_back(def.name);
        fail(call.children[0], "unknown event kind \"" + kind_name + "\"" + yaml::did_you_mean(kind_name, names));
        return false;
    }
    const Syntax& written = call.children[1];
    const Index index = check(written);
    if (!index) return false;
    const Value* value = constant_of(*index);
    if (value == nullptr || value->type != Type::kDuration) {
        fail(written, name + " looks back for a duration, for example 7d, found " + described(written, *index));
        return false;
    }
    made.kind = *kind;
    made.window = Duration(value->integer);
    return true;
}

bool Checker::check_window(const Syntax& call, Duration window) {
    const std::string problem = window_problem(window, scope_);
    if (!problem.empty()) fail(call, problem);
    return problem.empty();
}

}  // namespace tocsin::rules
