#pragma once
/// `window: calendar day|week|month`: what has happened since the day, the week or the month began, as the clocks of a
/// place show it.

#include <cstdint>
#include <string>

#include "base/zone.h"

namespace tocsin {

enum class CalendarUnit : std::uint8_t { kDay, kWeek, kMonth };

/// Immutable. Weeks begin on Monday.
struct CalendarWindow {
    Zone zone;
    CalendarUnit unit = CalendarUnit::kDay;

    /// When the unit that `t` lies in began, and when the next one begins.
    [[nodiscard]] Instant begin(Instant t) const;
    [[nodiscard]] Instant end(Instant t) const;
    /// No unit lasts longer, whatever the clocks are changed by.
    [[nodiscard]] Duration longest() const;
    /// The bucket in which places count: every beginning is one's.
    [[nodiscard]] Duration bucket() const;
    /// "calendar week".
    [[nodiscard]] std::string name() const;
};

}  // namespace tocsin
