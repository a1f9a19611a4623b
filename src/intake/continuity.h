#pragma once
/// Where the reading of an input partition begins, and whether it can still be the one that was read.
///
/// An origin is topic, partition, offset. In a topic that was created anew, or cut, the same offset is another record:
/// it would be taken for a repetition, and not be counted. So such a topic is refused until the operator has said, by
/// a higher epoch, that it is another one.

#include <cstdint>
#include <optional>
#include <string>

#include "intake/progress.h"
#include "tocsin/result.h"

namespace tocsin::intake {

struct InputPartition {
    std::string topic;
    std::int32_t partition = 0;
};

/// What is known of the partition before the first record is read.
struct Known {
    /// What the group has committed.
    struct Committed {
        std::int64_t offset = 0;
        std::optional<std::int64_t> epoch;  ///< empty: somebody else's tool has written it
    };
    std::int64_t wanted_epoch = 0;  ///< kafka.topics[].epoch
    std::optional<Progress> stored;
    std::optional<Committed> committed;
    std::optional<OriginFilter::Counted> counted;
    std::int64_t low = 0, high = 0;  ///< first offset at the broker, and behind the last
};

struct Beginning {
    enum class At {
        kFirst,   ///< nothing is known of it: where kafka.start says
        kAnew,    ///< another topic now, by the operator's word
        kOffset,  ///< where the last life stood
    };
    At at = At::kFirst;
    std::int64_t epoch = 0;
    std::int64_t offset = -1;  ///< of kOffset
    std::int64_t gap = 0;      ///< records that the broker has deleted before they were read
    Witness last{};            ///< of what was read; offset -1: there is none
    bool compare = false;      ///< that record is to be read once more before any other is taken
    /// The group has lost its offsets, as it does when a topic is deleted: only that record can say that it was not.
    bool must_be_there = false;
};

/// Errors: kFatal, it is not what it was; with the remedy.
Result<Beginning> where_to_begin(const InputPartition& where, const Known& known);

/// `found` is how it was noticed, `epoch` the present one.
Error not_what_it_was(const InputPartition& where, const std::string& found, std::int64_t epoch);

/// Notices a partition that has become shorter than what was read of it. Used by one thread.
class EndWatch {
public:
    /// The broker's answers about the end of the partition, as many as are there; `lowest` is the least of them, `next`
    /// how far the partition has been read now. False: it ends before a place that had been read when that was asked.
    bool answered(std::int64_t lowest, std::int64_t next);

private:
    // Each answer is asked for once the one before has come: one that is here now was asked for after those of the last
    // time had come, and so after the time before that, when the partition had been read up to before_.
    std::int64_t before_ = -1, last_ = -1;
};

}  // namespace tocsin::intake
