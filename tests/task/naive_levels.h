#pragma once
/// Levels and rules that are recounted from scratch. See naive_rule.h.

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
    Millis keep = 0, hold = 0, dwell = 0;
    int clear = 100;

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
};

}  // namespace tocsin::task::naive
