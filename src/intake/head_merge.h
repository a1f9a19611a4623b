#pragma once
/// In which order the records of many input partitions enter the internal log: a backlog in event-time order.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "tocsin/time.h"

namespace tocsin::intake {

/// Index of an input partition in its HeadMerge.
using InputId = std::uint32_t;

/// Chooses whose record is next.
///
/// Each input shows its head, the first record not yet taken. Of heads that belong to a backlog the one with the lowest
/// event time is next (ties: rank, partition); an input that is below its high watermark with nothing fetched is waited
/// for, as its next record may be older. Otherwise the clock of the tasks would follow the fastest partition and the
/// rest of the history would count as late. Records that cannot be read, and with Freshness::kByWallClock those of the
/// last minute, pass at once, without waiting for anybody; where both kinds are there they take turns, so that neither
/// starves.
///
/// Pure: the wall clock arrives with each call. Used by one thread.
class HeadMerge {
public:
    /// With kNever only unreadable records pass at once (`--clock=event`).
    enum class Freshness { kByWallClock, kNever };

    /// A record this much older than the wall clock belongs to a backlog.
    static constexpr Duration kFreshAge = std::chrono::minutes{1};
    /// The longest an input with nothing fetched holds up the others. It is waited for anew after its next record.
    static constexpr Duration kWaitMax = std::chrono::seconds{30};

    enum class Step { kTake, kWait, kNothing };
    struct Choice {
        Step step = Step::kNothing;  ///< kNothing: no input has a record
        InputId input = 0;           ///< kTake: whose head is next; call one of the head_…() for it afterwards
        Instant until = kNever;      ///< kWait: when waiting ends by itself
    };

    explicit HeadMerge(Freshness freshness) : freshness_(freshness) {}

    /// Adds an input partition, at first waited for from `wall` on. `rank` is the position of its topic in the file.
    InputId add(std::uint32_t rank, std::int32_t partition, Instant wall);
    /// Forgets an input that was taken away. Its number may be given again by add().
    void remove(InputId input);

    /// The head is a record with this event time.
    void head_is(InputId input, Instant time, Instant wall);
    /// The head is a record that cannot be read: it passes at once.
    void head_is_unreadable(InputId input);
    /// Nothing is fetched although the high watermark says that there is more. Repeating it does not prolong the wait.
    void head_is_awaited(InputId input, Instant wall);
    /// Nothing is fetched and the high watermark has been reached.
    void head_is_caught_up(InputId input);

    [[nodiscard]] Choice next(Instant wall);

    /// All that is in the inputs has been taken: no head is left, and none is waited for. More than kNothing says,
    /// which also holds for as long as nothing has been fetched.
    [[nodiscard]] bool idle() const { return backlog_.empty() && passing_.empty() && awaited_.empty(); }

    /// Inputs that are waited for, also those whose time is up.
    [[nodiscard]] std::size_t awaited() const { return awaited_.size(); }

private:
    enum class State : std::uint8_t { kGone, kBacklog, kPassing, kAwaited, kCaughtUp };
    struct Input {
        std::uint32_t rank = 0;
        std::int32_t partition = 0;
        State state = State::kGone;
        Instant at = kNever;  ///< kBacklog, kPassing: event time; kAwaited: since when
    };
    struct Turn {
        Instant at;
        std::uint32_t rank;
        std::int32_t partition;
        InputId input;
        auto operator<=>(const Turn&) const = default;
    };

    std::set<Turn>* queue_of(State state);
    void change(InputId input, State state, Instant at);
    static Choice take(const std::set<Turn>& queue) { return {Step::kTake, queue.begin()->input, kNever}; }
    [[nodiscard]] std::optional<Instant> waiting_until(Instant wall) const;

    Freshness freshness_;
    std::vector<Input> inputs_;
    std::set<Turn> backlog_, passing_, awaited_;
    bool backlog_turn_ = false;  // the last one taken passed at once
};

}  // namespace tocsin::intake
