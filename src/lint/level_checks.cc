// What is the matter with levels, and with the tables behind them.
#include <algorithm>
#include <charconv>
#include <set>

#include "base/phases.h"
#include "base/times.h"
#include "lint/levels.h"
#include "lint/report.h"
#include "yaml/csv.h"

namespace tocsin::lint {
namespace {

constexpr std::size_t kRowsMax = 500;  ///< different rows of a table that levels are judged by: the first ones

std::string name_of(Level level) {
    return std::string(level_name(level));
}

bool looks_at_any_threshold(const Expression& level) {
    for (int l = 1; l < kLevels; ++l)
        if (looks_at_threshold(level, static_cast<Level>(l))) return true;
    return false;
}

/// The table as it is written; empty if it is not there.
std::optional<yaml::CsvTable> table_behind(const Subject& subject, const Input& input) {
    const std::string path = table_of(subject.place());
    const auto text = input.tables.find(path);
    if (path.empty() || text == input.tables.end()) return std::nullopt;
    yaml::Diagnostics ignored;
    return yaml::parse_csv(path, text->second, {{"area"}, {"blue", "yellow", "orange", "red"}}, ignored);
}

Thresholds thresholds_of(const yaml::CsvRow& row) {
    Thresholds out;
    for (std::size_t level = 1; level < kLevels; ++level) {
        const std::string& text = row.fields[level];
        double number = 0;
        if (std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc())
            out.by_level[level] = Value::of_number(number);
    }
    return out;
}

/// A fault that thresholds make is shown in their row, any other at the level.
void say(const Subject& subject, const LevelFault& fault, const yaml::CsvTable* table, const yaml::CsvRow* row) {
    const Rule& rule = subject.rule();
    const auto uses = [&](Level l) {
        return l != Level::kNone && looks_at_any_threshold(*rule.levels[static_cast<std::size_t>(l)]);
    };
    const bool of_row = row != nullptr && (uses(fault.level) || uses(fault.other));
    const Level shown = fault.kind == LevelFault::Kind::kEasier ? fault.other : fault.level;
    const yaml::Position where =
        of_row ? table->position(*row, static_cast<std::size_t>(shown)) : subject.level(shown).position();
    const std::string area =
        of_row ? (row->fields[0] == "*" ? "areas not listed: " : "area " + row->fields[0] + ": ") : "";
    const std::string of_rule = of_row ? " of " + rule.name : "";
    const std::string level = name_of(fault.level);
    switch (fault.kind) {
        case LevelFault::Kind::kNever:
            return subject.say("unreachable-level", where,
                               area + level + of_rule + " can never hold: nothing fits its conditions");
        case LevelFault::Kind::kAlways:
            return subject.say("always-true", where, area + level + of_rule + " holds whatever happens");
        case LevelFault::Kind::kEasier:
            return subject.say("level-order", where,
                               area + name_of(fault.other) + of_rule + " is easier than " + level +
                                   ": it holds wherever " + level + " does, so " + level + " is never reached");
        case LevelFault::Kind::kCovered:
            return subject.say("unreachable-level", where,
                               area + level + of_rule + " is never reached: wherever it holds, a higher level does");
    }
}

}  // namespace

void check_levels(const Subject& subject, const Input& input) {
    const auto table = table_behind(subject, input);
    const Rule& rule = subject.rule();
    if (!table || rule.thresholds == nullptr) {
        for (const LevelFault& fault : level_faults(rule, {}, input.schema)) say(subject, fault, nullptr, nullptr);
        return;
    }
    std::set<std::vector<std::string>> done;  // rows that say the same are looked at once
    for (const yaml::CsvRow& row : table->rows) {
        if (!done.emplace(row.fields.begin() + 1, row.fields.end()).second) continue;
        if (done.size() > kRowsMax) return;
        for (const LevelFault& fault : level_faults(rule, thresholds_of(row), input.schema))
            say(subject, fault, &*table, &row);
    }
}

void check_thresholds(const Subject& subject, const Input& input) {
    const auto table = table_behind(subject, input);
    if (!table) return;
    const Rule& rule = subject.rule();
    for (int l = 1; l < kLevels; ++l) {
        const Level colour = static_cast<Level>(l);
        const bool is_set = std::any_of(table->rows.begin(), table->rows.end(), [&](const yaml::CsvRow& row) {
            return !row.fields[static_cast<std::size_t>(l)].empty();
        });
        for (std::size_t by = 1; by < kLevels && !is_set; ++by) {
            if (!rule.levels[by] || !looks_at_threshold(*rule.levels[by], colour)) continue;
            subject.say("missing-threshold", subject.level(static_cast<Level>(by)),
                        "threshold." + name_of(colour) + " is set for no area in " + table->file +
                            ": what compares with it never holds");
        }
    }
    if (rule.thresholds == nullptr) return;
    for (const yaml::CsvRow& row : table->rows) {
        if (row.fields[0] == "*" || input.areas.resolve(row.fields[0]) != AreaTree::kUnknown) continue;
        subject.say("unknown-area", table->position(row, 0),
                    "there is no area " + yaml::quote(row.fields[0]) +
                        (input.areas.from_file() ? " in areas_file" : ": a path has 1 to 4 parts, none empty") +
                        ": no event counts in it");
    }
}

void check_shape(const Subject& subject, const Input& input) {
    const Rule& rule = subject.rule();
    if (rule.person && !rule.raises_case)
        subject.say("person-level-pages", subject.at({"raises"}),
                    "a warning pages somebody for each person; a case goes to a worklist: raises: case");
    const auto late = std::find_if(rule.overdue_steps.begin(), rule.overdue_steps.end(),
                                   [&](Duration step) { return step >= input.retention; });
    if (late != rule.overdue_steps.end())
        subject.say("window-exceeds-retention", subject.at({"levels"}),
                    "`overdue` of " + format_duration(*late) +
                        " is never reached: a promise that is broken for longer than storage.retention (" +
                        format_duration(input.retention) + ") closes as expired");
    for (const FieldId field : rule.by) {
        if (rule.person || field == kFieldArea || field == kFieldCategory || field == kFieldChannel) continue;
        const auto has_values = [&](const KindDef& kind) {
            return std::any_of(kind.fields.begin(), kind.fields.end(),
                               [&](const FieldDef& f) { return f.id == field && !f.values.empty(); });
        };
        const bool bounded = input.schema.field_type(field) == FieldType::kBool ||
                             std::any_of(input.schema.kinds().begin(), input.schema.kinds().end(), has_values);
        if (!bounded)
            subject.say("high-cardinality-key", subject.at({"by"}),
                        "`by` names \"" + input.schema.field_name(field) +
                            "\", which may take any value: each is a cell and a warning of its own; declare its values "
                            "in events_file");
    }
}

void check_phases(const Subject& subject) {
    const Rule& rule = subject.rule();
    if (rule.plan == nullptr || rule.rolls_up) return;
    const auto begins = [&](const std::string& phase) {
        return std::any_of(rule.plan->areas.begin(), rule.plan->areas.end(), [&](const auto& area) {
            return std::any_of(area.second.begin(), area.second.end(),
                               [&](const PhasePlan::Change& change) { return change.phase == phase; });
        });
    };
    constexpr const char* kElse = ": unless an event phase_change tells of it, ";
    if (!rule.phases.empty() && std::none_of(rule.phases.begin(), rule.phases.end(), begins))
        return subject.say("phase-never-begins", subject.at({"phases"}),
                           std::string("phases_file begins none of these anywhere") + kElse +
                               "this rule never holds and says nothing");
    for (const PhaseOverride& other : rule.overrides) {
        if (!begins(other.phase))
            subject.say(
                "phase-never-begins", subject.at({"overrides", other.phase}),
                "phases_file begins " + yaml::quote(other.phase) + " nowhere" + kElse + "this override is never used");
    }
}

}  // namespace tocsin::lint
