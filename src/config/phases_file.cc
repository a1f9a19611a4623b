#include <algorithm>

#include "base/phases.h"
#include "base/times.h"
#include "config/reading.h"

namespace tocsin::config {

namespace {

constexpr std::size_t kPhasesMax = 32, kChangesMax = 100'000, kPhaseBytesMax = 64;
constexpr Duration kSettleMax = std::chrono::days(31);

bool is_name(const std::string& name) {
    return !name.empty() && name.size() <= kPhaseBytesMax && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
}

void read_names(yaml::MapReader& map, PhasePlan& plan, yaml::Diagnostics& diagnostics) {
    const auto node = map.require("phases");
    if (!node) return;
    const auto entries = yaml::as_scalars(*node, "phases", diagnostics);
    if (!entries) return;
    if (entries->empty() || entries->size() > kPhasesMax)
        map.error("phases", "between 1 and " + std::to_string(kPhasesMax) + " phases");
    for (const yaml::Node& entry : *entries) {
        if (!is_name(entry.text()))
            diagnostics.error(entry.position(),
                              "phases: " + yaml::quote(entry.text()) + " is no name: small letters, digits and _");
        if (plan.knows(entry.text()))
            diagnostics.error(entry.position(), "phases: " + yaml::quote(entry.text()) + " is there twice");
        plan.names.push_back(entry.text());
    }
}

void read_change(const yaml::Node& node, PhasePlan& plan, yaml::Diagnostics& diagnostics) {
    yaml::MapReader map(node, "change", diagnostics);
    const auto phase = map.require_string("phase");
    if (phase && !plan.knows(*phase))
        map.error("phase", "unknown phase " + yaml::quote(*phase) + yaml::did_you_mean(*phase, plan.names));
    const auto text = map.require_string("at");
    const auto at = text ? parse_rfc3339(*text) : std::nullopt;
    if (text && !at)
        map.error("at", "expected a time with its zone like 2016-10-15T00:00:00+08:00, found " + yaml::quote(*text));
    std::vector<std::string> areas{""};
    if (map.get("areas")) areas = map.strings("areas").value_or(areas);
    if (areas.empty()) map.error("areas", "names at least one area; without it the phase begins everywhere");
    map.finish();
    if (!phase || !at) return;
    for (const std::string& area : areas) {
        auto& changes = plan.areas[area];
        const auto later = [](Instant t, const PhasePlan::Change& change) { return t < change.at; };
        const auto place = std::upper_bound(changes.begin(), changes.end(), *at, later);
        if (place != changes.begin() && std::prev(place)->at == *at)
            map.error("at", "another phase begins there at this time");
        changes.insert(place, {*at, *phase});
    }
}

}  // namespace

std::shared_ptr<const PhasePlan> read_phases_file(const std::string& path, yaml::Diagnostics& diagnostics) {
    const auto root = yaml::parse_file(path, diagnostics);
    if (!root) return nullptr;
    yaml::MapReader map(*root, "phases_file", diagnostics);
    auto plan = std::make_shared<PhasePlan>();
    read_names(map, *plan, diagnostics);
    if (const auto settle = map.duration("settle")) {
        plan->settle = *settle;
        if (*settle > kSettleMax) map.error("settle", "at most " + format_duration(kSettleMax));
    }
    if (const auto changes = map.get("changes")) {
        if (!changes->is_sequence()) map.error("changes", "expected a list, found " + changes->describe());
        if (changes->size() > kChangesMax) map.error("changes", "more than " + std::to_string(kChangesMax));
        for (const yaml::Node& change : changes->items()) read_change(change, *plan, diagnostics);
    }
    map.finish();
    return plan;
}

}  // namespace tocsin::config
