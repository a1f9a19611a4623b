#pragma once
/// What a rule says about one subject at one instant. Pure functions of the remembered events and the time.

#include <array>
#include <span>
#include <vector>

#include "tocsin/event.h"
#include "tocsin/rule_set.h"

namespace tocsin::rules {

/// The rule's measures at `now`, one per Rule::measures: over the rows in (now - window, now] whose kind is in `on` and
/// for which `where` holds. count and distinct give ints, any a bool, sum a number (added up in kSumScale-ths, so in
/// any order the same; beyond int64 it saturates). Rows: one subject's remembered events, of all kinds, ascending by
/// time.
void measure(const Rule& rule, std::span<const Event> rows, Instant now, std::vector<Value>& out);

/// A value as sums add it up: rounded to kSumScale-ths, saturating; 0 if it is no number.
std::int64_t sum_units(const Value& value);
/// a + b, saturating.
std::int64_t add_units(std::int64_t a, std::int64_t b);

struct Verdict {
    Level level = Level::kNone;         ///< the highest colour whose expression holds
    std::array<bool, kLevels> stays{};  ///< by colour: whether an episode of that colour keeps it
};

/// The context needs measures (in the rule's order), thresholds and overdue as far as the rule looks at them.
Verdict verdict(const Rule& rule, const EvalContext& context);

/// The first instant after `now` at which what is in a window changes without an event: a row leaves it, or a row later
/// than `now` comes into it. kNever if none.
Instant next_change(const Rule& rule, std::span<const Event> rows, Instant now);

}  // namespace tocsin::rules
