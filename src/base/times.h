#pragma once
/// Instants and durations as text. The only user of the date library (time zones).

#include <optional>
#include <string>
#include <string_view>

#include "tocsin/result.h"
#include "tocsin/time.h"

namespace tocsin {

/// RFC 3339, strictly: a calendar day, a time, `Z` or an offset (lower case t and z too), nothing before or after. A
/// fraction is cut to milliseconds. A leap second is read only where UTC reads 23:59:60, as the instant after it.
std::optional<Instant> parse_rfc3339(std::string_view text);
/// UTC with `Z`; milliseconds only if they are not zero.
std::string format_rfc3339(Instant instant);

/// `90s`, `1h30m`, `7d`: whole numbers with units w d h m s ms, from large to small, each once; at most 1000 years.
std::optional<Duration> parse_duration(std::string_view text);
/// The shortest way to write it, days being the largest unit: "1h30m"; "0s" for nothing.
std::string format_duration(Duration duration);

/// How a topic writes its times. Immutable, cheap to copy.
class TimeFormat {
public:
    /// `format`: "rfc3339", "epoch_s", "epoch_ms", or conversions of strptime (%Y-%m-%d %H:%M:%S …); `zone`: an IANA
    /// name for formats that state no offset, empty for UTC. Errors: kReject, an unknown zone or conversion, or one of
    /// day and time missing.
    static Result<TimeFormat> make(std::string format, std::string zone);

    /// The whole text must fit. A local time that a change of the clocks skips is moved forward by the gap; of one that
    /// comes twice the first is meant.
    [[nodiscard]] std::optional<Instant> parse(std::string_view text) const;
    [[nodiscard]] bool is_epoch() const { return kind_ == Kind::kEpochSeconds || kind_ == Kind::kEpochMillis; }
    [[nodiscard]] const std::string& format() const { return format_; }

private:
    enum class Kind { kRfc3339, kEpochSeconds, kEpochMillis, kPattern };
    TimeFormat() = default;
    [[nodiscard]] std::optional<Instant> parse_pattern(std::string_view text) const;
    Kind kind_ = Kind::kRfc3339;
    std::string format_;
    const void* zone_ = nullptr;  // date::time_zone, owned by the process-wide zone database; null: UTC
};

}  // namespace tocsin
