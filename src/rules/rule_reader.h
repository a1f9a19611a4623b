#pragma once
/// One entry of `rules:` to a Rule. Used by the loader, once for each.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/zone.h"
#include "rules/compile.h"
#include "tocsin/rule_set.h"
#include "tocsin/schema.h"
#include "yaml/read.h"

namespace tocsin::rules {

constexpr std::size_t kByFieldsMax = 8;
constexpr std::size_t kNameBytesMax = 64;    ///< of a rule
constexpr std::size_t kLabelsMax = 32;       ///< of a rule or group
constexpr std::size_t kAnnotationsMax = 32;  ///< of a rule
constexpr Duration kIntervalMin = std::chrono::seconds(1), kIntervalMax = std::chrono::days(1);
constexpr std::int64_t kLimitMax = 1'000'000;

/// What a rule takes from its group and file.
struct GroupScope {
    const EventSchema& schema;
    const RuleLimits& limits;
    yaml::Diagnostics& diagnostics;
    std::string file;
    std::string group;
    std::map<std::string, std::string> labels;
    std::shared_ptr<const ThresholdTable> thresholds;  ///< null: no thresholds_file
    const std::vector<std::shared_ptr<const Calendar>>& calendars;
    const Zone& zone;        ///< of calendar windows
    Duration interval{};     ///< for rules that have none of their own
    std::int64_t limit = 0;  ///< the same
    std::shared_ptr<const PhasePlan> phases{};
};

/// `interval:` and `limit:` of a group or a rule; empty: there is none, or it is wrong (then reported).
std::optional<Duration> read_interval(yaml::MapReader& map);
std::optional<std::int64_t> read_limit(yaml::MapReader& map);
/// The rule that warns of what the `limit` of this one withholds.
Rule overflow_of(const Rule& rule, const EventSchema& schema);

/// `labels:` of a group or a rule. What is wrong is reported and left out.
std::map<std::string, std::string> read_labels(yaml::MapReader& map, yaml::Diagnostics& diagnostics);

class RuleReader {
public:
    RuleReader(const yaml::Node& node, const GroupScope& group);

    /// Everything but Rule::order. Empty after reporting.
    std::optional<Rule> read();
    /// The rule made of the `rollup` of the one that was read, if it has one.
    std::optional<Rule> take_rollup() { return std::move(rollup_); }

private:
    RuleReader(const yaml::Node& node, const GroupScope& group, std::string title);
    void read_name();
    void read_by();
    void read_raises();
    void read_texts();
    void read_annotations();
    void refuse_unbuilt();

    void read_window_rule();
    void read_on();
    void read_within();
    void read_calendar_window(const yaml::Node& node);
    void read_measures();
    void read_levels();
    void find_watched();
    void read_stays();
    void read_phases();
    bool is_phase(const yaml::Node& node, std::string_view key, const std::string& name);
    void read_overrides();
    void read_override(const std::string& phase, const yaml::Node& node);
    void read_rollup_areas();
    void read_times();  ///< for, keep_firing_for, dwell
    std::optional<double> clear_percent();
    double clear_ = 100;  ///< per cent

    void read_promise_rule(const yaml::Node& expect);
    void read_due(yaml::MapReader& map);
    void read_working_span(const yaml::Node& within);
    void read_calendar(yaml::MapReader& map);
    void read_rollup(const yaml::Node& node);
    std::optional<Rule> read_as_rollup(const Rule& of);
    void read_promise_levels();
    /// Notes what a level asks of a promise: when it changes, and which fields are kept. False with `fault` filled.
    bool look_at_promise(const Expression& level, Fault& fault);
    /// `kind where expr`, or a list of such: the kinds, and one expression for all of them.
    void read_happening(yaml::MapReader& map, std::string_view key, std::vector<KindId>& kinds, Expression& where);

    /// Kinds the `by` fields must belong to.
    std::vector<KindId> subject_kinds() const;
    std::optional<KindId> kind_of(const yaml::Node& node, std::string_view key, std::string_view name);
    [[nodiscard]] Scope scope() const;
    void report(const yaml::Node& node, std::string_view key, const Fault& fault, std::size_t shift = 0);
    void error(const yaml::Node& node, std::string_view key, const std::string& message);

    yaml::MapReader map_;
    const GroupScope& group_;
    Rule rule_;
    std::optional<Rule> rollup_;
    std::array<yaml::Node, kLevels> level_nodes_;
    bool measures_ok_ = true;  ///< else names of measures are not looked up: one mistake is reported once
};

}  // namespace tocsin::rules
