// Rules with `expect:`: promises, how long they are overdue, and the rule that counts the broken ones by area.
#include <algorithm>
#include <charconv>

#include "base/calendar.h"
#include "base/times.h"
#include "rules/canonical.h"
#include "rules/rule_reader.h"
#include "rules/shape.h"
#include "rules/token.h"

namespace tocsin::rules {
namespace {

constexpr std::string_view kWhere = "where";

/// `registration where result == "ok"`, cut apart.
struct Happening {
    std::string_view kind;
    std::string_view where;    ///< empty: none
    std::size_t where_at = 0;  ///< its offset
    bool well_formed = true;
};

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n';
}

Happening cut(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size() && is_space(text[at])) ++at;
    const std::size_t begin = at;
    while (at < text.size() && !is_space(text[at])) ++at;
    Happening out;
    out.kind = text.substr(begin, at - begin);
    while (at < text.size() && is_space(text[at])) ++at;
    if (at == text.size()) return out;
    out.well_formed =
        text.substr(at).starts_with(kWhere) && at + kWhere.size() < text.size() && is_space(text[at + kWhere.size()]);
    out.where_at = at + kWhere.size();
    if (out.well_formed) out.where = text.substr(out.where_at);
    return out;
}

constexpr Duration kRollupWindow = std::chrono::minutes(30);  ///< of `broken`, where the author says nothing

/// `5 workdays`, `8 working hours`.
struct WorkingSpan {
    std::int64_t amount = 0;
    bool in_days = false;
};

bool counts_work(const yaml::Node& within) {
    return within.is_scalar() && within.text().find("work") != std::string::npos;
}

std::optional<WorkingSpan> working_span(std::string_view text) {
    WorkingSpan span;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), span.amount);
    if (problem != std::errc()) return std::nullopt;
    const std::string_view unit(end, text.data() + text.size());
    span.in_days = unit == " workday" || unit == " workdays";
    if (!span.in_days && unit != " working hour" && unit != " working hours") return std::nullopt;
    return span;
}

}  // namespace

void RuleReader::read_promise_rule(const yaml::Node& node) {
    for (const char* key : {"on", "where", "within", "window", "measures"}) {
        if (map_.get(key))
            map_.error(key, "a rule with `expect` has none of its own: events and times stand inside `expect`");
    }
    if (map_.get("clear")) map_.error("clear", "a promise does not clear by degrees: it ends when it is kept");
    if (map_.get("for")) map_.error("for", "a promise is broken for so long where `overdue` says so: overdue >= 1h");
    if (map_.get("interval"))
        map_.error("interval", "a promise breaks when it is due: only windows and rollups are judged at intervals");
    if (map_.get("dwell")) map_.error("dwell", "a promise ends when it is kept, not later");
    if (map_.get("keep_firing_for")) map_.error("keep_firing_for", "a promise ends when it is kept, not later");
    if (map_.get("rollup_areas")) map_.error("rollup_areas", "needs area in `by`, and neither customer nor subscriber");
    if (!rule_.person && !rule_.by.empty())
        map_.error("by", "a promise is made to a person: name customer or subscriber");
    rule_.expect.emplace();
    Expect& expect = *rule_.expect;
    yaml::MapReader map(node, "expect", group_.diagnostics);
    if (!node.is_map()) {  // reported by map
        map_.get("levels");
        return;
    }
    read_happening(map, "after", expect.after, expect.after_where);
    read_happening(map, "event", expect.event, expect.event_where);
    if (map.get("cancel_on")) read_happening(map, "cancel_on", expect.cancel_on, expect.cancel_where);
    read_due(map);
    expect.restart = map.boolean("restart").value_or(false);
    read_calendar(map);
    map.finish();
    for (const FieldId field : rule_.by) {
        for (const auto* kinds : {&expect.after, &expect.event, &expect.cancel_on}) {
            for (const KindId kind : *kinds) {
                if (group_.schema.has_field(kind, field)) continue;
                map_.error("by", "\"" + group_.schema.field_name(field) + "\" is no field of " +
                                     group_.schema.kind_def(kind).name);
            }
        }
    }
    read_promise_levels();
}

