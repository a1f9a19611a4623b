#pragma once
/// Makes rules at random, and writes them as an author would. See naive_model.h.

#include "naive_levels.h"

namespace tocsin::task::naive {

inline constexpr const char* kColourNames[] = {"", "blue", "yellow", "orange", "red"};
inline constexpr Millis kLongRetention = 3'600'000;

inline Condition any_condition(const Rule& rule, Dice& dice) {
    Condition c;
    c.function = static_cast<std::size_t>(dice.below(static_cast<int>(rule.functions.size())));
    const Function& f = rule.functions[c.function];
    if (f.type == 'b') {
        c.negated = dice.one_in(3);
        return c;
    }
    const bool scaled = rule.clear != 100;
    c.op = scaled ? dice.of<const char*>({">", ">=", "<", "<="})
                  : dice.of<const char*>({">", ">=", ">=", ">=", "<", "<=", "==", "!="});
    if (f.type == 's') {
        c.bound = std::string(dice.of<const char*>({"u", "v", "x"}));
    } else if (f.type == 'd') {
        c.bound = 1000.0 * dice.below(6);
    } else if (f.fn == "count" || f.fn == "distinct") {
        c.bound = 1.0 + dice.below(4);  // below 0 they never are: comparisons that forget it are refused
    } else {
        c.bound = f.fn == "ratio" ? 0.25 * dice.below(5) : 1.0 * dice.below(5);
    }
    for (std::size_t i = 0; i < rule.functions.size() && f.type == 'n' && !scaled && dice.one_in(3); ++i) {
        if (rule.functions[i].type == 'n') c.minus = i;
    }
    return c;
}

/// Conditions that `clear` can scale, and texts without literals of times: those compare with nothing an author writes.
inline bool fits(const Rule& rule, const Condition& c) {
    const char type = rule.functions[c.function].type;
    if (type == 't') return false;
    return rule.clear == 100 || type == 'n' || type == 'd';
}

inline Rule any_rule(Dice& dice, Millis retention) {
    Rule rule;
    rule.on = dice.of<std::vector<std::string>>({{"a"}, {"a"}, {"a", "b"}});
    rule.by = dice.of<std::vector<std::string>>(
        {{"customer"}, {"customer"}, {"subscriber"}, {"customer", "category"}, {"subscriber", "category"}});
    if (dice.one_in(2)) rule.where = any_predicate(dice);
    rule.within.length = dice.of<Millis>({5000, 15'000, 30'000});
    if (retention > kLongRetention) rule.within.unit = dice.of({'d', 'w', 'm'});
    rule.keep = dice.of<Millis>({0, 0, 4000, 11'000});
    if (dice.one_in(4)) rule.interval = dice.of<Millis>({1000, 5000, 20'000});
    if (dice.one_in(3)) rule.dwell = dice.of<Millis>({2000, 7000, 25'000});
    // Where rows are forgotten, when a colour began to hold cannot always be told: it would rise at another time.
    if (retention >= kLongRetention && dice.one_in(2)) rule.hold = dice.of<Millis>({1000, 3000, 8000});
    if (dice.one_in(3)) rule.clear = 50;
    const int functions = 1 + dice.below(5);
    for (int i = 0; i < functions; ++i) rule.functions.push_back(any_function(dice, rule.within, retention));
    for (int level = 1; level <= 4; ++level) {
        if (dice.one_in(2) && !(level == 4 && rule.colours.empty())) continue;
        Colour colour{level, dice.one_in(2), {}};
        for (int tries = 0; tries < 20 && (tries < 2 || colour.conditions.empty()); ++tries) {
            const Condition c = any_condition(rule, dice);
            if (fits(rule, c) && !(rule.clear != 100 && c.op.empty())) colour.conditions.push_back(c);
        }
        if (!colour.conditions.empty()) rule.colours.push_back(colour);
    }
    return rule;
}

inline constexpr const char* kPhases[] = {"p1", "p2", "p3"};

/// A rule that looks at phases. Its conditions come true with an event and never by the clock.
inline void give_phases(Rule& rule, Dice& dice, Millis start) {
    rule.interval = 0;  // a beat may raise what a phase has changed: another story
    rule.functions.clear();
    for (const char* fn : {"count", "distinct"}) {
        Function f;
        f.fn = fn;
        f.field = f.fn == "count" ? "" : "s";
        f.window = rule.within;
        f.text = f.fn + "(" + f.field + ")";
        rule.functions.push_back(f);
    }
    const auto at_least = [&](Colour& colour) {
        Condition c;
        c.function = static_cast<std::size_t>(dice.below(2));
        c.op = dice.of<const char*>({">", ">="});
        c.bound = 1.0 + dice.below(4);
        colour.conditions = {c};
    };
    for (Colour& colour : rule.colours) at_least(colour);
    for (const char* phase : kPhases) {
        if (dice.one_in(2)) rule.phases.emplace_back(phase);
    }
    for (const char* phase : kPhases) {
        const bool holds =
            rule.phases.empty() || std::find(rule.phases.begin(), rule.phases.end(), phase) != rule.phases.end();
        if (!holds || dice.one_in(2)) continue;
        for (const Colour& colour : rule.colours) {
            if (dice.one_in(3)) continue;
            at_least(rule.overrides[phase].emplace_back(colour));
        }
    }
    rule.settle = dice.of<Millis>({0, 4000, 12'000});
    for (Millis at = start - 1000; dice.below(4) != 0; at += 1000 * (1 + dice.below(30)))
        rule.plan.emplace_back(at, kPhases[dice.below(3)]);
}

inline std::string list_of(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& n : names) out += (out.empty() ? "[" : ", ") + n;
    return out + "]";
}

inline std::string bound_text(const Rule& rule, const Condition& c) {
    if (const auto* text = std::get_if<std::string>(&c.bound)) return "\"" + *text + "\"";
    const double amount = std::get<double>(c.bound);
    if (rule.functions[c.function].type == 'd') return seconds(static_cast<Millis>(amount));
    return std::to_string(amount);
}

inline std::string window_text(const Window& window) {
    const std::string unit = window.unit == 'd' ? "day" : window.unit == 'w' ? "week" : "month";
    return window.unit == 0 ? "    within: " + seconds(window.length) : "    window: calendar " + unit;
}

/// Measures are named or, every second time, written where they are used.
inline std::string text_of(const Rule& rule, Dice& dice) {
    const auto name = [&](std::size_t i) { return dice.one_in(2) ? rule.functions[i].text : "m" + std::to_string(i); };
    std::string measures, levels;
    for (std::size_t i = 0; i < rule.functions.size(); ++i) {
        measures += "      m" + std::to_string(i) + ": '" + rule.functions[i].text + "'\n";
    }
    for (const Colour& colour : rule.colours) {
        std::string level;
        for (const Condition& c : colour.conditions) {
            level += level.empty() ? "" : colour.all ? " and " : " or ";
            level += (c.negated ? "not " : "") + name(c.function);
            if (c.minus) level += " - " + name(*c.minus);
            if (!c.op.empty()) level += " " + c.op + " " + bound_text(rule, c);
        }
        levels += "      " + std::string(kColourNames[colour.level]) + ": '" + level + "'\n";
    }
    return "groups:\n- name: g\n  rules:\n  - alert: R\n    on: " + list_of(rule.on) + "\n    by: " + list_of(rule.by) +
           "\n" + (rule.where ? "    where: '" + rule.where->text + "'\n" : "") + window_text(rule.within) +
           "\n    keep_firing_for: " + seconds(rule.keep) + (rule.hold > 0 ? "\n    for: " + seconds(rule.hold) : "") +
           (rule.interval > 0 ? "\n    interval: " + seconds(rule.interval) : "") +
           (rule.dwell > 0 ? "\n    dwell: " + seconds(rule.dwell) : "") +
           "\n    clear: " + std::to_string(rule.clear) + "%\n    measures:\n" + measures + "    levels:\n" + levels;
}

inline std::string phases_text(const Rule& rule) {
    std::string text = rule.phases.empty() ? "" : "    phases: " + list_of(rule.phases) + "\n";
    if (!rule.overrides.empty()) text += "    overrides:\n";
    for (const auto& [phase, colours] : rule.overrides) {
        text += "      " + phase + ":\n        levels:\n";
        for (const Colour& colour : colours) {
            const Condition& c = colour.conditions[0];
            text += "          " + std::string(kColourNames[colour.level]) + ": '" + rule.functions[c.function].text +
                    " " + c.op + " " + bound_text(rule, c) + "'\n";
        }
    }
    return text;
}

}  // namespace tocsin::task::naive
