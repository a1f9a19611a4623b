#include "task/phase_of.h"

#include <algorithm>

namespace tocsin::task {
namespace {

// What the plan says of this very area.
PhaseAt planned_at(const PhasePlan& plan, std::string_view area, Instant t) {
    PhaseAt found;
    const auto changes = plan.areas.find(area);
    if (changes == plan.areas.end()) return found;
    for (const PhasePlan::Change& change : changes->second) {
        if (change.at <= t) found = {change.phase, change.at};
    }
    return found;
}

}  // namespace

void PhaseOf::find_lineage(std::string_view area) {
    lineage_.clear();
    for (const AreaId node : setting_.areas.lineage(setting_.areas.resolve(area)))
        lineage_.push_back(setting_.areas.area(node).code);
}

PhaseAt PhaseOf::in_force(const PhasePlan& plan, const Subject& subject, Instant t) const {
    for (auto own = subject.own.rbegin(); own != subject.own.rend(); ++own) {
        if (own->since <= t) return *own;
    }
    return setting_.phases->empty() ? plan.at(lineage_, t) : in_force(plan, t);
}

// Of the areas that were found: the nearest of which anything is said.
PhaseAt PhaseOf::in_force(const PhasePlan& plan, Instant t) const {
    for (const std::string_view area : lineage_) {
        const PhaseAt told = setting_.phases->at(plan, area, t);
        const PhaseAt planned = planned_at(plan, area, t);
        if (!planned.phase.empty() && (told.phase.empty() || planned.since > told.since)) return planned;
        if (!told.phase.empty()) return told;
    }
    return plan.at({}, t);
}

rules::InPhase PhaseOf::at(const PhasePlan& plan, const Subject& subject, Instant t) {
    find_lineage(subject.area);
    const PhaseAt now = in_force(plan, subject, t);
    if (now.phase.empty() || t >= now.since + plan.settle) return {now.phase, now.phase};
    return {now.phase, in_force(plan, subject, now.since - Duration(1)).phase};
}

Instant PhaseOf::next(const PhasePlan& plan, const Subject& subject, Instant t) {
    find_lineage(subject.area);
    Instant next = std::min(plan.next(lineage_, t), setting_.phases->next(plan, lineage_, t));
    for (const PhaseAt& own : subject.own) {
        for (const Instant instant : {own.since, own.since + plan.settle}) {
            if (instant > t) next = std::min(next, instant);
        }
    }
    return next;
}

std::string_view PhaseOf::told(const PhasePlan& plan, const Event& event) const {
    const auto kind = setting_.schema.kind("phase_change");
    const auto field = setting_.schema.field("phase");
    if (!kind || event.kind != *kind || !field) return {};
    const Value phase = event.field(*field);
    return phase.type == Value::Type::kString && plan.knows(phase.string) ? phase.string : std::string_view();
}

std::string_view area_of(const Rule& rule, std::span<const Event> rows) {
    const auto last =
        std::find_if(rows.rbegin(), rows.rend(), [&](const Event& row) { return rules::counts(rule, row); });
    return last == rows.rend() ? std::string_view() : last->area;
}

episodes::Holding without_storm(const Rule& rule, const episodes::SubjectState& state, episodes::Holding holding) {
    if (rule.plan == nullptr || rule.rises_without_event || rule.interval > Duration::zero()) return holding;
    Level highest = state.episode.level;
    for (const episodes::Rising& rising : state.rising) highest = std::max(highest, rising.level);
    holding.level = std::min(holding.level, highest);
    return holding;
}

episodes::Holding without_storm(const Rule& rule, std::span<const episodes::SubjectState> states,
                                const episodes::SubjectState& state, episodes::Holding holding, Instant now) {
    const auto came_to_a_step = [&](const episodes::SubjectState& s) {
        return s.rule == rule.name && s.promise &&
               std::any_of(rule.overdue_steps.begin(), rule.overdue_steps.end(), [&](Duration step) {
                   const Instant at = s.promise->due + step;
                   return at <= now && at >= now - rule.plan->settle;
               });
    };
    const bool rises =
        rule.expect->looks_at_open ? std::any_of(states.begin(), states.end(), came_to_a_step) : came_to_a_step(state);
    if (!rises) holding.level = std::min(holding.level, state.episode.level);
    return holding;
}

Instant looked_at(const Rule& rule, const episodes::SubjectState& state, Instant now) {
    if (!rule.expect) return rule.plan != nullptr && state.episode.open() ? now : kNever;
    if (rule.overrides.empty() || !state.promise) return kNever;
    return std::max(now, state.promise->due + rule.overdue_steps.front());
}

}  // namespace tocsin::task
