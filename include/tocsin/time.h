#pragma once
/// Time as the daemon means it. The core never reads a clock: every instant arrives with a record or from the caller.

#include <chrono>
#include <cstdint>

namespace tocsin {

using Duration = std::chrono::milliseconds;

/// An instant of event time or wall time: UTC, milliseconds since 1970.
using Instant = std::chrono::sys_time<std::chrono::milliseconds>;

constexpr std::int64_t to_millis(Instant t) {
    return t.time_since_epoch().count();
}
constexpr Instant from_millis(std::int64_t ms) {
    return Instant{Duration{ms}};
}

/// Before every event: the clock of a task that has read nothing.
constexpr Instant kBeforeAll = from_millis(INT64_MIN / 4);
/// After every event: "never" for a timer.
constexpr Instant kNever = from_millis(INT64_MAX / 4);

}  // namespace tocsin
