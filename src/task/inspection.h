#pragma once
/// What a rule sees of one subject at one instant: the answer to "why", and to "why not".

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "episodes/subject_state.h"
#include "tocsin/rule_set.h"

namespace tocsin::task {

/// Views look into the profile that was inspected.
struct Inspection {
    std::string subject;                          ///< the key: subject_values() reads it
    std::optional<episodes::SubjectState> state;  ///< its episode and promise; empty: it has neither
    std::vector<Event> rows, person;              ///< as rules::Remembered
    std::vector<Value> measures;                  ///< by Rule::measures; empty for promises
    Level level = Level::kNone;                   ///< the highest colour that holds
    std::string phase, before;                    ///< as rules::InPhase, of rules with phases; empty: none

    /// What would change it: the fewest further events like the newest one that counts, at most kMoreMax, that would
    /// make a higher colour hold if they came now, and until when they would have to come.
    struct Ahead {
        std::size_t more = 0;
        Level level = Level::kNone;
        Instant before = kNever;
    };
    static constexpr std::size_t kMoreMax = 50;
    std::optional<Ahead> ahead;
    std::optional<std::int64_t> open;  ///< promises whose levels look at it: EvalContext::open
    Instant next_change = kNever;      ///< when its windows change next without an event
};

}  // namespace tocsin::task
