#pragma once
/// What is to be delivered to one receiver, and when it may be tried. Pure: time and chance come from the caller.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
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
    int breaker_failures = 5;                            ///< in a row; then only one notice is tried at a time …
    Duration breaker_pause = std::chrono::seconds(30);   ///< … this often
};

/// How an attempt ended.
enum class Attempt : std::uint8_t {
    kDelivered,
    kBusy,      ///< try again later (time-out, 408, 425, 429, 5xx)
    kRefused,   ///< the receiver will never take it (other 4xx): parked
    kGone,      ///< the receiver is gone for good (410): it gets nothing more
};

/// A notice that will not be tried again by itself: kept, listed, counted.
struct Parked {
    std::string id, reason;
};

/// Notices of one episode leave one after the other, in the order they were made; different episodes do not wait for
/// each other. Used by one thread.
class Queue {
public:
    static constexpr std::size_t kParkedMax = 10'000;  ///< the oldest are forgotten (the store lets go of them, too)

    explicit Queue(QueueLimits limits = {}) : limits_(limits) {}

    void add(Notice notice, Instant now);
    /// The notices that may be tried now, at most `max`; they are under way until finish() is called.
    std::vector<std::shared_ptr<const Notice>> take(Instant now, std::size_t max);
    /// `chance` in [0, 1) spreads retries (full jitter). `retry_after`: what the receiver asked for, if it did.
    void finish(const RowKey& key, Attempt attempt, const std::string& reason, Instant now, double chance,
                std::optional<Duration> retry_after = std::nullopt);

    /// When take() could have something; kNever if nothing waits. The past means: now.
    [[nodiscard]] Instant next_try() const;
    /// Rows the store may forget: delivered, parked, folded away.
    std::vector<RowKey> take_finished() { return std::exchange(finished_, {}); }

    [[nodiscard]] std::size_t size() const { return rows_.size(); }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    [[nodiscard]] std::uint64_t folded() const { return folded_; }  ///< transitions that a newer one stands for
    [[nodiscard]] const std::vector<Parked>& parked() const { return parked_; }
    [[nodiscard]] std::uint64_t parked_total() const { return parked_total_; }
    [[nodiscard]] bool gone() const { return gone_; }
    /// `added` of the oldest notice that waits; kNever if none does.
    [[nodiscard]] Instant oldest() const;

private:
    struct Row {
        std::shared_ptr<const Notice> notice;
        Instant added;
        Instant not_before = kBeforeAll;
        int attempts = 0;
        bool under_way = false;
    };
    [[nodiscard]] bool is_first_of_episode(const Notice& notice) const;
    void remove(const RowKey& key);
    void park(const RowKey& key, const std::string& reason);
    void fold(const Notice& newest);

    QueueLimits limits_;
    std::map<RowKey, Row> rows_;
    std::map<std::string, std::set<RowKey>> episodes_;
    std::vector<RowKey> finished_;
    std::vector<Parked> parked_;
    std::size_t bytes_ = 0;
    std::uint64_t folded_ = 0, parked_total_ = 0;
    int failures_ = 0;
    Instant probe_at_ = kBeforeAll;
    bool gone_ = false;
};

}  // namespace tocsin::outbox
