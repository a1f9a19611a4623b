#include "task/area_phases.h"

#include <algorithm>
#include <tuple>

#include "ledger/codec.h"

namespace tocsin::task {
namespace {

constexpr std::uint8_t kFormat = 1;

}  // namespace

void AreaPhases::tell(const std::string& area, Change change) {
    std::vector<Change>& changes = areas_[area];
    const auto precedes = [](const Change& a, const Change& b) { return std::tie(a.at, a.id) < std::tie(b.at, b.id); };
    const auto place = std::lower_bound(changes.begin(), changes.end(), change, precedes);
    if (place != changes.end() && place->at == change.at && place->id == change.id) return;
    changes.insert(place, std::move(change));
    if (changes.size() > kChangesMax) changes.erase(changes.begin());
}

PhaseAt AreaPhases::at(const PhasePlan& plan, std::string_view area, Instant t) const {
    const auto found = areas_.find(area);
    if (found == areas_.end()) return {};
    for (auto change = found->second.rbegin(); change != found->second.rend(); ++change) {
        if (change->at <= t && plan.knows(change->phase)) return {change->phase, change->at};
    }
    return {};
}

Instant AreaPhases::next(const PhasePlan& plan, std::span<const std::string_view> areas, Instant t) const {
    Instant next = kNever;
    for (const std::string_view area : areas) {
        const auto found = areas_.find(area);
        if (found == areas_.end()) continue;
        for (const Change& change : found->second) {
            for (const Instant instant : {change.at, change.at + plan.settle}) {
                if (instant > t) next = std::min(next, instant);
            }
        }
    }
    return next;
}

std::string AreaPhases::pack(std::uint32_t task) const {
    std::string out(1, static_cast<char>(kFormat));
    for (const auto& [area, changes] : areas_) {
        for (const Change& change : changes) {
            if (change.task != task) continue;
            ledger::put_string(out, area);
            ledger::put_instant(out, change.at);
            ledger::put_string(out, change.phase);
            ledger::put_string(out, change.id);
        }
    }
    return out;
}

bool AreaPhases::load(std::uint32_t task, std::string_view stored) {
    ledger::Reader in(stored);
    if (in.byte() != kFormat) return false;
    while (in.ok() && !in.done()) {
        const std::string area(in.string());
        Change change;
        change.at = in.instant();
        change.phase = in.string();
        change.id = in.string();
        change.task = task;
        if (in.ok()) tell(area, std::move(change));
    }
    return in.ok();
}

}  // namespace tocsin::task
