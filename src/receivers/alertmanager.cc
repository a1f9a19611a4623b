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

std::string episode_of(const json& body) {
    const std::string id = text_of(body, "id");
    return id.substr(0, id.find('.'));
}

}  // namespace

bool AlertmanagerState::concerns(const outbox::Notice& notice) {
    if (notice.kind != outbox::NoticeKind::kTransition) return false;
    const bool known = notice.transition != TransitionKind::kUpdated && notice.transition != TransitionKind::kAcknowledged;
    return known && notice.body.find("\"raises\":\"warning\"") != std::string::npos;
}

// The alert that now fires and the one that ended, as far as the transition has them.
std::vector<AlertmanagerState::Alert> AlertmanagerState::alerts_of(const std::string& notice_body) const {
    const json body = json::parse(notice_body, nullptr, /*allow_exceptions=*/false);
    if (!body.is_object()) return {};
    json labels = json::object();
    for (const auto& [name, value] : options_.external_labels) labels[name] = value;
    for (const auto& [name, value] : body.value("labels", json::object()).items()) labels[name] = value;
    for (const auto& [name, value] : body.value("subject", json::object()).items()) labels[name] = value;
    labels["alertname"] = text_of(body, "rule");
    labels["rule_group"] = text_of(body, "group");
    const std::string annotations = body.value("annotations", json::object()).dump();
    const auto make = [&](const std::string& level, Instant ended_at) {
        labels["level"] = level;
        labels["severity"] = severity_of(level);
        return Alert{labels.dump(), annotations, text_of(body, "opened_at"), ended_at};
    };
    std::vector<Alert> alerts;
    const std::string level = text_of(body, "level"), previous = text_of(body, "previous_level");
    if (!level.empty()) alerts.push_back(make(level, kNever));
    if (!previous.empty() && previous != level) {
        alerts.push_back(make(previous, parse_rfc3339(text_of(body, "at")).value_or(kBeforeAll)));
    }
    return alerts;
}

std::string AlertmanagerState::render(const Alert& alert, Instant now) const {
    // An end in the past is what resolves it; the event time of a backlog may lie long before the alert was posted.
    const Instant ends = alert.ended_at == kNever ? now + kEndsAfterResends * options_.resend : std::min(alert.ended_at, now);
    const Instant starts = std::min(parse_rfc3339(alert.starts_at).value_or(ends), ends);
    return "{\"labels\":" + alert.labels + ",\"annotations\":" + alert.annotations + ",\"startsAt\":\"" +
           format_rfc3339(starts) + "\",\"endsAt\":\"" + format_rfc3339(ends) + "\"}";
}

std::string AlertmanagerState::body(const std::vector<std::shared_ptr<const outbox::Notice>>& notices, Instant now) const {
    std::string out = "[";
    for (const auto& notice : notices) {
        for (const Alert& alert : alerts_of(notice->body)) {
            if (out.size() > 1) out.push_back(',');
            out += render(alert, now);
        }
    }
    return out + "]";
}

void AlertmanagerState::delivered(const outbox::Notice& notice, Instant now) {
    firing_.erase(notice.episode);
    for (Alert& alert : alerts_of(notice.body)) {
        if (alert.ended_at == kNever) firing_[notice.episode] = std::move(alert);
        else resolved_.push_back(std::move(alert)), resolved_.back().ended_at = now;
    }
    if (next_resend_ < now) next_resend_ = now + options_.resend;
}

void AlertmanagerState::restore(const std::string& notice_body) {
    const json body = json::parse(notice_body, nullptr, /*allow_exceptions=*/false);
    if (!body.is_object()) return;
    for (Alert& alert : alerts_of(notice_body)) {
        if (alert.ended_at == kNever) firing_[episode_of(body)] = std::move(alert);
    }
}

std::vector<std::string> AlertmanagerState::resend(Instant now) {
    if (now < next_resend_) return {};
    next_resend_ = now + options_.resend;
    std::erase_if(resolved_, [now](const Alert& a) { return now - a.ended_at > kResolvedRepeatedFor; });
    std::vector<std::string> bodies;
    std::size_t in_batch = 0;
    const auto add = [&](const Alert& alert) {
        if (in_batch == 0) bodies.emplace_back("[");
        if (in_batch > 0) bodies.back().push_back(',');
        bodies.back() += render(alert, now);
        if (++in_batch == kBatchMax) in_batch = 0;
    };
    // An alert that fires again must not be ended by an older end of the same labels.
    for (const Alert& alert : resolved_) {
        const bool fires = std::any_of(firing_.begin(), firing_.end(), [&](const auto& f) { return f.second.labels == alert.labels; });
        if (!fires) add(alert);
    }
    for (const auto& [episode, alert] : firing_) add(alert);
    for (std::string& body : bodies) body.push_back(']');
    return bodies;
}

}  // namespace tocsin::receivers
