#pragma once
/// The topics tocsin writes, over Kafka's producer.

#include <memory>
#include <string>
#include <vector>

#include "kafka/producer.h"
#include "pipeline/topics.h"

namespace tocsin::pipeline {

/// Dispatcher's thread only. A client that has become unusable is made anew; what it had not delivered is reported
/// busy.
class KafkaTopics : public TopicWriter {
public:
    static Result<std::unique_ptr<KafkaTopics>> open(const kafka::ClientOptions& client);
    void produce(const TopicRecord& record) override;
    std::vector<TopicReport> reports() override;

private:
    explicit KafkaTopics(kafka::ClientOptions client) : client_(std::move(client)) {}
    Result<void> reopen();

    kafka::ClientOptions client_;
    std::unique_ptr<kafka::Producer> producer_;
    std::vector<TopicReport> refused_;  // reports about what could not be queued
};

}  // namespace tocsin::pipeline
