#include "pipeline/intake_loop.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "decode/canonical.h"
#include "intake/origin.h"

namespace tocsin::pipeline {
namespace {

constexpr std::size_t kFetchMax = 500;
constexpr int kTakesPerRound = 2'000;
constexpr Duration kCommitEvery = std::chrono::seconds(1);
constexpr Duration kStopWithin = std::chrono::seconds(10);

Instant wall_now() {
    return std::chrono::floor<Duration>(std::chrono::system_clock::now());
}

}  // namespace

IntakeLoop::IntakeLoop(const config::Config& config, IntakeOptions options, metrics::Metrics& metrics)
    : config_(config),
      options_(std::move(options)),
      metrics_(metrics),
      merge_(options_.event_clock ? intake::HeadMerge::Freshness::kNever : intake::HeadMerge::Freshness::kByWallClock) {
}

IntakeLoop::~IntakeLoop() {
    stop();
}

Result<std::unique_ptr<IntakeLoop>> IntakeLoop::open(const config::Config& config, IntakeOptions options,
                                                     metrics::Metrics& metrics) {
    std::unique_ptr<IntakeLoop> self(new IntakeLoop(config, std::move(options), metrics));
    auto connected = self->connect();
    if (!connected) return std::move(connected).error();
    return self;
}

Result<void> IntakeLoop::connect() {
    kafka::ProducerOptions producing;
    producing.client = options_.client;
    producing.message_timeout = Duration(0);  // none may give up while later ones pass
    letters_ = TOCSIN_TRY(kafka::Producer::open(producing));
    producing.no_gaps =
        true;  // a record of the log that was passed by a later one would count as repeated (origin_filter.h)
    producer_ = TOCSIN_TRY(kafka::Producer::open(std::move(producing)));
    kafka::ConsumerOptions consuming;
    consuming.client = options_.client;
    consuming.group_id = config_.kafka.group_id + "-intake";
    consuming.instance_id = config_.kafka.group_id + "-intake-0";
    consuming.assign_all = options_.assign_all;
    for (const config::Topic& topic : config_.kafka.topics) consuming.topics.push_back(topic.name);
    kafka::Consumer::Hooks hooks;
    hooks.start = [this](const kafka::TopicPartition& p) {
        if (consumer_ == nullptr) return kafka::kFromBeginning;
        const auto start = start_of(p);
        if (start.ok()) return *start;
        // Beginning anywhere else would lose records, or count them under another epoch.
        const Error& why = start.error();
        trouble_ = why.kind == ErrorKind::kFatal ? why : retry("cannot tell where to begin: " + why.message);
        return kafka::kFromEnd;
    };
    hooks.assigned = [this](const auto& partitions) { assigned(partitions); };
    hooks.revoked = [this] { commit(true); };
    consumer_ = TOCSIN_TRY(kafka::Consumer::open(std::move(consuming), std::move(hooks)));
    return {};
}

void IntakeLoop::assigned(const std::vector<kafka::TopicPartition>& partitions) {
    for (auto& [where, input] : inputs_) merge_.remove(input->id);
    inputs_.clear();
    under_way_.clear();
    by_id_.clear();
    const auto& topics = config_.kafka.topics;
    for (const kafka::TopicPartition& p : partitions) {
        auto input = std::make_unique<Input>();
        input->where = p;
        const auto topic =
            std::find_if(topics.begin(), topics.end(), [&](const config::Topic& t) { return t.name == p.topic; });
        input->topic = static_cast<std::size_t>(topic - topics.begin());
        input->partitions = static_cast<std::int32_t>(
            std::count_if(partitions.begin(), partitions.end(), [&](const auto& o) { return o.topic == p.topic; }));
        input->begin = begins_[p];
        input->witnesses.begin(input->begin.last);
        auto decoder = decode::Decoder::make(config_.schema, topic->mapping);
        TOCSIN_CHECK(decoder.ok(), "the mapping was checked when the configuration was loaded");
        input->decoder = std::make_unique<decode::Decoder>(std::move(decoder).value());
        if (input->begin.offset >= 0) input->acked.begin(input->begin.offset);
        input->id = merge_.add(static_cast<std::uint32_t>(input->topic), p.partition, wall_now());
        if (by_id_.size() <= input->id) by_id_.resize(input->id + 1);
        by_id_[input->id] = input.get();
        if (!trouble_) note_progress(*input);  // before any of its records can be counted
        inputs_[p] = std::move(input);
    }
    log_info("intake", "partitions assigned", {{"partitions", partitions.size()}});
}

// False: nothing more is here now.
bool IntakeLoop::refill(Input& input) {
    remember_last(input);
    input.fetched.clear();
    input.at = 0;
    consumer_->fetch(input.where, input.fetched, kFetchMax);
    if (input.fetched.empty()) return false;
    if (std::exchange(input.begin.compare, false)) compare(input);
    while (input.at < input.fetched.size() && input.fetched[input.at].offset() < input.begin.offset) ++input.at;
    metrics_.add("intake_records_total", {input.where.topic}, static_cast<double>(input.fetched.size() - input.at));
    return input.at < input.fetched.size();
}

// Tells the merge what the input's next record is.
void IntakeLoop::look(Input& input, Instant now) {
    follow_end(input);
    if (input.head_known) return;
    if (input.acked.full()) return merge_.head_is_awaited(input.id, now);
    if (input.at == input.fetched.size() && !refill(input)) {
        const std::int64_t end = consumer_->end_of(input.where);
        input.next = std::max(input.next, end);
        if (end >= 0)
            merge_.head_is_caught_up(input.id);
        else
            merge_.head_is_awaited(input.id, now);
        return;
    }
    const kafka::Message& message = input.fetched[input.at];
    Event event;
    input.head_known = true;
    const decode::OriginRef origin{input.where.topic, input.where.partition, message.offset()};
    const auto headers = input.decoder->needs_headers() ? message.headers() : decode::RecordHeaders{};
    input.reject = input.decoder->decode(message.value(), headers, origin, event);
    if (input.reject) {
        input.head.reset();
        merge_.head_is_unreadable(input.id);
    } else {
        input.head = event;
        merge_.head_is(input.id, event.time, now);
    }
}

Result<void> IntakeLoop::send(kafka::Producer& to, const kafka::OutgoingRecord& record) {
    for (;;) {
        auto sent = to.produce(record);
        if (sent || sent.error().kind != ErrorKind::kRetry) return sent;
        to.poll(Duration(50));  // the buffer is full: the broker sets the pace
        collect_reports();
        if (trouble_) return *trouble_;
        if (stopping_) return retry("stopping");
    }
}

Result<void> IntakeLoop::forward(Input& input) {
    const kafka::Message& message = input.fetched[input.at];
    decode::encode_canonical(*input.head, config_.schema, canonical_);
    origin_.clear();
    intake::encode_origin({input.where.topic, input.where.partition, message.offset(), input.begin.epoch}, origin_);
    const kafka::Headers headers{{std::string(intake::kOriginHeader), origin_}};
    kafka::OutgoingRecord record;
    record.topic = config_.kafka.events_topic;
    record.key = input.head->customer.empty() ? input.head->id : input.head->customer;
    record.partition = kafka::partition_of(record.key, options_.log_partitions);
    record.value = canonical_;
    record.headers = &headers;
    record.tag = next_tag_++;
    auto sent = send(*producer_, record);
    if (!sent && sent.error().kind == ErrorKind::kReject) {
        input.reject =
            decode::Reject{decode::RejectCode::kTooLarge, "longer than message.max.bytes lets the log have it"};
        return set_aside(input);
    }
    if (!sent) return sent;
    under_way_[record.tag] = {&input, message.offset(), nullptr};
    input.acked.sent(message.offset());
    return {};
}

Result<void> IntakeLoop::set_aside(Input& input) {
    const kafka::Message& message = input.fetched[input.at];
    auto made = std::make_shared<outbox::DeadLetter>();
    outbox::DeadLetter& letter = *made;
    letter.origin = {input.where.topic, input.where.partition, message.offset()};
    letter.code = decode::reject_code_name(input.reject->code);
    letter.message = input.reject->message;
    letter.stage = "intake";
    letter.timestamp_ms = message.timestamp_ms();
    letter.key = message.key();
    letter.value = message.value();
    letter.has_value = message.has_value();
    letter.headers = message.headers();
    outbox::finish(letter);
    metrics_.add("events_rejected_total", {input.where.topic, letter.code});
    const std::uint64_t tag = next_tag_++;
    auto sent = send_letter(tag, letter);
    if (!sent && sent.error().kind != ErrorKind::kReject) return sent;
    input.acked.sent(message.offset());
    under_way_[tag] = {&input, message.offset(), std::move(made)};
    // Not even its headers fit: its place and its reason are told here, and the next record is not kept waiting.
    if (!sent) on_report({tag, kafka::DeliveryReport::Outcome::kTooLarge, sent.error().message});
    return {};
}

// As much of it as the client lets pass.
Result<void> IntakeLoop::send_letter(std::uint64_t tag, outbox::DeadLetter& letter) {
    kafka::OutgoingRecord record;
    record.topic = config_.kafka.dead_letter_topic;
    record.headers = &letter.headers;
    record.has_value = letter.has_value;
    record.tag = tag;
    for (;;) {
        record.key = letter.key;
        record.value = letter.value;
        auto sent = send(*letters_, record);
        if (sent || sent.error().kind != ErrorKind::kReject || !outbox::cut_further(letter)) return sent;
    }
}

Result<bool> IntakeLoop::take(Instant now) {
    for (auto& [where, input] : inputs_) look(*input, now);
    if (trouble_) return *trouble_;
    const intake::HeadMerge::Choice choice = merge_.next(now);
    idle_ = merge_.idle();
    if (choice.step != intake::HeadMerge::Step::kTake) return false;
    Input& input = *by_id_[choice.input];
    auto done = input.reject ? set_aside(input) : forward(input);
    if (!done) return std::move(done).error();
    const bool in_order =
        input.head && (options_.event_clock || now - input.head->time >= intake::HeadMerge::kFreshAge);
    if (in_order) taken_to_ = std::max(taken_to_, input.head->time);
    input.next = input.fetched[input.at].offset() + 1;
    ++input.at;
    input.head_known = false;
    input.head.reset();
    return true;
}

// What each input has been read up to, said in every partition of the log behind the records it speaks of.
Result<void> IntakeLoop::mark(Instant now) {
    if (now - last_mark_ < intake::kMarkEvery) return {};
    if (inputs_.empty()) return {};
    last_mark_ = now;
    intake::Marks marks{{}, taken_to_, idle_};
    for (auto& [where, input] : inputs_) {
        if (input->next >= 0) input->covered.position(input->next);
        if (const auto upto = input->covered.upto())
            marks.inputs.push_back({where.topic, where.partition, input->partitions, *upto});
    }
    const kafka::Headers headers{{std::string(intake::kMarkHeader), intake::encode_marks(marks)}};
    for (std::int32_t p = 0; p < options_.log_partitions; ++p) {
        kafka::OutgoingRecord record;
        record.topic = config_.kafka.events_topic;
        record.partition = p;
        record.has_value = false;
        record.headers = &headers;
        auto sent = send(*producer_, record);
        if (!sent) return sent;
    }
    return {};
}

void IntakeLoop::collect_reports() {
    for (const kafka::DeliveryReport& report : producer_->take_reports()) on_report(report);
    for (const kafka::DeliveryReport& report : letters_->take_reports()) on_report(report);
}

void IntakeLoop::on_report(const kafka::DeliveryReport& report) {
    const auto it = under_way_.find(report.tag);
    if (it == under_way_.end()) return;  // a mark, or from before the partitions were taken over again
    Sent& sent = it->second;
    using Outcome = kafka::DeliveryReport::Outcome;
    const bool cut = sent.letter != nullptr && report.outcome == Outcome::kTooLarge;
    if (cut && outbox::cut_further(*sent.letter) && send_letter(report.tag, *sent.letter)) return;
    if (cut) {
        metrics_.add("dead_letters_lost_total", {config_.kafka.dead_letter_topic});
        log_error("intake",
                  "a dead letter does not fit into its topic, not even without its value; raise the topic's "
                  "max.message.bytes",
                  {{"topic", sent.input->where.topic},
                   {"partition", sent.input->where.partition},
                   {"offset", sent.offset},
                   {"code", sent.letter->code}});
    } else if (report.outcome != Outcome::kDelivered) {
        const std::string& topic =
            sent.letter == nullptr ? config_.kafka.events_topic : config_.kafka.dead_letter_topic;
        trouble_ = fatal("the broker refuses a record of topic " + topic + " (" + report.reason +
                         "); its max.message.bytes must be at least that of the client (1000000), and tocsin's user "
                         "must be allowed to write it");
        return;
    }
    sent.input->acked.acked(sent.offset);
    under_way_.erase(it);
}

void IntakeLoop::commit(bool all) {
    collect_reports();
    if (options_.loses_commits) return;
    std::map<std::int64_t, std::map<kafka::TopicPartition, std::int64_t>> by_epoch;
    for (auto& [where, input] : inputs_) {
        if (input->begin.compare) continue;  // it may be another topic, of which the group has read nothing
        const auto offset = input->acked.committable();
        if (!offset || (*offset == input->committed && !all)) continue;
        note_progress(*input);
        by_epoch[input->begin.epoch][where] = *offset;
        input->committed = *offset;
    }
    for (const auto& [epoch, offsets] : by_epoch) consumer_->commit(offsets, "epoch=" + std::to_string(epoch));
}

Result<void> IntakeLoop::round() {
    consumer_->poll(Duration(0));
    producer_->poll(Duration(0));
    letters_->poll(Duration(0));
    collect_reports();
    if (trouble_) return *trouble_;
    const Instant now = wall_now();
    bool worked = false;
    for (int i = 0; i < kTakesPerRound; ++i) {
        auto taken = take(now);
        if (!taken) return std::move(taken).error();
        if (!*taken) break;
        worked = true;
    }
    auto marked = mark(now);
    if (!marked) return marked;
    if (now - last_commit_ >= kCommitEvery) {
        last_commit_ = now;
        commit(false);
        std::map<kafka::TopicPartition, std::int64_t> positions;
        for (const auto& [where, input] : inputs_) {
            if (input->next >= 0) positions[where] = input->next;
        }
        numbers_.tell(*consumer_, positions, metrics_);
        metrics_.set("heartbeat_timestamp_seconds", {"intake"}, static_cast<double>(to_millis(now)) / 1000);
    }
    for (const kafka::Trouble& trouble : consumer_->take_troubles()) {
        metrics_.add("kafka_errors_total", {std::string(kafka::kind_name(trouble.kind))});
        if (trouble.kind == kafka::Trouble::Kind::kFatal) return fatal(trouble.message);
        if (trouble.kind == kafka::Trouble::Kind::kTopicGone) {
            return fatal("input topic " + trouble.topic + " is gone (" + trouble.message +
                         "); create it again, or take it out of kafka.topics, and restart");
        }
        if (trouble.kind == kafka::Trouble::Kind::kOffsetOutOfRange)
            return fatal("input topic " + trouble.topic + ": " + trouble.message + "; restart");
        log_warn("intake", "kafka", {{"error", trouble.message}});
    }
    if (!worked) consumer_->wait(Duration(20));
    return {};
}

void IntakeLoop::run() {
    while (!stopping_) {
        auto done = round();
        if (done) continue;
        if (stopping_) break;
        log_error("intake", done.error().message);
        const std::lock_guard lock(mutex_);
        failure_ = done.error().message;
        return;
    }
    producer_->flush(kStopWithin);
    letters_->flush(kStopWithin);
    commit(true);
    consumer_->poll(Duration(100));
}

void IntakeLoop::start() {
    thread_ = std::thread([this] { run(); });
}

void IntakeLoop::stop() {
    if (!thread_.joinable()) return;
    stopping_ = true;
    consumer_->wake();
    thread_.join();
}

std::string IntakeLoop::failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
}

}  // namespace tocsin::pipeline
