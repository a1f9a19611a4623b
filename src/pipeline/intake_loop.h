#pragma once
/// The intake: input topics in, the one log keyed by customer out (design 3). A thread of its own; how far it has read
/// lies in what it commits to its group, and in the tasks' state.

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "config/config.h"
#include "decode/decoder.h"
#include "intake/acked_prefix.h"
#include "intake/continuity.h"
#include "intake/head_merge.h"
#include "intake/marks.h"
#include "kafka/consumer.h"
#include "kafka/producer.h"
#include "metrics/metrics.h"
#include "outbox/dead_letter.h"
#include "pipeline/kafka_numbers.h"

namespace tocsin::pipeline {

struct IntakeOptions {
    kafka::ClientOptions client;
    std::int32_t log_partitions = 1;
    bool event_clock = false;
    bool assign_all = false;     ///< without the group: embedded broker
    bool loses_commits = false;  ///< crash tests: every commit is lost on its way, so each life repeats the whole input
    /// What the state remembers of the inputs; null: inputs are not checked (tests that prove the check is needed).
    intake::ProgressTable* progress = nullptr;
};

/// Produced at least once, in order, behind acknowledged offsets; the tasks count each record once by its origin.
class IntakeLoop {
public:
    static Result<std::unique_ptr<IntakeLoop>> open(const config::Config& config, IntakeOptions options,
                                                    metrics::Metrics& metrics);
    ~IntakeLoop();

    void start();
    /// Stops reading, waits a bounded time for acknowledgements, commits, ends the thread.
    void stop();
    /// Why it stopped by itself; empty: it runs.
    [[nodiscard]] std::string failure() const;

private:
    struct Input {
        kafka::TopicPartition where;
        std::size_t topic = 0;  // index in the configuration
        std::int32_t partitions = 1;
        intake::Beginning begin;
        intake::Witnesses witnesses;
        intake::EndWatch end;
        std::vector<kafka::Message> fetched;
        std::size_t at = 0;
        std::unique_ptr<decode::Decoder> decoder;
        std::optional<Event> head;
        std::optional<decode::Reject> reject;  // of the head, if it cannot be read
        bool head_known = false;
        std::int64_t next = -1;
        intake::AckedPrefix acked;
        intake::CoveredUpTo covered;
        std::int64_t committed = -1;
        intake::InputId id = 0;
    };

    IntakeLoop(const config::Config& config, IntakeOptions options, metrics::Metrics& metrics);
    Result<void> connect();
    Result<std::int64_t> start_of(const kafka::TopicPartition& partition);
    Result<std::int64_t> first_start_of(const kafka::TopicPartition& partition, std::int64_t low, std::int64_t high);
    Result<bool> is_grown(const kafka::TopicPartition& partition);
    void tell_beginning(const kafka::TopicPartition& partition, const intake::Beginning& begin);
    void assigned(const std::vector<kafka::TopicPartition>& partitions);
    void run();
    Result<void> round();
    void follow_end(Input& input);
    void remember_last(Input& input);
    void compare(Input& input);
    bool refill(Input& input);
    void look(Input& input, Instant now);
    Result<bool> take(Instant now);
    Result<void> forward(Input& input);
    Result<void> set_aside(Input& input);
    Result<void> send(kafka::Producer& to, const kafka::OutgoingRecord& record);
    Result<void> send_letter(std::uint64_t tag, outbox::DeadLetter& letter);
    Result<void> mark(Instant now);
    void collect_reports();
    void on_report(const kafka::DeliveryReport& report);
    void note_progress(Input& input);
    void commit(bool all);

    const config::Config& config_;
    IntakeOptions options_;
    metrics::Metrics& metrics_;
    std::unique_ptr<kafka::Consumer> consumer_;
    std::unique_ptr<kafka::Producer> producer_;  // to the log
    std::unique_ptr<kafka::Producer> letters_;   // to the dead letters: what is refused there must not end the log's
    intake::HeadMerge merge_;
    std::map<kafka::TopicPartition, std::unique_ptr<Input>> inputs_;
    std::vector<Input*> by_id_;
    struct Sent {
        Input* input;
        std::int64_t offset;
        std::shared_ptr<outbox::DeadLetter> letter;  // null: an event
    };
    std::map<std::uint64_t, Sent> under_way_;
    std::map<kafka::TopicPartition, intake::Beginning> begins_;
    std::optional<Error> trouble_;  // ends the intake: a restart sends again what is not acknowledged
    KafkaNumbers numbers_;
    std::uint64_t next_tag_ = 1;
    Instant taken_to_ = kBeforeAll;  // event time the merge has come to
    bool idle_ = false;              // at the last look all that is in the inputs had been taken
    Instant last_mark_ = kBeforeAll, last_commit_ = kBeforeAll;
    std::string canonical_, origin_;
    mutable std::mutex mutex_;
    std::string failure_;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

}  // namespace tocsin::pipeline
