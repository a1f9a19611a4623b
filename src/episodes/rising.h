#pragma once
/// `for`: a colour is taken once it, or a higher one, has held so long without a break (design 7, "Levels").

#include <functional>
#include <string>
#include <vector>

#include "episodes/episode.h"

namespace tocsin::episodes {

/// A colour above the episode's that holds and waits. Its trigger is the event at which it began to hold.
struct Rising {
    Level level = Level::kNone;
    Instant since = kNever;
    std::string trigger;
    std::string area;
};

/// At one instant events come before clocks: an event lets only what was due strictly before it rise.
enum class JudgedBy { kEvent, kClock };

struct Ripening {
    std::vector<Rising>& rising;  ///< of the episode
    Instant now;
    JudgedBy by;
    const std::function<Rising(Level)>& begins;  ///< asked for each colour that has come to hold
};

/// Notes what holds at `now` and forgets what does not. Answers what move() may take: what holds, but nothing above the
/// episode that has not held for `for`. Without `for` the same holding.
Holding ripe(const Rule& rule, const Episode& episode, const Holding& holding, const Ripening& ripening);

/// Whether the step is one up.
bool rises(const Step& step);
/// What waited for this step; nothing if it is none up or the rule has no `for`. Forgets what is below.
std::optional<Rising> take_risen(std::vector<Rising>& rising, const Step& step);
/// Dates a step that has just been made: `dwell` counts from there.
void date(const Rule& rule, Episode& episode, Step& step, Instant at);

/// When the colour that began to hold then may be taken.
Instant rises_at(const Rule& rule, const Rising& rising);
/// The next instant at which one of them may be taken; kNever: none waits.
Instant rising_due(const Rule& rule, const std::vector<Rising>& rising);

}  // namespace tocsin::episodes
