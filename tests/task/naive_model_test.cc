/// Random rules over random events, some of them corrected, and reloads, judged by tasks and by recounting everything
/// at every step: the same transitions. 100 cases; with RC_PARAMS="max_success=N", as task.random_cases has it and
/// ./dev model, N.

#include <gtest/gtest.h>
// rapidcheck wants gtest before it
#include <rapidcheck/gtest.h>

#include "base/phases.h"
#include "disk.h"
#include "naive_recount.h"
#include "rules/judge.h"
#include "rules/loader.h"
#include "task/task_group.h"

namespace tocsin::task {
namespace {

using naive::Case;
using naive::Fact;
using naive::kLongRetention;
using naive::kPhases;
using naive::Millis;
using naive::Thing;
using naive::Told;

/// Kinds a, b and c with fields of all types, some of them shared.
EventSchema make_schema() {
    EventSchema schema = EventSchema::builtin();
    const FieldDef n{"n", FieldType::kInt, {}, "", 0}, x{"x", FieldType::kNumber, {}, "", 0},
        s{"s", FieldType::kString, {}, "", 0}, f{"f", FieldType::kBool, {}, "", 0}, w{"w", FieldType::kTime, {}, "", 0},
        d{"d", FieldType::kDuration, {}, "", 0}, corrects{"corrects", FieldType::kString, {}, "", 0},
        phase{"phase", FieldType::kString, {}, "", 0};
    std::string problem;
    EXPECT_TRUE(schema.add({"a", {n, x, s, f, w, d}}, problem)) << problem;
    EXPECT_TRUE(schema.add({"b", {n, f, s}}, problem)) << problem;
    EXPECT_TRUE(schema.add({"c", {x}}, problem)) << problem;
    EXPECT_TRUE(schema.add({"event_reclassified", {n, x, s, f, w, d, corrects, phase}}, problem)) << problem;
    return schema;
}
const EventSchema& schema() {
    static const EventSchema made = make_schema();
    return made;
}

std::shared_ptr<const PhasePlan> plan_of(const naive::Rule& rule) {
    auto plan = std::make_shared<PhasePlan>();
    plan->names.assign(std::begin(kPhases), std::end(kPhases));
    plan->settle = Duration(rule.settle);
    for (const auto& [at, phase] : rule.plan) plan->areas[""].push_back({from_millis(at), phase});
    return plan;
}

std::shared_ptr<const RuleSet> loaded(const Case& c, const naive::Version& version) {
    yaml::Diagnostics diagnostics;
    rules::RuleSources sources;
    sources.files = {{"r.yml", version.text}};
    sources.read = [](const std::string& path) -> Result<std::string> { return reject("no file " + path); };
    sources.phases = plan_of(c.rule());
    sources.zone = *Zone::make("Asia/Shanghai");
    rules::RuleLimits limits;
    limits.retention = Duration(c.retention);
    auto set = rules::load_rules(sources, schema(), limits, diagnostics);
    if (!set.ok()) RC_FAIL(version.text + diagnostics.text());
    return std::make_shared<const RuleSet>(std::move(*set));
}

// --- events ----------------------------------------------------------------------------------------------------------

Value value_of(FieldId field, const Thing& thing) {
    if (const auto* b = std::get_if<bool>(&thing)) return Value::of(*b);
    if (const auto* s = std::get_if<std::string>(&thing)) return Value::of_string(*s);
    const double amount = std::get<double>(thing);
    switch (schema().field_type(field)) {
        case FieldType::kTime:
            return Value::of_time(from_millis(static_cast<Millis>(amount)));
        case FieldType::kDuration:
            return Value::of_duration(Duration(static_cast<Millis>(amount)));
        case FieldType::kInt:
            return Value::of_int(static_cast<std::int64_t>(amount));
        default:
            return Value::of_number(amount);
    }
}

/// A view of the fact; `fields` holds its values.
Event event_of(const Fact& fact, std::vector<FieldValue>& fields) {
    for (const auto& [name, thing] : fact.fields) {
        const FieldId field = *schema().field(name);
        fields.push_back({field, value_of(field, thing)});
    }
    if (!fact.corrects.empty()) fields.push_back({*schema().field("corrects"), Value::of_string(fact.corrects)});
    std::sort(fields.begin(), fields.end(), [](const auto& a, const auto& b) { return a.field < b.field; });
    Event event;
    event.kind = *schema().kind(fact.kind);
    event.time = from_millis(fact.time);
    event.id = fact.id;
    event.customer = fact.customer;
    event.subscriber = fact.subscriber;
    event.category = fact.category;
    event.fields = fields;
    return event;
}

std::string shown(const Value& value, std::string_view text) {
    switch (value.type) {
        case Value::Type::kMissing:
            return "nothing";
        case Value::Type::kBool:
            return value.boolean ? "true" : "false";
        case Value::Type::kString:
            return std::string(text);
        case Value::Type::kNumber:
            return std::to_string(value.number);
        default:
            return std::to_string(static_cast<double>(value.integer));
    }
}

// --- the two sides ---------------------------------------------------------------------------------------------------

/// The case's rule and events, in tasks.
class Real {
public:
    explicit Real(const Case& c) : case_(c), version_(&c.versions[0]) {
        setting_.limits.retention = Duration(c.retention);
        setting_.limits.dedup = Duration(c.retention);
        start();
    }
    Told told() {
        Instant highest = kBeforeAll;
        for (std::size_t i = 0; i < case_.facts.size(); ++i) {
            const Fact& fact = case_.facts[i];
            highest = std::max(highest, from_millis(fact.time));
            tasks_->task(0).advance(highest - Duration(Case::kDisorder));
            give(fact);
            collect();
            const naive::Version& next = case_.versions[case_.in_force[i]];
            const bool reloads = std::exchange(version_, &next) != &next;
            if (reloads) rules_ = loaded(case_, *version_);
            if (case_.restarts[i])
                restart();
            else if (reloads)
                tasks_->adopt(rules_);
            while (tasks_->sweep(1000)) continue;
            collect();
        }
        tasks_->finish(highest + Duration(Case::kAfter));
        collect();
        return told_;
    }

private:
    void start() {
        tasks_ = std::make_unique<TaskGroup>(setting_);
        for (const auto& [key, value] : stored_) RC_ASSERT(tasks_->task(0).load(key, value).ok());
        tasks_->adopt(rules_);
    }
    void restart() {
        put_on_disk(tasks_->task(0), stored_);
        start();
    }
    void give(const Fact& fact) {
        std::vector<FieldValue> fields;
        tasks_->apply(0, event_of(fact, fields));
    }
    static std::string named(const Transition& t) {
        const std::string name(transition_name(t.kind));
        const bool told = t.reason != CloseReason::kNone && t.reason != CloseReason::kQuiet;
        return told ? name + " as " + std::string(close_reason_name(t.reason)) : name;
    }
    void collect() {
        for (const Transition& t : tasks_->task(0).take_transitions()) {
            if (t.kind == TransitionKind::kUpdated) continue;
            std::string line = named(t) + " " + std::to_string(static_cast<int>(t.level)) + " from " +
                               std::to_string(static_cast<int>(t.previous_level)) + " at " +
                               std::to_string(to_millis(t.at));
            if (t.kind == TransitionKind::kOpened) line += " by " + t.trigger;
            for (const auto& [name, owned] : t.measures) line += " " + shown(owned.value, owned.text);
            const std::set<std::string> events(t.events.begin(), t.events.end());
            line += events.size() >= 20 ? " many" : " of";
            for (const std::string& id : events) line += events.size() < 20 ? " " + id : "";
            std::string key;
            for (const auto& field : t.subject) key += field.plain + " ";
            told_[key].push_back(line);
        }
    }

