#pragma once
/// A rule, and records in the order they are read: made at random. See naive_model.h.

#include "naive_making.h"

namespace tocsin::task::naive {

inline constexpr Millis kStart = 1'458'561'600'000;
inline constexpr Millis kMonths = 50 * Window::kDay;  // calendar windows fit
/// The nights before a day, a week and a month begin in Shanghai: 2016-04-02, 2016-04-04, 2016-04-01.
inline constexpr Millis kNights[] = {1'459'526'370'000, 1'459'699'170'000, 1'459'439'970'000};

inline Fact any_fact(Dice& dice, int index, Millis time) {
    Fact f;
    f.id = "e" + std::to_string(index);
    f.kind = dice.of<const char*>({"a", "a", "a", "b", "c"});
    f.time = time;
    f.customer = dice.of<const char*>({"p", "p", "q"});
    f.subscriber = dice.one_in(3) ? f.customer : f.customer + std::to_string(dice.below(2));
    f.category = dice.of<const char*>({"", "x", "x", "y"});
    if (f.kind != "c" && !dice.one_in(4)) f.fields["n"] = 1.0 * dice.below(5);
    if (f.kind != "c" && !dice.one_in(4)) f.fields["f"] = dice.one_in(2);
    if (f.kind != "c" && !dice.one_in(4)) f.fields["s"] = std::string(dice.of<const char*>({"u", "v", "w", "x"}));
    if (f.kind != "b" && !dice.one_in(4)) f.fields["x"] = 0.25 * dice.below(12);
    if (f.kind == "a" && !dice.one_in(4)) f.fields["d"] = 500.0 * dice.below(12);
    if (f.kind == "a" && !dice.one_in(4)) f.fields["w"] = static_cast<double>(time - 1000 * dice.below(9));
    return f;
}

inline void into_phase(Fact& fact, const char* phase) {
    fact.kind = "phase_change";
    fact.fields = {{"phase", std::string(phase)}};
}

/// The fact is a correction of one that has come just now, or that will come soon. Who takes something back does so
/// no earlier than it happened: else what was judged at an instant would be known to have come later.
inline void into_correction(Fact& fact, const std::vector<Fact>& before, int index, Dice& dice) {
    fact.kind = dice.of<const char*>({"event_withdrawn", "event_merged", "event_duplicate", "event_reclassified",
                                      "event_reclassified", "event_reclassified", "event_reclassified"});
    fact.corrects = "e" + std::to_string(std::max(0, index + 2 - dice.below(12)));
    if (fact.kind != "event_reclassified") fact.fields.clear();
    for (const Fact& about : before) {
        if (about.id != fact.corrects) continue;
        fact.customer = about.customer;
        fact.subscriber = dice.one_in(4) ? about.customer : about.subscriber;  // or says nothing of the number
        fact.time = std::max(fact.time, about.time);
    }
}

/// Rules may count and see corrections like any other event.
inline void look_at_corrections(Rule& rule, Dice& dice) {
    if (dice.one_in(4)) rule.on.emplace_back("event_reclassified");
    for (Function& f : rule.functions) {
        if (f.fn != "seen" || dice.one_in(2)) continue;
        f.kind = dice.of<const char*>({"event_withdrawn", "event_merged", "event_reclassified"});
        f.text = "seen(" + f.kind + ", " + seconds(f.window.length) + ")";
    }
}

/// What a case has besides a rule and events.
struct With {
    bool corrections = false, reloads = false;
};

/// What the rule file says between two reloads. gone: another rule stands there, of which nothing is ever told.
struct Version {
    Rule rule;
    std::string text;
    bool gone = false;
};

inline constexpr const char* kOtherText =
    "groups:\n- name: g\n  rules:\n  - {alert: Q, on: c, by: [customer], within: 9s, levels: {red: count() >= 99}}\n";

/// What the case is made of: a rule, and records in the order they are read, some of them twice.
struct Case {
    static constexpr Millis kDisorder = 6000;
    static constexpr Millis kAfter = 500'000;  // so long time passes after the last
    Millis retention, start = kStart;
    std::vector<Version> versions;  // the first one at the start
    std::vector<Fact> facts;
    std::vector<bool> restarts;         // behind each fact
    std::vector<std::size_t> in_force;  // which version is, from behind each fact on

    [[nodiscard]] const Rule& rule() const { return versions[0].rule; }

    Case(std::uint32_t seed, int steps, With with = {}) {
        Dice dice(seed, 0);
        retention = dice.of<Millis>({60'000, 60'000, kLongRetention, kMonths});
        // Where rows are forgotten, what a correction takes back, and when a colour of a new rule began, cannot always
        // be told.
        if (with.corrections || with.reloads) retention = dice.of<Millis>({kLongRetention, kMonths});
        versions.resize(with.reloads ? 4 : 1);
        Rule& rule = versions[0].rule;
        do {
            rule = any_rule(dice, retention);
        } while (rule.colours.empty());
        if (const char unit = rule.within.unit; unit != 0) start = kNights[unit == 'd' ? 0 : unit == 'w' ? 1 : 2];
        if (retention >= kLongRetention && dice.one_in(3)) give_phases(rule, dice, start);
        if (with.corrections) look_at_corrections(rule, dice);
        versions[0].text = text_of(rule, dice) + phases_text(rule);
        for (std::size_t i = 1; i < versions.size(); ++i) versions[i] = another_version(dice, with);
        Millis time = start;
        const int jitter = dice.of({0, 0, 5, 6, 12});
        for (int i = 0; i < steps; ++i) {
            Dice step(seed, static_cast<std::uint32_t>(i + 1));
            time += 1000 * step.of({0, 0, 1, 1, 2, 3, 9});
            facts.push_back(any_fact(step, i, time - 1000 * (jitter == 0 ? 0 : step.below(jitter + 1))));
            if (rule.phased() && step.one_in(8)) into_phase(facts.back(), kPhases[step.below(3)]);
            if (with.corrections && step.one_in(4)) into_correction(facts.back(), facts, i, step);
            if (step.one_in(10))
                facts.push_back(
                    facts[facts.size() - 1 -
                          static_cast<std::size_t>(step.below(std::min<int>(4, static_cast<int>(facts.size()))))]);
        }
        for (std::size_t i = 0; i < facts.size(); ++i) restarts.push_back(dice.one_in(15));
        for (std::size_t i = 0; i < facts.size(); ++i) {
            const std::size_t before = i == 0 ? 0 : in_force.back();
            const bool reloads = with.reloads && dice.one_in(8);
            in_force.push_back(reloads ? static_cast<std::size_t>(dice.below(4)) : before);
        }
    }

private:
    /// A rule of the same name. When phases begin stays as it was: no rule is judged anew because of that.
    [[nodiscard]] Version another_version(Dice& dice, With with) const {
        Version next;
        do {
            next.rule = any_rule(dice, retention);
        } while (next.rule.colours.empty());
        if (!dice.one_in(4)) next.rule.by = rule().by;
        if (rule().phased() && !dice.one_in(3)) give_phases(next.rule, dice, start);
        next.rule.plan = rule().plan;
        next.rule.settle = rule().settle;
        if (with.corrections) look_at_corrections(next.rule, dice);
        next.gone = dice.one_in(5);
        next.text = next.gone ? kOtherText : text_of(next.rule, dice) + phases_text(next.rule);
        return next;
    }
};

}  // namespace tocsin::task::naive
