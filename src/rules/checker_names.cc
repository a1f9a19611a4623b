// The names of an expression: fields, measures, thresholds, functions.
#include <algorithm>
#include <array>

#include "rules/canonical.h"
#include "rules/checker.h"
#include "yaml/diagnostics.h"

namespace tocsin::rules {
namespace {

using Type = Value::Type;

/// What a function takes.
enum class Takes : std::uint8_t { kNothing, kField, kNumericField, kPredicate };

struct Function {
    std::string_view name;
    std::optional<MeasureFn> fn;  ///< empty: part of the language, not built yet
    Takes takes = Takes::kNothing;
    Type result = Type::kMissing;
};

// All functions of the language. One that gets built becomes a line like the first four.
constexpr std::array<Function, 18> kFunctions = {{{"count", MeasureFn::kCount, Takes::kNothing, Type::kInt},
                                                  {"distinct", MeasureFn::kDistinct, Takes::kField, Type::kInt},
                                                  {"sum", MeasureFn::kSum, Takes::kNumericField, Type::kNumber},
                                                  {"any", MeasureFn::kAny, Takes::kPredicate, Type::kBool},
                                                  {"avg", {}},
                                                  {"min", {}},
                                                  {"max", {}},
                                                  {"ratio", {}},
                                                  {"all", {}},
                                                  {"first", {}},
                                                  {"last", {}},
                                                  {"quantile", {}},
                                                  {"seen", {}},
                                                  {"attr", {}},
                                                  {"surprise", {}},
                                                  {"expected", {}},
                                                  {"excess_ratio", {}},
                                                  {"open", {}}}};

constexpr std::array<std::string_view, kLevels> kColours = {"", "blue", "yellow", "orange", "red"};
constexpr std::string_view kThresholdPrefix = "threshold.";
constexpr std::string_view kAfterPrefix = "after.";

const Function* function_of(std::string_view name) {
    for (const Function& f : kFunctions) {
        if (f.name == name) return &f;
    }
    return nullptr;
}

std::vector<std::string> supported_functions() {
    std::vector<std::string> names;
    for (const Function& f : kFunctions) {
        if (f.fn) names.emplace_back(f.name);
    }
    return names;
}

std::optional<Type> type_of(FieldType type) {
    switch (type) {
        case FieldType::kString:
            return Type::kString;
        case FieldType::kInt:
            return Type::kInt;
        case FieldType::kNumber:
            return Type::kNumber;
        case FieldType::kBool:
            return Type::kBool;
        case FieldType::kTime:
            return Type::kTime;
        case FieldType::kDuration:
            return Type::kDuration;
        case FieldType::kText:
            break;
    }
    return std::nullopt;
}

Type result_of(MeasureFn fn) {
    for (const Function& f : kFunctions) {
        if (f.fn == fn) return f.result;
    }
    return Type::kMissing;
}

}  // namespace

std::vector<std::string> Checker::values_of(FieldId field) const {
    std::vector<std::string> values;
    for (const KindId kind : scope_.kinds) {
        for (const FieldDef& def : scope_.schema.kind_def(kind).fields) {
            if (def.id != field) continue;
            if (def.values.empty()) return {};
            values.insert(values.end(), def.values.begin(), def.values.end());
        }
    }
    return values;
}

std::string Checker::kinds_with(FieldId field) const {
    std::string names;
    for (KindId kind = 0; kind < scope_.schema.kinds().size(); ++kind) {
        if (!scope_.schema.has_field(kind, field)) continue;
        names += (names.empty() ? "" : ", ") + scope_.schema.kind_def(kind).name;
    }
    return names;
}

std::vector<std::string> Checker::known_names() const {
    std::vector<std::string> names;
    if (place_ == Place::kPromiseLevel) return {"overdue"};
    if (place_ == Place::kLevel) {
        for (const Measure& m : *measures_) {
            if (!m.name.empty()) names.push_back(m.name);
        }
        for (std::size_t i = 1; i < kColours.size(); ++i)
            names.push_back(std::string(kThresholdPrefix) + std::string(kColours[i]));
        return names;
    }
    for (FieldId f = 0; f < scope_.schema.field_count(); ++f) {
        const bool here = std::any_of(scope_.kinds.begin(), scope_.kinds.end(),
                                      [&](KindId kind) { return scope_.schema.has_field(kind, f); });
        if (here) names.push_back(scope_.schema.field_name(f));
    }
    return names;
}

Checker::Index Checker::check_name(const Syntax& syntax) {
    return place_ == Place::kEvent ? check_field(syntax) : check_level_name(syntax);
}

std::optional<FieldId> Checker::field_of(const Syntax& syntax) {
    const std::string& name = syntax.token.text;
    if (name.starts_with(kThresholdPrefix) || name == "overdue") {
        return fail(syntax, "`" + name + "` belongs into levels: here only fields of the event are known");
    }
    if (name.starts_with(kAfterPrefix)) return fail(syntax, name + ": not supported yet");
    const auto field = scope_.schema.field(name);
    if (!field) {
        const std::string near = yaml::did_you_mean(name, known_names());
        return fail(syntax,
                    "unknown field \"" + name + "\"" + (near.empty() ? ": a string stands in double quotes" : near));
    }
    const bool here = std::any_of(scope_.kinds.begin(), scope_.kinds.end(),
                                  [&](KindId kind) { return scope_.schema.has_field(kind, *field); });
    if (!here) {
        std::string kinds;
        for (const KindId kind : scope_.kinds) kinds += (kinds.empty() ? "" : ", ") + scope_.schema.kind_def(kind).name;
        return fail(syntax, "`" + name + "` is no field of " + kinds + "; " + kinds_with(*field) + " has it");
    }
    if (scope_.schema.field_type(*field) != FieldType::kText) return field;
    if (scope_.person)
        return fail(syntax, "`" + name + "` is of type text, which is not kept with the event: not supported yet");
    return fail(syntax, "`" + name + "` is of type text: cells count only by fields that are kept with the event");
}

Checker::Index Checker::check_field(const Syntax& syntax) {
    const auto field = field_of(syntax);
    if (!field) return std::nullopt;
    if (*field == kFieldKind) return fail(syntax, "`kind` is compared by == != in with names of kinds");
    const auto type = type_of(scope_.schema.field_type(*field));
    return add(syntax, Op::kField, *type, *field);
}

Checker::Index Checker::check_level_name(const Syntax& syntax) {
    const std::string& name = syntax.token.text;
    if (place_ == Place::kPromiseLevel && name == "overdue") return add(syntax, Op::kOverdue, Type::kDuration);
    if (place_ == Place::kLevel) {
        for (std::uint32_t i = 0; i < measures_->size(); ++i) {
            if ((*measures_)[i].name == name) return add(syntax, Op::kMeasure, result_of((*measures_)[i].fn), i);
        }
        if (name.starts_with(kThresholdPrefix)) return check_threshold(syntax);
        if (name == "overdue") return fail(syntax, "`overdue` is known only in rules with `expect`");
    }
    if (name == "open" || name.starts_with(kAfterPrefix)) return fail(syntax, name + ": not supported yet");
    if (place_ == Place::kPromiseLevel) {
        return fail(syntax, "unknown name \"" + name + "\"" + yaml::did_you_mean(name, known_names()) +
                                ": the levels of a promise look only at `overdue`");
    }
    if (const auto field = scope_.schema.field(name)) {
        const bool is_flag = scope_.schema.field_type(*field) == FieldType::kBool;
        const std::string remedy = is_flag ? "any(" + name + ")" : "any(" + name + " == …) or distinct(" + name + ")";
        return fail(syntax, "`" + name + "` is a field of one event; levels look at measures, for example " + remedy);
    }
    return fail(syntax, "unknown measure \"" + name + "\"" + yaml::did_you_mean(name, known_names()));
}

Checker::Index Checker::check_threshold(const Syntax& syntax) {
    const std::string colour = syntax.token.text.substr(kThresholdPrefix.size());
    const auto found = std::find(kColours.begin() + 1, kColours.end(), colour);
    if (found == kColours.end()) {
        return fail(syntax, "unknown colour \"" + colour + "\"" +
                                yaml::did_you_mean(colour, {kColours.begin() + 1, kColours.end()}) +
                                ": there are blue, yellow, orange, red");
    }
    if (!scope_.has_thresholds)
        return fail(syntax, "`" + syntax.token.text + "` needs a `thresholds_file` in the group");
    return add(syntax, Op::kThreshold, Type::kNumber, static_cast<std::uint32_t>(found - kColours.begin()));
}

Checker::Index Checker::check_call(const Syntax& syntax) {
    const std::string& name = syntax.token.text;
    const Function* function = function_of(name);
    if (function == nullptr) {
        return fail(syntax, "unknown function \"" + name + "()\"" + yaml::did_you_mean(name, supported_functions()));
    }
    if (!function->fn) return fail(syntax, name + "(): not supported yet");
    if (place_ == Place::kEvent) {
        return fail(syntax, "`" + name + "()` looks at all events of a window: it belongs into measures or levels");
    }
    if (place_ == Place::kPromiseLevel) {
        return fail(syntax, "`" + name + "()`: the levels of a promise look only at `overdue`");
    }
    auto made = measure(syntax);
    if (!made) return std::nullopt;
    const std::string meaning = canonical(*made, scope_.schema);
    const auto same = std::find_if(measures_->begin(), measures_->end(),
                                   [&](const Measure& m) { return canonical(m, scope_.schema) == meaning; });
    const auto index = static_cast<std::uint32_t>(same - measures_->begin());
    if (same == measures_->end()) {
        if (measures_->size() == kMeasuresMax) {
            return fail(syntax, "the rule has more than " + std::to_string(kMeasuresMax) + " measures");
        }
        measures_->push_back(std::move(*made));
    }
    return add(syntax, Op::kMeasure, function->result, index);
}

std::optional<FieldId> Checker::argument_field(const Syntax& call) {
    const std::string& name = call.token.text;
    if (call.children.size() != 1 || call.children[0].kind != Syntax::Kind::kName) {
        return fail(call,
                    name + "() takes one field, for example " + (name == "sum" ? "sum(amount)" : "distinct(channel)"));
    }
    return field_of(call.children[0]);
}

bool Checker::check_window(const Syntax& call, Duration window) {
    const std::string problem = window_problem(window, scope_);
    if (!problem.empty()) fail(call, problem);
    return problem.empty();
}

std::optional<Measure> Checker::measure(const Syntax& syntax) {
    if (syntax.kind != Syntax::Kind::kCall) {
        return fail(syntax, "a measure is one of count(), distinct(field), sum(field), any(predicate)");
    }
    const std::string& name = syntax.token.text;
    const Function* function = function_of(name);
    if (function == nullptr || !function->fn) {
        check_call(syntax);  // says what is wrong with the name
        return std::nullopt;
    }
    Measure made;
    made.fn = *function->fn;
    made.window = syntax.over.value_or(scope_.within);
    if (function->takes == Takes::kNothing && !syntax.children.empty()) {
        return fail(syntax, name + "() takes nothing: `where` says which events count, any(…) asks for one");
    }
    if (function->takes == Takes::kField || function->takes == Takes::kNumericField) {
        const auto field = argument_field(syntax);
        if (!field) return std::nullopt;
        made.field = *field;
        const FieldType type = scope_.schema.field_type(*field);
        if (function->takes == Takes::kNumericField && type != FieldType::kInt && type != FieldType::kNumber) {
            return fail(syntax, name + "() adds up numbers; `" + syntax.children[0].token.text + "` is " +
                                    std::string(type_name(*type_of(type))));
        }
        if (made.fn == MeasureFn::kDistinct && !scope_.person && *field != kFieldCustomer) {
            return fail(syntax, "distinct(" + syntax.children[0].token.text +
                                    "): without customer or subscriber in `by` only distinct(customer) is counted");
        }
    }
    if (function->takes == Takes::kPredicate) {
        if (syntax.children.size() != 1)
            return fail(syntax, name + "() takes one predicate, for example any(emergency)");
        Checker inner(text_, scope_, Place::kEvent, nullptr, fault_);
        auto predicate = inner.boolean(syntax.children[0]);
        if (!predicate) return std::nullopt;
        made.predicate = std::move(*predicate);
    }
    if (!check_window(syntax, made.window)) return std::nullopt;
    return made;
}

}  // namespace tocsin::rules
