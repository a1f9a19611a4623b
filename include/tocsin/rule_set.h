#pragma once
/// What authors may say: rule files after loading and type checking. Immutable; shared by all tasks of a process.
/// A reload makes a new RuleSet; whoever still judges with the old one keeps it alive.

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tocsin/event.h"
#include "tocsin/thresholds.h"
#include "tocsin/time.h"

namespace tocsin {

struct Calendar;        // base/calendar.h
struct CalendarWindow;  // base/calendar_window.h
struct PhasePlan;       // base/phases.h

/// What an expression may look at. Fields that the rule's compiler proved unused may stay empty.
struct EvalContext {
    const Event* event = nullptr;     ///< `where`, `after … where`, predicates of any(); promises: `after.field`
    std::span<const Value> measures;  ///< level expressions: one per Rule::measures
    const Thresholds* thresholds = nullptr;
    std::optional<Duration> overdue;   ///< promises: judging instant minus due time
    std::optional<std::int64_t> open;  ///< promises: of this customer under this rule, due and not yet ended
};

/// A typed, compiled expression of design section 7. Cheap to copy (shared, immutable).
class Expression {
public:
    class Code;
    Expression() = default;  ///< always true: a `where` that is not there
    explicit Expression(std::shared_ptr<const Code> code) : code_(std::move(code)) {}

    [[nodiscard]] bool empty() const { return code_ == nullptr; }
    /// Missing operands follow design 7: `== < <= > >= in matches` false, `!=` and `not in` true.
    [[nodiscard]] Value evaluate(const EvalContext& context) const;
    /// evaluate() of a boolean expression; an empty expression holds.
    [[nodiscard]] bool holds(const EvalContext& context) const;
    /// For the compiler; null if empty.
    [[nodiscard]] const Code* code() const { return code_.get(); }

private:
    std::shared_ptr<const Code> code_;
};

/// Appended to only: the numbers are part of definition hashes.
enum class MeasureFn : std::uint8_t {
    kCount,
    kDistinct,
    kSum,
    kAny,
    kAvg,
    kMin,
    kMax,
    kRatio,
    kAll,
    kFirst,
    kLast,
    kQuantile,
    kSeen,
    kAttr
};

/// One function over the matching events of a subject, or (kSeen, kAttr) over everything remembered of its person. A
/// function written inside a level (`any(x)`) becomes a measure without a name.
struct Measure {
    std::string name;  ///< empty: anonymous, not printed
    MeasureFn fn = MeasureFn::kCount;
    Value::Type type = Value::Type::kInt;            ///< of its values, those that are not missing
    FieldId field = 0;                               ///< kDistinct kSum kAvg kMin kMax kFirst kLast kQuantile kAttr
    Expression predicate;                            ///< kAny kRatio kAll
    KindId kind = 0;                                 ///< kSeen
    std::int64_t share = 0;                          ///< kQuantile: 0 to kSumScale
    Duration window{};                               ///< (t - window, t]; with `calendar` no window is longer
    std::shared_ptr<const CalendarWindow> calendar;  ///< null: sliding

    /// What counts at `t` lies in (after(t), t].
    [[nodiscard]] Instant after(Instant t) const;
    /// The first instant at which what happened at `t` does not count any more.
    [[nodiscard]] Instant leaves(Instant t) const;
    /// Over all events of the person, whatever `on` and `where` say.
    [[nodiscard]] bool of_person() const { return fn == MeasureFn::kSeen || fn == MeasureFn::kAttr; }
};

/// Numbers are scaled by this to add up exactly in any order: sums are integers of millionths.
constexpr std::int64_t kSumScale = 1'000'000;

/// A field of the after event that levels look at: kept with the promise, under its name.
struct AfterField {
    FieldId field = 0;
    std::string name;
};

/// `expect:` (design 7). The due time is within after the `after` event (counted by the clock, or by a calendar in
/// workdays or working time), or the value of field `due`.
struct Expect {
    std::vector<KindId> after;
    Expression after_where;
    std::vector<KindId> event;
    Expression event_where;
    std::vector<KindId> cancel_on;
    Expression cancel_where;
    std::optional<Duration> within;
    std::optional<FieldId> due;
    std::int64_t workdays = 0;                 ///< 0: not counted in workdays
    Duration working_time{};                   ///< 0: not counted in working hours
    std::shared_ptr<const Calendar> calendar;  ///< with workdays or working_time
    bool restart = false;
    std::vector<AfterField> after_fields;
    bool looks_at_open = false;             ///< a level looks at `open`
    std::optional<Duration> rollup_window;  ///< there is a `rollup`: the window of its `broken`
};

/// What a template may print.
struct TemplateContext {
    std::span<const Value> measures;            ///< by Rule::measures
    std::optional<Duration> overdue;            ///< promises
    std::map<std::string, std::string> labels;  ///< by fields (pseudonyms), area, level, alertname, the rule's labels
    const Event* last = nullptr;                ///< the newest event that is known to stand behind it; null: none is
    /// Numbers that may stand in a field of `last`, and what is printed in their place, wherever they come out.
    std::vector<std::pair<std::string_view, std::string>> hidden;
};

/// `{{ $n | humanize }}`-style text, checked at load.
class Template {
public:
    /// What is longer is cut, at a character, and ends in "…".
    static constexpr std::size_t kRenderedBytesMax = 8192;

