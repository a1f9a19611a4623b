#include "pipeline/notice_outlet.h"

#include <algorithm>
#include <iterator>

namespace tocsin::pipeline {
namespace {

constexpr const char* kTopicKey = "topic";
constexpr const char* kDeadLetterKey = "dlq";

Result<Target> webhook_target(const config::Receiver& receiver, std::size_t i) {
    const config::Webhook& from = receiver.webhooks[i];
    Target target;
    target.key = "webhook/" + receiver.name + "/" + std::to_string(i);
    target.name = receiver.name;
    target.integration = "webhook";
    receivers::WebhookTarget& webhook = target.webhook.emplace();
    webhook.url = from.url;
    webhook.secret = from.secret;
    webhook.old_secret = from.old_secret;
    webhook.timeout = from.timeout;
    for (const std::string& range : from.allow_cidrs)
        webhook.allowed.push_back(TOCSIN_TRY(receivers::Cidr::parse(range)));
    return target;
}

Target alertmanager_target(const config::Config& config, const config::Receiver& receiver, std::size_t i) {
    const config::Alertmanager& from = receiver.alertmanagers[i];
    Target target;
    target.key = "alertmanager/" + receiver.name + "/" + std::to_string(i);
    target.name = receiver.name;
    target.integration = "alertmanager";
    target.timeout = from.timeout;
    target.alertmanager = receivers::AlertmanagerOptions{config.global.external_labels, from.resend_interval};
    target.alertmanager_url = from.url;
    while (target.alertmanager_url.ends_with('/')) target.alertmanager_url.pop_back();
    target.alertmanager_url += "/api/v2/alerts";
    return target;
}

Target topic_target(std::string key, const std::string& topic) {
    Target target;
    target.key = std::move(key);
    target.name = topic;
    target.integration = target.key == kDeadLetterKey ? "dlq" : "topic";
    target.topic = topic;
    return target;
}

bool about_person(const Transition& t) {
    return std::any_of(t.subject.begin(), t.subject.end(),
                       [](const auto& field) { return field.name == "customer" || field.name == "subscriber"; });
}

}  // namespace

Result<Routing> make_routing(const config::Config& config) {
    Routing routing;
    routing.route = config.route;
    for (const config::Receiver& receiver : config.receivers) {
        auto& keys = routing.targets[receiver.name];
        for (std::size_t i = 0; i < receiver.webhooks.size(); ++i) {
            routing.all.push_back(
                TOCSIN_TRY(webhook_target(receiver, i).context("receiver \"" + receiver.name + "\"")));
            keys.push_back(routing.all.back().key);
        }
        for (std::size_t i = 0; i < receiver.alertmanagers.size(); ++i) {
            routing.all.push_back(alertmanager_target(config, receiver, i));
            keys.push_back(routing.all.back().key);
        }
    }
    routing.to_output_topic = !config.kafka.output_topic.empty();
    if (routing.to_output_topic) routing.all.push_back(topic_target(kTopicKey, config.kafka.output_topic));
    routing.all.push_back(topic_target(kDeadLetterKey, config.kafka.dead_letter_topic));
    return routing;
}

std::string NoticeOutlet::group_of(const Transition& transition) const {
    const Rule* rule = rules_ == nullptr ? nullptr : rules_->find(transition.rule);
    return rule == nullptr ? std::string() : rule->group;
}

std::vector<std::string> NoticeOutlet::receivers_of(const Transition& t) const {
    // `updated` goes to the output topic only; an experimental rule is judged and shown, never notified (design 7),
    // and of what `limit` withholds the warning about the limit tells.
    if (!routing_.route || t.experimental || t.withheld || t.kind == TransitionKind::kUpdated) return {};
    std::map<std::string, std::string> labels(t.labels.begin(), t.labels.end());
    labels["alertname"] = t.rule;
    labels["raises"] = t.is_case ? "case" : "warning";
    if (!t.area.empty()) labels["area"] = t.area;
    for (const auto& field : t.subject) labels[field.name] = field.shown;
    // Whoever was told of the old level must hear that it is over: routes are asked for both.
    std::vector<std::string> receivers;
    for (const Level level : {t.level, t.previous_level}) {
        if (level == Level::kNone) continue;
        labels["level"] = level_name(level);
        for (std::string& name : config::receivers_of(*routing_.route, labels)) {
            if (std::find(receivers.begin(), receivers.end(), name) == receivers.end())
                receivers.push_back(std::move(name));
        }
    }
    return receivers;
}

std::vector<std::string> NoticeOutlet::keys_of(const Transition& t) const {
    std::vector<std::string> result;
    for (const std::string& receiver : receivers_of(t)) {
        const auto keys = routing_.targets.find(receiver);
        if (keys == routing_.targets.end()) continue;
        // People never become alerts: Alertmanager hears of warnings about places only.
        std::copy_if(keys->second.begin(), keys->second.end(), std::back_inserter(result), [&](const std::string& key) {
            return !key.starts_with("alertmanager/") || !(t.is_case || about_person(t));
        });
    }
    return result;
}

std::vector<std::string> NoticeOutlet::keys_of_open(Transition record) const {
    record.kind = TransitionKind::kRaised;
    return keys_of(record);
}

void NoticeOutlet::put(Lane& lane, outbox::Notice notice) {
    notice.key = {lane.index, lane.next_row++};
    lane.batch.put(outbox::row_key(notice.key.number), outbox::encode_notice(notice));
    lane.has_rows = true;
    committed_.push_back(std::move(notice));
}

void NoticeOutlet::add(Lane& lane, const Transition& t, bool held) {
    outbox::Notice notice;
    notice.id = t.id();
    notice.episode = t.episode_id;
    notice.rule = t.rule;
    notice.transition = t.kind;
    notice.at = t.at;
    const std::vector<std::string> keys = keys_of(t);
    if (routing_.to_output_topic) {
        notice.receiver = kTopicKey;
        notice.body = to_json(t);
        if (keys.empty()) return put(lane, std::move(notice));
        put(lane, notice);
    }
    notice.held = held;
    if (!keys.empty()) notice.body = outbox::transition_body(t, group_of(t));
    for (const std::string& key : keys) {
        notice.receiver = key;
        put(lane, notice);
    }
}

void NoticeOutlet::add(Lane& lane, const DeadRecord& dead) {
    outbox::DeadLetter letter;
    letter.origin = {std::string(dead.topic), dead.partition, dead.record.offset};
    letter.code = dead.reason.code;
    letter.message = dead.reason.message;
    letter.stage = dead.reason.stage;
    letter.timestamp_ms = to_millis(dead.record.timestamp);
    letter.key = dead.record.key;
    letter.value = dead.record.value;
    letter.has_value = dead.record.has_value;
    letter.headers = dead.headers;
    outbox::finish(letter);
    outbox::Notice notice;
    notice.kind = outbox::NoticeKind::kDeadLetter;
    notice.receiver = kDeadLetterKey;
    notice.id = letter.id();
    notice.at = dead.record.timestamp;
    notice.body = outbox::encode_dead_letter(letter);
    put(lane, std::move(notice));
}

bool NoticeOutlet::remove_delivered(Lane& lane) {
    const auto rows = dispatcher_.take_finished(lane.index);
    for (const std::uint64_t number : rows) lane.batch.del(outbox::row_key(number));
    return !rows.empty();
}

void NoticeOutlet::release() {
    dispatcher_.enqueue(std::exchange(committed_, {}));
}

Result<void> NoticeOutlet::restore(Lane& lane, std::string_view key, std::string_view value) {
    outbox::Notice notice = TOCSIN_TRY(outbox::decode_notice(lane.index, key, value));
    lane.next_row = std::max(lane.next_row, notice.key.number + 1);
    committed_.push_back(std::move(notice));
    return {};
}

}  // namespace tocsin::pipeline
