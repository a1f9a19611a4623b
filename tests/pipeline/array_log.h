#pragma once
/// The log as an array, and the clock of these tests.

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/log_source.h"

namespace tocsin::pipeline {

/// A Monday at noon. The engine's wall clock in these tests is whatever the test says it is.
inline Instant at(std::int64_t seconds) {
    return from_millis(1'458'561'600'000 + seconds * 1000);
}

/// A record that owns its bytes.
struct StoredRecord {
    std::string key, value, origin, mark;
    std::vector<std::pair<std::string, std::string>> headers;
    Instant timestamp = at(0);
};

/// The log as an array: what is in it has arrived.
class ArrayLog : public LogSource {
public:
    explicit ArrayLog(std::uint32_t tasks) : partitions_(tasks) {}

    void append(std::uint32_t task, StoredRecord record) { partitions_[task].records.push_back(std::move(record)); }
    void replace(std::uint32_t task, std::size_t offset, StoredRecord record) {
        partitions_[task].records[offset] = std::move(record);
    }
    void begin_at(std::uint32_t task, std::int64_t offset) {
        partitions_[task].next = static_cast<std::size_t>(offset);
    }
    /// The broker has more, which is not here yet.
    void hold_back(std::uint32_t task, bool more) { partitions_[task].more = more; }
    void caught_up(std::uint32_t task, Instant upto) { partitions_[task].caught_up_to = upto; }

    std::span<const LogRecord> fetch(std::uint32_t task) override {
        Partition& p = partitions_[task];
        p.given.clear();
        for (; p.next < p.records.size(); ++p.next) {
            const StoredRecord& r = p.records[p.next];
            p.given.push_back(
                {static_cast<std::int64_t>(p.next), r.timestamp, r.key, r.value, !r.value.empty(), r.origin, r.mark});
        }
        return p.given;
    }
    std::vector<std::pair<std::string, std::string>> headers(std::uint32_t task, std::int64_t offset) override {
        return partitions_[task].records[static_cast<std::size_t>(offset)].headers;
    }
    LogEnd end(std::uint32_t task, std::int64_t position) override {
        const Partition& p = partitions_[task];
        return {!p.more && position >= static_cast<std::int64_t>(p.records.size()), false, p.caught_up_to};
    }
    void wait(Duration) override {}

private:
    struct Partition {
        std::deque<StoredRecord> records;
        std::vector<LogRecord> given;
        std::size_t next = 0;
        bool more = false;
        std::optional<Instant> caught_up_to;
    };
    std::vector<Partition> partitions_;
};

}  // namespace tocsin::pipeline
