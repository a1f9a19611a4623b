#pragma once
/// A time zone's clocks on the wall.

#include <chrono>
#include <string>

#include "tocsin/result.h"
#include "tocsin/time.h"

namespace tocsin {

/// What the clocks of a place show.
using LocalTime = std::chrono::local_time<Duration>;

/// Immutable, cheap to copy. The default is UTC.
class Zone {
public:
    Zone() = default;
    /// An IANA name. Errors: kReject, there is no such zone.
    static Result<Zone> make(const std::string& name);

    [[nodiscard]] LocalTime local(Instant instant) const;
    /// The first instant at which the clocks have reached `local`: of a time that comes twice the first, of one that is
    /// skipped the moment of the change.
    [[nodiscard]] Instant reached(LocalTime local) const;
    [[nodiscard]] const std::string& name() const { return name_; }

private:
    std::string name_ = "UTC";
    const void* zone_ = nullptr;  // date::time_zone, owned by the process-wide zone database; null: UTC
};

}  // namespace tocsin
