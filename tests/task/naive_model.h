#pragma once
/// A person rule judged by recounting everything at every step. See naive_levels.h.

#include <set>

#include "naive_levels.h"

namespace tocsin::task::naive {

/// What is known of one subject and what its episode is.
class Subject {
public:
    Subject(const Rule& rule, Fact like) : rule_(rule), like_(std::move(like)) {}

    [[nodiscard]] const Fact& like() const { return like_; }
    void forget() {
        counted_.clear();
        person_.clear();
        own_.clear();
    }
    void know(const Fact& fact) {
        if (rule_.counts(fact) && rule_.subject(fact) == rule_.subject(like_)) keep(counted_, fact);
        if (rule_.same_person(fact, like_)) keep(person_, fact);
        if (fact.kind == "phase_change" && fact.customer == like_.customer) keep(own_, fact);
    }
    /// Everything that happens before `limit` because time passes.
    void run(Millis limit) {
        for (;;) {
            Millis next = limit;
            for (const Millis t : changes()) {
                if (t > judged_) next = std::min(next, rule_.beat(t));
            }
            for (const Millis t : rule_.boundaries(own_)) {
                if (t > judged_) next = std::min(next, t);
            }
            if (told_of_) next = std::min(next, *told_of_);
            if (false_since_) next = std::min(next, std::max(judged_, lowering_due()));
            for (const auto& [level, start] : rising_)
                next = std::min(next, std::max(judged_, rule_.beat(start.since + rule_.hold)));
            if (next >= limit) return;
            judge(next, By::kClock);
        }
    }
    /// The fact has come, and is known.
    void hear(Millis now, const Fact& fact) {
        if (looks_at(fact)) judge(now, By::kEvent, &fact);
        if (changes_phase(fact)) judge(now, By::kClock);
    }
    /// Whether the episode can be seen to rest on what is known: `fact` is about to be taken back. Where some of what
    /// lay in the windows of the opening may be forgotten (before `oldest`), the fact must explain it.
    [[nodiscard]] bool explained_by(const Fact& fact, Millis oldest) const {
        return opened_ - rule_.longest() >= oldest || (fact.time <= opened_ && holds_any(opened_));
    }
    /// A fact is another by now, or never was; all that stands is known. What waits begins anew, and an episode that
    /// has had no colour since it opened is retracted. Phases raise nothing.
    void correct(Millis now, const Fact& was, const std::optional<Fact>& is, bool explained) {
        const bool looks = looks_at(was) || (is && looks_at(*is));
        if (!looks && !changes_phase(was)) return;
        if (looks) rising_.clear();
        if (level_ > 0 && explained && !held_since(opened_, now)) tell("closed as corrected", now, 0, now, "");
        judge(now, looks ? By::kCorrection : By::kClock);
    }
    std::vector<std::string> told;

private:
    /// At one instant events, and what they correct, come before clocks.
    enum class By { kEvent, kCorrection, kClock };
    void judge(Millis now, By by, const Fact* event = nullptr) {
        if (rule_.interval > 0 && by != By::kClock) {
            told_of_ = std::min(told_of_.value_or(rule_.beat(now)), rule_.beat(now));
            judged_ = std::max(judged_, now - 1);
            return;
        }
        judged_ = now;
        told_of_.reset();
        if (level_ == 0 && !in_reach(now)) return rising_.clear();
        const std::vector<Thing> values = measure(now);
        int most = rule_.top_of(own_, values, now);
        if (rule_.phased() && by == By::kClock)
            most = std::min(most, rising_.empty() ? level_ : std::max(level_, rising_.rbegin()->first));
        const int top = rule_.hold == 0 ? most : held_long_enough(most, now, by, event);
        const auto stays = [&](const Colour& c) { return rule_.stays(own_, c, values, now); };
        const auto present = std::find_if(rule_.colours.begin(), rule_.colours.end(),
                                          [&](const Colour& c) { return c.level == level_; });
        if (top > level_) {
            const Start start = rule_.hold == 0 ? start_of(now, top, event) : rising_.at(top);
            tell(level_ == 0 ? "opened" : "raised", rule_.beat(start.since + rule_.hold), top, now, start.trigger);
            false_since_.reset();
        } else if (level_ > 0 && (top == level_ || stays(*present))) {
            false_since_.reset();
        } else if (level_ > 0 && rule_.keep == 0) {
            if (!false_since_) false_since_ = now;
            if (now < lowering_due()) return;
            int below = 0;
            for (const Colour& c : rule_.colours) {
                if (c.level < level_ && stays(c)) below = c.level;
            }
            tell(below == 0 ? "closed" : "lowered", lowering_due(), below, now, "");
            false_since_.reset();
        } else if (level_ > 0) {
            if (!false_since_) false_since_ = now;
            lower_after_a_while(now, values);
        }
    }
    static void keep(std::vector<const Fact*>& facts, const Fact& fact) {
        const auto later = [](Millis t, const Fact* f) { return t < f->time; };
        facts.insert(std::upper_bound(facts.begin(), facts.end(), fact.time, later), &fact);
    }
    [[nodiscard]] bool in_reach(Millis now) const {
        return std::any_of(counted_.begin(), counted_.end(),
                           [&](const Fact* f) { return f->time <= now && f->time >= now - rule_.longest(); });
    }
    [[nodiscard]] std::vector<Thing> measure(Millis now) const {
        std::vector<Thing> values;
        for (const Function& f : rule_.functions) values.push_back(recount(f, f.of_person() ? person_ : counted_, now));
        return values;
    }
    [[nodiscard]] std::set<Millis> changes() const {
        std::set<Millis> all;
        for (const Function& f : rule_.functions) {
            for (const Fact* fact : f.of_person() ? person_ : counted_) {
                if (f.fn == "seen" && fact->kind != f.kind) continue;
                if (f.fn == "attr" && fact->get(f.field).index() == 0) continue;
                all.insert({fact->time, f.window.end(fact->time)});
            }
        }
        return all;
    }
    [[nodiscard]] bool looks_at(const Fact& fact) const {
        const bool counted = rule_.counts(fact) && rule_.subject(fact) == rule_.subject(like_);
        return counted || (rule_.same_person(fact, like_) && rule_.watches(fact));
    }
    [[nodiscard]] bool changes_phase(const Fact& fact) const {
        return rule_.phased() && fact.kind == "phase_change" && fact.customer == like_.customer;
    }
    [[nodiscard]] bool holds_any(Millis t) const { return in_reach(t) && rule_.top_of(own_, measure(t), t) > 0; }
    /// Whether any colour held at an instant of [from, to].
    [[nodiscard]] bool held_since(Millis from, Millis to) const {
        std::set<Millis> instants = changes();
        instants.merge(rule_.boundaries(own_));
        instants.insert({from, to});
        return std::any_of(instants.begin(), instants.end(),
                           [&](Millis t) { return t >= from && t <= to && holds_any(t); });
    }
    /// When a colour began to hold, and by which event.
    struct Start {
        Millis since = 0;
        std::string trigger;
    };
    [[nodiscard]] Start start_of(Millis now, int level, const Fact* event) const {
        if (event != nullptr && event->time == now) return {now, event->id};
        const Millis begun = rule_.interval > 0 ? now : since(now, level);
        return {begun, latest(begun)};
    }
    /// The highest colour that has held for `hold`, the present one where none has. What happens at the same instant
    /// comes first.
    int held_long_enough(int top, Millis now, By by, const Fact* event) {
        std::erase_if(rising_, [&](const auto& entry) { return entry.first > top || entry.first <= level_; });
        int taken = std::min(top, level_);
        for (const Colour& c : rule_.colours) {
            if (c.level > top || c.level <= level_) continue;
            if (!rising_.contains(c.level)) rising_[c.level] = start_of(now, c.level, event);
            const Millis due = rule_.beat(rising_[c.level].since + rule_.hold);
            if (by == By::kClock ? due <= now : due < now) taken = c.level;
        }
        return taken;
    }
    [[nodiscard]] Millis lowering_due() const {
        return rule_.beat(std::max(*false_since_ + rule_.keep, level_since_ + rule_.dwell));
    }
    [[nodiscard]] Millis since(Millis now, int level) const {
        const std::set<Millis> all = changes();
        Millis start = now;
        for (auto t = std::make_reverse_iterator(all.upper_bound(now)); t != all.rend(); ++t) {
            if (!in_reach(*t) || rule_.top_of(own_, measure(*t), *t) < level) break;
            start = *t;
        }
        return start;
    }
    [[nodiscard]] bool counts_in_any_window(const Fact& fact, Millis now) const {
        return rule_.within.holds(fact.time, now) ||
               std::any_of(rule_.functions.begin(), rule_.functions.end(),
                           [&](const Function& f) { return !f.of_person() && f.window.holds(fact.time, now); });
    }
    [[nodiscard]] std::string latest(Millis at) const {
        std::string found = "nothing";
        for (const Fact* fact : person_) {
            const bool counted = std::find(counted_.begin(), counted_.end(), fact) != counted_.end();
            if (fact->time <= at && (counted || rule_.watches(*fact))) found = fact->id;
        }
        return found;
    }
    void lower_after_a_while(Millis now, const std::vector<Thing>& values) {
        while (level_ > 0 && false_since_ && now >= lowering_due()) {
            const Millis due = lowering_due();
            int below = 0;
            bool stays = false;
            for (const Colour& c : rule_.colours) {
                if (c.level >= level_) break;
                below = c.level;
                stays = rule_.stays(own_, c, values, now);
            }
            tell(below == 0 ? "closed" : "lowered", due, below, now, "");
            false_since_ = below == 0 || stays ? std::nullopt : std::optional(due);
        }
    }
    void tell(const std::string& what, Millis at, int level, Millis now, const std::string& trigger);

