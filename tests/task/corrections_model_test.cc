/// Random events and corrections of them, out of order, some twice: what is remembered, counted and held
/// open then equals what a task says that was told everything right in the first place; restarts in between change
/// nothing. 100 cases; with RC_PARAMS="max_success=N", as task.random_corrections has it, N.

#include <gtest/gtest.h>
// rapidcheck wants gtest before it
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "disk.h"
#include "rule_text.h"
#include "task/task_group.h"

namespace tocsin::task {
namespace {

using namespace std::chrono_literals;

constexpr const char* kRules = R"(groups:
- name: g
  rules:
  - alert: Person
    on: [complaint, urge]
    where: category != "praise"
    by: [customer]
    within: 30m
    measures: {n: count(), halls: distinct(hall)}
    levels: {blue: n >= 2, yellow: n >= 3, red: halls >= 3}
  - alert: Escalated
    on: complaint
    by: [customer, category]
    within: 2h
    measures: {some: any(escalated_to_regulator)}
    levels: {orange: some}
    raises: case
  - alert: Place
    on: complaint
    where: category != "praise"
    by: [area]
    within: 2h
    measures: {people: distinct(customer), people6h: distinct(customer) over 6h, worst: ratio(escalated_to_regulator)}
    levels: {blue: people >= 2, yellow: people6h >= 3, red: people >= 2 and worst > 0.5}
)";

/// What else is remembered of an episode, or waits: `for`, `dwell`, `interval`, promises, colours that hold of nothing.
constexpr const char* kMoreRules = R"(groups:
- name: g
  rules:
  - alert: Waits
    on: [complaint, urge]
    by: [area]
    within: 30m
    measures: {people: distinct(customer), n: count()}
    levels: {blue: people >= 2, yellow: people >= 3, red: n >= 6}
    for: 4m
    dwell: 20m
    keep_firing_for: 7m
    clear: 60%
  - alert: Beats
    on: complaint
    by: [area, category]
    rollup_areas: [province]
    within: 1h
    measures: {n: count(), n30m: count() over 30m}
    levels: {blue: n >= 2, orange: n30m >= 3}
    interval: 5m
    keep_firing_for: 10m
  - alert: Quiet
    on: complaint
    by: [area]
    within: 20m
    measures: {n: count(), n3h: count() over 3h}
    levels: {blue: n < 1 and n3h >= 1, yellow: n < 1 and n3h >= 3}
  - alert: Few
    on: complaint
    by: [area]
    within: 30m
    measures: {n: count()}
    levels: {blue: n >= 1, yellow: n >= 2}
    limit: 1
  - alert: Follow
    expect: {after: complaint, event: urge, within: 10m}
    by: [customer]
    levels: {yellow: overdue >= 0s, red: overdue >= 20m}
    rollup: {by: [area], levels: {blue: open >= 1, yellow: broken >= 2}, keep_firing_for: 5m, for: 2m}
  - alert: Often
    on: [complaint, urge]
    by: [customer]
    within: 30m
    measures: {n: count()}
    levels:
      blue: n >= 2 and not seen(event_withdrawn, 10m)
      yellow: n >= 4
    for: 3m
    keep_firing_for: 10m
)";

struct Fact {
    std::string kind, id, customer, area, category, hall, corrects;
    std::optional<bool> escalated;
    Instant time = kBeforeAll;
    bool duplicate = false;
};

class Dice {
public:
    explicit Dice(std::uint32_t seed) : bits_(seed) {}
    std::size_t below(std::size_t n) { return bits_() % n; }
    std::string of(std::vector<std::string> choices) { return choices[below(choices.size())]; }
    std::size_t of(std::vector<std::size_t> choices) { return choices[below(choices.size())]; }

private:
    std::mt19937 bits_;
};

std::vector<Fact> any_facts(Dice& dice, int steps, std::size_t pause) {
    std::vector<Fact> facts;
    Instant time = from_millis(1'458'561'600'000);
    for (int i = 0; i < steps; ++i) {
        time += std::chrono::seconds(dice.below(pause));
        Fact f{dice.of({"complaint", "complaint", "urge"}),
               "e" + std::to_string(i),
               dice.of({"p", "q", "r", "s"}),
               {},
               {},
               {},
               {},
               std::nullopt,
               time - std::chrono::seconds(dice.below(3) == 0 ? dice.below(900) : 0)};
        const bool corrects = dice.below(3) == 0;
        if (corrects) {
            f.kind = dice.of({"event_withdrawn", "event_merged", "event_reclassified", "event_reclassified"});
            f.corrects = "e" + std::to_string(dice.below(static_cast<std::size_t>(i) + 3));  // some are still to come
        }
        const bool all = f.kind[0] != 'e';
        if (all || dice.below(2) == 0) f.area = dice.of({"north/a", "north/b", "south/c"});
        if (all || dice.below(2) == 0) f.category = dice.of({"bill", "net", "praise"});
        if (f.kind == "event_reclassified" || all) {
            if (dice.below(2) == 0) f.hall = dice.of({"h1", "h2", "h3"});
            if (dice.below(2) == 0) f.escalated = dice.below(2) == 0;
        }
        facts.push_back(f);
        if (dice.below(8) == 0) {
            facts.push_back(facts[dice.below(facts.size())]);
            facts.back().duplicate = true;
        }
    }
    return facts;
}

