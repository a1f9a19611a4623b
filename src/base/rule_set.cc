#include "tocsin/rule_set.h"

#include <algorithm>

#include "base/calendar_window.h"

namespace tocsin {
namespace {

Instant window_after(Duration window, const CalendarWindow* calendar, Instant t) {
    return calendar != nullptr ? calendar->begin(t) - Duration(1) : t - window;
}

}  // namespace

std::string_view level_name(Level level) {
    constexpr std::array<std::string_view, kLevels> kNames{"", "blue", "yellow", "orange", "red"};
    return kNames[static_cast<std::size_t>(level)];
}

bool ThresholdTable::add(std::string area_code, Thresholds row) {
    return rows_.emplace(std::move(area_code), row).second;
}

Thresholds ThresholdTable::find(const AreaTree& areas, AreaId area) const {
    for (const AreaId node : areas.lineage(area)) {
        if (const auto it = rows_.find(areas.area(node).code); it != rows_.end()) return it->second;
    }
    const auto rest = rows_.find("*");
    return rest == rows_.end() ? Thresholds{} : rest->second;
}

bool Rule::listens_to(KindId kind) const {
    const auto has = [kind](const std::vector<KindId>& kinds) {
        return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
    };
    return has(on) || has(watched) || (expect && (has(expect->after) || has(expect->event) || has(expect->cancel_on)));
}

Instant Rule::on_beat(Instant t) const {
    if (interval == Duration::zero() || t == kNever || t == kBeforeAll) return t;
    const Duration over = t.time_since_epoch() % interval;
    if (over == Duration::zero()) return t;
    return over > Duration::zero() ? t + (interval - over) : t - over;
}

Duration Rule::longest_window() const {
    Duration longest = within;
    for (const Measure& m : measures) longest = std::max(longest, m.window);
    return longest;
}

Instant Rule::counts_after(Instant t) const {
    Instant after = window_after(within, calendar.get(), t);
    for (const Measure& m : measures) {
        if (!m.of_person()) after = std::min(after, m.after(t));
    }
    return after;
}

Instant Measure::after(Instant t) const {
    return window_after(window, calendar.get(), t);
}

Instant Measure::leaves(Instant t) const {
    return calendar != nullptr ? calendar->end(t) : t + window;
}

const Rule* RuleSet::find(std::string_view name) const {
    const auto it = std::find_if(rules.begin(), rules.end(), [name](const Rule& r) { return r.name == name; });
    return it == rules.end() ? nullptr : &*it;
}

Duration RuleSet::longest_window() const {
    Duration longest{};
    for (const Rule& rule : rules) longest = std::max(longest, rule.longest_window());
    return longest;
}

}  // namespace tocsin