    const Case& case_;
    const naive::Version* version_;
    std::shared_ptr<const RuleSet> rules_ = loaded(case_, *version_);
    AreaTree areas_;
    Pseudonymizer pseudonyms_ = Pseudonymizer::fixed();
    Setting setting_{schema(), areas_, pseudonyms_, {}, 1};
    std::unique_ptr<TaskGroup> tasks_;
    Rows stored_;
    Told told_;
};

std::string shown(const Told& told) {
    std::string out;
    for (const auto& [key, lines] : told) {
        out += key + "\n";
        for (const std::string& line : lines) out += "  " + line + "\n";
    }
    return out;
}

std::string shown(const Case& c) {
    std::string out;
    for (const naive::Version& version : c.versions) out += version.text;
    for (std::size_t i = 0; i < c.facts.size(); ++i) {
        const Fact& f = c.facts[i];
        out += f.id + " " + f.kind + " " + std::to_string(f.time - c.start) + " " + f.subscriber + " " + f.category;
        if (!f.corrects.empty()) out += " of " + f.corrects;
        for (const auto& [name, value] : f.fields) out += " " + name + "=" + naive::shown(value);
        if (c.in_force[i] != (i == 0 ? 0 : c.in_force[i - 1])) out += " reload " + std::to_string(c.in_force[i]);
        out += c.restarts[i] ? " restart\n" : "\n";
    }
    return out;
}

/// The rule's measures at `now` by the judge and by recounting, over events in order of their times.
struct Measured {
    std::string judged, recounted;
    Instant next = kNever;

