#pragma once
/// Which phase a subject is in: its own, if an event `phase_change` about the person said so, else its area's: what the
/// plan says of it or an event told, whichever is later.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/phases.h"
#include "episodes/subject_state.h"
#include "rules/judge.h"
#include "task/setting.h"

namespace tocsin::task {

/// Keeps scratch memory between calls; views in answers are valid until the next one.
class PhaseOf {
public:
    struct Subject {
        std::string_view area;       ///< as an event gave it, or a code
        std::vector<PhaseAt> own{};  ///< of the person, ascending
    };

    explicit PhaseOf(const Setting& setting) : setting_(setting) {}
    [[nodiscard]] rules::InPhase at(const PhasePlan& plan, const Subject& subject, Instant t);
    /// The next instant at which that may change without an event.
    [[nodiscard]] Instant next(const PhasePlan& plan, const Subject& subject, Instant t);
    /// The phase that an event tells of its person; empty: none that the plan knows.
    [[nodiscard]] std::string_view told(const PhasePlan& plan, const Event& event) const;

private:
    PhaseAt in_force(const PhasePlan& plan, const Subject& subject, Instant t) const;
    PhaseAt in_force(const PhasePlan& plan, Instant t) const;
    void find_lineage(std::string_view area);
    const Setting& setting_;
    std::vector<std::string_view> lineage_;
};

/// Where a subject of people is: at its last event that counts. Empty: none of the rows does.
std::string_view area_of(const Rule& rule, std::span<const Event> rows);

/// What may rise at an instant at which no event came: for a rule with phases only what has begun to rise by an event,
/// or what no event need bring about.
episodes::Holding without_storm(const Rule& rule, const episodes::SubjectState& state, episodes::Holding holding);
/// The same for a promise: at a timer it only rises if it, or with `open` one of its customer's, has come to a step of
/// `overdue` just then or while the phase settled. `states` are the customer's.
episodes::Holding without_storm(const Rule& rule, std::span<const episodes::SubjectState> states,
                                const episodes::SubjectState& state, episodes::Holding holding, Instant now);

/// When the clock looks at a state that may be in another phase from `now` on; kNever: the phase changes nothing. A
/// promise is looked at from its first step on: before it no level holds in any phase.
Instant looked_at(const Rule& rule, const episodes::SubjectState& state, Instant now);

}  // namespace tocsin::task
