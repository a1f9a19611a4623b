// The intake's part that asks where reading begins, and whether the inputs are what they were (intake/continuity.h).
#include <algorithm>
#include <charconv>
#include <tuple>

#include "base/log.h"
#include "pipeline/intake_loop.h"
#include "pipeline/log_source.h"

namespace tocsin::pipeline {
namespace {

constexpr Duration kAskWithin = std::chrono::seconds(10);

// The commit's metadata: the epoch of the input partition.
std::optional<std::int64_t> epoch_in(const std::string& metadata) {
    if (!metadata.starts_with("epoch=")) return std::nullopt;
    std::int64_t epoch = 0;
    std::from_chars(metadata.data() + 6, metadata.data() + metadata.size(), epoch);
    return epoch;
}

intake::Witness witness_of(const kafka::Message& message) {
    LogRecord record;
    record.timestamp = from_millis(message.timestamp_ms());
    record.key = message.key();
    record.value = message.value();
    return {message.offset(), fingerprint_of(record)};
}

void tell_unchecked(const kafka::TopicPartition& p) {
    log_info("intake",
             "it cannot be checked whether an input partition is the one that was read: the record read last is not "
             "there any more, or not known",
             {{"topic", p.topic}, {"partition", p.partition}});
}

}  // namespace

// Which record the consumer is to give first: the one to compare, or the first that has not been read.
Result<std::int64_t> IntakeLoop::start_of(const kafka::TopicPartition& p) {
    intake::Known known;
    const auto committed = TOCSIN_TRY(consumer_->committed({p}, kAskWithin)).at(p);
    if (committed.offset >= 0) known.committed = {committed.offset, epoch_in(committed.metadata)};
    std::tie(known.low, known.high) = TOCSIN_TRY(consumer_->bounds(p, kAskWithin));
    for (const config::Topic& topic : config_.kafka.topics) {
        if (topic.name == p.topic) known.wanted_epoch = topic.epoch;
    }
    if (options_.progress != nullptr) {
        known.stored = options_.progress->find(p.topic, p.partition);
        known.counted = options_.progress->counted(p.topic, p.partition);
    }
    intake::Beginning begin = TOCSIN_TRY(intake::where_to_begin({p.topic, p.partition}, known));
    if (begin.at == intake::Beginning::At::kFirst) {
        begin.offset = TOCSIN_TRY(first_start_of(p, known.low, known.high));
    } else if (begin.at == intake::Beginning::At::kAnew) {
        begin.offset = known.low;
    }
    tell_beginning(p, begin);
    begins_[p] = begin;
    return begin.compare ? begin.last.offset : begin.offset;
}

void IntakeLoop::tell_beginning(const kafka::TopicPartition& p, const intake::Beginning& begin) {
    using At = intake::Beginning::At;
    if (begin.at == At::kAnew) {
        log_warn("intake", "an input partition is read from its beginning: its topic has another epoch",
                 {{"topic", p.topic}, {"partition", p.partition}, {"epoch", begin.epoch}});
    }
    if (begin.at == At::kOffset && begin.offset > 0 && !begin.compare) tell_unchecked(p);
    if (begin.gap > 0) {
        metrics_.add("input_gap_records_total", {p.topic}, static_cast<double>(begin.gap));
        log_error("intake", "the broker deleted records before they were read; counts of that time are too low",
                  {{"topic", p.topic}, {"partition", p.partition}, {"records", begin.gap}});
    }
}

Result<std::int64_t> IntakeLoop::first_start_of(const kafka::TopicPartition& p, std::int64_t low, std::int64_t high) {
    switch (config_.kafka.start.at) {
        case config::Start::At::kLatest:
            return TOCSIN_TRY(is_grown(p)) ? low : high;
        case config::Start::At::kInstant:
            return consumer_->offset_at(p, config_.kafka.start.instant, kAskWithin);
        default:
            return low;
    }
}

// A partition that the topic got while it was being read holds nothing from before the start.
Result<bool> IntakeLoop::is_grown(const kafka::TopicPartition& p) {
    const kafka::TopicPartition first{p.topic, 0};
    if (p.partition == 0) return false;
    if (options_.progress != nullptr && options_.progress->find(p.topic, 0)) return true;
    return TOCSIN_TRY(consumer_->committed({first}, kAskWithin)).at(first).offset >= 0;
}

// What the broker says of the input's end.
void IntakeLoop::follow_end(Input& input) {
    const auto answers = consumer_->take_high_watermarks(input.where);
    if (answers.empty()) return;
    std::int64_t lowest = answers.front().high;
    for (const kafka::HighWatermark& answer : answers) {
        input.covered.high_watermark(answer.asked_at, answer.high);
        lowest = std::min(lowest, answer.high);
    }
    if (input.end.answered(lowest, input.next) || options_.progress == nullptr) return;
    trouble_ = intake::not_what_it_was({input.where.topic, input.where.partition},
                                       "it ends at offset " + std::to_string(lowest) + ", though more of it was read",
                                       input.begin.epoch);
}

// One record of many is enough: the last of each fetch, and the last before each commit.
void IntakeLoop::remember_last(Input& input) {
    if (input.at > 0) input.witnesses.taken(witness_of(input.fetched[input.at - 1]));
}

// The first record that has come is the one read last, if the topic is still the same.
void IntakeLoop::compare(Input& input) {
    const intake::Witness& known = input.begin.last;
    const intake::Witness first = witness_of(input.fetched.front());
    if (first == known) return;
    const kafka::TopicPartition& p = input.where;
    if (first.offset == known.offset || input.begin.must_be_there) {
        trouble_ = intake::not_what_it_was(
            {p.topic, p.partition},
            "the record at offset " + std::to_string(known.offset) + " is not the one that was read",
            input.begin.epoch);
        return;
    }
    tell_unchecked(p);
}

void IntakeLoop::note_progress(Input& input) {
    const auto next = input.acked.committable();
    if (options_.progress == nullptr || !next) return;
    remember_last(input);
    options_.progress->set(input.where.topic, input.where.partition,
                           {input.begin.epoch, *next, input.witnesses.settled(*next)});
}

}  // namespace tocsin::pipeline