    Measured(const Case& c, const Rule& rule, const std::vector<const Fact*>& facts, Millis now) {
        std::vector<std::vector<FieldValue>> fields(facts.size());
        std::vector<Event> rows;
        std::vector<const Fact*> counted;
        for (std::size_t i = 0; i < facts.size(); ++i) {
            rows.push_back(event_of(*facts[i], fields[i]));
            if (c.rule().counts(*facts[i])) counted.push_back(facts[i]);
        }
        std::vector<Value> values;
        rules::measure(rule, {rows, rows}, from_millis(now), values);
        next = rules::next_change(rule, {rows, rows}, from_millis(now));
        for (std::size_t i = 0; i < c.rule().functions.size(); ++i) {
            const naive::Function& f = c.rule().functions[i];
            judged += shown(values[i], values[i].string) + " ";
            recounted += naive::shown(naive::recount(f, f.of_person() ? facts : counted, now)) + " ";
        }
    }
};

std::uint32_t any_seed() {
    return *rc::gen::noShrink(rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<std::uint32_t>()));
}

RC_GTEST_PROP(NaiveModel, MeasuresEqualARecountAtAnyInstantAndChangeOnlyWhereSaid, ()) {
    const std::uint32_t seed = any_seed();
    const Case c(seed, *rc::gen::inRange(1, 60));
    const auto rules = loaded(c, c.versions[0]);
    std::vector<const Fact*> facts;
    for (const Fact& fact : c.facts) facts.push_back(&fact);
    std::stable_sort(facts.begin(), facts.end(), [](const Fact* a, const Fact* b) { return a->time < b->time; });
    const Millis now = c.start + *rc::gen::inRange<Millis>(-20'000, 200'000);
    const Measured here(c, rules->rules[0], facts, now);
    if (here.judged != here.recounted) RC_FAIL(shown(c) + "recounted " + here.recounted + "judged " + here.judged);
    const Millis next = std::min(to_millis(here.next), now + 500'000);
    const Millis before = *rc::gen::inRange<Millis>(now, next);
    const Measured later(c, rules->rules[0], facts, before);
    if (later.judged != here.judged) RC_FAIL(shown(c) + "changed at " + std::to_string(before - c.start));
}

/// Where rows are forgotten, a rise that a late event made cannot be traced back to where it began.
std::string without_origin(const std::string& line) {
    if (line[0] != 'o' && line[0] != 'r') return line;
    const std::size_t begin = line.find(" at ");
    const std::size_t words = line[0] == 'o' ? 4 : 2;  // at TIME by ID
    std::size_t end = begin;
    for (std::size_t i = 0; i < words; ++i) end = line.find(' ', end + 1);
    return line.substr(0, begin) + line.substr(end);
}

void expect_equal_transitions(std::uint32_t seed, const Case& c) {
    Told expected = naive::recounted(c);
    Told told = Real(c).told();
    if (c.retention < kLongRetention) {
        for (Told* side : {&expected, &told}) {
            for (auto& [key, lines] : *side) {
                for (std::string& line : lines) line = without_origin(line);
            }
        }
    }
    const bool retracted = shown(expected).find("corrected") != std::string::npos;
    RC_TAG(expected.empty() ? "nothing told" : retracted ? "something retracted" : "something told");
    if (told != expected) {
        RC_FAIL("seed " + std::to_string(seed) + "\n" + shown(c) + "expected\n" + shown(expected) + "told\n" +
                shown(told));
    }
}

RC_GTEST_PROP(NaiveModel, TransitionsEqualThoseOfARecountAtEveryStep, ()) {
    const std::uint32_t seed = any_seed();
    expect_equal_transitions(seed, Case(seed, *rc::gen::inRange(1, 60)));
}

RC_GTEST_PROP(NaiveModel, TransitionsEqualThoseOfARecountOfWhatStandsCorrected, ()) {
    const std::uint32_t seed = any_seed();
    expect_equal_transitions(seed, Case(seed, *rc::gen::inRange(1, 60), {.corrections = true}));
}

RC_GTEST_PROP(NaiveModel, TransitionsEqualThoseOfARecountWithTheRulesOfEachReload, ()) {
    const std::uint32_t seed = any_seed();
    expect_equal_transitions(seed,
                             Case(seed, *rc::gen::inRange(1, 60), {.corrections = seed % 2 == 0, .reloads = true}));
}

TEST(NaiveModel, CorrectionsAndReloadsThatDoNothingAreFound) {
    int corrections = 0, reloads = 0;
    for (std::uint32_t seed = 1; seed <= 200; ++seed) {
        Case c(seed, 40, {.corrections = true, .reloads = true});
        const Told expected = naive::recounted(c);
        Case without = c;
        for (Fact& fact : without.facts) fact.corrects.clear();
        corrections += Real(without).told() == expected ? 0 : 1;
        c.in_force.assign(c.facts.size(), 0);
        reloads += Real(c).told() == expected ? 0 : 1;
    }
    EXPECT_GT(corrections, 20);
    EXPECT_GT(reloads, 20);
}

}  // namespace
}  // namespace tocsin::task
