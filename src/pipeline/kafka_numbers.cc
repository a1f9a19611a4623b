#include "pipeline/kafka_numbers.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace tocsin::pipeline {
namespace {

constexpr std::array<std::string_view, 5> kStates{"ok", "warn", "stop", "stall", "rewind"};

// Whether it holds between each sample and the next.
template <typename Samples, typename Holds>
bool throughout(const Samples& samples, Holds holds) {
    return std::adjacent_find(samples.begin(), samples.end(),
                              [&](const auto& a, const auto& b) { return !holds(a, b); }) == samples.end();
}

}  // namespace

void PartitionHealth::add(std::int64_t position, std::int64_t high, bool fetching) {
    fetching_ = fetching;
    if (high < 0) return;
    samples_.push_back({position, std::max<std::int64_t>(0, high - position)});
    if (samples_.size() > kSamples) samples_.pop_front();
}

PartitionHealth::State PartitionHealth::state() const {
    const auto is_back = [](const Sample& a, const Sample& b) { return b.position < a.position; };
    if (std::adjacent_find(samples_.begin(), samples_.end(), is_back) != samples_.end()) return State::kRewind;
    if (!fetching_) return State::kStop;
    const bool at_end = std::any_of(samples_.begin(), samples_.end(), [](const Sample& s) { return s.lag == 0; });
    if (at_end || samples_.size() < kSamples) return State::kOk;
    if (samples_.back().position == samples_.front().position) return State::kStall;
    const bool never_nearer = throughout(samples_, [](const Sample& a, const Sample& b) { return b.lag >= a.lag; });
    return never_nearer ? State::kWarn : State::kOk;
}

void KafkaNumbers::tell(kafka::Consumer& consumer, const std::map<kafka::TopicPartition, std::int64_t>& positions,
                        metrics::Metrics& metrics) {
    metrics.add("kafka_rebalances_total", {}, static_cast<double>(consumer.rebalances() - rebalances_told_));
    rebalances_told_ = consumer.rebalances();
    const kafka::Commits commits = consumer.commits();
    metrics.add("kafka_commits_total", {}, static_cast<double>(commits.done - commits_told_.done));
    metrics.add("kafka_commits_failed_total", {}, static_cast<double>(commits.failed - commits_told_.failed));
    commits_told_ = commits;
    const kafka::Statistics statistics = consumer.statistics();
    if (statistics.number == samples_told_) return;
    samples_told_ = statistics.number;
    std::erase_if(health_, [&](const auto& entry) { return !positions.contains(entry.first); });
    for (const auto& [where, position] : positions) {
        const auto told = statistics.partitions.find(where);
        if (told == statistics.partitions.end()) continue;
        PartitionHealth& health = health_[where];
        health.add(position, told->second.high, told->second.fetching);
        const std::string partition = std::to_string(where.partition);
        metrics.set("kafka_consumer_lag", {where.topic, partition}, static_cast<double>(health.lag()));
        for (std::size_t s = 0; s < kStates.size(); ++s) {
            const bool now = static_cast<std::size_t>(health.state()) == s;
            metrics.set("kafka_partition_state", {where.topic, partition, std::string(kStates[s])}, now ? 1 : 0);
        }
    }
}

}  // namespace tocsin::pipeline
