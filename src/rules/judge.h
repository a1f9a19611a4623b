#pragma once
/// What a rule says about one subject at one instant. Pure functions of the remembered events and the time.

#include <array>
#include <span>
#include <vector>

#include "tocsin/event.h"
#include "tocsin/rule_set.h"

namespace tocsin::rules {

/// What the rule is judged by: remembered events of all kinds, ascending by time, those of one instant in order of
/// arrival.
struct Remembered {
    std::span<const Event> rows;    ///< the subject's
    std::span<const Event> person;  ///< everything of its person; may stay empty if no measure is of_person()
};

/// Whether the event counts under the rule: its kind is in `on`, and `where` holds.
bool counts(const Rule& rule, const Event& event);
/// Whether seen() or attr() of the rule look at the event.
bool watches(const Rule& rule, const Event& event);

/// The rule's measures at `now`, one per Rule::measures, over the rows in (now - window, now] that count; seen() and
/// attr() over the person's. Values that are missing are skipped. Of no rows count, distinct and sum are 0, any and
/// seen false, all others missing. Sums are exact and so the same in any order (ExactSum).
void measure(const Rule& rule, const Remembered& remembered, Instant now, std::vector<Value>& out);

/// A value as sums add it up: a number rounded to kSumScale-ths, a duration in milliseconds; saturating; 0 for others.
std::int64_t sum_units(const Value& value);

/// Adds up what sum_units() gives without losing any.
class ExactSum {
public:
    void add(std::int64_t units) { sum_ += units; }
    /// As a value of this type, kNumber or kDuration; beyond int64 units it saturates.
    [[nodiscard]] Value total(Value::Type type) const;
    /// The same divided by `n`; missing if that is 0. Durations are rounded to the millisecond.
    [[nodiscard]] Value average(Value::Type type, std::int64_t n) const;

private:
    __extension__ typedef __int128 Wide;  // 2^64 values of any size fit
    Wide sum_ = 0;
};

/// What ratio() is: missing if there was nothing.
Value share_of(std::int64_t part, std::int64_t whole);

struct Verdict {
    Level level = Level::kNone;         ///< the highest colour whose expression holds
    std::array<bool, kLevels> stays{};  ///< by colour: whether an episode of that colour keeps it
};

/// The context needs measures (in the rule's order), thresholds and overdue as far as the rule looks at them.
Verdict verdict(const Rule& rule, const EvalContext& context);

/// The phase a subject is in. While it settles `before` is the one it came from, else the same.
struct InPhase {
    std::string_view phase, before;
};
/// Whether the phase is one of the rule's `phases`, or it has none: for promises, whether they are made in it.
bool holds_in(const Rule& rule, std::string_view phase);
/// The condition of a colour in a phase: the rule's own, or what `overrides` put in its place; empty: there is none.
const std::optional<Expression>& level_in(const Rule& rule, Level level, std::string_view phase);
/// The same for a rule with phases: of one that is not among `phases` nothing holds but promises, and `overrides` take
/// the place of its colours. While a phase settles a colour holds if it does in both, and stays if it does in one of
/// them.
Verdict verdict(const Rule& rule, const EvalContext& context, const InPhase& in);

/// Whether a row that counts lies within the rule's longest window or has left it just now. Nothing begins for a
/// subject without one, even if a level would hold of nothing (`n < 3`).
bool in_reach(const Rule& rule, std::span<const Event> rows, Instant now);

/// The first instant after `now` at which what is in a window changes without an event: a row leaves it, or a row later
/// than `now` comes into it. kNever if none.
Instant next_change(const Rule& rule, const Remembered& remembered, Instant now);
/// All such instants up to `now`, latest first.
std::vector<Instant> changes(const Rule& rule, const Remembered& remembered, Instant now);

}  // namespace tocsin::rules
