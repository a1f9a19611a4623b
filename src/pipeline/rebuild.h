#pragma once
/// A lost task's state, made again from the log by the engine itself. For `tocsin state rebuild`, beside a stopped
/// daemon.

#include <cstdint>
#include <memory>

#include "base/pseudonym.h"
#include "config/config.h"
#include "tocsin/result.h"
#include "tocsin/rule_set.h"

namespace tocsin::pipeline {

struct RebuildRequest {
    const config::Config& config;  ///< with the storage path in use
    std::shared_ptr<const RuleSet> rules;
    const Pseudonymizer& pseudonyms;
    std::uint32_t task = 0;
    bool event_clock = false;  ///< as the daemon runs
};

struct Rebuilt {
    std::int64_t from = 0;  ///< first offset read of the task's partition; above 0: older records are not in its state
    std::int64_t next = 0;  ///< the offset the daemon will go on from
    std::uint64_t transitions = 0;  ///< made on the way, by all tasks, and told to nobody
};

/// Reads the log from its beginning (kafka.start) and stores the state of the one task as it was at the offset that the
/// group has committed. The other tasks are counted along up to where their stored state stands, because areas are
/// judged over all tasks; what comes of them is thrown away. Nothing is sent to anybody. Blocks until done.
///
/// Errors: kReject, the task has a state, a daemon is running on this directory, or the group has committed nothing;
/// kRetry, the broker does not answer. After an error nothing has changed.
Result<Rebuilt> rebuild(const RebuildRequest& request);

}  // namespace tocsin::pipeline
