#pragma once
/// Levels and rules that are recounted from scratch. See naive_rule.h.

#include <set>

#include "naive_rule.h"

namespace tocsin::task::naive {

/// `function op bound`, or a bool function, perhaps negated; `minus`: of the difference of two numbers.
struct Condition {
    std::size_t function = 0;
    std::optional<std::size_t> minus;
    std::string op;  // empty: bool
    bool negated = false;
    Thing bound;

    [[nodiscard]] bool holds(const std::vector<Thing>& values, int percent) const {
        const Thing& left = values[function];
        if (op.empty()) return (left == Thing{true}) != negated;
        if (left.index() == 0) return op == "!=";
        Thing value = left;
        if (minus) {
            if (values[*minus].index() == 0) return op == "!=";
            value = std::get<double>(left) - std::get<double>(values[*minus]);
        }
        Thing limit = bound;
        if (percent != 100 && op[0] == '>') limit = std::get<double>(bound) * percent / 100;
        if (percent != 100 && op[0] == '<') limit = std::get<double>(bound) * 100 / percent;
        return op == "=="   ? value == limit
               : op == "!=" ? value != limit
               : op == ">"  ? value > limit
               : op == ">=" ? value >= limit
               : op == "<"  ? value < limit
                            : value <= limit;
    }
};

/// A level: conditions joined by one of and/or.
struct Colour {
    int level = 0;
    bool all = false;
    std::vector<Condition> conditions;

    [[nodiscard]] bool holds(const std::vector<Thing>& values, int percent) const {
        const auto one = [&](const Condition& c) { return c.holds(values, percent); };
        return all ? std::all_of(conditions.begin(), conditions.end(), one)
                   : std::any_of(conditions.begin(), conditions.end(), one);
    }
};

struct Rule {
    std::vector<std::string> on, by;
    std::optional<Predicate> where;
    std::vector<Function> functions;
    std::vector<Colour> colours;  // ascending
    Window within;
    Millis keep = 0, hold = 0, dwell = 0, interval = 0;
    int clear = 100;

    /// The first instant from `t` on at which the rule is judged.
    [[nodiscard]] Millis beat(Millis t) const { return interval == 0 ? t : (t + interval - 1) / interval * interval; }
    /// Names of the phases in which it holds, none: in all; and what is different in some of them.
    std::vector<std::string> phases;
    std::map<std::string, std::vector<Colour>> overrides;
    std::vector<std::pair<Millis, std::string>> plan;  // when phases begin, for all; ascending
    Millis settle = 0;

    [[nodiscard]] bool phased() const { return !phases.empty() || !overrides.empty(); }
    [[nodiscard]] bool counts(const Fact& f) const {
        return std::find(on.begin(), on.end(), f.kind) != on.end() && (!where || where->holds(f));
    }
    [[nodiscard]] bool watches(const Fact& f) const {
        return std::any_of(functions.begin(), functions.end(), [&](const Function& m) {
            return (m.fn == "seen" && m.kind == f.kind) || (m.fn == "attr" && f.get(m.field).index() != 0);
        });
    }
    /// The values of `by`, joined; nothing if one is missing.
    [[nodiscard]] std::optional<std::string> subject(const Fact& f) const {
        std::string key;
        for (const std::string& field : by) {
            const std::string& value = field == "customer"     ? f.customer
                                       : field == "subscriber" ? f.subscriber
                                                               : f.category;
            if (value.empty()) return std::nullopt;
            key += value + " ";
        }
        return key;
    }
    [[nodiscard]] bool same_person(const Fact& a, const Fact& b) const {
        const bool numbers = std::find(by.begin(), by.end(), "subscriber") != by.end();
        return a.customer == b.customer && (!numbers || a.subscriber == b.subscriber);
    }
    [[nodiscard]] Millis longest() const {
        Millis most = within.longest();
        for (const Function& f : functions) most = std::max(most, f.window.longest());
        return most;
    }

    using Facts = std::vector<const Fact*>;  // of the person's own changes of phase, ascending
    /// The colour as it is meant in the phase; nothing: the rule does not hold in it.
    [[nodiscard]] const Colour* meant(const Colour& colour, const std::string& phase) const {
        if (!phases.empty() && std::find(phases.begin(), phases.end(), phase) == phases.end()) return nullptr;
        const auto other = overrides.find(phase);
        if (other == overrides.end()) return &colour;
        for (const Colour& c : other->second) {
            if (c.level == colour.level) return &c;
        }
        return &colour;
    }
    /// The phase at `t` and when it began.
    [[nodiscard]] std::pair<std::string, Millis> phase_at(const Facts& own, Millis t) const {
        std::pair<std::string, Millis> found{"", INT64_MIN / 4};
        for (const auto& [at, phase] : plan) {
            if (at <= t) found = {phase, at};
        }
        for (const Fact* fact : own) {
            if (fact->time > t) continue;
            found = {std::get<std::string>(fact->get("phase")), fact->time};
        }
        return found;
    }
    /// The phase, and while it settles the one before it.
    [[nodiscard]] std::vector<std::string> phases_at(const Facts& own, Millis t) const {
        const auto [phase, began] = phase_at(own, t);
        if (phase.empty() || t >= began + settle) return {phase};
        return {phase, phase_at(own, began - 1).first};
    }
    [[nodiscard]] std::set<Millis> boundaries(const Facts& own) const {
        std::set<Millis> all;
        if (!phased()) return all;
        for (const auto& [at, phase] : plan) all.insert({at, at + settle});
        for (const Fact* fact : own) all.insert({fact->time, fact->time + settle});
        return all;
    }
    [[nodiscard]] int top_of(const Facts& own, const std::vector<Thing>& values, Millis now) const {
        int least = 4;
        for (const std::string& phase : phases_at(own, now)) {
            int top = 0;
            for (const Colour& c : colours) {
                const Colour* is = meant(c, phase);
                if (is != nullptr && is->holds(values, 100)) top = c.level;
            }
            least = std::min(least, top);
        }
        return least;
    }
    [[nodiscard]] bool stays(const Facts& own, const Colour& c, const std::vector<Thing>& values, Millis now) const {
        for (const std::string& phase : phases_at(own, now)) {
            const Colour* is = meant(c, phase);
            if (is != nullptr && is->holds(values, clear)) return true;
        }
        return false;
    }
};

}  // namespace tocsin::task::naive
