#pragma once
/// Phases of areas that events have told: an event `phase_change` with an area and no customer. The task that reads one
/// stores it; all tasks of the process look at all of them. What is in force at an instant depends on the events' times
/// alone, so that a task that a crash took further back than another judges what it reads again as before.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/phases.h"

namespace tocsin::task {

class AreaPhases {
public:
    /// Of one area the newest so many are remembered.
    static constexpr std::size_t kChangesMax = 64;

    struct Change {
        Instant at;
        std::string phase;
        std::string id;          ///< of the event; of two at one instant the greater one is in force
        std::uint32_t task = 0;  ///< that read it
    };

    void tell(const std::string& area, Change change);
    [[nodiscard]] bool empty() const { return areas_.empty(); }
    /// The latest change of this very area up to `t` to a phase that the plan knows; an empty phase: none.
    [[nodiscard]] PhaseAt at(const PhasePlan& plan, std::string_view area, Instant t) const;
    /// The first instant after `t` at which a phase that was told of one of the areas begins, or has settled.
    [[nodiscard]] Instant next(const PhasePlan& plan, std::span<const std::string_view> areas, Instant t) const;

    /// What the task has read, as it is stored: docs/storage_format.md draws it.
    [[nodiscard]] std::string pack(std::uint32_t task) const;
    /// False: damaged, or of a newer format.
    bool load(std::uint32_t task, std::string_view stored);

private:
    std::map<std::string, std::vector<Change>, std::less<>> areas_;  // by code; each ascending
};

}  // namespace tocsin::task
