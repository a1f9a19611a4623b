#pragma once
/// What is to be delivered to one receiver, and when it may be tried. Pure: time and chance come from the caller.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "outbox/notice.h"

namespace tocsin::outbox {

/// Units: rows, bytes of bodies, durations. docs/configuration.md repeats them.
struct QueueLimits {
    std::size_t rows_max = 100'000;
    std::size_t bytes_max = 256u << 20;
    Duration backoff_min = std::chrono::seconds(1);
    Duration backoff_max = std::chrono::minutes(5);
    Duration give_up = std::chrono::hours(72);
    int breaker_failures = 5;                           ///< in a row; then only one notice is tried at a time …
    Duration breaker_pause = std::chrono::seconds(30);  ///< … this often
    /// The receiver takes what it is given in that order (a partition of Kafka, written by one producer): the next
    /// notice of an episode need not wait until the one before it has arrived.
    bool keeps_order = false;
};

/// How an attempt ended.
enum class Attempt : std::uint8_t {
    kDelivered,
    kBusy,     ///< try again later (time-out, 408, 425, 429, 5xx)
    kRefused,  ///< the receiver will never take it (other 4xx): parked
    kAgain,    ///< not sent as it was (its batch must be split): try again at once, nobody failed
    kGone,     ///< the receiver is gone for good (410): it gets nothing more until the process starts again
};

/// A notice that will not be tried again by itself: kept in the store, listed, counted. A restart tries it once more.
struct Parked {
    std::shared_ptr<const Notice> notice;
    std::string reason;
    Instant at = kBeforeAll;  ///< when it was parked
};

/// Notices of one episode leave in the order they were made, one after the other unless the receiver keeps the order
/// itself; different episodes do not wait for each other. Every call costs the logarithm of the rows, whatever the
/// receiver does. Used by one thread.
class Queue {
public:
    static constexpr std::size_t kParkedMax = 10'000;  ///< beyond it the oldest are dropped, and counted

    explicit Queue(QueueLimits limits = {}) : limits_(limits) {}

    void add(Notice notice, Instant now);
    /// The notices that may be tried now, at most `max`, the longest waiting first; they are under way until finish()
    /// is called.
    std::vector<std::shared_ptr<const Notice>> take(Instant now, std::size_t max);
    /// `chance` in [0, 1) spreads retries (full jitter). `retry_after`: what the receiver asked for, if it did; until
    /// then it is not asked again, about anything. A key that is not under way changes nothing.
    void finish(const RowKey& key, Attempt attempt, const std::string& reason, Instant now, double chance,
                std::optional<Duration> retry_after = std::nullopt);

    /// When take() could have something; kNever if nothing waits. The past means: now.
    [[nodiscard]] Instant next_try() const;
    /// Rows the store may forget: delivered, folded away, dropped from the parked ones.
    std::vector<RowKey> take_finished() { return std::exchange(finished_, {}); }

    [[nodiscard]] std::size_t size() const { return rows_.size(); }  ///< parked ones are not counted
    [[nodiscard]] std::size_t under_way() const { return under_way_; }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    [[nodiscard]] std::uint64_t folded() const { return folded_; }  ///< transitions that a newer one stands for
    [[nodiscard]] const std::deque<Parked>& parked() const { return parked_; }  ///< oldest first
    [[nodiscard]] std::uint64_t parked_total() const { return parked_total_; }
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }  ///< parked ones beyond kParkedMax
    [[nodiscard]] bool gone() const { return gone_; }
    [[nodiscard]] bool is_broken() const { return failures_ >= limits_.breaker_failures; }  ///< the breaker is open
    /// When the oldest notice that waits was added; kNever if none does.
    [[nodiscard]] Instant oldest() const;

private:
    struct Row {
        std::shared_ptr<const Notice> notice;
        std::uint64_t arrival = 0;
        Instant added;
        Instant not_before = kBeforeAll;
        int attempts = 0;
        bool under_way = false;
    };
    using Rows = std::map<RowKey, Row>;

    [[nodiscard]] bool is_first_of_episode(const RowKey& key, const Row& row) const;
    void enlist(const RowKey& key, const Row& row);
    void delist(const RowKey& key, const Row& row);
    void start(const RowKey& key, std::vector<std::shared_ptr<const Notice>>& taken);
    void retry_later(const RowKey& key, Row& row, Instant now, double chance);
    void remove(const RowKey& key);
    void release(const Notice& notice);
    void release_next(const RowKey& key, const Notice& notice);
    void hold_back(const RowKey& key, const Notice& notice);
    void park(const RowKey& key, const std::string& reason, Instant now);
    void keep_parked(std::shared_ptr<const Notice> notice, const std::string& reason, Instant now);
    void fold(const Notice& newest);
    void give_up_old(const std::string& reason, Instant now);

    QueueLimits limits_;
    Rows rows_;
    std::map<std::string, std::set<RowKey>> episodes_;
    std::map<std::uint64_t, RowKey> arrivals_;
    // Only the first row of an episode (where the receiver keeps the order: the first that is not under way) stands in
    // one of these two.
    std::map<std::uint64_t, RowKey> ready_;         // by arrival: may be tried at once
    std::set<std::pair<Instant, RowKey>> pausing_;  // by the instant their pause ends
    std::vector<RowKey> finished_;
    std::deque<Parked> parked_;
    std::uint64_t next_arrival_ = 0;
    std::size_t bytes_ = 0, under_way_ = 0;
    std::uint64_t folded_ = 0, parked_total_ = 0, dropped_ = 0;
    int failures_ = 0;
    Instant probe_at_ = kBeforeAll;
    Instant quiet_until_ = kBeforeAll;
    bool gone_ = false;
};

}  // namespace tocsin::outbox
