#include "receivers/alertmanager.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/times.h"

namespace tocsin::receivers {
namespace {

using nlohmann::json;

std::string_view severity_of(std::string_view level) {
    if (level == "blue") return "info";
    return level == "yellow" ? "warning" : "critical";
}

std::string text_of(const json& object, const char* name) {
    const auto it = object.find(name);
    return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

json object_of(const json& record, const char* name) {
    const auto it = record.find(name);
    return it != record.end() && it->is_object() ? *it : json::object();
}

std::string dumped(const json& object) {
    return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string episode_of(const json& record) {
    const std::string id = text_of(record, "id");
    return id.substr(0, id.find('.'));
}

// Null: not a record, not a warning, or about a person.
json warning_of(const std::string& notice_body) {
    json record = json::parse(notice_body, nullptr, /*allow_exceptions=*/false);
    if (!record.is_object() || text_of(record, "raises") != "warning") return nullptr;
    const json subject = object_of(record, "subject");
    if (subject.contains("customer") || subject.contains("subscriber")) return nullptr;
    return record;
}

// Alertmanager takes texts only and refuses an alert whose label name has other characters than Prometheus allows.
void add_labels(json& labels, const json& from) {
    for (const auto& [name, value] : from.items()) {
        if (value.is_string()) labels[name] = value;
    }
}

}  // namespace

bool AlertmanagerState::concerns(const outbox::Notice& notice) {
    if (notice.kind != outbox::NoticeKind::kTransition) return false;
    if (notice.transition == TransitionKind::kUpdated || notice.transition == TransitionKind::kAcknowledged)
        return false;
    return !warning_of(notice.body).is_null();
}

// The alert that now fires and the one that ended, as far as the transition has them.
std::vector<AlertmanagerState::Alert> AlertmanagerState::alerts_of(const std::string& notice_body) const {
    const json record = warning_of(notice_body);
    if (record.is_null()) return {};
    json labels = json::object();
    for (const auto& [name, value] : options_.external_labels) labels[name] = value;
    add_labels(labels, object_of(record, "labels"));
    add_labels(labels, object_of(record, "subject"));
    labels["alertname"] = text_of(record, "rule");
    labels["rule_group"] = text_of(record, "group");
    const std::string annotations = dumped(object_of(record, "annotations"));
    const auto make = [&](const std::string& level, Instant ended_at) {
        labels["level"] = level;
        labels["severity"] = severity_of(level);
        return Alert{dumped(labels), annotations, text_of(record, "opened_at"), ended_at};
    };
    std::vector<Alert> alerts;
    const std::string level = text_of(record, "level"), previous = text_of(record, "previous_level");
    if (!level.empty()) alerts.push_back(make(level, kNever));
    if (!previous.empty() && previous != level) {
        alerts.push_back(make(previous, parse_rfc3339(text_of(record, "at")).value_or(kBeforeAll)));
    }
    return alerts;
}

std::string AlertmanagerState::render(const Alert& alert, Instant now) const {
    // An end in the past is what resolves it; the event time of a backlog may lie long before the alert was posted.
    const Instant ends =
        alert.ended_at == kNever ? now + kEndsAfterResends * options_.resend : std::min(alert.ended_at, now);
    const Instant starts = std::min(parse_rfc3339(alert.starts_at).value_or(ends), ends);
    return "{\"labels\":" + alert.labels + ",\"annotations\":" + alert.annotations + ",\"startsAt\":\"" +
           format_rfc3339(starts) + "\",\"endsAt\":\"" + format_rfc3339(ends) + "\"}";
}

// An end that comes late, of an episode whose successor fires already, must not put out the successor.
bool AlertmanagerState::fires_in_another(const std::string& labels, const std::string& episode) const {
    const auto it = firing_labels_.find(labels);
    return it != firing_labels_.end() && it->second != episode;
}

std::string AlertmanagerState::body(const std::vector<std::shared_ptr<const outbox::Notice>>& notices,
                                    Instant now) const {
    std::string out = "[";
    for (const auto& notice : notices) {
        for (const Alert& alert : alerts_of(notice->body)) {
            if (alert.ended_at != kNever && fires_in_another(alert.labels, notice->episode)) continue;
            if (out.size() > 1) out.push_back(',');
            out += render(alert, now);
        }
    }
    return out + "]";
}

void AlertmanagerState::quench(const std::string& episode) {
    const auto it = firing_.find(episode);
    if (it == firing_.end()) return;
    if (const auto known = firing_labels_.find(it->second.labels);
        known != firing_labels_.end() && known->second == episode)
        firing_labels_.erase(known);
    firing_.erase(it);
}

void AlertmanagerState::fire(const std::string& episode, Alert alert) {
    quench(episode);
    firing_labels_[alert.labels] = episode;
    firing_[episode] = std::move(alert);
}

void AlertmanagerState::delivered(const outbox::Notice& notice, Instant now) {
    if (!concerns(notice)) return;
    quench(notice.episode);
    for (Alert& alert : alerts_of(notice.body)) {
        if (alert.ended_at == kNever) {
            fire(notice.episode, std::move(alert));
            continue;
        }
        alert.ended_at = now;
        resolved_.push_back(std::move(alert));
        if (resolved_.size() > kResolvedMax) resolved_.pop_front();
    }
    if (next_resend_ < now) next_resend_ = now + options_.resend;
}

void AlertmanagerState::restore(const std::string& notice_body) {
    const json record = warning_of(notice_body);
    if (record.is_null()) return;
    for (Alert& alert : alerts_of(notice_body)) {
        if (alert.ended_at == kNever) fire(episode_of(record), std::move(alert));
    }
}

std::vector<std::string> AlertmanagerState::resend(Instant now) {
    if (now < next_resend_) return {};
    next_resend_ = now + options_.resend;
    while (!resolved_.empty() && now - resolved_.front().ended_at > kResolvedRepeatedFor) resolved_.pop_front();
    // An alert that fires again must not be ended by an older end of the same labels.
    std::erase_if(resolved_, [&](const Alert& alert) { return firing_labels_.contains(alert.labels); });
    std::vector<std::string> bodies;
    std::size_t in_batch = 0;
    const auto add = [&](const Alert& alert) {
        if (in_batch == 0) bodies.emplace_back("[");
        if (in_batch > 0) bodies.back().push_back(',');
        bodies.back() += render(alert, now);
        if (++in_batch == kAlertsMax) in_batch = 0;
    };
    for (const Alert& alert : resolved_) add(alert);
    for (const auto& [episode, alert] : firing_) add(alert);
    for (std::string& body : bodies) body.push_back(']');
    return bodies;
}

}  // namespace tocsin::receivers
