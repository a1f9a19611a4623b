#pragma once
/// What is known of one subject of a rule, and what the rule says of it at any instant. See naive_levels.h.

#include "naive_levels.h"

namespace tocsin::task::naive {

class Known {
public:
    Known(const Rule& rule, Fact like) : rule_(&rule), like_(std::move(like)) {}

    [[nodiscard]] const Rule& rule() const { return *rule_; }
    void obey(const Rule& rule) { rule_ = &rule; }
    /// A fact of the subject.
    [[nodiscard]] const Fact& like() const { return like_; }
    void forget() {
        counted_.clear();
        person_.clear();
        own_.clear();
    }
    void know(const Fact& fact) {
        if (rule_->counts(fact) && rule_->subject(fact) == rule_->subject(like_)) keep(counted_, fact);
        if (rule_->same_person(fact, like_)) keep(person_, fact);
        if (fact.kind == "phase_change" && fact.customer == like_.customer) keep(own_, fact);
    }
    /// Whether what the fact says may change what the rule says.
    [[nodiscard]] bool looks_at(const Fact& fact) const {
        const bool counted = rule_->counts(fact) && rule_->subject(fact) == rule_->subject(like_);
        return counted || (rule_->same_person(fact, like_) && rule_->watches(fact));
    }
    [[nodiscard]] bool changes_phase(const Fact& fact) const {
        return rule_->phased() && fact.kind == "phase_change" && fact.customer == like_.customer;
    }
    [[nodiscard]] std::vector<Thing> measure(Millis now) const {
        std::vector<Thing> values;
        for (const Function& f : rule_->functions)
            values.push_back(recount(f, f.of_person() ? person_ : counted_, now));
        return values;
    }
    [[nodiscard]] int top(const std::vector<Thing>& values, Millis now) const {
        return rule_->top_of(own_, values, now);
    }
    [[nodiscard]] bool stays(const Colour& c, const std::vector<Thing>& values, Millis now) const {
        return rule_->stays(own_, c, values, now);
    }
    [[nodiscard]] bool in_reach(Millis now) const {
        return std::any_of(counted_.begin(), counted_.end(),
                           [&](const Fact* f) { return f->time <= now && f->time >= now - rule_->longest(); });
    }
    /// Instants at which something comes into a window or leaves one.
    [[nodiscard]] std::set<Millis> changes() const {
        std::set<Millis> all;
        for (const Function& f : rule_->functions) {
            for (const Fact* fact : f.of_person() ? person_ : counted_) {
                if (f.fn == "seen" && fact->kind != f.kind) continue;
                if (f.fn == "attr" && fact->get(f.field).index() == 0) continue;
                all.insert({fact->time, f.window.end(fact->time)});
            }
        }
        return all;
    }
    [[nodiscard]] std::set<Millis> boundaries() const { return rule_->boundaries(own_); }
    [[nodiscard]] bool holds_any(Millis t) const { return in_reach(t) && rule_->top_of(own_, measure(t), t) > 0; }
    /// Whether any colour held at an instant of [from, to].
    [[nodiscard]] bool held_since(Millis from, Millis to) const {
        std::set<Millis> instants = changes();
        instants.merge(rule_->boundaries(own_));
        instants.insert({from, to});
        return std::any_of(instants.begin(), instants.end(),
                           [&](Millis t) { return t >= from && t <= to && holds_any(t); });
    }
    /// Since when a colour as high as this has held.
    [[nodiscard]] Millis since(Millis now, int level) const {
        const std::set<Millis> all = changes();
        Millis start = now;
        for (auto t = std::make_reverse_iterator(all.upper_bound(now)); t != all.rend(); ++t) {
            if (!in_reach(*t) || rule_->top_of(own_, measure(*t), *t) < level) break;
            start = *t;
        }
        return start;
    }
    /// The last event up to `at` that the rule looks at.
    [[nodiscard]] std::string latest(Millis at) const {
        std::string found = "nothing";
        for (const Fact* fact : person_) {
            const bool counted = std::find(counted_.begin(), counted_.end(), fact) != counted_.end();
            if (fact->time <= at && (counted || rule_->watches(*fact))) found = fact->id;
        }
        return found;
    }
    /// Ids of what counts in a window, or is seen in one.
    [[nodiscard]] std::set<std::string> evidence(Millis now) const {
        std::set<std::string> ids;
        for (const Function& f : rule_->functions) {
            for (const Fact* fact : f.of_person() ? person_ : counted_) {
                if (f.fn == "attr" || (f.fn == "seen" && fact->kind != f.kind)) continue;
                if (f.window.holds(fact->time, now)) ids.insert(fact->id);
            }
        }
        for (const Fact* fact : counted_) {
            if (rule_->within.holds(fact->time, now)) ids.insert(fact->id);
        }
        return ids;
    }

private:
    static void keep(std::vector<const Fact*>& facts, const Fact& fact) {
        const auto later = [](Millis t, const Fact* f) { return t < f->time; };
        facts.insert(std::upper_bound(facts.begin(), facts.end(), fact.time, later), &fact);
    }

    const Rule* rule_;
    Fact like_;
    std::vector<const Fact*> counted_, person_, own_;  // own: changes of phase
};

inline std::string shown(const Thing& thing) {
    if (const auto* b = std::get_if<bool>(&thing)) return *b ? "true" : "false";
    if (const auto* d = std::get_if<double>(&thing)) return std::to_string(*d);
    const auto* s = std::get_if<std::string>(&thing);
    return s == nullptr ? "nothing" : *s;
}

}  // namespace tocsin::task::naive