/// The same facts as if each had been told right at once: what is withdrawn never comes, and nothing corrects anything.
std::vector<Fact> told_right(const std::vector<Fact>& facts) {
    std::vector<Fact> right;
    for (Fact f : facts) {
        std::vector<const Fact*> said;
        bool gone = false;
        for (const Fact& c : facts) {
            const bool about = c.corrects == f.id && c.customer == f.customer && c.id != f.id && !c.duplicate;
            if (!about || !f.corrects.empty()) continue;
            gone = gone || c.kind != "event_reclassified";
            said.push_back(&c);
        }
        if (gone) continue;
        std::stable_sort(said.begin(), said.end(), [](const Fact* a, const Fact* b) { return a->time < b->time; });
        for (const Fact* c : said) {
            if (!c->area.empty()) f.area = c->area;
            if (!c->category.empty()) f.category = c->category;
            if (!c->hall.empty()) f.hall = c->hall;
            if (c->escalated) f.escalated = c->escalated;
        }
        f.corrects.clear();
        right.push_back(f);
    }
    return right;
}

std::string shown(const std::vector<Fact>& facts) {
    std::string out;
    for (const Fact& f : facts) {
        out += f.id + " " + f.kind + " " + std::to_string(to_millis(f.time) % 100'000'000 / 1000) + " " + f.customer +
               " " + f.area + " " + f.category + " " + f.hall + (f.corrects.empty() ? "" : " of " + f.corrects) + "\n";
    }
    return out;
}

class Side {
public:
    explicit Side(const char* rules = kRules) {
        rules_ = rules_of(schema_, rules);
        begin();
    }
    /// What is stored is read back, and all else is gone.
    void restart() {
        for (std::uint32_t i = 0; i < tasks_->size(); ++i) {
            put_on_disk(tasks_->task(i), stored_[i]);
        }
        begin();
    }
    void give(const Fact& f) {
        std::vector<FieldValue> fields;
        const auto put = [&](const char* name, Value value) { fields.push_back({*schema_.field(name), value}); };
        if (f.escalated) put("escalated_to_regulator", Value::of(*f.escalated));
        if (!f.hall.empty()) put("hall", Value::of_string(f.hall));
        if (!f.corrects.empty()) put("corrects", Value::of_string(f.corrects));
        std::sort(fields.begin(), fields.end(), [](const auto& a, const auto& b) { return a.field < b.field; });
        Event event;
        event.kind = *schema_.kind(f.kind);
        event.time = f.time;
        event.id = f.id;
        event.customer = event.subscriber = f.customer;
        event.area = f.area;
        event.category = f.category;
        event.fields = fields;
        highest_ = std::max(highest_, f.time);
        advance(highest_ - 15min);
        tasks_->apply(f.customer < "r" ? 0 : 1, event);
    }
    void advance(Instant t) {
        for (std::uint32_t i = 0; i < 2; ++i) tasks_->task(i).advance(t);
    }
    /// Every row of every profile, every bucket in which something happened, every open episode with its colour.
    std::set<std::string> all(Instant now) {
        advance(now);
        std::set<std::string> lines;
        for (std::uint32_t i = 0; i < 2; ++i) {
            tasks_->task(i).for_each_profile([&](std::string_view key, const ledger::Profile& profile, const States&) {
                for (const ledger::Row& row : profile.rows()) lines.insert(shown(key, row.event));
            });
            tasks_->task(i).for_each_open([&](const OpenEpisode& open) {
                lines.insert("open " + open.state.rule + " " + open.state.subject + " " + std::string(open.customer) +
                             " " + std::string(level_name(open.state.episode.level)));
            });
            tasks_->task(i).cells().for_each([&](std::string_view key, const ledger::Cell& cell) {
                for (const ledger::Bucket& b : cell.buckets()) {
                    if (b.events > 0) lines.insert(shown(i, key, b));
                }
            });
        }
        return lines;
    }

