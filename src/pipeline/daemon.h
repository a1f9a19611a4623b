#pragma once
/// The daemon: everything that runs, in the order it starts; it stops in reverse.
///   configuration -> HTTP -> topics -> state -> rules -> dispatcher -> intake -> consumer -> engine loop

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "config/config.h"
#include "http/server.h"
#include "kafka/consumer.h"
#include "metrics/metrics.h"
#include "pipeline/api.h"
#include "pipeline/dispatcher.h"
#include "pipeline/engine.h"
#include "pipeline/intake_loop.h"
#include "pipeline/kafka_log.h"
#include "pipeline/kafka_numbers.h"
#include "pipeline/kafka_topics.h"
#include "pipeline/mailbox.h"
#include "pipeline/metrics_tally.h"
#include "pipeline/notice_outlet.h"
#include "pipeline/pages.h"
#include "store/task_store.h"

namespace tocsin::pipeline {

struct DaemonOptions {
    std::vector<std::string> listen;
    std::string storage_path;  ///< empty: as configured
    bool event_clock = false;
    bool enable_lifecycle = false;
    bool embedded = false;  ///< the broker is inside the process: its limits are worked around
    std::string version;
    Faults faults;
    bool mark_synced = false;
    std::function<void(const Transition&)> watch;  ///< demo: sees each transition as it is made; engine thread
};

/// Made, started, stopped from one thread (main).
class Daemon {
public:
    static constexpr Duration kDrainWithin = std::chrono::seconds(10);

    /// Errors: kReject, a configuration that cannot be used here (exit 78); others: a failure now (exit 1).
    static Result<std::unique_ptr<Daemon>> start(config::Config config, std::shared_ptr<const RuleSet> rules,
                                                 Pseudonymizer pseudonyms, DaemonOptions options);
    /// Stops polling, commits, delivers what it can within kDrainWithin, closes.
    ~Daemon();

    /// Loads the rules again, all or nothing. The answer is empty, or what is wrong.
    void reload(std::function<void(const std::string&)> done);
    /// The engine ended by itself: why. Empty: it runs.
    [[nodiscard]] std::string failure() const;
    /// Everything has been read and judged (with the event clock).
    [[nodiscard]] bool standing_still() const { return standing_still_ && dispatcher_->pending() == 0; }
    [[nodiscard]] std::uint16_t http_port() const { return servers_.empty() ? 0 : servers_.front()->port(); }
    [[nodiscard]] metrics::Metrics& metrics() { return metrics_; }

private:
    Daemon(config::Config config, std::shared_ptr<const RuleSet> rules, Pseudonymizer pseudonyms,
           DaemonOptions options);
    Result<void> start_http();
    Result<void> prepare_topics();
    Result<void> open_state();
    Result<void> load_lane(Lane& lane);
    Result<void> load_lanes();
    Result<void> connect();
    void make_engine();
    void start_dispatcher();
    kafka::Consumer::Hooks hooks();
    std::int64_t start_of(const kafka::TopicPartition& partition);
    Result<std::int64_t> first_start(const kafka::TopicPartition& partition, std::int64_t low, std::int64_t high);
    void start_intake();
    void loop();
    Result<void> round();
    void tell_metrics(Instant now);
    void tell_reading(Instant now);
    void tell_rules();
    void tell_evaluations();
    void tell_unverified();
    void tell_warming();
    void tell_two_partitions();
    void tell_state();
    void tell_http();
    void commit_to_group();
    Result<void> check_troubles();
    Pages::Sources page_sources();
    std::string try_reload();
    void not_ready(std::string reason);
    [[nodiscard]] std::string reason_not_ready() const;
    [[nodiscard]] std::string remark_when_ready() const;
    [[nodiscard]] std::string log_topic() const;
    [[nodiscard]] std::map<std::string, std::vector<std::string>, std::less<>> topics_waited_on() const;
    [[nodiscard]] kafka::ClientOptions client() const;

    config::Config config_;
    std::shared_ptr<const RuleSet> rules_;
    Pseudonymizer pseudonyms_;
    DaemonOptions options_;
    metrics::Metrics metrics_;
    Pages pages_;
    AreaTree areas_;
    std::uint32_t task_count_ = 0;
    Mailbox mailbox_;
    std::unique_ptr<task::Setting> setting_;
    std::unique_ptr<task::TaskGroup> tasks_;
    std::unique_ptr<MetricsTally> tally_;
    std::unique_ptr<KafkaTopics> topics_;
    std::unique_ptr<Dispatcher> dispatcher_;
    std::unique_ptr<NoticeOutlet> outlet_;
    intake::ProgressTable inputs_;
    std::unique_ptr<IntakeLoop> intake_;
    std::unique_ptr<kafka::Consumer> consumer_;
    std::unique_ptr<KafkaLog> log_;
    std::unique_ptr<LogSource> late_log_;
    std::vector<Lane> lanes_;  // until the engine takes them
    std::unique_ptr<Engine> engine_;
    std::unique_ptr<Api> api_;
    std::vector<std::unique_ptr<http::Server>> servers_;

    mutable std::mutex mutex_;  // guards the three below
    std::string not_ready_ = "starting";
    std::string failure_;
    std::string unverified_;            // rules whose promises wait on an input that is silent
    std::optional<Error> start_error_;  // found while partitions were assigned
    std::atomic<bool> stopping_{false}, standing_still_{false};
    bool assigned_ = false, intake_started_ = false, cannot_store_ = false;
    std::array<double, 4> log_lines_told_{};
    double cells_refused_told_ = 0;
    std::vector<std::uint64_t> evaluations_told_;  // by Rule::order, of the rules in force
    KafkaNumbers kafka_numbers_;
    std::uint64_t swept_told_ = 0;
    std::uint64_t http_refused_told_ = 0, in_two_partitions_told_ = 0;
    Instant last_metrics_ = kBeforeAll, last_group_commit_ = kBeforeAll;
    std::thread thread_;
};

}  // namespace tocsin::pipeline
