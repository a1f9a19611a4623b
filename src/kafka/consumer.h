#pragma once
/// Reads topics partition by partition, from offsets the caller gives.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "kafka/client.h"
#include "tocsin/time.h"

struct rd_kafka_s;
struct rd_kafka_message_s;

namespace tocsin::kafka {

struct TopicPartition {
    std::string topic;
    std::int32_t partition = 0;
    auto operator<=>(const TopicPartition&) const = default;
};

/// What each consumer sets unless the user's client properties say otherwise, and what none may change.
Properties consumer_properties();

constexpr std::int64_t kFromBeginning = -2, kFromEnd = -1;  ///< in place of an offset

/// One record. Owns librdkafka's memory; views are valid as long as it lives.
class Message {
public:
    explicit Message(rd_kafka_message_s* message) : message_(message) {}
    Message(Message&& other) noexcept : message_(std::exchange(other.message_, nullptr)) {}
    Message& operator=(Message&& other) noexcept;
    ~Message();

    [[nodiscard]] std::int64_t offset() const;
    [[nodiscard]] std::int64_t timestamp_ms() const;  ///< -1: the broker gave none
    [[nodiscard]] std::string_view key() const;
    [[nodiscard]] std::string_view value() const;
    [[nodiscard]] bool has_value() const;                           ///< false: null
    [[nodiscard]] std::string_view header(const char* name) const;  ///< the last of that name; empty: none
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> headers() const;

private:
    rd_kafka_message_s* message_;
};

struct ConsumerOptions {
    ClientOptions client;
    std::string group_id;
    std::vector<std::string> topics;
    std::string instance_id;  ///< static membership; empty: none
    /// Reads all partitions of the topics without joining the group: for tools, tests and the embedded broker.
    bool assign_all = false;
    bool watch_watermarks = true;
};

/// What librdkafka last said about itself (statistics.interval.ms).
struct Statistics {
    struct Partition {
        std::int64_t high = -1;  ///< behind the last record; -1: not known yet
        bool fetching = false;
    };
    std::uint64_t number = 0;  ///< of the report: a new one has a new number
    int brokers_up = 0;
    std::map<TopicPartition, Partition> partitions;
};
/// Of librdkafka's JSON; empty: it is none.
std::optional<Statistics> parse_statistics(std::string_view json);

/// Commits to the group that the broker has answered.
struct Commits {
    std::uint64_t done = 0, failed = 0;
};

struct HighWatermark {
    Instant asked_at;  ///< wall clock, before the question was sent
    std::int64_t high = 0;
};

/// Not synchronised but for wake(): one thread polls and fetches. Never pauses and never seeks: both skip records in
/// librdkafka 2.0. Closing is bounded to kCloseTimeout.
class Consumer {
public:
    static constexpr Duration kCloseTimeout = std::chrono::seconds(10);

    struct Hooks {
        /// Where to begin with each partition of an assignment; kFromBeginning and kFromEnd are allowed.
        std::function<std::int64_t(const TopicPartition&)> start;
        std::function<void(const std::vector<TopicPartition>&)> assigned;
        std::function<void()> revoked;
    };

    static Result<std::unique_ptr<Consumer>> open(ConsumerOptions options, Hooks hooks);
    ~Consumer();
    Consumer(const Consumer&) = delete;
    Consumer& operator=(const Consumer&) = delete;

    /// Serves rebalances, errors and statistics. To be called often, also while records are being fetched.
    void poll(Duration at_most);
    /// What has arrived for a partition, in order, at most `max`, without waiting; appended.
    void fetch(const TopicPartition& partition, std::vector<Message>& out, std::size_t max);
    /// The broker said there was nothing behind the record fetched last, and none has come since.
    [[nodiscard]] bool at_end(const TopicPartition& partition) const { return end_of(partition) >= 0; }
    /// The offset at which it said so; -1: it is not at the end. Behind the last record there may be what is none: the
    /// markers of transactions, records that were compacted away.
    [[nodiscard]] std::int64_t end_of(const TopicPartition& partition) const;
    /// The newest answers about the end of the partition, oldest first; given once each.
    std::vector<HighWatermark> take_high_watermarks(const TopicPartition& partition);
    /// Waits until something may have arrived, or wake() is called.
    void wait(Duration at_most);
    void wake();

    /// Advisory: for lag dashboards, and the intake's own start. `metadata` is kept with the offset.
    void commit(const std::map<TopicPartition, std::int64_t>& next_offsets, const std::string& metadata = "");
    struct Committed {
        std::int64_t offset = -1;
        std::string metadata;
    };  ///< -1: none
    Result<std::map<TopicPartition, Committed>> committed(const std::vector<TopicPartition>& partitions,
                                                          Duration at_most);
    /// First and behind-the-last offset. Waits for the broker.
    Result<std::pair<std::int64_t, std::int64_t>> bounds(const TopicPartition& partition, Duration at_most);
    /// The first offset at or after the time; behind the last if there is none.
    Result<std::int64_t> offset_at(const TopicPartition& partition, Instant time, Duration at_most);

    std::vector<Trouble> take_troubles();
    [[nodiscard]] std::uint64_t rebalances() const { return rebalances_; }
    [[nodiscard]] const std::vector<TopicPartition>& assignment() const { return assignment_; }
    [[nodiscard]] Statistics statistics() const;
    [[nodiscard]] Commits commits() const;

private:
    struct Partition;
    Consumer(ConsumerOptions options, Hooks hooks);
    static void on_rebalance(rd_kafka_s*, int code, void* list, void* self);
    void assign(void* list);
    void unassign();
    void open_queues(const std::vector<TopicPartition>& partitions);
    Result<void> assign_everything();
    void watch();

    ConsumerOptions options_;
    Hooks hooks_;
    rd_kafka_s* handle_ = nullptr;
    int event_fd_ = -1;
    std::vector<TopicPartition> assignment_;
    std::map<TopicPartition, std::unique_ptr<Partition>> partitions_;
    std::vector<rd_kafka_message_s*> fetched_;  // scratch
    std::uint64_t rebalances_ = 0;
    mutable std::mutex mutex_;  // guards the five below
    Statistics statistics_;
    Commits commits_;
    std::vector<Trouble> troubles_;
    std::map<TopicPartition, std::vector<HighWatermark>> watermarks_;
    std::vector<TopicPartition> watched_;
    std::atomic<bool> closing_{false};
    std::thread watcher_;
    friend struct Callbacks;
};

}  // namespace tocsin::kafka
