/// What the daemon says about itself once a second, from the engine thread.

#include <algorithm>
#include <set>
#include <utility>

#include "base/log.h"
#include "pipeline/daemon.h"

namespace tocsin::pipeline {
namespace {

double seconds(Instant t) {
    return t == kBeforeAll ? 0 : static_cast<double>(to_millis(t)) / 1000;
}

// Whether the topic's records can be events of this kind.
bool gives(const config::Config& config, const config::Topic& topic, KindId kind) {
    const std::string& name = config.schema.kind_def(kind).name;
    const auto& mapping = topic.mapping.kind;
    if (!mapping.fixed.empty()) return mapping.fixed == name;
    return mapping.kinds.empty() ||
           std::any_of(mapping.kinds.begin(), mapping.kinds.end(), [&](const auto& k) { return k.second == name; });
}

std::set<std::string> promises_of(const RuleSet& rules) {
    std::set<std::string> names;
    for (const Rule& rule : rules.rules) {
        if (rule.expect) names.insert(rule.name);
    }
    return names;
}

}  // namespace

// By rule: the topics whose silence means that its promises cannot be judged.
std::map<std::string, std::vector<std::string>, std::less<>> Daemon::topics_waited_on() const {
    std::map<std::string, std::vector<std::string>, std::less<>> waits;
    for (const Rule& rule : rules_->rules) {
        if (!rule.expect) continue;
        for (const config::Topic& topic : config_.kafka.topics) {
            const auto any = [&](const std::vector<KindId>& kinds) {
                return std::any_of(kinds.begin(), kinds.end(),
                                   [&](KindId kind) { return gives(config_, topic, kind); });
            };
            if (any(rule.expect->event) || any(rule.expect->cancel_on)) waits[rule.name].push_back(topic.name);
        }
    }
    return waits;
}

void Daemon::tell_metrics(Instant now) {
    last_metrics_ = now;
    tally_->promises(promises_of(*rules_));
    tally_->publish();
    metrics_.set("ready", assigned_ ? 1 : 0);
    metrics_.set("heartbeat_timestamp_seconds", {"engine"}, seconds(now));
    tell_reading(now);
    tell_unverified();
    tell_warming();
    tell_two_partitions();
    tell_evaluations();
    tell_state();
    tell_http();
    for (std::size_t l = 0; l < kLogLevelNames.size(); ++l) {
        const auto lines = static_cast<double>(log_lines(static_cast<LogLevel>(l)));
        metrics_.add("log_messages_total", {std::string(kLogLevelNames[l])}, lines - log_lines_told_[l]);
        log_lines_told_[l] = lines;
    }
}

void Daemon::tell_reading(Instant now) {
    metrics_.set("kafka_brokers_connected", consumer_->statistics().brokers_up);
    std::map<kafka::TopicPartition, std::int64_t> positions;
    Instant lowest = kNever;
    for (const Lane& lane : engine_->lanes()) {
        const auto partition = static_cast<std::int32_t>(lane.index);
        positions[{lane.topic, partition}] = lane.position.next;
        metrics_.set("task_clock_timestamp_seconds", {std::to_string(partition)}, seconds(lane.task->clock()));
        lowest = std::min(lowest, lane.task->clock());
        const Instant waiting_since = lane.unread.empty() ? now : std::min(now, lane.unread.front().timestamp);
        metrics_.set("kafka_consumer_lag_seconds", {lane.topic, std::to_string(partition)},
                     static_cast<double>((now - waiting_since).count()) / 1000);
    }
    if (lowest != kNever) metrics_.set("watermark_timestamp_seconds", {log_topic()}, seconds(lowest));
    kafka_numbers_.tell(*consumer_, positions, metrics_);
}

void Daemon::tell_rules() {
    constexpr std::size_t kDigits = 12;  // 48 bits: a double holds them exactly
    metrics_.clear("rules_loaded");
    for (const RuleGroup& group : rules_->groups)
        metrics_.set("rules_loaded", {group.name}, static_cast<double>(group.rules));
    metrics_.set("config_hash", static_cast<double>(std::stoull(rules_->hash.substr(0, kDigits), nullptr, 16)));
    metrics_.set("config_last_reload_successful", 1);
    metrics_.set("config_last_reload_success_timestamp_seconds",
                 static_cast<double>(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())));
}

