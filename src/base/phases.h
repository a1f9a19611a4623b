#pragma once
/// Phases of a campaign: which one an area is in, and since when. What phases_file says.

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/time.h"

namespace tocsin {

/// The phase in force; views into the plan or into an event.
struct PhaseAt {
    std::string_view phase;      ///< empty: none has begun
    Instant since = kBeforeAll;  ///< when it began
};

/// Value type.
struct PhasePlan {
    struct Change {
        Instant at;
        std::string phase;
    };
    std::vector<std::string> names;                                 ///< in their order
    Duration settle = std::chrono::hours(2);                        ///< for so long a new phase opens nothing by itself
    std::map<std::string, std::vector<Change>, std::less<>> areas;  ///< by area code, "" everywhere; each ascending

    [[nodiscard]] bool knows(std::string_view phase) const;
    /// The latest change up to `t` of the nearest of these areas that has one; `lineage`: codes, nearest first.
    [[nodiscard]] PhaseAt at(std::span<const std::string_view> lineage, Instant t) const;
    /// The first instant after `t` at which a phase begins there, or has settled; kNever: none will.
    [[nodiscard]] Instant next(std::span<const std::string_view> lineage, Instant t) const;
};

}  // namespace tocsin
