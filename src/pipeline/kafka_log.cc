#include "pipeline/kafka_log.h"

#include <algorithm>

#include "intake/origin.h"

namespace tocsin::pipeline {

KafkaLog::KafkaLog(kafka::Consumer& consumer, std::string topic, std::uint32_t tasks, bool with_headers)
    : consumer_(consumer), with_headers_(with_headers) {
    for (std::uint32_t i = 0; i < tasks; ++i) runs_.emplace_back().where = {topic, static_cast<std::int32_t>(i)};
}

std::span<const LogRecord> KafkaLog::fetch(std::uint32_t task) {
    Run& run = runs_[task];
    run.messages.clear();
    run.records.clear();
    consumer_.fetch(run.where, run.messages, kFetchMax);
    for (const kafka::Message& m : run.messages) {
        LogRecord r;
        r.offset = m.offset();
        r.timestamp = from_millis(m.timestamp_ms());
        r.key = m.key();
        r.value = m.value();
        r.has_value = m.has_value();
        if (with_headers_) {
            r.origin = m.header(intake::kOriginHeader.data());
            if (r.origin.empty()) r.mark = m.header(intake::kMarkHeader.data());
        }
        run.records.push_back(r);
    }
    return run.records;
}

std::vector<std::pair<std::string, std::string>> KafkaLog::headers(std::uint32_t task, std::int64_t offset) {
    for (const kafka::Message& m : runs_[task].messages) {
        if (m.offset() == offset) return m.headers();
    }
    return {};
}

LogEnd KafkaLog::end(std::uint32_t task, std::int64_t position) {
    Run& run = runs_[task];
    for (const kafka::HighWatermark& answer : consumer_.take_high_watermarks(run.where)) {
        run.covered.high_watermark(answer.asked_at, answer.high);
    }
    const std::int64_t end = consumer_.end_of(run.where);
    const bool all_taken = run.messages.empty() || run.messages.back().offset() < position;
    run.covered.position(all_taken ? std::max(position, end) : position);
    return {end >= 0, false, run.covered.upto()};
}

}  // namespace tocsin::pipeline
