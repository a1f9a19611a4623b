// Rules over windows: on, where, within, measures, levels, clear.
#include <algorithm>
#include <array>
#include <charconv>

#include "base/calendar_window.h"
#include "base/times.h"
#include "rules/rule_reader.h"
#include "rules/shape.h"
#include "rules/token.h"

namespace tocsin::rules {
namespace {

const std::vector<std::string> kColours = {"blue", "yellow", "orange", "red"};
const std::vector<std::string> kAreaLevelNames = {"province", "city", "county", "hall"};

/// Names that expressions and templates give a meaning of their own.
constexpr std::array<std::string_view, 6> kReservedMeasures = {"overdue", "open",  "threshold",
                                                               "after",   "value", "labels"};

}  // namespace

void RuleReader::read_window_rule() {
    read_on();
    read_within();
    if (rule_.on.empty() || rule_.by.empty()) {
        // Without kinds or subject every name would be a mistake: only the keys are known.
        for (const char* key :
             {"where", "measures", "levels", "clear", "for", "keep_firing_for", "dwell", "interval", "rollup_areas"})
            map_.get(key);
        return;
    }
    for (const FieldId field : rule_.by) {
        for (const KindId kind : rule_.on) {
            if (group_.schema.has_field(kind, field)) continue;
            map_.error("by", "\"" + group_.schema.field_name(field) + "\" is no field of " +
                                 group_.schema.kind_def(kind).name);
        }
    }
    if (const auto where = map_.get("where")) {
        const auto text = yaml::as_string(*where, "where", group_.diagnostics);
        Fault fault;
        auto compiled = text ? compile_predicate(*text, scope(), fault) : std::nullopt;
        if (compiled) rule_.where = std::move(*compiled);
        if (text && !compiled) report(*where, "where", fault);
    }
    read_measures();
    read_levels();
    find_watched();
    read_stays();
    read_rollup_areas();
    read_times();
}

void RuleReader::read_times() {
    rule_.hold_for = map_.duration("for").value_or(Duration::zero());
    rule_.keep_firing_for = map_.duration("keep_firing_for").value_or(Duration::zero());
    rule_.dwell = map_.duration("dwell").value_or(Duration::zero());
    rule_.interval = read_interval(map_).value_or(group_.interval);
    for (const auto& [key, time] : {std::pair("for", rule_.hold_for), std::pair("dwell", rule_.dwell)}) {
        if (time > group_.limits.retention)
            error(*map_.get(key), key, "at most storage.retention (" + format_duration(group_.limits.retention) + ")");
    }
}

void RuleReader::read_on() {
    const auto node = map_.require("on");
    if (!node) return;
    const auto entries = yaml::as_scalars(*node, "on", group_.diagnostics);
    if (!entries) return;
    if (entries->empty()) map_.error("on", "names at least one kind of event");
    for (const yaml::Node& entry : *entries) {
        const auto kind = kind_of(entry, "on", entry.text());
        if (!kind) continue;
        if (std::find(rule_.on.begin(), rule_.on.end(), *kind) != rule_.on.end()) {
            error(entry, "on", "\"" + entry.text() + "\" is given twice");
        } else {
            rule_.on.push_back(*kind);
        }
    }
}

void RuleReader::read_within() {
    rule_.within = std::chrono::hours(1);  // stands in for one that cannot be used, so that the rest is still checked
    if (const auto window = map_.get("window")) return read_calendar_window(*window);
    const auto node = map_.require("within");
    if (!node) return;
    const auto within = yaml::as_duration(*node, "within", group_.diagnostics);
    if (!within) return;
    const std::string problem = window_problem(*within, scope());
    if (!problem.empty()) return error(*node, "within", problem);
    rule_.within = *within;
}

void RuleReader::read_calendar_window(const yaml::Node& node) {
    if (map_.get("within")) map_.error("within", "a rule has one window: either `within` or `window`");
    const auto unit = map_.choice("window", {"calendar day", "calendar week", "calendar month"});
    if (!unit) return;
    auto calendar = std::make_shared<CalendarWindow>();
    calendar->zone = group_.zone;
    calendar->unit = static_cast<CalendarUnit>(*unit);
    rule_.within = calendar->longest();
    rule_.calendar = std::move(calendar);
    if (rule_.within > group_.limits.retention)
        error(node, "window",
              node.text() + " is longer than storage.retention (" + format_duration(group_.limits.retention) + ")");
}

void RuleReader::read_measures() {
    const auto node = map_.get("measures");
    if (!node) return;
    const std::size_t errors_before = group_.diagnostics.errors();
    measures_ok_ = node->is_map() && node->size() <= kMeasuresMax;
    if (!node->is_map()) return map_.error("measures", "expected a map, found " + node->describe());
    if (node->size() > kMeasuresMax) return map_.error("measures", "more than " + std::to_string(kMeasuresMax));
    for (const yaml::Node::Entry& entry : node->entries()) {
        const std::string& name = entry.name();
        if (!is_identifier(name)) {
            error(entry.key, "measures", "\"" + name + "\" is no name: letters, digits and _");
            continue;
        }
        if (is_word(name) ||
            std::find(kReservedMeasures.begin(), kReservedMeasures.end(), name) != kReservedMeasures.end()) {
            error(entry.key, "measures", "\"" + name + "\" has a meaning of its own: choose another name");
            continue;
        }
        const auto text = yaml::as_string(entry.value, "measures." + name, group_.diagnostics);
        if (!text) continue;
        Fault fault;
        if (auto made = compile_measure(name, *text, scope(), fault)) {
            rule_.measures.push_back(std::move(*made));
        } else {
            report(entry.value, "measures." + name, fault);
        }
    }
    measures_ok_ = group_.diagnostics.errors() == errors_before;
}

void RuleReader::read_levels() {
    const auto node = map_.require("levels");
    if (!node) return;
    yaml::MapReader levels(*node, "levels", group_.diagnostics);
    const std::size_t errors_before = group_.diagnostics.errors();
    for (std::size_t i = 0; i < kColours.size(); ++i) {
        const auto entry = levels.get(kColours[i]);
        if (!entry) continue;
        const std::string key = "levels." + kColours[i];
        const auto text = yaml::as_string(*entry, key, group_.diagnostics);
        if (!text || !measures_ok_) continue;
        Fault fault;
        auto level = rule_.expect ? compile_promise_level(*text, scope(), fault)
                                  : compile_level(*text, scope(), rule_.measures, fault);
        if (!level) {
            report(*entry, key, fault);
            continue;
        }
        level_nodes_[i + 1] = *entry;
        rule_.levels[i + 1] = std::move(*level);
    }
    levels.finish();
    if (node->is_map() && node->size() == 0 && group_.diagnostics.errors() == errors_before) {
        map_.error("levels", "needs at least one of blue, yellow, orange, red");
    }
}

void RuleReader::find_watched() {
    for (const Measure& m : rule_.measures) {
        for (KindId kind = 0; m.of_person() && kind < group_.schema.kinds().size(); ++kind) {
            const bool looks = m.fn == MeasureFn::kSeen ? kind == m.kind : group_.schema.has_field(kind, m.field);
            const bool known = std::find(rule_.watched.begin(), rule_.watched.end(), kind) != rule_.watched.end();
            if (looks && !known) rule_.watched.push_back(kind);
        }
    }
}

std::optional<double> RuleReader::clear_percent() {
    const auto node = map_.get("clear");
    if (!node) return 100;
    const std::string& text = node->text();
    double percent = 0;
    const auto [end, error_code] =
        std::from_chars(text.data(), text.data() + text.size(), percent, std::chars_format::fixed);
    const bool whole = error_code == std::errc() && end + 1 == text.data() + text.size() && *end == '%';
    if (node->is_scalar() && whole && percent > 0 && percent <= 100) return percent;
    error(*node, "clear", "expected a percentage above 0% and up to 100%, found " + node->describe());
    return std::nullopt;
}

void RuleReader::read_stays() {
    const auto percent = clear_percent();
    if (!percent) return;
    clear_ = *percent;
    for (std::size_t i = 1; i < kLevels; ++i) {
        if (!rule_.levels[i]) continue;
        Fault fault;
        rule_.stays[i] = scaled(*rule_.levels[i], *percent, fault);
        if (!rule_.stays[i]) report(level_nodes_[i], "levels." + kColours[i - 1], fault);
        rule_.rises_without_event |= may_rise_without_event(*rule_.levels[i], rule_.measures);
        if (looks_at_thresholds(*rule_.levels[i])) rule_.thresholds = group_.thresholds;
    }
}

void RuleReader::read_rollup_areas() {
    const auto node = map_.get("rollup_areas");
    if (!node) return;
    const bool has_area = std::find(rule_.by.begin(), rule_.by.end(), kFieldArea) != rule_.by.end();
    if (rule_.person || !has_area) {
        return map_.error("rollup_areas", "needs area in `by`, and neither customer nor subscriber");
    }
    const auto entries = yaml::as_scalars(*node, "rollup_areas", group_.diagnostics);
    if (!entries) return;
    if (entries->empty()) return map_.error("rollup_areas", "names at least one of province, city, county, hall");
    rule_.rollup_areas.fill(false);
    for (const yaml::Node& entry : *entries) {
        if (const auto level = yaml::as_choice(entry, "rollup_areas", kAreaLevelNames, group_.diagnostics)) {
            if (rule_.rollup_areas[*level]) error(entry, "rollup_areas", "\"" + entry.text() + "\" is given twice");
            rule_.rollup_areas[*level] = true;
        }
    }
}

}  // namespace tocsin::rules
