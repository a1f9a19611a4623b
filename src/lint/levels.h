#pragma once
/// When levels hold, without any event: every way in which measures can lie to the constants that levels compare them
/// with. Private to this module.

#include <cstddef>
#include <span>
#include <vector>

#include "tocsin/rule_set.h"
#include "tocsin/schema.h"

namespace tocsin::lint {

/// What is the matter with the levels of a rule under one row of thresholds.
struct LevelFault {
    enum class Kind {
        kNever,    ///< `level` never holds
        kAlways,   ///< `level` holds whatever happens
        kEasier,   ///< `other`, a higher level, holds wherever `level` does, and elsewhere too
        kCovered,  ///< wherever `level` holds, a higher one does
    };
    Kind kind = Kind::kNever;
    Level level = Level::kNone;
    Level other = Level::kNone;  ///< kEasier
};

/// Sound, not complete: what it names is so; conditions it cannot follow are taken as able to be anything. Levels that
/// look at a threshold which is not set are left out: there the colour is not used. Empty also if there are too many
/// ways.
std::vector<LevelFault> level_faults(const Rule& rule, const Thresholds& thresholds, const EventSchema& schema);

/// Comparisons of something with itself, as bytes of the text the expression was made of: [begin, end).
struct Span {
    std::size_t begin = 0, end = 0;
};
std::vector<Span> self_comparisons(const Expression& expression, const EventSchema& schema,
                                   std::span<const Measure> measures);

bool looks_at_threshold(const Expression& level, Level colour);

}  // namespace tocsin::lint
