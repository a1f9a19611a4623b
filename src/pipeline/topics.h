#pragma once
/// The topics that tocsin writes: transitions and dead letters. Implemented over Kafka's producer (kafka_topics.h).

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tocsin/result.h"

namespace tocsin::pipeline {

struct TopicRecord {
    std::string topic;
    std::string key, value;
    bool has_value = true;
    std::vector<std::pair<std::string, std::string>> headers;
    std::uint64_t tag = 0;  ///< comes back with the report
};

struct TopicReport {
    enum class Outcome { kDelivered, kBusy, kTooLarge, kRefused };
    std::uint64_t tag = 0;
    Outcome outcome = Outcome::kDelivered;
    std::string reason;
};

/// Used by the dispatcher's thread.
class TopicWriter {
public:
    virtual ~TopicWriter() = default;
    /// Hands the record to the client. A report follows in any case, also for what cannot even be queued.
    virtual void produce(const TopicRecord& record) = 0;
    /// Reports that have come in; does not wait.
    virtual std::vector<TopicReport> reports() = 0;
};

}  // namespace tocsin::pipeline
