#pragma once
/// The log over Kafka: partition p of the topic is the run of task p.

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "intake/marks.h"
#include "kafka/consumer.h"
#include "pipeline/log_source.h"

namespace tocsin::pipeline {

/// Engine thread only. The consumer outlives it.
class KafkaLog : public LogSource {
public:
    static constexpr std::size_t kFetchMax = 2'000;

    /// `with_headers`: the log was written by the intake, whose headers say what a record is.
    KafkaLog(kafka::Consumer& consumer, std::string topic, std::uint32_t tasks, bool with_headers);

    std::span<const LogRecord> fetch(std::uint32_t task) override;
    std::vector<std::pair<std::string, std::string>> headers(std::uint32_t task, std::int64_t offset) override;
    LogEnd end(std::uint32_t task, std::int64_t position) override;
    void wait(Duration at_most) override { consumer_.wait(at_most); }

private:
    struct Run {
        kafka::TopicPartition where;
        std::vector<kafka::Message> messages;
        std::vector<LogRecord> records;
        intake::CoveredUpTo covered;
    };
    kafka::Consumer& consumer_;
    bool with_headers_;
    std::deque<Run> runs_;
};

}  // namespace tocsin::pipeline