    /// All that was told, in whatever order, when the clock has passed `end`.
    std::multiset<std::string> told(Instant end) {
        tasks_->finish(end);
        take();
        return told_;
    }

private:
    std::string shown(std::string_view key, const Event& e) const {
        std::string line = std::string(key) + " " + schema_.kind_def(e.kind).name + " " + std::string(e.id) + " " +
                           std::string(e.area) + " " + std::string(e.category) + " " +
                           std::to_string(to_millis(e.time));
        for (const FieldValue& f : e.fields) {
            if (schema_.field_name(f.field) == "corrects") continue;
            line += " " + schema_.field_name(f.field) + "=" +
                    (f.value.type == Value::Type::kBool ? f.value.boolean ? "yes" : "no" : std::string(f.value.string));
        }
        return line;
    }
    static std::string shown(std::uint32_t task, std::string_view key, const ledger::Bucket& b) {
        std::string line = "cell " + std::to_string(task) + " " + std::string(key) + " " + std::to_string(b.index) +
                           " " + std::to_string(b.events) + " " + std::to_string(b.persons);
        for (const auto& r : b.repeats) line += " " + std::to_string(r.distance) + "x" + std::to_string(r.n);
        for (const auto& s : b.sums) line += " sum " + std::to_string(s);
        for (const auto& e : b.evidence) line += " " + e.id;
        return line;
    }
    void begin() {
        take();
        tasks_ = std::make_unique<TaskGroup>(setting_);
        for (std::uint32_t i = 0; i < tasks_->size(); ++i) {
            for (const auto& [key, value] : stored_[i]) RC_ASSERT(tasks_->task(i).load(key, value).ok());
        }
        tasks_->adopt(rules_);
    }
    void take() {
        for (std::uint32_t i = 0; tasks_ != nullptr && i < tasks_->size(); ++i) {
            for (const Transition& t : tasks_->task(i).take_transitions()) told_.insert(shown(t));
        }
    }
    static std::string shown(const Transition& t) {
        std::string line = t.rule + " " + t.episode_id + " " + std::to_string(t.number) + " " +
                           std::string(transition_name(t.kind)) + " " + std::string(level_name(t.level)) + " " +
                           std::string(close_reason_name(t.reason)) + " at " + std::to_string(to_millis(t.at));
        for (const auto& field : t.subject) line += " " + field.plain;
        for (const auto& [name, owned] : t.measures) line += " " + name + "=" + shown(owned.value);
        for (const std::string& id : t.events) line += " " + id;
        return line;
    }
    static std::string shown(const Value& v) {
        if (v.is_missing()) return "nothing";
        if (v.type == Value::Type::kBool) return v.boolean ? "true" : "false";
        return v.type == Value::Type::kNumber ? std::to_string(v.number) : std::to_string(v.integer);
    }

    EventSchema schema_ = EventSchema::builtin();
    AreaTree areas_;
    Pseudonymizer pseudonyms_ = Pseudonymizer::fixed();
    Setting setting_{schema_, areas_, pseudonyms_, {}, 2};
    std::shared_ptr<const RuleSet> rules_;
    std::unique_ptr<TaskGroup> tasks_;
    std::map<std::uint32_t, Rows> stored_;  // by task
    std::multiset<std::string> told_;
    Instant highest_ = kBeforeAll;
};

RC_GTEST_PROP(CorrectionsModel, WhatIsCorrectedIsAsIfItHadBeenToldRightAtOnce, ()) {
    Dice dice(*rc::gen::noShrink(rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<std::uint32_t>())));
    // Two hours at most: no bucket leaves all windows.
    const std::vector<Fact> facts = any_facts(dice, *rc::gen::inRange(1, 50), 120);
    Side corrected, right;
    Instant highest = kBeforeAll;
    for (const Fact& f : facts) {
        highest = std::max(highest, f.time);
        corrected.give(f);
        if (dice.below(8) == 0) corrected.restart();
    }
    for (const Fact& f : told_right(facts)) right.give(f);
    RC_ASSERT(corrected.all(highest) == right.all(highest));
}

RC_GTEST_PROP(CorrectionsModel, ARestartChangesNothingThatIsTold, ()) {
    Dice dice(*rc::gen::noShrink(rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<std::uint32_t>())));
    const std::vector<Fact> facts =
        any_facts(dice, *rc::gen::inRange(1, 50), dice.of(std::vector<std::size_t>{120, 1000}));
    const char* rules = dice.below(3) == 0 ? kRules : kMoreRules;
    Side once(rules), often(rules);
    Instant highest = kBeforeAll;
    for (const Fact& f : facts) {
        highest = std::max(highest, f.time);
        for (Side* side : {&once, &often}) side->give(f);
        if (dice.below(4) == 0) often.restart();
    }
    std::string differs;
    const auto expected = once.told(highest + 24h), told = often.told(highest + 24h);
    for (const std::string& line : expected) differs += told.contains(line) ? "" : "missing " + line + "\n";
    for (const std::string& line : told) differs += expected.contains(line) ? "" : "told " + line + "\n";
    RC_TAG(expected.empty() ? "nothing told" : "something told");
    if (told != expected) RC_FAIL(shown(facts) + differs);
}

}  // namespace
}  // namespace tocsin::task
