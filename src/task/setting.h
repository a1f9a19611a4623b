#pragma once
/// What all tasks of a process share and none changes while it applies a record.

#include <memory>

#include "base/pseudonym.h"
#include "task/area_phases.h"
#include "tocsin/areas.h"
#include "tocsin/rule_set.h"
#include "tocsin/schema.h"

namespace tocsin::task {

/// Limits of the state (configuration `storage`).
struct Limits {
    Duration retention = std::chrono::days(400);  ///< the most any profile keeps; a promise broken longer expires
    Duration dedup = std::chrono::days(7);        ///< how long an event id is known
    std::size_t max_events = 256;                 ///< remembered events of one customer that still count
};

/// Owned by whoever owns the tasks; outlives them. The area tree grows as paths are met: one thread uses it.
struct Setting {
    const EventSchema& schema;
    AreaTree& areas;
    const Pseudonymizer& pseudonyms;
    Limits limits;
    std::uint32_t task_count = 1;
    /// What events have told of areas; the tasks of a group tell it each other here.
    std::shared_ptr<AreaPhases> phases = std::make_shared<AreaPhases>();
};

}  // namespace tocsin::task
