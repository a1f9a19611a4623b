#pragma once
/// How a task behind the internal log learns how far the inputs have been read, when nothing happens in them.
///
/// The intake writes a mark into every partition of the log each 500 ms: "all of this input partition up to wall time
/// T lies before this record". A task is caught up to the lowest T of all input partitions; only with that may it say
/// that something did not happen.
///
/// A mark also says how far the merge has come: while there is a backlog, tasks keep step with each other by it. A task
/// whose partition is empty may have its next record still before it in the intake.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tocsin/time.h"

namespace tocsin::intake {

constexpr std::string_view kMarkHeader = "tocsin-mark";
constexpr Duration kMarkEvery = std::chrono::milliseconds{500};

/// One statement of a mark. `topic` is a view into what it was parsed from.
struct Mark {
    std::string_view topic;
    std::int32_t partition = 0;
    std::int32_t partitions = 1;  ///< of the topic, as far as the intake knows
    Instant upto = kBeforeAll;
};

/// What a mark record says.
struct Marks {
    std::vector<Mark> inputs;
    /// All records of a backlog up to this event time lie before this record, except for an input's own disorder;
    /// kBeforeAll: nothing is known.
    Instant taken_to = kBeforeAll;
    /// The intake had nothing to read: all that was in the inputs then lies before this record.
    bool idle = false;
};

/// "1 E topic/partition/partitions=T …": format version, event time `taken_to` (with "!" behind it: idle), then each
/// statement; times in milliseconds since 1970. A mark record has this in its header, and neither key nor value.
[[nodiscard]] std::string encode_marks(const Marks& marks);

/// Empty if the text is anything but what encode_marks writes.
[[nodiscard]] std::optional<Marks> parse_marks(std::string_view header);

/// The writing side: which T counts for one input partition. T counts once the position has reached the high watermark
/// that was asked for at T or later: everything that was in the partition at T lies below it.
///
/// Used by one thread.
class CoveredUpTo {
public:
    /// Answers of the broker that may wait for the position. Beyond it a new one takes the place of the one before it,
    /// which delays a T and never makes one wrong.
    static constexpr std::size_t kAnswersMax = 64;

    /// The broker answered a question sent at `asked_at` with this high watermark.
    void high_watermark(Instant asked_at, std::int64_t high);
    /// Every record below `next` has been handed to the producer, for whichever partition of the log.
    void position(std::int64_t next);
    /// The topic was created anew, or the partition was taken over again: what was known is void.
    void reset() { *this = CoveredUpTo{}; }

    /// Empty: no T counts yet.
    [[nodiscard]] std::optional<Instant> upto() const { return upto_; }

private:
    void settle();

    struct Answer {
        Instant asked_at;
        std::int64_t high = 0;
    };
    std::deque<Answer> answers_;  // ascending in time
    std::int64_t next_ = -1;      // -1: nothing is known of the position
    std::optional<Instant> upto_;
};

/// The reading side: what one partition of the log has said about the inputs. One per task; used by one thread.
class InputClocks {
public:
    /// An input partition that for so long has given neither a record nor a later T is silent.
    static constexpr Duration kSilentAfter = std::chrono::seconds{30};

    /// `topics`: all input topics of the configuration. They are silent once kSilentAfter has passed since `now`.
    InputClocks(const std::vector<std::string>& topics, Instant now);

    /// A mark was read at wall time `now`. Statements about topics that are no input any more are passed over.
    void mark(const std::vector<Mark>& marks, Instant now);
    /// A record of this input partition was read at wall time `now`.
    void record(std::string_view topic, std::int32_t partition, Instant now);

    /// The lowest T of all partitions of all inputs; empty while one has none.
    [[nodiscard]] std::optional<Instant> caught_up_to() const;
    /// The topics with a silent partition: rules that wait for their events are unverified until they speak again.
    [[nodiscard]] std::vector<std::string> silent(Instant now) const;

private:
    struct Partition {
        std::optional<Instant> upto;
        Instant heard;
    };
    struct Topic {
        std::vector<Partition> partitions;
    };
    /// The entry of a partition; partitions not met before are made and count as heard at `now`. Null: no input.
    Partition* find(const Mark& about, Instant now);

    std::map<std::string, Topic, std::less<>> topics_;
};

}  // namespace tocsin::intake
