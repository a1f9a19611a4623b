#pragma once
/// What can be said about a level without evaluating it: when it can change, and how `clear` scales it.

#include <optional>
#include <span>
#include <vector>

#include "rules/fault.h"
#include "tocsin/rule_set.h"

namespace tocsin::rules {

/// Whether anything in it depends on a measure or on `overdue`; else it would hold always or never.
bool looks_at_something(const Expression& level);

bool looks_at_thresholds(const Expression& level);

/// False only if it is proved that the level begins to hold at an event: while none comes, rows only leave windows, and
/// so count, distinct and max only fall, min only rises, any and seen only end, last and attr only get lost. Such
/// measures compared with constants and thresholds, joined by and/or.
bool may_rise_without_event(const Expression& level, std::span<const Measure> measures);

/// The level with the right side of each `>`/`>=` on a measure times `percent`/100, of `<`/`<=` divided by it.
/// 0 < percent <= 100. Empty with `fault` filled if the level has another shape.
std::optional<Expression> scaled(const Expression& level, double percent, Fault& fault);

/// Appends the instants after due at which the level may begin to hold. False with `fault` filled if `overdue` is used
/// otherwise than `overdue >= 3h`, joined by and/or, or if the level may hold before the due time.
bool add_overdue_steps(const Expression& level, std::vector<Duration>& steps, Fault& fault);

bool looks_at_open(const Expression& level);

/// The fields it names, each once.
std::vector<FieldId> fields_of(const Expression& level);

}  // namespace tocsin::rules
