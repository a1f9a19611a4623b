#pragma once
/// Events of the past, read once and kept in the order in which they are to be applied.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "decode/decoder.h"
#include "tocsin/result.h"
#include "tocsin/schema.h"

namespace tocsin::pipeline {

/// Where a run of records comes from.
struct HistorySource {
    std::string name;                               ///< for messages: the file, or topic/partition
    const decode::TopicMapping* mapping = nullptr;  ///< null: as the intake writes them
    std::string topic;                              ///< with partition and number it names an event without an id
    std::int32_t partition = 0;
    Duration disorder = std::chrono::minutes(1);
    bool in_kafka = false;  ///< its records have headers, which say in which mode a CloudEvent is
};

/// A record that is not an event: where, and why.
struct UnreadableLine {
    std::string path;
    std::uint64_t line = 0;  ///< or the offset
    decode::Reject reason;
};

class History {
public:
    using Trouble = std::function<void(const UnreadableLine&)>;

    /// Events after `to` are left out. What trouble is told is unreadable; the rest goes on.
    History(const EventSchema& schema, std::optional<Instant> to, Trouble trouble)
        : schema_(schema), to_(to), trouble_(std::move(trouble)) {}

    /// Its number, for add(). Errors: kReject, a mapping that does not fit the schema.
    Result<std::uint32_t> add_source(HistorySource source);
    /// What is added from here on lies in a partition of its own: see merge().
    void begin_partition() { partitions_.push_back(lines_.size()); }
    /// One record; `number` is its line, or its offset.
    void add(std::uint32_t source, std::int64_t number, std::string_view text, decode::RecordHeaders headers = {});
    /// Whether records of the source are to be added with their headers.
    [[nodiscard]] bool needs_headers(std::uint32_t source) const { return sources_[source].decoder.needs_headers(); }
    /// All lines of a file, plain or gzip. Errors: kReject, it cannot be read.
    Result<void> add_file(const std::string& path, const decode::TopicMapping& mapping, Duration disorder);
    /// Lines in memory; `name` stands for the file.
    Result<void> add_lines(const std::string& name, const std::vector<std::string>& lines,
                           const decode::TopicMapping& mapping, Duration disorder);

    /// By event time; those of one instant stay in the order in which they were added.
    void sort();
    /// Partitions side by side, as the intake reads a backlog: always the one whose next event is the oldest. So an
    /// event is behind the clock of all exactly if it is behind the one of its partition. Without partitions nothing
    /// moves.
    void merge();
    /// Gives each event and the disorder of its source, in order, and forgets it, unless keep() was called.
    void take(const std::function<void(const Event&, Duration)>& visit);
    void keep() { keeps_ = true; }
    /// Forgets all others.
    void keep_only(const std::function<bool(const Event&)>& wanted);

    [[nodiscard]] std::uint64_t records() const { return records_; }
    [[nodiscard]] std::uint64_t unreadable() const { return unreadable_; }
    /// Of the events that are kept; empty: there are none.
    [[nodiscard]] std::optional<Instant> earliest() const { return earliest_; }
    [[nodiscard]] std::optional<Instant> latest() const { return latest_; }

private:
    struct Source {
        HistorySource what;
        decode::Decoder decoder;
    };
    struct Line {
        Instant time;
        std::uint32_t source;
        std::int64_t number;
        std::string text;
        decode::RecordHeaders headers;
    };

    std::optional<decode::Reject> decode(const Line& line, std::string_view text, Event& event);
    void read(const Line& line, Event& event);

    const EventSchema& schema_;
    bool keeps_ = false;
    std::optional<Instant> to_;
    Trouble trouble_;
    std::vector<Source> sources_;
    std::vector<Line> lines_;
    std::vector<std::size_t> partitions_;  // where each begins in lines_
    std::optional<Instant> earliest_, latest_;
    std::uint64_t records_ = 0, unreadable_ = 0;
};

}  // namespace tocsin::pipeline
