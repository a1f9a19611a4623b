#include "episodes/rising.h"

#include <algorithm>

namespace tocsin::episodes {

Instant rises_at(const Rule& rule, const Rising& rising) {
    return rule.on_beat(rising.since + rule.hold_for);
}

Instant rising_due(const Rule& rule, const std::vector<Rising>& rising) {
    Instant due = kNever;
    for (const Rising& r : rising) due = std::min(due, rises_at(rule, r));
    return due;
}

Holding ripe(const Rule& rule, const Episode& episode, const Holding& holding, const Ripening& ripening) {
    auto& rising = ripening.rising;
    if (rule.hold_for == Duration::zero()) {
        rising.clear();
        return holding;
    }
    std::erase_if(rising, [&](const Rising& r) { return r.level > holding.level || r.level <= episode.level; });
    Holding taken = holding;
    taken.level = std::min(holding.level, episode.level);
    for (int l = static_cast<int>(episode.level) + 1; l <= static_cast<int>(holding.level); ++l) {
        const auto level = static_cast<Level>(l);
        if (!rule.levels[static_cast<std::size_t>(l)]) continue;
        auto waits = std::find_if(rising.begin(), rising.end(), [&](const Rising& r) { return r.level == level; });
        if (waits == rising.end()) waits = rising.insert(rising.end(), ripening.begins(level));
        const Instant due = rises_at(rule, *waits);
        if (due < ripening.now || (due == ripening.now && ripening.by == JudgedBy::kClock)) taken.level = level;
    }
    return taken;
}

bool rises(const Step& step) {
    return step.kind == TransitionKind::kOpened || step.kind == TransitionKind::kRaised;
}

std::optional<Rising> take_risen(std::vector<Rising>& rising, const Step& step) {
    std::optional<Rising> risen;
    if (!rises(step)) return risen;
    for (Rising& r : rising) {
        if (r.level == step.level) risen = std::move(r);
    }
    std::erase_if(rising, [&](const Rising& r) { return r.level <= step.level; });
    return risen;
}

void date(const Rule& rule, Episode& episode, Step& step, Instant at) {
    step.at = at;
    if (rule.dwell > Duration::zero()) episode.level_since = at;
}

}  // namespace tocsin::episodes
