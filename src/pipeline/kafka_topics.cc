#include "pipeline/kafka_topics.h"

namespace tocsin::pipeline {

Result<std::unique_ptr<KafkaTopics>> KafkaTopics::open(const kafka::ClientOptions& client) {
    std::unique_ptr<KafkaTopics> self(new KafkaTopics(client));
    auto opened = self->reopen();
    if (!opened) return std::move(opened).error();
    return self;
}

Result<void> KafkaTopics::reopen() {
    kafka::ProducerOptions options;
    options.client = client_;
    producer_ = TOCSIN_TRY(kafka::Producer::open(std::move(options)));
    return {};
}

void KafkaTopics::produce(const TopicRecord& record) {
    kafka::OutgoingRecord out;
    out.topic = record.topic;
    out.key = record.key;
    out.value = record.value;
    out.has_value = record.has_value;
    out.headers = &record.headers;
    out.tag = record.tag;
    const auto queued = producer_->produce(out);
    if (queued) return;
    const bool too_large = queued.error().kind == ErrorKind::kReject;
    refused_.push_back({record.tag, too_large ? TopicReport::Outcome::kTooLarge : TopicReport::Outcome::kBusy,
                        queued.error().message});
}

std::vector<TopicReport> KafkaTopics::reports() {
    std::vector<TopicReport> reports = std::exchange(refused_, {});
    producer_->poll(Duration(0));
    for (kafka::DeliveryReport& r : producer_->take_reports()) {
        using From = kafka::DeliveryReport::Outcome;
        using To = TopicReport::Outcome;
        const To outcome = r.outcome == From::kDelivered  ? To::kDelivered
                           : r.outcome == From::kTooLarge ? To::kTooLarge
                           : r.outcome == From::kRefused  ? To::kRefused
                                                          : To::kBusy;
        reports.push_back({r.tag, outcome, std::move(r.reason)});
    }
    if (!producer_->fatal_error().empty()) {
        producer_->flush(Duration(0));
        for (kafka::DeliveryReport& r : producer_->take_reports())
            reports.push_back({r.tag, TopicReport::Outcome::kBusy, std::move(r.reason)});
        static_cast<void>(reopen().ok());
    }
    return reports;
}

}  // namespace tocsin::pipeline