void RuleReader::read_happening(yaml::MapReader& map, std::string_view key, std::vector<KindId>& kinds,
                                Expression& where) {
    const auto node = map.require(key);
    if (!node) return;
    const auto entries = yaml::as_scalars(*node, key, group_.diagnostics);
    if (!entries) return;
    if (entries->empty()) map.error(key, "names at least one kind of event");
    std::vector<KindPredicate> choices;
    for (const yaml::Node& entry : *entries) {
        const Happening found = cut(entry.text());
        if (!found.well_formed || found.kind.empty()) {
            const bool is_list = entry.text().find(',') != std::string::npos;
            error(entry, key,
                  "expected `kind` or `kind where predicate`, found " + entry.describe() +
                      (is_list ? ": a list stands in brackets" : ""));
            continue;
        }
        const auto kind = kind_of(entry, key, found.kind);
        if (!kind) continue;
        KindPredicate choice{*kind, {}};
        if (!found.where.empty()) {
            Scope only = scope();
            only.kinds = {*kind};
            Fault fault;
            auto compiled = compile_predicate(found.where, only, fault);
            if (!compiled) {
                report(entry, key, fault, found.where_at);
                continue;
            }
            choice.predicate = std::move(*compiled);
        }
        if (std::find(kinds.begin(), kinds.end(), *kind) == kinds.end()) kinds.push_back(*kind);
        choices.push_back(std::move(choice));
    }
    where = any_of(choices);
}

void RuleReader::read_due(yaml::MapReader& map) {
    Expect& expect = *rule_.expect;
    const auto within = map.get("within");
    const auto due = map.get("due");
    if (within.has_value() == due.has_value()) {
        map.error(within ? "due" : "after",
                  "`expect` has either `within` (from the after event) or `due` (a time it states)");
    }
    if (within) {
        if (counts_work(*within)) {
            read_working_span(*within);
        } else if (const auto span = yaml::as_duration(*within, "within", group_.diagnostics)) {
            expect.within = *span;
            if (*span <= Duration::zero())
                error(*within, "within", "a promise due at once cannot be kept: longer than 0s");
        }
    }
    if (!due) return;
    const auto name = yaml::as_string(*due, "due", group_.diagnostics);
    if (!name) return;
    const auto field = group_.schema.field(*name);
    std::vector<std::string> times;
    for (FieldId f = kFirstDeclared; f < group_.schema.field_count(); ++f) {
        if (group_.schema.field_type(f) == FieldType::kTime) times.push_back(group_.schema.field_name(f));
    }
    if (!field) return error(*due, "due", "unknown field \"" + *name + "\"" + yaml::did_you_mean(*name, times));
    if (group_.schema.field_type(*field) != FieldType::kTime) return error(*due, "due", "\"" + *name + "\" is no time");
    for (const KindId kind : expect.after) {
        if (group_.schema.has_field(kind, *field)) continue;
        error(*due, "due", "\"" + *name + "\" is no field of " + group_.schema.kind_def(kind).name);
    }
    expect.due = *field;
}

void RuleReader::read_working_span(const yaml::Node& within) {
    Expect& expect = *rule_.expect;
    const auto span = working_span(within.text());
    const std::int64_t most = !span           ? 0
                              : span->in_days ? Calendar::kWorkdaysMax
                                              : Calendar::kWorkingMax / std::chrono::hours(1);
    if (!span)
        return error(within, "within",
                     "expected a duration, \"5 workdays\" or \"8 working hours\", found " + within.describe());
    if (span->amount < 1 || span->amount > most)
        return error(within, "within", within.text() + " is not between 1 and " + std::to_string(most));
    if (span->in_days)
        expect.workdays = span->amount;
    else
        expect.working_time = std::chrono::hours(span->amount);
}

void RuleReader::read_calendar(yaml::MapReader& map) {
    Expect& expect = *rule_.expect;
    const auto within = map.get("within");
    const bool is_needed = within && counts_work(*within);
    const auto node = map.get("calendar");
    if (!node) {
        if (is_needed) map.error("within", "workdays and working hours need a `calendar`, for example `calendar: cn`");
        return;
    }
    const auto name = yaml::as_string(*node, "calendar", group_.diagnostics);
    if (!name) return;
    std::vector<std::string> names;
    for (const auto& calendar : group_.calendars) {
        names.push_back(calendar->name);
        if (calendar->name == *name) expect.calendar = calendar;
    }
    if (names.empty())
        return map.error("calendar", "no calendar is known: name a `calendars_file` in the configuration");
    if (expect.calendar == nullptr)
        return map.error("calendar", "unknown calendar \"" + *name + "\"" + yaml::did_you_mean(*name, names));
    if (!is_needed) {
        if (within)
            map.error("calendar", "only workdays and working hours are counted by a calendar");
        else
            map.error("calendar", "a `due` time is an instant: no calendar counts it");
        expect.calendar.reset();
        return;
    }
    for (const auto& [year, provisional] : expect.calendar->years) {
        if (!provisional) continue;
        const std::string warning = "calendar: the year " + std::to_string(year) + " of \"" + *name +
                                    "\" is provisional: due times in it may be wrong until the official days are put "
                                    "into the calendars_file";
        const auto said = group_.diagnostics.sorted();  // by an earlier rule: it is the calendar's, not the rule's
        if (std::none_of(said.begin(), said.end(), [&](const auto& d) { return d.message == warning; }))
            group_.diagnostics.warning(node->position(), warning);
    }
}

