#pragma once
/// One stretch of a rule holding for one subject, and how it moves between the colours (design 7, "Levels").

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "tocsin/rule_set.h"
#include "tocsin/transition.h"

namespace tocsin::episodes {

/// The state of an episode. kNone: none is open.
struct Episode {
    Level level = Level::kNone;
    Instant opened_at = kBeforeAll;
    Instant false_since = kNever;             ///< since when the present colour no longer stays; kNever: it stays
    Instant level_since = kBeforeAll;         ///< when it took its colour; of rules with `dwell` only
    bool withheld = false;                    ///< receivers are not told of it: the rule's `limit`
    std::int64_t updated_minute = INT64_MIN;  ///< event-time minute of the last `updated`
    std::uint64_t transitions = 0;            ///< made so far; the next one's number is one more
    std::string id;                           ///< design I2, made at opening, kept for ever
    std::string trigger;                      ///< id of the opening event
    std::string area;                         ///< as the opening event gave it

    [[nodiscard]] bool open() const { return level != Level::kNone; }
};

/// What the rule says at one instant: the highest colour that holds, and which colours would stay if they were present.
struct Holding {
    Level level = Level::kNone;
    std::array<bool, kLevels> stays{};
};

/// One change of level. The caller gives it an id and makes the transition record.
struct Step {
    TransitionKind kind = TransitionKind::kOpened;
    CloseReason reason = CloseReason::kNone;
    Instant at = kBeforeAll;
    Level level = Level::kNone;
    Level previous = Level::kNone;
};

/// Moves the episode to what holds at `now`. Up at once (rising.h: after `for`); down one colour after
/// `keep_firing_for` of not staying, but not before it has kept its colour for `dwell`, and then again; with
/// `keep_firing_for` 0 straight to the highest colour that stays. Call it again while it answers a step: one instant
/// may hold several (a colour down and the next one due at the same time). Opening sets level only: the caller fills
/// id, trigger, area and opened_at.
std::optional<Step> move(const Rule& rule, Episode& episode, const Holding& holding, Instant now);

/// When move() would lower the episode if nothing else happens; kNever if it stays.
Instant lowering_due(const Rule& rule, const Episode& episode);

/// Ends an open episode at once, for any reason but `quiet`.
Step close(Episode& episode, CloseReason reason, Instant at);

/// Whether a further event at `t` is worth an `updated` (at most one per episode and minute of event time); notes it.
bool note_update(Episode& episode, Instant t);

}  // namespace tocsin::episodes
