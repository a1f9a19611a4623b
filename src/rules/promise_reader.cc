// Rules with `expect:`: promises, and how long they are overdue.
#include <algorithm>

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

}  // namespace

void RuleReader::read_promise_rule(const yaml::Node& node) {
    for (const char* key : {"on", "where", "within", "measures"}) {
        if (map_.get(key))
            map_.error(key, "a rule with `expect` has none of its own: events and times stand inside `expect`");
    }
    if (map_.get("clear")) map_.error("clear", "a promise does not clear by degrees: it ends when it is kept");
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
    map.not_supported("calendar");
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
        const std::string& text = within->text();
        if (text.find("workday") != std::string::npos || text.find("working") != std::string::npos) {
            error(*within, "within", text + ": not supported yet");
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

void RuleReader::read_promise_levels() {
    read_levels();
    for (std::size_t i = 1; i < kLevels; ++i) {
        if (!rule_.levels[i]) continue;
        Fault fault;
        if (!add_overdue_steps(*rule_.levels[i], rule_.overdue_steps, fault)) {
            report(level_nodes_[i], "levels." + std::string(level_name(static_cast<Level>(i))), fault);
        };
    }
    rule_.stays = rule_.levels;
    auto& steps = rule_.overdue_steps;
    std::sort(steps.begin(), steps.end());
    steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
    rule_.rises_without_event = true;  // that is what a promise is about
}

}  // namespace tocsin::rules