void RuleReader::read_promise_levels() {
    read_levels();
    for (std::size_t i = 1; i < kLevels; ++i) {
        Fault fault;
        if (rule_.levels[i] && !look_at_promise(*rule_.levels[i], fault))
            report(level_nodes_[i], "levels." + std::string(level_name(static_cast<Level>(i))), fault);
    }
    rule_.stays = rule_.levels;
    rule_.rises_without_event = true;  // that is what a promise is about
}

bool RuleReader::look_at_promise(const Expression& level, Fault& fault) {
    Expect& expect = *rule_.expect;
    auto& steps = rule_.overdue_steps;
    const bool steps_known = add_overdue_steps(level, steps, fault);
    if (looks_at_open(level)) {
        expect.looks_at_open = true;
        steps.push_back(Duration::zero());  // the instant at which one more is counted
    }
    std::sort(steps.begin(), steps.end());
    steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
    for (const FieldId field : fields_of(level)) {
        const auto place = std::lower_bound(expect.after_fields.begin(), expect.after_fields.end(), field,
                                            [](const AfterField& a, FieldId f) { return a.field < f; });
        if (place == expect.after_fields.end() || place->field != field)
            expect.after_fields.insert(place, {field, group_.schema.field_name(field)});
    }
    return steps_known;
}

void RuleReader::read_rollup(const yaml::Node& node) {
    if (rule_.expect->looks_at_open)
        return map_.error("rollup", "counts every broken promise of the rule: its levels may not look at `open`");
    if (!rule_.overrides.empty())
        return map_.error("rollup",
                          "not supported yet with `overrides`: what it counts as broken may not depend on the phase; "
                          "take one of the two away, or write a rule for each phase");
    RuleReader reader(node, group_, "rollup");
    rollup_ = reader.read_as_rollup(rule_);
    if (rollup_) rule_.expect->rollup_window = rollup_->measures.back().window;
}

std::optional<Rule> RuleReader::read_as_rollup(const Rule& of) {
    if (!map_.node().is_map()) return std::nullopt;  // reported by map_
    const std::size_t errors_before = group_.diagnostics.errors();
    rule_.file = group_.file;
    rule_.group = group_.group;
    rule_.line = map_.node().position().line;
    rule_.name = of.name + "Rollup";
    if (map_.get("alert")) read_name();
    read_by();
    if (!rule_.by.empty() && (rule_.by.size() != 1 || rule_.by[0] != kFieldArea))
        map_.error("by", "a rollup counts by area: write `by: [area]`");
    rule_.within = map_.duration("within").value_or(kRollupWindow);
    if (rule_.within <= Duration::zero() || rule_.within > group_.limits.retention)
        map_.error("within", "the window of `broken` is longer than 0s and at most storage.retention (" +
                                 format_duration(group_.limits.retention) + ")");
    Measure open;  // promises are told apart by the event that stated them
    open.name = "open";
    open.fn = MeasureFn::kDistinct;
    open.field = kFieldId;
    Measure broken = open;
    broken.name = "broken";
    broken.window = rule_.within;
    rule_.measures = {open, broken};
    read_levels();
    if (rule_.measures.size() > 2)
        map_.error("levels", "a rollup counts promises, not events: its levels look at `open` and `broken`");
    read_stays();
    read_rollup_areas();
    read_times();
    read_texts();
    if (rule_.owner.empty()) rule_.owner = of.owner;
    if (rule_.source.empty()) rule_.source = of.source;
    rule_.experimental = rule_.experimental || of.experimental;
    for (const auto& [name, value] : of.labels) rule_.labels.emplace(name, value);
    read_annotations();
    map_.finish();
    if (group_.diagnostics.errors() > errors_before) return std::nullopt;
    set_hashes(rule_, group_.schema);
    return std::move(rule_);
}

}  // namespace tocsin::rules
