#include "task/rollup_feed.h"

#include <algorithm>

#include "task/subject.h"

namespace tocsin::task {

void RollupFeed::begin_again(const RuleSet& rules) {
    silent_ = true;
    pairs_.clear();
    for (const Rule& rule : rules.rules) {
        if (!rule.rolls_up) continue;
        const Rule& of = rules.rules[*rule.rolls_up];
        pairs_[of.name] = {&of, &rule};
    }
}

std::vector<RollupFeed::Entry> RollupFeed::entries_of(const std::vector<episodes::SubjectState>& states) const {
    std::vector<Entry> entries;
    for (const episodes::SubjectState& s : states) {
        const auto pair = pairs_.find(s.rule);
        if (pair == pairs_.end()) continue;
        const auto& [rule, rollup] = pair->second;
        for (const episodes::PastBreak& past : s.past)
            entries.push_back({rollup, past.area, past.id, past.from, past.to});
        if (!s.promise) continue;
        const Instant breaks = episodes::breaks_at(*rule, *s.promise);
        if (breaks == kNever) continue;
        entries.push_back(
            {rollup, s.promise->area, s.promise->stated_by, std::max(breaks, s.promise->stated_at), kNever});
    }
    return entries;
}

void RollupFeed::before(const std::vector<episodes::SubjectState>& states) {
    if (needed() && !silent_) before_ = entries_of(states);
}

void RollupFeed::after(const std::vector<episodes::SubjectState>& states) {
    if (!needed() || silent_) return;
    std::vector<Entry> now = entries_of(states);
    for (const Entry& old : std::exchange(before_, {})) {
        if (const auto same = std::find(now.begin(), now.end(), old); same != now.end()) {
            now.erase(same);
            continue;
        }
        // The same promise with another end is told in one word, so that nobody sees it gone in between.
        const auto next = std::find_if(now.begin(), now.end(), [&](const Entry& e) {
            return e.rollup == old.rollup && e.area == old.area && e.id == old.id;
        });
        tell(&old, next == now.end() ? nullptr : &*next);
        if (next != now.end()) now.erase(next);
    }
    for (const Entry& entry : now) tell(nullptr, &entry);
}

void RollupFeed::tell_all(const std::vector<episodes::SubjectState>& states) {
    silent_ = false;
    for (const Entry& entry : entries_of(states)) tell(nullptr, &entry);
}

void RollupFeed::tell(const Entry* before, const Entry* now) const {
    const Entry& any = before != nullptr ? *before : *now;
    const auto id = std::make_shared<const std::string>(any.id);
    const Break was = before != nullptr ? Break{before->from, before->to, id} : Break{};
    const Break is = now != nullptr ? Break{now->from, now->to, id} : Break{};
    for (const AreaId node : setting_.areas.lineage(setting_.areas.resolve(any.area))) {
        const Area& area = setting_.areas.area(node);
        if (!any.rollup->rollup_areas[static_cast<std::size_t>(area.level)]) continue;
        const std::uint32_t owner =
            owner_of(*any.rollup, subject_key({area.code}), static_cast<std::uint32_t>(owners_.size()));
        owners_[owner]->tell(*any.rollup, area.code, before != nullptr ? &was : nullptr,
                             now != nullptr ? &is : nullptr);
    }
}

}  // namespace tocsin::task
