#pragma once
/// A person rule judged by recounting everything at every step. See naive_known.h.

#include "naive_known.h"

namespace tocsin::task::naive {

/// One subject: what is known of it and what its episode is.
class Subject {
public:
    /// `told`: what is said of it.
    Subject(const Rule& rule, Fact like, std::vector<std::string>& told) : known_(rule, std::move(like)), told_(told) {}

    [[nodiscard]] Known& known() { return known_; }
    /// Everything that happens before `limit` because time passes.
    void run(Millis limit) {
        for (;;) {
            Millis next = limit;
            for (const Millis t : known_.changes()) {
                if (t > judged_) next = std::min(next, rule().beat(t));
            }
            for (const Millis t : known_.boundaries()) {
                if (t > judged_) next = std::min(next, t);
            }
            if (told_of_) next = std::min(next, *told_of_);
            if (false_since_) next = std::min(next, rule().beat(std::max(judged_, lowering_due())));
            for (const auto& [level, start] : rising_)
                next = std::min(next, rule().beat(std::max(judged_, start.since + rule().hold)));
            if (next >= limit) return;
            judge(next, By::kClock);
        }
    }
    /// The fact has come, and is known.
    void hear(Millis now, const Fact& fact) {
        if (known_.looks_at(fact)) judge(now, By::kEvent, &fact);
        if (known_.changes_phase(fact)) judge(now, By::kClock);
    }
    /// Whether the episode can be seen to rest on what is known: `fact` is about to be taken back. Where some of what
    /// lay in the windows of the opening may be forgotten (before `oldest`), the fact must explain it.
    [[nodiscard]] bool explained_by(const Fact& fact, Millis oldest) const {
        return opened_ - rule().longest() >= oldest || (fact.time <= opened_ && known_.holds_any(opened_));
    }
    /// A fact is another by now, or never was; all that stands is known. What waits begins anew, and an episode that
    /// has had no colour since it opened is retracted. Phases raise nothing.
    void correct(Millis now, const Fact& was, const std::optional<Fact>& is, bool explained) {
        const bool looks = known_.looks_at(was) || (is && known_.looks_at(*is));
        if (!looks && !known_.changes_phase(was)) return;
        if (looks) rising_.clear();
        if (level_ > 0 && explained && !known_.held_since(opened_, now)) tell("closed as corrected", now, 0, now, "");
        judge(now, looks ? By::kChange : By::kClock);
    }
    /// All that stands is known under the new rule: it is judged as if an event had come, and what waits begins anew.
    void review(Millis now) {
        rising_.clear();
        told_of_.reset();
        judge(now, By::kChange);
    }
    /// There is no such rule any more.
    void close(Millis now) {
        if (level_ > 0)
            told_.push_back("closed as rule_removed 0 from " + std::to_string(level_) + " at " + std::to_string(now) +
                            " of");
    }

private:
    /// At one instant events, and what is changed by a correction or a new rule, come before clocks.
    enum class By { kEvent, kChange, kClock };
    void judge(Millis now, By by, const Fact* event = nullptr) {
        if (rule().interval > 0 && by != By::kClock) {
            told_of_ = std::min(told_of_.value_or(rule().beat(now)), rule().beat(now));
            judged_ = std::max(judged_, now - 1);
            return;
        }
        judged_ = now;
        told_of_.reset();
        if (level_ == 0 && !known_.in_reach(now)) return rising_.clear();
        const std::vector<Thing> values = known_.measure(now);
        int most = known_.top(values, now);
        if (rule().phased() && by == By::kClock)
            most = std::min(most, rising_.empty() ? level_ : std::max(level_, rising_.rbegin()->first));
        const int top = rule().hold == 0 ? most : held_long_enough(most, now, by, event);
        const auto stays = [&](const Colour& c) { return known_.stays(c, values, now); };
        const auto present = std::find_if(rule().colours.begin(), rule().colours.end(),
                                          [&](const Colour& c) { return c.level == level_; });
        if (top > level_) {
            const Start start = rule().hold == 0 ? start_of(now, top, event) : rising_.at(top);
            tell(level_ == 0 ? "opened" : "raised", rule().beat(start.since + rule().hold), top, now, start.trigger);
            false_since_.reset();
        } else if (level_ > 0 && (top == level_ || (present != rule().colours.end() && stays(*present)))) {
            false_since_.reset();
        } else if (level_ > 0 && rule().keep == 0) {
            if (!false_since_) false_since_ = now;
            if (now < lowering_due()) return;
            int below = 0;
            for (const Colour& c : rule().colours) {
                if (c.level < level_ && stays(c)) below = c.level;
            }
            tell(below == 0 ? "closed" : "lowered", lowering_due(), below, now, "");
            false_since_.reset();
        } else if (level_ > 0) {
            if (!false_since_) false_since_ = now;
            lower_after_a_while(now, values);
        }
    }
    /// When a colour began to hold, and by which event.
    struct Start {
        Millis since = 0;
        std::string trigger;
    };
    [[nodiscard]] Start start_of(Millis now, int level, const Fact* event) const {
        if (event != nullptr && event->time == now) return {now, event->id};
        const Millis begun = rule().interval > 0 ? now : known_.since(now, level);
        return {begun, known_.latest(begun)};
    }
    /// The highest colour that has held for `hold`, the present one where none has. What happens at the same instant
    /// comes first.
    int held_long_enough(int top, Millis now, By by, const Fact* event) {
        std::erase_if(rising_, [&](const auto& entry) { return entry.first > top || entry.first <= level_; });
        int taken = std::min(top, level_);
        for (const Colour& c : rule().colours) {
            if (c.level > top || c.level <= level_) continue;
            if (!rising_.contains(c.level)) rising_[c.level] = start_of(now, c.level, event);
            const Millis due = rule().beat(rising_[c.level].since + rule().hold);
            if (by == By::kClock ? due <= now : due < now) taken = c.level;
        }
        return taken;
    }
    [[nodiscard]] Millis lowering_due() const {
        return rule().beat(std::max(*false_since_ + rule().keep, level_since_ + rule().dwell));
    }
    void lower_after_a_while(Millis now, const std::vector<Thing>& values) {
        while (level_ > 0 && false_since_ && now >= lowering_due()) {
            const Millis due = lowering_due();
            int below = 0;
            bool stays = false;
            for (const Colour& c : rule().colours) {
                if (c.level >= level_) break;
                below = c.level;
                stays = known_.stays(c, values, now);
            }
            tell(below == 0 ? "closed" : "lowered", due, below, now, "");
            false_since_ = below == 0 || stays ? std::nullopt : std::optional(due);
        }
    }
    void tell(const std::string& what, Millis at, int level, Millis now, const std::string& trigger);