void Daemon::tell_unverified() {
    for (const Rule& rule : rules_->rules) {
        if (rule.expect) metrics_.set("rule_unverified", {rule.name}, 0);
    }
    std::string unverified;
    for (const std::string& rule : engine_->unverified()) {
        metrics_.set("rule_unverified", {rule}, 1);
        unverified += (unverified.empty() ? "" : ", ") + rule;
    }
    const std::lock_guard lock(mutex_);
    unverified_ = std::move(unverified);
}

void Daemon::tell_warming() {
    const std::vector<bool>& warming = tasks_->warming_rules();
    for (const Rule& rule : rules_->rules) metrics_.set("rule_warming", {rule.name}, warming[rule.order] ? 1 : 0);
    metrics_.set("sweep_profiles_left", static_cast<double>(tasks_->left_to_sweep()));
    const std::uint64_t swept = tasks_->swept();
    metrics_.add("sweep_profiles_total", {}, static_cast<double>(swept - std::exchange(swept_told_, swept)));
}

void Daemon::tell_evaluations() {
    evaluations_told_.resize(rules_->rules.size(), 0);
    for (const Rule& rule : rules_->rules) {
        std::uint64_t sum = 0;
        for (const Lane& lane : engine_->lanes()) sum += lane.task->recorder().evaluations()[rule.order];
        const std::uint64_t told = std::exchange(evaluations_told_[rule.order], sum);
        if (sum != told) metrics_.add("rule_evaluations_total", {rule.name}, static_cast<double>(sum - told));
    }
}

void Daemon::tell_two_partitions() {
    const std::uint64_t customers = engine_->customers_in_two_partitions();
    if (customers == in_two_partitions_told_) return;
    metrics_.add("customers_in_two_partitions_total", {log_topic()},
                 static_cast<double>(customers - in_two_partitions_told_));
    in_two_partitions_told_ = customers;
    log_error(
        "daemon",
        "the topic is not keyed by customer: some are in two partitions and counted in two halves. Write intake: "
        "rekey, "
        "or let all producers use one partitioner (Java's is murmur2_random in librdkafka, whose own default is CRC32)",
        {{"topic", log_topic()}, {"customers", customers}});
}

void Daemon::tell_state() {
    double profiles = 0, cells = 0, refused = 0, bytes = 0, timers = 0, disk = 0, stalled = 0;
    for (const Lane& lane : engine_->lanes()) {
        profiles += static_cast<double>(lane.task->profiles());
        bytes += static_cast<double>(lane.task->profile_bytes());
        cells += static_cast<double>(lane.task->cells().size());
        refused += static_cast<double>(lane.task->cells().refused());
        timers += static_cast<double>(lane.task->timers());
        const store::StoreStats stats = lane.store->stats();
        disk += static_cast<double>(stats.bytes_on_disk);
        stalled = stats.stalled ? 1 : stalled;
    }
    metrics_.set("state_keys", {"profile"}, profiles);
    metrics_.set("state_keys", {"cell"}, cells);
    metrics_.add("state_cells_refused_total", {}, refused - std::exchange(cells_refused_told_, refused));
    metrics_.set("state_size_bytes", {"ram"}, bytes);
    metrics_.set("state_size_bytes", {"disk"}, disk);
    metrics_.set("state_write_stalls", stalled);
    metrics_.set("timers_pending", timers);
}

void Daemon::tell_http() {
    std::size_t connections = 0;
    std::uint64_t refused = 0;
    for (const auto& server : servers_) {
        connections += server->connections();
        refused += server->refused_connections();
    }
    metrics_.set("http_connections", static_cast<double>(connections));
    metrics_.set("http_requests_in_flight", static_cast<double>(pages_.in_flight()));
    metrics_.add("http_connections_refused_total", {}, static_cast<double>(refused - http_refused_told_));
    http_refused_told_ = refused;
}

}  // namespace tocsin::pipeline
