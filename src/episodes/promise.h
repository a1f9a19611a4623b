#pragma once
/// An open expectation with a due time (design 7, `expect:`). Exact definition of the `due:` form:
/// what recounts of such promises do event by event; see tests/episodes/promise_test.cc.

#include <optional>
#include <string>

#include "episodes/episode.h"

namespace tocsin::episodes {

struct Promise {
    Instant stated_at = kBeforeAll;  ///< event time of the event that stated the due time
    Instant due = kNever;
    std::string stated_by;  ///< its id: the trigger if the promise is broken
    std::string area;       ///< its area, as given
};

/// What an event means for the promises of one rule.
enum class PromiseRole { kNone, kAfter, kEvent, kCancel };
/// `event` and `cancel_on` win over `after` where an event is several of them: ending comes before beginning.
PromiseRole role_of(const Expect& expect, const Event& event);

/// The due time an `after` event states; nothing: it states none.
std::optional<Instant> stated_due(const Expect& expect, const Event& event);

/// Applies an event to the promise of its subject. `broken` tells whether an episode is open for it. The answer is why
/// the broken one closes, or kNone. The promise is reset when it ends. Timers due before the event have fired already.
CloseReason apply(const Expect& expect, const Event& event, std::optional<Promise>& promise, bool broken);

/// Levels of a promise at an event or at a timer. At one instant events come before clocks: an event sees as overdue
/// only what was due strictly before it; the timer of that instant sees the rest.
enum class Cause { kEvent, kTimer };
Duration overdue_at(const Promise& promise, Instant now, Cause cause);

/// The next instant at which the promise's levels can change without an event: a step after due; kNever if none is
/// left.
Instant next_due(const Rule& rule, const Promise& promise, Instant now, Cause cause);

}  // namespace tocsin::episodes
