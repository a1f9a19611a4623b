#pragma once
/// The log as the engine sees it: one ordered run of records per task, each task readable on its own. Implemented over
/// Kafka (kafka_log.h); the tests' own source is an array.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tocsin/result.h"
#include "tocsin/time.h"

namespace tocsin::pipeline {

/// One record of the log. Views are valid until the task's next fetch().
struct LogRecord {
    std::int64_t offset = 0;
    Instant timestamp = kBeforeAll;  ///< as Kafka has it
    std::string_view key;
    std::string_view value;  ///< empty for a record without value, too: both are refused as `empty`
    bool has_value = true;
    std::string_view origin;  ///< header tocsin-origin; empty: none
    std::string_view mark;    ///< header tocsin-mark; empty: none
};

/// Of key, value and timestamp: whether the record at an offset is still the one it was (continuity check at start).
std::uint64_t fingerprint_of(const LogRecord& record);

/// How far a task's partition has been read, as far as the broker has said.
struct LogEnd {
    bool at_end = false;  ///< nothing unread is known: the task holds up nobody
    bool closed = false;  ///< and nothing will ever follow: the end of a range
    /// The wall time at which a high watermark was asked for that the position has reached since; empty: never.
    std::optional<Instant> caught_up_to;
};

/// Used by the engine thread only.
class LogSource {
public:
    virtual ~LogSource() = default;
    /// The next records of a task, in order, without waiting; empty: none are here yet.
    virtual std::span<const LogRecord> fetch(std::uint32_t task) = 0;
    /// All headers of a record of the last fetch(): for its dead letter.
    virtual std::vector<std::pair<std::string, std::string>> headers(std::uint32_t task, std::int64_t offset) = 0;
    /// `position` is the offset after the last record applied.
    virtual LogEnd end(std::uint32_t task, std::int64_t position) = 0;
    /// Waits until some task may have records, at most this long.
    virtual void wait(Duration at_most) = 0;
};

}  // namespace tocsin::pipeline
