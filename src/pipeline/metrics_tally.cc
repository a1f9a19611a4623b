#include "pipeline/metrics_tally.h"

#include <algorithm>
#include <chrono>

namespace tocsin::pipeline {
namespace {

std::string text(Level level) {
    return std::string(level_name(level));
}
double seconds(Instant t) {
    return static_cast<double>(to_millis(t)) / 1000;
}

}  // namespace

MetricsTally::MetricsTally(metrics::Metrics& metrics, const EventSchema& schema, AreaTree& areas, std::string log_topic,
                           std::function<void(const Transition&)> watch)
    : metrics_(metrics),
      schema_(schema),
      areas_(areas),
      log_topic_(std::move(log_topic)),
      watch_(std::move(watch)),
      kinds_(schema.kinds().size()),
      complaint_(schema.kind("complaint")) {}

void MetricsTally::consumed(std::uint32_t, std::size_t records) {
    consumed_ += records;
    consumed_total_ += records;
    // Told at once: after a crash this is what was read, not what was committed.
    metrics_.add("events_consumed_total", {log_topic_}, static_cast<double>(records));
}

void MetricsTally::applied(const Event& event, const task::Applied& applied) {
    Kind& kind = kinds_[event.kind];
    kind.seen = true;
    latest_ = std::max(latest_, event.time);
    switch (applied.outcome) {
        case task::Outcome::kCounted:
            ++kind.processed;
            break;
        case task::Outcome::kLate:
            ++kind.processed, ++kind.late;
            break;
        case task::Outcome::kDuplicate:
            ++kind.duplicate;
            return;
        case task::Outcome::kTooLate:
            ++kind.late;
            return;
    }
    unknown_area_ += applied.area == AreaTree::kUnknown ? 1 : 0;
    if (complaint_ && event.kind == *complaint_) count_complaint(applied.area, event.channel);
    rolled_up_ += applied.rolled_up;
    if (applied.correction != task::Correction::kNone)
        count("corrections_total", {std::string(task::correction_name(applied.correction)),
                                    std::string(task::correction_result_name(applied.correction_result))});
    uncovered_ += applied.uncovered;
    constexpr std::uint64_t kAskEvery = 16;  // the clock; the metric gets one of them all
    if (kind.processed % kAskEvery != 1) return;
    const auto now = std::chrono::floor<Duration>(std::chrono::system_clock::now());
    kind.age_seconds = std::chrono::duration<double>(now - event.time).count();
}

void MetricsTally::set_aside(std::string_view topic, std::string_view code) {
    metrics_.add("events_rejected_total", {std::string(topic), std::string(code)});
}

void MetricsTally::count_open(const std::string& rule, Level level, bool is_case, const std::string& area, int by) {
    if (level == Level::kNone) return;
    Open& open = open_[rule][static_cast<std::size_t>(level)];
    (is_case ? open.cases : open.warnings) += by;
    if (is_case) cases_[rule][city_of(areas_.resolve(area)).code] += by;
    if (is_case || area.empty()) return;
    const Area& place = areas_.area(areas_.resolve(area));
    if (place.level <= AreaLevel::kCity) area_levels_[place.code][static_cast<std::size_t>(level)] += by;
}

// Provinces and cities only: a series per county would be hundreds.
const Area& MetricsTally::city_of(AreaId area) const {
    const auto& lineage = areas_.lineage(area);
    const auto city = std::find_if(lineage.begin(), lineage.end(),
                                   [&](AreaId id) { return areas_.area(id).level <= AreaLevel::kCity; });
    return areas_.area(city == lineage.end() ? AreaTree::kUnknown : *city);
}

void MetricsTally::count_complaint(AreaId area, std::string_view channel) {
    if (area >= complaints_.size()) complaints_.resize(area + 1);
    auto& channels = complaints_[area];
    auto found = channels.find(channel);
    if (found == channels.end()) found = channels.emplace(channels.size() < kChannelsMax ? channel : "other", 0).first;
    ++found->second;
}

void MetricsTally::open_at_start(const std::string& rule, Level level, bool is_case, const std::string& area) {
    count_open(rule, level, is_case, area, +1);
}

void MetricsTally::made(const Transition& t) {
    if (watch_) watch_(t);
    last_match_[t.rule] = t.at;
    if (t.kind == TransitionKind::kUpdated || t.kind == TransitionKind::kAcknowledged) return;
    count_open(t.rule, t.previous_level, t.is_case, t.area, -1);
    count_open(t.rule, t.level, t.is_case, t.area, +1);
    if (t.kind == TransitionKind::kOpened)
        count(t.is_case ? "cases_opened_total" : "warnings_opened_total", {t.rule, text(t.level)});
    if (t.kind == TransitionKind::kRaised && !t.is_case) count("warnings_escalated_total", {t.rule});
    if (t.kind != TransitionKind::kClosed) return;
    if (t.is_case)
        count("cases_closed_total", {t.rule, std::string(close_reason_name(t.reason))});
    else
        count("warnings_closed_total", {t.rule, text(t.previous_level)});
}

void MetricsTally::timer(Duration late) {
    metrics_.observe("timer_delay_seconds", {}, std::chrono::duration<double>(late).count());
}

void MetricsTally::committed(std::uint32_t, std::size_t) {}

void MetricsTally::publish() {
    for (std::size_t i = 0; i < kinds_.size(); ++i) {
        Kind& kind = kinds_[i];
        if (!kind.seen) continue;
        const std::string& name = schema_.kind_def(static_cast<KindId>(i)).name;
        metrics_.add("events_processed_total", {name}, static_cast<double>(kind.processed));
        metrics_.add("events_late_total", {name}, static_cast<double>(kind.late));
        metrics_.add("events_duplicate_total", {name}, static_cast<double>(kind.duplicate));
        metrics_.observe("event_age_seconds", {name}, kind.age_seconds);
        kind = {};
    }
    metrics_.add("events_repeated_total", {}, static_cast<double>(std::exchange(repeated_, 0)));
    metrics_.add("events_unknown_area_total", {}, static_cast<double>(std::exchange(unknown_area_, 0)));
    metrics_.add("events_rolled_up_total", {}, static_cast<double>(std::exchange(rolled_up_, 0)));
    metrics_.add("calendar_uncovered_total", {}, static_cast<double>(std::exchange(uncovered_, 0)));
    if (latest_ != kBeforeAll) metrics_.set("last_event_timestamp_seconds", {log_topic_}, seconds(latest_));
    for (const auto& [series, n] : counts_) metrics_.add(series.first, series.second, static_cast<double>(n));
    counts_.clear();
    for (const auto& [rule, at] : last_match_) metrics_.set("rule_last_match_timestamp_seconds", {rule}, seconds(at));
    for (const auto& [rule, levels] : open_) {
        for (std::size_t l = 1; l < kLevels; ++l) {
            const std::string level = text(static_cast<Level>(l));
            metrics_.set("episodes_open", {rule, level}, levels[l].cases + levels[l].warnings);
            metrics_.set("warnings_active", {rule, level}, levels[l].warnings);
        }
    }
    publish_areas();
}

void MetricsTally::publish_areas() {
    for (AreaId area = 0; area < complaints_.size(); ++area) {
        for (auto& [channel, n] : complaints_[area]) {
            if (n > 0)
                metrics_.add("complaints_total", {city_of(area).code, channel},
                             static_cast<double>(std::exchange(n, 0)));
        }
    }
    for (const auto& [rule, cities] : cases_) {
        for (const auto& [city, open] : cities) {
            metrics_.set("cases_open", {rule, city}, open);
            if (promises_.contains(rule)) metrics_.set("cases_overdue", {rule, city}, open);
        }
    }
    for (const auto& [area, levels] : area_levels_) {
        int highest = 0;
        for (int l = 1; l < kLevels; ++l) highest = levels[static_cast<std::size_t>(l)] > 0 ? l : highest;
        metrics_.set("area_warning_level", {area}, highest);
    }
}

}  // namespace tocsin::pipeline
