#pragma once
/// An open expectation with a due time (design 7, `expect:`). Exact definition of the `due:` form:
/// what recounts of such promises do event by event; see tests/episodes/promise_test.cc.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "episodes/episode.h"

namespace tocsin::episodes {

/// A field of the after event that the rule's levels look at. By name: fields are numbered anew with each load.
struct KeptField {
    std::string name;
    OwnedValue value;
};

struct Promise {
    Instant stated_at = kBeforeAll;  ///< event time of the event that stated the due time
    Instant due = kNever;
    std::string stated_by;  ///< its id: the trigger if the promise is broken
    std::string area;       ///< its area, as given
    std::vector<KeptField> fields{};
};

/// The event that stated the promise, as far as it is kept. Views into the promise; `fields` is the caller's memory.
Event stating_event(const Expect& expect, const Promise& promise, std::vector<FieldValue>& fields);

/// What an event means for the promises of one rule.
enum class PromiseRole { kNone, kAfter, kEvent, kCancel };
/// `event` and `cancel_on` win over `after` where an event is several of them: ending comes before beginning.
PromiseRole role_of(const Expect& expect, const Event& event);

/// What an event says to a rule.
struct Said {
    PromiseRole role = PromiseRole::kNone;
    std::optional<Instant> due;  ///< of kAfter: the due time; nothing: it states none
    bool covered = true;         ///< false: the calendar says nothing about a year on the way to the due time
};
/// `areas`: codes of the event's area and those above it, nearest first; only calendars with halls ask for them.
Said says(const Expect& expect, const Event& event, std::span<const std::string_view> areas);

/// Applies an event to the promise of its subject. `broken`: an episode is open for it, and this is the instant at
/// which it came true. The answer is why the broken one closes, or kNone: kCorrected where the event happened before
/// that instant and is only told now. The promise is reset when it ends. Timers due before the event have fired.
CloseReason apply(const Expect& expect, const Event& event, const Said& said, std::optional<Promise>& promise,
                  std::optional<Instant> broken);

/// The first instant at which a level of the rule holds for the promise if nothing ends it; kNever: none ever will.
/// Before stated_at where the due time was past when it was stated.
Instant breaks_at(const Rule& rule, const Promise& promise);

/// Levels of a promise at an event or at a timer. At one instant events come before clocks: an event sees as overdue
/// only what was due strictly before it; the timer of that instant sees the rest.
enum class Cause { kEvent, kTimer };
Duration overdue_at(const Promise& promise, Instant now, Cause cause);

/// The next instant at which the promise's levels can change without an event: a step after due; kNever if none is
/// left.
Instant next_due(const Rule& rule, const Promise& promise, Instant now, Cause cause);

}  // namespace tocsin::episodes
