#include "compare/flags.h"

#include <algorithm>
#include <tuple>

namespace tocsin::compare {
namespace {

Flag opened(const Transition& t) {
    Flag flag;
    flag.rule = t.rule;
    for (const Transition::SubjectField& field : t.subject) {
        flag.subject += (flag.subject.empty() ? "" : " ") + field.name + "=" + field.shown;
    }
    flag.area = t.area;
    flag.id = t.episode_id;
    flag.opened_at = t.at;
    flag.first = flag.highest = t.level;
    flag.is_case = t.is_case;
    flag.experimental = t.experimental;
    return flag;
}

}  // namespace

void FlagCollector::add(const Transition& t) {
    if (t.kind == TransitionKind::kOpened) {
        open_[t.episode_id] = flags_.size();
        flags_.push_back(opened(t));
    }
    const auto found = open_.find(t.episode_id);
    if (found == open_.end()) return;  // it opened before the first transition that was given
    Flag& flag = flags_[found->second];
    flag.highest = std::max(flag.highest, t.level);
    const bool calls = t.kind == TransitionKind::kOpened || t.kind == TransitionKind::kRaised;
    if (calls && !t.is_case && !t.experimental) flag.pages.push_back(t.at);
    if (t.kind == TransitionKind::kClosed) {
        flag.closed_at = t.at;
        open_.erase(found);
    }
}

std::vector<Flag> FlagCollector::take() {
    open_.clear();
    std::stable_sort(flags_.begin(), flags_.end(), [](const Flag& a, const Flag& b) {
        return std::tie(a.rule, a.subject, a.opened_at) < std::tie(b.rule, b.subject, b.opened_at);
    });
    return std::exchange(flags_, {});
}

}  // namespace tocsin::compare
