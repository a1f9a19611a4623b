#include "episodes/episode.h"

#include <algorithm>

namespace tocsin::episodes {
namespace {

// The highest colour below `level` for which `fits` holds; kNone if there is none.
template <typename Fits>
Level next_below(const Rule& rule, Level level, Fits fits) {
    for (int l = static_cast<int>(level) - 1; l > 0; --l) {
        if (rule.levels[l] && fits(l)) return static_cast<Level>(l);
    }
    return Level::kNone;
}

void take(const Rule& rule, Episode& episode, Level level, Instant at) {
    episode.level = level;
    if (rule.dwell > Duration::zero()) episode.level_since = at;
}

Step lower_to(const Rule& rule, Episode& episode, Level level, Instant at) {
    if (level == Level::kNone) return close(episode, CloseReason::kQuiet, at);
    const Step step{TransitionKind::kLowered, CloseReason::kNone, at, level, episode.level};
    take(rule, episode, level, at);
    return step;
}

}  // namespace

std::optional<Step> move(const Rule& rule, Episode& episode, const Holding& holding, Instant now) {
    if (holding.level > episode.level) {
        const bool opens = !episode.open();
        const Step step{opens ? TransitionKind::kOpened : TransitionKind::kRaised, CloseReason::kNone, now,
                        holding.level, episode.level};
        take(rule, episode, holding.level, now);
        episode.false_since = kNever;
        return step;
    }
    if (!episode.open()) return std::nullopt;
    const auto present = static_cast<std::size_t>(episode.level);
    if (holding.level == episode.level || holding.stays[present]) {
        episode.false_since = kNever;
        return std::nullopt;
    }
    if (episode.false_since == kNever) episode.false_since = now;
    const Instant due = lowering_due(rule, episode);
    if (now < due) return std::nullopt;
    const bool straight = rule.keep_firing_for == Duration::zero();
    const Level below = next_below(rule, episode.level, [&](int l) { return !straight || holding.stays[l]; });
    const Step step = lower_to(rule, episode, below, due);
    // The clock starts again for the colour below, from the moment of the step.
    const bool stays = episode.open() && holding.stays[static_cast<std::size_t>(episode.level)];
    episode.false_since = !episode.open() || stays ? kNever : due;
    return step;
}

Instant lowering_due(const Rule& rule, const Episode& episode) {
    if (!episode.open() || episode.false_since == kNever) return kNever;
    return rule.on_beat(std::max(episode.false_since + rule.keep_firing_for, episode.level_since + rule.dwell));
}

Step close(Episode& episode, CloseReason reason, Instant at) {
    const Step step{TransitionKind::kClosed, reason, at, Level::kNone, episode.level};
    episode.level = Level::kNone;
    episode.false_since = kNever;
    episode.level_since = kBeforeAll;
    return step;
}

bool note_update(Episode& episode, Instant t) {
    const std::int64_t minute = std::chrono::floor<std::chrono::minutes>(t).time_since_epoch().count();
    if (minute <= episode.updated_minute) return false;
    episode.updated_minute = minute;
    return true;
}

}  // namespace tocsin::episodes
