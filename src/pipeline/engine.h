#pragma once
/// The road of the counting: next record of the log -> decode -> apply -> transitions -> one commit per task -> hand
/// out what is durable. The only place where the core meets the log and the store. One thread.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "intake/marks.h"
#include "intake/progress.h"
#include "pipeline/lane.h"
#include "pipeline/log_source.h"
#include "pipeline/outlet.h"
#include "pipeline/tally.h"
#include "task/task_group.h"

namespace tocsin::pipeline {

/// `disorder` and `delay` of a topic (design 5).
struct TopicTimes {
    Duration disorder = std::chrono::minutes(1);
    Duration delay = std::chrono::seconds(5);
};

/// Ways to break the daemon on purpose, so that the crash tests can show that they would notice. Never set in service.
struct Faults {
    bool offset_outside_batch = false;  ///< the offset is stored one commit before its changes
    bool send_before_fsync = false;
    bool continuity_check_off = false;  ///< of the inputs behind the intake
    bool origin_check_off = false;      ///< and the intake's commits are lost, so that there is what the check is for
};

struct EngineOptions {
    bool event_clock = false;  ///< `--clock=event`: the wall clock decides nothing
    /// Between commits while there is more to read than one step takes: whoever is busy in a backlog is then stored
    /// once for many events.
    Duration backlog_commit_interval = std::chrono::seconds(2);
    bool rekeyed = false;                                   ///< the log is tocsin.events, written by the intake
    std::map<std::string, TopicTimes, std::less<>> topics;  ///< of the input topics
    std::map<std::string, std::vector<std::string>, std::less<>> waits_on;  ///< rule -> topics its promises wait on
    Faults faults;
};

class Engine {
public:
    /// More records than this, or bytes to write, or time since the last, make a commit.
    static constexpr std::size_t kCommitRecordsMax = 200'000;
    static constexpr Duration kCommitEvery = std::chrono::milliseconds(100);
    static constexpr Duration kSyncEvery = std::chrono::seconds(5);
    /// A task that cannot be read holds up the others no longer than this.
    static constexpr Duration kHoldUpMax = std::chrono::seconds(30);
    /// With --clock=event the clocks take the highest event time after the log has stood so long.
    static constexpr Duration kStandstill = std::chrono::seconds(2);
    static constexpr Duration kFutureMax = std::chrono::minutes(5);
    static constexpr Duration kBehindAfter = std::chrono::seconds(10);
    /// New rules are judged over what is remembered for so long in each step, so many profiles at a time.
    static constexpr Duration kSweepFor = std::chrono::milliseconds(10);
    static constexpr std::size_t kSweepSlice = 128;

    struct Parts {
        const task::Setting& setting;
        task::TaskGroup& tasks;
        LogSource& log;
        Outlet& outlet;
        Tally& tally;
        intake::ProgressTable* progress = nullptr;  ///< of the intake: stored with what is counted of its inputs
    };
    /// The lanes' stores are loaded into their tasks already. All parts outlive the engine.
    Engine(Parts parts, std::vector<Lane> lanes, EngineOptions options);

    void adopt(const std::shared_ptr<const RuleSet>& rules);
    /// Which topics the promises of the rules wait on; takes the place of EngineOptions::waits_on at a reload.
    void wait_on(std::map<std::string, std::vector<std::string>, std::less<>> topics) {
        options_.waits_on = std::move(topics);
    }
    /// Rules that are unverified now: an input that their promises wait on is silent (design 3).
    [[nodiscard]] std::vector<std::string> unverified() const;
    /// Where the reading of a task without a state begins, or behind a gap. Until every task has its place nothing is
    /// stored: a state that says "from offset 0" would be taken for one that has read nothing yet.
    void begin(std::uint32_t task, std::int64_t offset);

    /// One round at wall time `now`: applies what is there (a bounded number of records), moves clocks, commits if it
    /// is time. Says whether there was anything to do. Errors: kFatal, nothing more may be applied or sent.
    Result<bool> step(Instant now);
    /// Commits and syncs whatever is pending: at the end, and before a standstill counts.
    Result<void> flush(Instant now);

    [[nodiscard]] task::TaskGroup& tasks() { return parts_.tasks; }
    [[nodiscard]] const std::vector<Lane>& lanes() const { return lanes_; }
    /// All tasks have been caught up at least once (wall clock), or stand still (event clock).
    [[nodiscard]] bool caught_up() const { return caught_up_; }
    [[nodiscard]] bool standing_still() const { return still_; }
    /// New rules are being judged over what is remembered.
    [[nodiscard]] bool warming() const { return parts_.tasks.warming(); }
    /// Customers met in a second partition of a direct topic, since the start (design 3).
    [[nodiscard]] std::uint64_t customers_in_two_partitions() const { return in_two_partitions_; }

private:
    bool refill(Lane& lane, Instant now);
    Lane* choose(Instant now, bool& waiting);
    static bool holds_up(Lane& lane, Instant now);
    bool nothing_earlier(const Lane& lane, const Lane& other, Instant now) const;
    bool take_head(Lane& lane, Instant now);
    void apply_head(Lane& lane);
    void pop(Lane& lane);
    static void take_fingerprint(Lane& lane);
    bool check_continuity(Lane& lane);
    void set_aside(Lane& lane, const SetAside& reason);
    void move_clocks(Instant now);
    void stand_still(Instant now);
    void watch_silent_inputs(Instant now);
    void sweep();
    void tell_warming();
    std::optional<Instant> caught_up_to(Lane& lane, Instant now);
    const TopicTimes& times_of(const Lane& lane) const;
    Result<void> commit(Instant now);
    Result<void> commit_now(Instant now);
    Result<void> commit_lane(Lane& lane);
    Result<void> store_batch(Lane& lane);
    Result<void> sync(Instant now);
    void is_on_disk(Instant now);

    Parts parts_;
    std::vector<Lane> lanes_;
    EngineOptions options_;
    std::shared_ptr<const RuleSet> rules_;
    std::vector<intake::InputClocks> inputs_;  // by lane; rekey only
    Duration delay_max_{};
    std::vector<std::string> silent_;
    std::uint64_t in_two_partitions_ = 0;
    bool told_silent_ = false;    // the tasks know of silent_
    bool sweep_ended_ = false;    // the outlet does not know it yet
    bool commit_failed_ = false;  // nothing more is applied until it succeeds
    std::optional<Error> trouble_;
    std::size_t records_since_commit_ = 0;
    bool dirty_ = false;         // something changed since the last commit
    bool rows_pending_ = false;  // committed rows wait for a sync before they may leave
    Instant last_commit_ = kBeforeAll, last_sync_ = kBeforeAll;
    Instant still_since_ = kNever;
    bool still_ = false;
    bool caught_up_ = false;
};

}  // namespace tocsin::pipeline
