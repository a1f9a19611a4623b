#include "intake/continuity.h"

#include <algorithm>

namespace tocsin::intake {
namespace {

constexpr std::int64_t kNone = -1;

// The epoch that was read last; kNone: none that anybody remembers.
std::int64_t present_epoch(const Known& known) {
    std::int64_t epoch = known.stored ? known.stored->epoch : kNone;
    if (known.committed) {
        const std::int64_t counted = known.counted ? known.counted->epoch : 0;
        epoch = std::max(epoch, known.committed->epoch.value_or(std::max(epoch, counted)));
    }
    return epoch;
}

Result<Beginning> go_on(const InputPartition& where, const Known& known, std::int64_t epoch) {
    Beginning begin{Beginning::At::kOffset, epoch};
    std::int64_t read_to = known.counted && known.counted->epoch == epoch ? known.counted->highest + 1 : 0;
    if (known.stored && known.stored->epoch == epoch) {
        begin.offset = known.stored->next;
        begin.last = known.stored->last;
    }
    const bool committed = known.committed && known.committed->epoch.value_or(epoch) == epoch;
    if (committed) begin.offset = std::max(begin.offset, known.committed->offset);
    read_to = std::max(read_to, begin.offset);
    if (read_to > known.high) {
        return not_what_it_was(
            where,
            "it ends at offset " + std::to_string(known.high) + ", though it was read up to " + std::to_string(read_to),
            epoch);
    }
    begin.compare = begin.last.offset >= known.low;  // else deleted by age: there is nothing to compare
    begin.must_be_there = begin.compare && !committed;
    begin.gap = std::max<std::int64_t>(0, known.low - begin.offset);
    begin.offset += begin.gap;
    return begin;
}

}  // namespace

Error not_what_it_was(const InputPartition& where, const std::string& found, std::int64_t epoch) {
    return fatal("partition " + std::to_string(where.partition) + " of input topic " + where.topic + ": " + found +
                 "; the topic was created anew, or cut. If that was meant, write `epoch: " + std::to_string(epoch + 1) +
                 "` at this topic under kafka.topics and start again: it is then read from its beginning, each record "
                 "once. If not, bring the old topic back");
}

Result<Beginning> where_to_begin(const InputPartition& where, const Known& known) {
    const std::int64_t present = present_epoch(known);
    const std::int64_t epoch = std::max(present, known.wanted_epoch);
    const std::int64_t counted = known.counted ? known.counted->epoch : kNone;
    // Nobody remembers how far it was read, but the tasks have counted records of it.
    if (counted > epoch || (counted == epoch && present == kNone)) {
        return not_what_it_was(where,
                               "its records up to offset " + std::to_string(known.counted->highest) +
                                   " are counted, but the group has no offset for it any more",
                               std::max(counted, epoch));
    }
    if (epoch > present) {
        const bool first = present == kNone && counted == kNone;
        return Beginning{first ? Beginning::At::kFirst : Beginning::At::kAnew, epoch};
    }
    return go_on(where, known, epoch);
}

bool EndWatch::answered(std::int64_t lowest, std::int64_t next) {
    const bool shorter = lowest < before_;
    before_ = last_;
    last_ = next;
    return !shorter;
}

}  // namespace tocsin::intake
