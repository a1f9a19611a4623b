// The names of an expression: fields, measures, thresholds.
#include <algorithm>
#include <array>

#include "rules/checker.h"
#include "yaml/diagnostics.h"

namespace tocsin::rules {
namespace {

using Type = Value::Type;

constexpr std::array<std::string_view, kLevels> kColours = {"", "blue", "yellow", "orange", "red"};
constexpr std::string_view kThresholdPrefix = "threshold.";
constexpr std::string_view kAfterPrefix = "after.";

}  // namespace

Type Checker::type_of(FieldId field) const {
    switch (scope_.schema.field_type(field)) {
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
        case FieldType::kString:
        case FieldType::kText:
            break;
    }
    return Type::kString;
}

std::vector<KindId> Checker::all_kinds() const {
    std::vector<KindId> kinds;
    for (KindId kind = 0; kind < scope_.schema.kinds().size(); ++kind) kinds.push_back(kind);
    return kinds;
}

std::vector<std::string> Checker::values_of(FieldId field, const std::vector<KindId>& kinds) const {
    std::vector<std::string> values;
    for (const KindId kind : kinds) {
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

std::vector<std::string> Checker::field_names(const std::vector<KindId>& kinds) const {
    std::vector<std::string> names;
    for (FieldId f = 0; f < scope_.schema.field_count(); ++f) {
        const bool here =
            std::any_of(kinds.begin(), kinds.end(), [&](KindId kind) { return scope_.schema.has_field(kind, f); });
        if (here) names.push_back(scope_.schema.field_name(f));
    }
    return names;
}

std::vector<std::string> Checker::known_names() const {
    std::vector<std::string> names;
    if (place_ == Place::kPromiseLevel) names = {"overdue", "open"};
    if (place_ == Place::kLevel) {
        for (const Measure& m : *measures_) {
            if (!m.name.empty()) names.push_back(m.name);
        }
        for (std::size_t i = 1; i < kColours.size(); ++i)
            names.push_back(std::string(kThresholdPrefix) + std::string(kColours[i]));
        return names;
    }
    for (const std::string& field : field_names(scope_.kinds))
        names.push_back((place_ == Place::kPromiseLevel ? "after." : "") + field);
    return names;
}

Checker::Index Checker::check_name(const Syntax& syntax) {
    return place_ == Place::kEvent ? check_field(syntax) : check_level_name(syntax);
}

std::optional<FieldId> Checker::field_of(const Syntax& syntax, const std::vector<KindId>& kinds, bool compared) {
    const std::string& name = syntax.token.text;
    if (name.starts_with(kThresholdPrefix) || name.starts_with(kAfterPrefix) || name == "overdue") {
        return fail(syntax, "`" + name + "` belongs into levels: here only fields of the event are known");
    }
    const auto field = scope_.schema.field(name);
    if (!field) {
        const std::string near = yaml::did_you_mean(name, field_names(kinds));
        return fail(syntax,
                    "unknown field \"" + name + "\"" + (near.empty() ? ": a string stands in double quotes" : near));
    }
    const bool here =
        std::any_of(kinds.begin(), kinds.end(), [&](KindId kind) { return scope_.schema.has_field(kind, *field); });
    if (!here) {
        std::string these;
        for (const KindId kind : kinds) these += (these.empty() ? "" : ", ") + scope_.schema.kind_def(kind).name;
        return fail(syntax, "`" + name + "` is no field of " + these + "; " + kinds_with(*field) + " has it");
    }
    if (scope_.schema.field_type(*field) != FieldType::kText) return field;
    if (scope_.person && place_ == Place::kEvent && compared) return field;
    if (scope_.person)
        return fail(
            syntax,
            "`" + name + "` is of type text, which is not kept: it is only compared, in a condition on the event");
    return fail(syntax, "`" + name + "` is of type text: cells count only by fields that are kept with the event");
}

Checker::Index Checker::check_field(const Syntax& syntax) {
    const auto field = field_of(syntax, scope_.kinds, /*compared=*/true);
    if (!field) return std::nullopt;
    if (*field == kFieldKind) return fail(syntax, "`kind` is compared by == != in with names of kinds");
    return add(syntax, Op::kField, type_of(*field), *field);
}

Checker::Index Checker::check_level_name(const Syntax& syntax) {
    const std::string& name = syntax.token.text;
    if (place_ == Place::kPromiseLevel && name == "overdue") return add(syntax, Op::kOverdue, Type::kDuration);
    if (place_ == Place::kPromiseLevel && name == "open") return add(syntax, Op::kOpen, Type::kInt);
    if (place_ == Place::kPromiseLevel && name.starts_with(kAfterPrefix)) {
        Syntax field = syntax;
        field.token.text = name.substr(kAfterPrefix.size());
        return check_field(field);
    }
    if (place_ == Place::kLevel) {
        for (std::uint32_t i = 0; i < measures_->size(); ++i) {
            if ((*measures_)[i].name == name) return add(syntax, Op::kMeasure, (*measures_)[i].type, i);
        }
        if (name.starts_with(kThresholdPrefix)) return check_threshold(syntax);
        if (name == "overdue") return fail(syntax, "`overdue` is known only in rules with `expect`");
    }
    if (place_ == Place::kPromiseLevel) {
        return fail(syntax, "unknown name \"" + name + "\"" + yaml::did_you_mean(name, known_names()) +
                                ": the levels of a promise look at `overdue`, `open` and `after.field`");
    }
    if (name == "open" || name.starts_with(kAfterPrefix))
        return fail(syntax, "`" + name + "` is known only in rules with `expect`");
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

}  // namespace tocsin::rules
