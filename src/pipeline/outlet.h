#pragma once
/// What leaves the engine: transitions and dead letters as outbox rows in the task's own commit, handed over when they
/// are durable.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/lane.h"
#include "tocsin/transition.h"
#include "tocsin/write_batch.h"

namespace tocsin::pipeline {

/// A record as it stood in the log, for its dead letter.
struct DeadRecord {
    const LogRecord& record;
    std::string_view topic;
    std::int32_t partition;
    const SetAside& reason;
    std::vector<std::pair<std::string, std::string>> headers;
};

/// Called by the engine thread only; whatever happens behind it never makes the engine wait (invariant I5).
class Outlet {
public:
    virtual ~Outlet() = default;
    /// Adds a row per receiver to the lane's batch. `held`: made before the task was first caught up, or by a sweep.
    virtual void add(Lane& lane, const Transition& transition, bool held) = 0;
    virtual void add(Lane& lane, const DeadRecord& dead) = 0;
    /// Adds deletions of rows that were delivered since the last call to the lane's batch. True if there were any.
    virtual bool remove_delivered(Lane& lane) = 0;
    /// Rows were delivered since remove_delivered() was last called for their lane.
    [[nodiscard]] virtual bool any_delivered() const = 0;
    /// Everything added so far is on disk: it may leave now.
    virtual void release() = 0;
    /// These rules are being judged over what is remembered: what that finds waits for the end. Called with fewer when
    /// everything that was found has been released.
    virtual void warming(std::vector<std::string> rules) { static_cast<void>(rules); }
};

}  // namespace tocsin::pipeline