    class Code;
    Template() = default;
    explicit Template(std::shared_ptr<const Code> code) : code_(std::move(code)) {}
    [[nodiscard]] std::string render(const TemplateContext& context) const;
    /// Whether it prints anything of TemplateContext::last: only then `hidden` matters.
    [[nodiscard]] bool looks_at_last() const;

private:
    std::shared_ptr<const Code> code_;
};

/// What `overrides` puts in place of a rule's colours during one phase; colours that are not there stay as they are.
struct PhaseOverride {
    std::string phase;
    std::array<std::optional<Expression>, kLevels> levels, stays;
};

struct Rule {
    std::string name;
    std::string group;
    std::string id;  ///< author's own id; empty: none
    std::string owner;
    std::string source;       ///< where the thresholds come from
    std::uint32_t order = 0;  ///< position among all rules, in file and line order
    std::string file;         ///< for messages and the API
    int line = 0;

    std::vector<KindId> on;  ///< empty for expect rules
    Expression where;
    std::vector<FieldId> by;  ///< as written; kFieldCustomer or kFieldSubscriber in it: a person rule, else cells
    bool person = false;
    bool raises_case = false;                        ///< else a warning
    bool experimental = false;                       ///< judged and shown, never notified
    Duration within{};                               ///< with `calendar` no window is longer
    std::shared_ptr<const CalendarWindow> calendar;  ///< `window: calendar …`; null: sliding
    std::vector<Measure> measures;
    std::vector<KindId> watched;  ///< kinds that seen() and attr() look at: they do not count, but may change a level
    std::array<std::optional<Expression>, kLevels> levels;
    /// The same with the right side of each comparison scaled by `clear`: what keeps an episode at its level.
    std::array<std::optional<Expression>, kLevels> stays;
    /// A level may begin to hold because time passes and no event comes (`n < 3`): closed subjects need timers too.
    bool rises_without_event = false;
    std::shared_ptr<const PhasePlan> plan;  ///< of rules with `phases` or `overrides`; null: they hold at all times
    std::vector<std::string> phases;        ///< it only holds in these; empty: in all
    std::vector<PhaseOverride> overrides;
    Duration hold_for{};  ///< `for`: how long a colour must hold before it is taken
    Duration keep_firing_for{};
    Duration dwell{};        ///< how long a colour stays at least, whatever holds
    Duration interval{};     ///< judged at its multiples only; 0: at every event
    std::int64_t limit = 0;  ///< of how many open episodes receivers are told; 0: of all
    std::array<bool, kAreaLevels> rollup_areas{true, true, true, true};  ///< index by AreaLevel
    std::shared_ptr<const ThresholdTable> thresholds;                    ///< null: none
    std::optional<Expect> expect;
    /// Instants after due at which a level expression may change: the constants `overdue` is compared with, ascending.
    std::vector<Duration> overdue_steps;
    /// The rule is the `rollup` of this one (by order): its measures are `open`, whose window is 0, and `broken`.
    std::optional<std::uint32_t> rolls_up;
    /// The rule is the warning about this one's `limit` (by order): its measures are `open` and `withheld`.
    std::optional<std::uint32_t> limits;

    std::map<std::string, std::string> labels;    ///< group's and rule's, merged
    std::map<std::string, Template> annotations;  ///< summary, summary_zh, …

    /// Changes when anything that decides levels changes; a rule with the same hash keeps its episodes as they are.
    std::uint64_t definition_hash = 0;
    /// Of on, where, by only: cells with the same filter are the same cells, whatever the levels say.
    std::uint64_t filter_hash = 0;

    [[nodiscard]] bool listens_to(KindId kind) const;  ///< on, watched, or any kind of expect
    /// The first instant from `t` on at which the rule is judged.
    [[nodiscard]] Instant on_beat(Instant t) const;
    /// Of all measures, and `within`: how far back the rule looks.
    [[nodiscard]] Duration longest_window() const;
    /// What counts in any window at `t` lies in (counts_after(t), t]; without seen() and attr().
    [[nodiscard]] Instant counts_after(Instant t) const;
};

struct RuleGroup {
    std::string name;
    std::string file;
    std::size_t rules = 0;
};

struct RuleSet {
    std::vector<Rule> rules;  ///< by Rule::order
    std::vector<RuleGroup> groups;
    std::string hash;  ///< of all rule and threshold files: hex, 16 characters
    [[nodiscard]] const Rule* find(std::string_view name) const;
    [[nodiscard]] Duration longest_window() const;
};

}  // namespace tocsin
