#include "base/phases.h"

#include <algorithm>

namespace tocsin {
namespace {

const std::vector<PhasePlan::Change>* changes_of(const PhasePlan& plan, std::string_view area) {
    const auto found = plan.areas.find(area);
    return found == plan.areas.end() ? nullptr : &found->second;
}

/// Calls `visit` with the changes of each area of the lineage, nearest first, and with those of everywhere.
template <typename Visit>
void for_each_area(const PhasePlan& plan, std::span<const std::string_view> lineage, Visit visit) {
    for (const std::string_view area : lineage) {
        if (const auto* changes = changes_of(plan, area)) visit(*changes);
    }
    if (const auto* changes = changes_of(plan, "")) visit(*changes);
}

}  // namespace

bool PhasePlan::knows(std::string_view phase) const {
    return std::find(names.begin(), names.end(), phase) != names.end();
}

PhaseAt PhasePlan::at(std::span<const std::string_view> lineage, Instant t) const {
    PhaseAt found;
    for_each_area(*this, lineage, [&](const std::vector<Change>& changes) {
        const auto later =
            std::find_if(changes.begin(), changes.end(), [t](const Change& change) { return change.at > t; });
        if (found.phase.empty() && later != changes.begin()) found = {std::prev(later)->phase, std::prev(later)->at};
    });
    return found;
}

Instant PhasePlan::next(std::span<const std::string_view> lineage, Instant t) const {
    Instant next = kNever;
    for_each_area(*this, lineage, [&](const std::vector<Change>& changes) {
        for (const Change& change : changes) {
            for (const Instant instant : {change.at, change.at + settle}) {
                if (instant > t) next = std::min(next, instant);
            }
        }
    });
    return next;
}

}  // namespace tocsin
