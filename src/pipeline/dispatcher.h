#pragma once
/// Delivers notices on a thread of its own: slow or dead receivers hold up nobody but themselves (invariant I5).

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "metrics/metrics.h"
#include "outbox/dead_letter.h"
#include "outbox/digest.h"
#include "outbox/queue.h"
#include "pipeline/topics.h"
#include "receivers/alertmanager.h"
#include "receivers/http_client.h"
#include "receivers/webhook.h"

namespace tocsin::pipeline {

/// One place notices go to. Exactly one of the three is set.
struct Target {
    std::string key;          ///< as in Notice::receiver
    std::string name;         ///< for people and metrics: the receiver's name
    std::string integration;  ///< "webhook", "alertmanager", "topic", "dlq"
    std::string topic;
    std::optional<receivers::WebhookTarget> webhook;
    std::optional<receivers::AlertmanagerOptions> alertmanager;
    std::string alertmanager_url;  ///< of the v2 alerts endpoint
    Duration timeout = std::chrono::seconds(15);
};

struct DispatcherOptions {
    std::vector<Target> targets;
    outbox::QueueLimits limits;
    bool hold_old = true;  ///< false with --clock=event: nothing is held back from receivers
    Duration max_notice_age = std::chrono::hours(1);
};

class Dispatcher {
public:
    /// `topics` may be null if no target is a topic. `finished` wakes the engine: rows can be deleted.
    Dispatcher(DispatcherOptions options, TopicWriter* topics, metrics::Metrics& metrics,
               std::function<void()> finished);
    ~Dispatcher();

    /// Any thread. What comes in is durable.
    void enqueue(std::vector<outbox::Notice> notices);
    /// What the receiver `key` must say again from the start: notices of open warnings.
    struct Open {
        std::string key, body;
    };
    void restore_open(std::vector<Open> open);
    /// The tasks are caught up: what was held back may be told as digests.
    void caught_up() { caught_up_ = true; }
    /// What is held of these rules is not told yet: more of it may come. Any thread.
    void warming(std::vector<std::string> rules);
    /// Rows of the task that need not be kept any longer.
    std::vector<std::uint64_t> take_finished(std::uint32_t task);
    [[nodiscard]] bool any_finished() const { return any_finished_; }
    [[nodiscard]] std::size_t pending() const { return pending_; }

    void start();
    /// Delivers what it can for at most `at_most`, then ends the thread. What is left stays in the store.
    void stop(Duration at_most);

private:
    struct Lane {
        Target target;
        outbox::Queue queue;
        outbox::Held held;
        std::unique_ptr<receivers::AlertmanagerState> alertmanager;
        std::size_t batch_max = receivers::AlertmanagerState::kBatchMax;
        std::size_t exchanging = 0;                // requests without a response yet
        std::uint64_t delivered = 0, letters = 0;  // since publish()
        std::uint64_t parked_told = 0, folded_told = 0, dropped_told = 0;
    };
    struct Exchange {
        std::size_t lane = 0;
        std::vector<std::shared_ptr<const outbox::Notice>> notices;  // empty: a resend
        Instant begun;
    };

    void run();
    void take_in(Instant now);
    void hold_or_queue(Lane& lane, outbox::Notice notice, Instant now);
    void send(std::size_t index, Instant now);
    void send_http(std::size_t index, std::vector<std::shared_ptr<const outbox::Notice>> notices, Instant now);
    void send_topic(std::size_t index, const std::shared_ptr<const outbox::Notice>& notice);
    void resend(std::size_t index, Instant now);
    void tell_digests(Lane& lane, Instant now);
    void on_response(const receivers::HttpResponse& response, Instant now);
    void on_report(const TopicReport& report, Instant now);
    void finish(Lane& lane, const outbox::Notice& notice, outbox::Attempt attempt, const std::string& reason,
                Instant now, std::optional<Duration> retry_after = std::nullopt);
    void publish(Lane& lane);
    void give_back(const std::vector<outbox::RowKey>& rows);
    double chance() { return std::uniform_real_distribution<>(0, 1)(random_); }

    DispatcherOptions options_;
    TopicWriter* topics_;
    metrics::Metrics& metrics_;
    std::function<void()> finished_signal_;
    receivers::HttpClient http_;
    std::vector<Lane> lanes_;
    std::map<std::string, std::size_t> by_key_;
    std::map<std::uint64_t, Exchange> exchanges_;  // by tag
    std::map<outbox::RowKey, std::vector<outbox::RowKey>> digest_rows_;
    outbox::Held::Waiting warming_;  // rules
    std::map<std::uint64_t, std::shared_ptr<outbox::DeadLetter>>
        cut_;  // by tag: dead letters the broker found too large
    std::uint64_t next_tag_ = 1, next_digest_ = 1;
    Instant published_ = kBeforeAll;
    std::mt19937_64 random_{std::random_device{}()};

    std::mutex mutex_;  // guards the four below
    std::vector<std::string> to_warm_;
    std::vector<outbox::Notice> inbox_;
    std::vector<Open> to_restore_;
    std::map<std::uint32_t, std::vector<std::uint64_t>> finished_;
    std::atomic<bool> any_finished_{false}, caught_up_{false}, stopping_{false};
    std::atomic<std::int64_t> stop_at_ms_{0};
    std::atomic<std::size_t> pending_{0};
    std::thread thread_;
};

}  // namespace tocsin::pipeline
