// `phases` and `overrides`: when a rule holds, and what else it says then.
#include <algorithm>

#include "base/phases.h"
#include "rules/rule_reader.h"
#include "rules/shape.h"

namespace tocsin::rules {

bool RuleReader::is_phase(const yaml::Node& node, std::string_view key, const std::string& name) {
    if (group_.phases == nullptr) {
        error(node, key,
              "no phase is known: name a `phases_file` in the configuration, or take the key away: the rule then holds "
              "always");
        return false;
    }
    if (group_.phases->knows(name)) return true;
    error(node, key, "unknown phase " + yaml::quote(name) + yaml::did_you_mean(name, group_.phases->names));
    return false;
}

void RuleReader::read_phases() {
    const auto node = map_.get("phases");
    const auto overrides = map_.get("overrides");
    const bool placed = std::find(rule_.by.begin(), rule_.by.end(), kFieldArea) != rule_.by.end();
    for (const char* key : {"phases", "overrides"}) {
        if (map_.get(key) && !rule_.person && !placed && !rule_.by.empty())
            map_.error(key, "people and areas are in a phase: name customer, subscriber or area in `by`");
    }
    if (node || overrides) rule_.plan = group_.phases;
    if (!node) return;
    const auto entries = yaml::as_scalars(*node, "phases", group_.diagnostics);
    if (!entries) return;
    if (entries->empty()) map_.error("phases", "names at least one phase");
    for (const yaml::Node& entry : *entries) {
        if (!is_phase(entry, "phases", entry.text())) continue;
        if (std::find(rule_.phases.begin(), rule_.phases.end(), entry.text()) != rule_.phases.end())
            error(entry, "phases", yaml::quote(entry.text()) + " is given twice");
        rule_.phases.push_back(entry.text());
    }
}

void RuleReader::read_overrides() {
    const auto node = map_.get("overrides");
    if (!node) return;
    if (!node->is_map()) return map_.error("overrides", "expected a map of phases, found " + node->describe());
    for (const yaml::Node::Entry& entry : node->entries()) {
        if (!is_phase(entry.key, "overrides", entry.name())) continue;
        // A promise that was made stands, also in a phase in which none is made.
        const bool judged = rule_.expect || rule_.phases.empty() ||
                            std::find(rule_.phases.begin(), rule_.phases.end(), entry.name()) != rule_.phases.end();
        if (!judged)
            error(entry.key, "overrides",
                  yaml::quote(entry.name()) + " is none of this rule's `phases`: it never holds then");
        read_override(entry.name(), entry.value);
    }
}

void RuleReader::read_override(const std::string& phase, const yaml::Node& node) {
    yaml::MapReader map(node, "override", group_.diagnostics);
    const auto levels_node = map.require("levels");
    map.finish();
    if (!levels_node || !measures_ok_) return;
    PhaseOverride made;
    made.phase = phase;
    yaml::MapReader levels(*levels_node, "levels", group_.diagnostics);
    for (std::size_t i = 1; i < kLevels; ++i) {
        const std::string colour(level_name(static_cast<Level>(i)));
        const auto entry = levels.get(colour);
        if (!entry) continue;
        const std::string key = "overrides." + phase + "." + colour;
        if (!rule_.levels[i]) {
            error(*entry, key, "the rule itself has no " + colour + ": an override replaces what is there");
            continue;
        }
        const auto text = yaml::as_string(*entry, key, group_.diagnostics);
        if (!text) continue;
        Fault fault;
        made.levels[i] = rule_.expect ? compile_promise_level(*text, scope(), fault)
                                      : compile_level(*text, scope(), rule_.measures, fault);
        if (made.levels[i]) made.stays[i] = scaled(*made.levels[i], clear_, fault);
        const bool known = made.stays[i] && (!rule_.expect || look_at_promise(*made.levels[i], fault));
        if (!known) {
            report(*entry, key, fault);
            continue;
        }
        if (rule_.expect) continue;
        rule_.rises_without_event |= may_rise_without_event(*made.levels[i], rule_.measures);
        if (looks_at_thresholds(*made.levels[i])) rule_.thresholds = group_.thresholds;
    }
    levels.finish();
    find_watched();  // its functions may look at other kinds
    rule_.overrides.push_back(std::move(made));
}

}  // namespace tocsin::rules