    const Rule& rule_;
    Fact like_;
    std::vector<const Fact*> counted_, person_, own_;
    int level_ = 0;
    std::optional<Millis> false_since_, told_of_;  // told of: the beat at which an event is heard
    std::map<int, Start> rising_;
    Millis level_since_ = 0, opened_ = 0;
    Millis judged_ = INT64_MIN / 2;
};

inline std::string shown(const Thing& thing) {
    if (const auto* b = std::get_if<bool>(&thing)) return *b ? "true" : "false";
    if (const auto* d = std::get_if<double>(&thing)) return std::to_string(*d);
    const auto* s = std::get_if<std::string>(&thing);
    return s == nullptr ? "nothing" : *s;
}

inline void Subject::tell(const std::string& what, Millis at, int level, Millis now, const std::string& trigger) {
    std::string line =
        what + " " + std::to_string(level) + " from " + std::to_string(level_) + " at " + std::to_string(at);
    if (what == "opened") line += " by " + trigger;
    for (const Thing& value : measure(now)) line += " " + shown(value);
    std::set<std::string> evidence;
    for (const Function& f : rule_.functions) {
        for (const Fact* fact : f.of_person() ? person_ : counted_) {
            if (f.fn == "attr" || (f.fn == "seen" && fact->kind != f.kind)) continue;
            if (f.window.holds(fact->time, now)) evidence.insert(fact->id);
        }
    }
    for (const Fact* fact : counted_) {
        if (counts_in_any_window(*fact, now)) evidence.insert(fact->id);
    }
    line += evidence.size() >= 20 ? " many" : " of";  // a record names the newest 20
    for (const std::string& id : evidence) line += evidence.size() < 20 ? " " + id : "";
    told.push_back(line);
    if (level_ == 0) opened_ = at;
    level_ = level;
    level_since_ = at;
    if (level == 0) false_since_.reset();
}

}  // namespace tocsin::task::naive
