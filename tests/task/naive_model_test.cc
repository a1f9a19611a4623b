/// Random rules over random events, judged by tasks and by recounting everything at every step: the same transitions.
/// 100 cases; RC_PARAMS="max_success=100000" runs more.

#include <gtest/gtest.h>
// rapidcheck wants gtest before it
#include <rapidcheck/gtest.h>

#include "naive_model.h"
#include "rules/judge.h"
#include "rules/loader.h"
#include "task/task_group.h"

namespace tocsin::task {
namespace {

using naive::Dice;
using naive::Fact;
using naive::Millis;
using naive::Thing;

constexpr const char* kColourNames[] = {"", "blue", "yellow", "orange", "red"};
constexpr Millis kStart = 1'458'561'600'000;
constexpr Millis kLongRetention = 3'600'000;
constexpr Millis kMonths = 50 * naive::Window::kDay;  // calendar windows fit
/// The nights before a day, a week and a month begin in Shanghai: 2016-04-02, 2016-04-04, 2016-04-01.
constexpr Millis kNights[] = {1'459'526'370'000, 1'459'699'170'000, 1'459'439'970'000};

/// Kinds a, b and c with fields of all types, some of them shared.
EventSchema make_schema() {
    EventSchema schema = EventSchema::builtin();
    const FieldDef n{"n", FieldType::kInt, {}, "", 0}, x{"x", FieldType::kNumber, {}, "", 0},
        s{"s", FieldType::kString, {}, "", 0}, f{"f", FieldType::kBool, {}, "", 0}, w{"w", FieldType::kTime, {}, "", 0},
        d{"d", FieldType::kDuration, {}, "", 0};
    std::string problem;
    EXPECT_TRUE(schema.add({"a", {n, x, s, f, w, d}}, problem)) << problem;
    EXPECT_TRUE(schema.add({"b", {n, f, s}}, problem)) << problem;
    EXPECT_TRUE(schema.add({"c", {x}}, problem)) << problem;
    return schema;
}
const EventSchema& schema() {
    static const EventSchema made = make_schema();
    return made;
}

// --- rules -----------------------------------------------------------------------------------------------------------

naive::Condition any_condition(const naive::Rule& rule, Dice& dice) {
    naive::Condition c;
    c.function = static_cast<std::size_t>(dice.below(static_cast<int>(rule.functions.size())));
    const naive::Function& f = rule.functions[c.function];
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
bool fits(const naive::Rule& rule, const naive::Condition& c) {
    const char type = rule.functions[c.function].type;
    if (type == 't') return false;
    return rule.clear == 100 || type == 'n' || type == 'd';
}

naive::Rule any_rule(Dice& dice, Millis retention) {
    naive::Rule rule;
    rule.on = dice.of<std::vector<std::string>>({{"a"}, {"a"}, {"a", "b"}});
    rule.by = dice.of<std::vector<std::string>>(
        {{"customer"}, {"customer"}, {"subscriber"}, {"customer", "category"}, {"subscriber", "category"}});
    if (dice.one_in(2)) rule.where = naive::any_predicate(dice);
    rule.within.length = dice.of<Millis>({5000, 15'000, 30'000});
    if (retention > kLongRetention) rule.within.unit = dice.of({'d', 'w', 'm'});
    rule.keep = dice.of<Millis>({0, 0, 4000, 11'000});
    if (dice.one_in(3)) rule.dwell = dice.of<Millis>({2000, 7000, 25'000});
    // Where rows are forgotten, when a colour began to hold cannot always be told: it would rise at another time.
    if (retention >= kLongRetention && dice.one_in(2)) rule.hold = dice.of<Millis>({1000, 3000, 8000});
    if (dice.one_in(3)) rule.clear = 50;
    const int functions = 1 + dice.below(5);
    for (int i = 0; i < functions; ++i) rule.functions.push_back(naive::any_function(dice, rule.within, retention));
    for (int level = 1; level <= 4; ++level) {
        if (dice.one_in(2) && !(level == 4 && rule.colours.empty())) continue;
        naive::Colour colour{level, dice.one_in(2), {}};
        for (int tries = 0; tries < 20 && (tries < 2 || colour.conditions.empty()); ++tries) {
            const naive::Condition c = any_condition(rule, dice);
            if (fits(rule, c) && !(rule.clear != 100 && c.op.empty())) colour.conditions.push_back(c);
        }
        if (!colour.conditions.empty()) rule.colours.push_back(colour);
    }
    return rule;
}

std::string list_of(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& n : names) out += (out.empty() ? "[" : ", ") + n;
    return out + "]";
}

std::string bound_text(const naive::Rule& rule, const naive::Condition& c) {
    if (const auto* text = std::get_if<std::string>(&c.bound)) return "\"" + *text + "\"";
    const double amount = std::get<double>(c.bound);
    if (rule.functions[c.function].type == 'd') return naive::seconds(static_cast<Millis>(amount));
    return std::to_string(amount);
}

std::string window_text(const naive::Window& window) {
    const std::string unit = window.unit == 'd' ? "day" : window.unit == 'w' ? "week" : "month";
    return window.unit == 0 ? "    within: " + naive::seconds(window.length) : "    window: calendar " + unit;
}

/// Measures are named or, every second time, written where they are used.
std::string text_of(const naive::Rule& rule, Dice& dice) {
    const auto name = [&](std::size_t i) { return dice.one_in(2) ? rule.functions[i].text : "m" + std::to_string(i); };
    std::string measures, levels;
    for (std::size_t i = 0; i < rule.functions.size(); ++i) {
        measures += "      m" + std::to_string(i) + ": '" + rule.functions[i].text + "'\n";
    }
    for (const naive::Colour& colour : rule.colours) {
        std::string level;
        for (const naive::Condition& c : colour.conditions) {
            level += level.empty() ? "" : colour.all ? " and " : " or ";
            level += (c.negated ? "not " : "") + name(c.function);
            if (c.minus) level += " - " + name(*c.minus);
            if (!c.op.empty()) level += " " + c.op + " " + bound_text(rule, c);
        }
        levels += "      " + std::string(kColourNames[colour.level]) + ": '" + level + "'\n";
    }
    return "groups:\n- name: g\n  rules:\n  - alert: R\n    on: " + list_of(rule.on) + "\n    by: " + list_of(rule.by) +
           "\n" + (rule.where ? "    where: '" + rule.where->text + "'\n" : "") +
           window_text(rule.within) + "\n    keep_firing_for: " + naive::seconds(rule.keep) +
           (rule.hold > 0 ? "\n    for: " + naive::seconds(rule.hold) : "") +
           (rule.dwell > 0 ? "\n    dwell: " + naive::seconds(rule.dwell) : "") +
           "\n    clear: " + std::to_string(rule.clear) + "%\n    measures:\n" + measures + "    levels:\n" + levels;
}

std::shared_ptr<const RuleSet> loaded(const std::string& text, Millis retention) {
    yaml::Diagnostics diagnostics;
    rules::RuleSources sources;
    sources.files = {{"r.yml", text}};
    sources.read = [](const std::string& path) -> Result<std::string> { return reject("no file " + path); };
    sources.zone = *Zone::make("Asia/Shanghai");
    rules::RuleLimits limits;
    limits.retention = Duration(retention);
    auto set = rules::load_rules(sources, schema(), limits, diagnostics);
    if (!set.ok()) RC_FAIL(text + diagnostics.text());
    return std::make_shared<const RuleSet>(std::move(*set));
}

// --- events ----------------------------------------------------------------------------------------------------------

Fact any_fact(Dice& dice, int index, Millis time) {
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

/// What the case is made of: a rule, and records in the order they are read, some of them twice.
struct Case {
    static constexpr Millis kDisorder = 6000;
    Millis retention, start = kStart;
    naive::Rule rule;
    std::string text;
    std::vector<Fact> facts;
    std::vector<bool> restarts;

    Case(std::uint32_t seed, int steps) {
        Dice dice(seed, 0);
        retention = dice.of<Millis>({60'000, 60'000, kLongRetention, kMonths});
        do {
            rule = any_rule(dice, retention);
        } while (rule.colours.empty());
        text = text_of(rule, dice);
        if (const char unit = rule.within.unit; unit != 0) start = kNights[unit == 'd' ? 0 : unit == 'w' ? 1 : 2];
        Millis time = start;
        const int jitter = dice.of({0, 0, 5, 6, 12});
        for (int i = 0; i < steps; ++i) {
            Dice step(seed, static_cast<std::uint32_t>(i + 1));
            time += 1000 * step.of({0, 0, 1, 1, 2, 3, 9});
            facts.push_back(any_fact(step, i, time - 1000 * (jitter == 0 ? 0 : step.below(jitter + 1))));
            if (step.one_in(10))
                facts.push_back(
                    facts[facts.size() - 1 -
                          static_cast<std::size_t>(step.below(std::min<int>(4, static_cast<int>(facts.size()))))]);
        }
        for (std::size_t i = 0; i < facts.size(); ++i) restarts.push_back(dice.one_in(15));
    }
};

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

using Told = std::map<std::string, std::vector<std::string>>;  // by subject

/// Where rows are forgotten, a rise that a late event made cannot be traced back to where it began.
std::string without_origin(const std::string& line) {
    if (line[0] != 'o' && line[0] != 'r') return line;
    const std::size_t begin = line.find(" at ");
    const std::size_t words = line[0] == 'o' ? 4 : 2;  // at TIME by ID
    std::size_t end = begin;
    for (std::size_t i = 0; i < words; ++i) end = line.find(' ', end + 1);
    return line.substr(0, begin) + line.substr(end);
}

Told recounted(const Case& c) {
    std::vector<Fact> known;  // reserved: subjects point into it
    known.reserve(c.facts.size());
    std::map<std::string, naive::Subject> subjects;
    Millis clock = INT64_MIN / 4, highest = INT64_MIN / 4;
    for (const Fact& fact : c.facts) {
        highest = std::max(highest, fact.time);
        clock = std::max(clock, highest - Case::kDisorder);
        for (auto& [key, s] : subjects) s.run(clock);
        if (fact.time < clock - c.retention) continue;
        if (std::any_of(known.begin(), known.end(), [&](const Fact& k) { return k.id == fact.id; })) continue;
        Millis now = std::max(clock, fact.time);
        for (const Fact& k : known) {
            if (k.customer == fact.customer) now = std::max(now, k.time);
        }
        for (auto& [key, s] : subjects) {
            if (s.like().customer == fact.customer) s.run(fact.time);
        }
        known.push_back(fact);
        for (auto& [key, s] : subjects) s.know(known.back());
        const auto own = c.rule.subject(fact);
        if (own && c.rule.counts(fact) && !subjects.contains(*own)) {
            naive::Subject& fresh = subjects.emplace(*own, naive::Subject(c.rule, fact)).first->second;
            for (const Fact& k : known) fresh.know(k);
        }
        for (auto& [key, s] : subjects) {
            const bool counted = c.rule.counts(fact) && own == key;
            if (counted || (c.rule.same_person(fact, s.like()) && c.rule.watches(fact))) s.judge(now, &known.back());
        }
    }
    Told told;
    for (auto& [key, s] : subjects) {
        s.run(highest + 500'000 + 1);
        if (!s.told.empty()) told[key] = s.told;
    }
    return told;
}

/// The case's rule and events, in tasks.
class Real {
public:
    explicit Real(const Case& c) : case_(c), rules_(loaded(c.text, c.retention)) {
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
            if (case_.restarts[i]) restart();
        }
        tasks_->finish(highest + Duration(500'000));
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
        struct Sink {
            std::map<std::string, std::string>& rows;
            void put(std::string_view k, std::string_view v) { rows[std::string(k)] = v; }
            void del(std::string_view k) { rows.erase(std::string(k)); }
        };
        WriteBatch batch;
        tasks_->task(0).write(batch);
        batch.for_each(Sink{stored_});
        start();
    }
    void give(const Fact& fact) {
        std::vector<FieldValue> fields;
        tasks_->apply(0, event_of(fact, fields));
    }
    void collect() {
        for (const Transition& t : tasks_->task(0).take_transitions()) {
            if (t.kind == TransitionKind::kUpdated) continue;
            std::string line = std::string(transition_name(t.kind)) + " " + std::to_string(static_cast<int>(t.level)) +
                               " from " + std::to_string(static_cast<int>(t.previous_level)) + " at " +
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
    std::shared_ptr<const RuleSet> rules_;
    AreaTree areas_;
    Pseudonymizer pseudonyms_ = Pseudonymizer::fixed();
    Setting setting_{schema(), areas_, pseudonyms_, {}, 1};
    std::unique_ptr<TaskGroup> tasks_;
    std::map<std::string, std::string> stored_;
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
    std::string out = c.text;
    for (std::size_t i = 0; i < c.facts.size(); ++i) {
        const Fact& f = c.facts[i];
        out += f.id + " " + f.kind + " " + std::to_string(f.time - c.start) + " " + f.subscriber + " " + f.category;
        for (const auto& [name, value] : f.fields) out += " " + name + "=" + naive::shown(value);
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
            if (c.rule.counts(*facts[i])) counted.push_back(facts[i]);
        }
        std::vector<Value> values;
        rules::measure(rule, {rows, rows}, from_millis(now), values);
        next = rules::next_change(rule, {rows, rows}, from_millis(now));
        for (std::size_t i = 0; i < c.rule.functions.size(); ++i) {
            const naive::Function& f = c.rule.functions[i];
            judged += shown(values[i], values[i].string) + " ";
            recounted += naive::shown(naive::recount(f, f.of_person() ? facts : counted, now)) + " ";
        }
    }
};

RC_GTEST_PROP(NaiveModel, MeasuresEqualARecountAtAnyInstantAndChangeOnlyWhereSaid, ()) {
    const auto seed = *rc::gen::noShrink(rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<std::uint32_t>()));
    const Case c(seed, *rc::gen::inRange(1, 60));
    const auto rules = loaded(c.text, c.retention);
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

RC_GTEST_PROP(NaiveModel, TransitionsEqualThoseOfARecountAtEveryStep, ()) {
    const auto seed = *rc::gen::noShrink(rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<std::uint32_t>()));
    const Case c(seed, *rc::gen::inRange(1, 60));
    Told expected = recounted(c);
    Told told = Real(c).told();
    if (c.retention < kLongRetention) {
        for (Told* side : {&expected, &told}) {
            for (auto& [key, lines] : *side) {
                for (std::string& line : lines) line = without_origin(line);
            }
        }
    }
    RC_TAG(expected.empty() ? "nothing told" : "something told");
    if (told != expected) {
        RC_FAIL("seed " + std::to_string(seed) + "\n" + shown(c) + "expected\n" + shown(expected) + "told\n" +
                shown(told));
    }
}

}  // namespace
}  // namespace tocsin::task
