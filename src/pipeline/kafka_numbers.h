#pragma once
/// What the Kafka clients say about themselves, as metrics: lag, the state of each partition, commits, rebalances.

#include <cstdint>
#include <deque>
#include <map>

#include "kafka/consumer.h"
#include "metrics/metrics.h"

namespace tocsin::pipeline {

/// The last samples of one partition, and what they mean. The rules are those of Burrow: no thresholds, only whether
/// reading gets anywhere.
class PartitionHealth {
public:
    enum class State {
        kOk,      ///< it was at the end at least once in the window, or gets nearer to it
        kWarn,    ///< it reads, but at every sample the end was as far away or farther
        kStop,    ///< the client does not fetch the partition
        kStall,   ///< there is more, and the position does not move
        kRewind,  ///< the position went back
    };
    static constexpr std::size_t kSamples = 10;

    /// `high` is the offset behind the last record, as far as the client knows; -1: not yet.
    void add(std::int64_t position, std::int64_t high, bool fetching);
    [[nodiscard]] State state() const;
    [[nodiscard]] std::int64_t lag() const { return samples_.empty() ? 0 : samples_.back().lag; }

private:
    struct Sample {
        std::int64_t position = 0, lag = 0;
    };
    std::deque<Sample> samples_;
    bool fetching_ = true;
};

/// For one consumer; used by the thread that polls it.
class KafkaNumbers {
public:
    /// `positions`: the offset of the next record to count, by partition.
    void tell(kafka::Consumer& consumer, const std::map<kafka::TopicPartition, std::int64_t>& positions,
              metrics::Metrics& metrics);

private:
    std::map<kafka::TopicPartition, PartitionHealth> health_;
    std::uint64_t samples_told_ = 0, rebalances_told_ = 0;
    kafka::Commits commits_told_;
};

}  // namespace tocsin::pipeline