    [[nodiscard]] const Rule& rule() const { return known_.rule(); }

    Known known_;
    std::vector<std::string>& told_;
    int level_ = 0;
    std::optional<Millis> false_since_, told_of_;  // told of: the beat at which an event is heard
    std::map<int, Start> rising_;
    static constexpr Millis kLongAgo = INT64_MIN / 4;
    Millis level_since_ = kLongAgo, opened_ = 0;  // level_since: of rules with `dwell` only
    Millis judged_ = INT64_MIN / 2;
};

inline void Subject::tell(const std::string& what, Millis at, int level, Millis now, const std::string& trigger) {
    std::string line =
        what + " " + std::to_string(level) + " from " + std::to_string(level_) + " at " + std::to_string(at);
    if (what == "opened") line += " by " + trigger;
    for (const Thing& value : known_.measure(now)) line += " " + shown(value);
    const std::set<std::string> evidence = known_.evidence(now);
    line += evidence.size() >= 20 ? " many" : " of";  // a record names the newest 20
    for (const std::string& id : evidence) line += evidence.size() < 20 ? " " + id : "";
    told_.push_back(line);
    if (level_ == 0) opened_ = at;
    level_ = level;
    if (rule().dwell > 0) level_since_ = at;
    if (level > 0) return;
    level_since_ = kLongAgo;
    false_since_.reset();
}

}  // namespace tocsin::task::naive
