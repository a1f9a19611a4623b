#pragma once
/// How far each input partition has been read, kept in the state beside what the tasks have counted of it.
///
/// The group's offsets are no witness for that: the broker deletes them together with the topic.

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "intake/origin_filter.h"
#include "tocsin/write_batch.h"

namespace tocsin::intake {

/// A record that was read, by which its partition is known again.
struct Witness {
    std::int64_t offset = -1;  ///< -1: none has been read
    std::uint64_t fingerprint = 0;
    bool operator==(const Witness&) const = default;
};

/// Of one input partition.
struct Progress {
    std::int64_t epoch = 0;  ///< of the origins its records have in the log
    std::int64_t next = 0;   ///< every record below it has been acknowledged by the log
    Witness last;            ///< the newest of those, or nearly so
    bool operator==(const Progress&) const = default;
};

/// Finds the newest witness that lies in the log for certain: records are taken before they are acknowledged.
/// Used by one thread.
class Witnesses {
public:
    void begin(const Witness& known) { *this = Witnesses{known}; }
    /// A record was taken; not every one needs to be told, but in ascending order.
    void taken(const Witness& record);
    /// `next`: every record below it has been acknowledged.
    const Witness& settled(std::int64_t next);

    Witnesses() = default;

private:
    explicit Witnesses(const Witness& known) : settled_(known) {}
    Witness settled_;
    std::deque<Witness> waiting_;  // ascending
};

/// The intake writes it, the engine's commits carry it. Synchronised.
class ProgressTable {
public:
    static constexpr char kKeyPrefix = 'i';

    void set(std::string_view topic, std::int32_t partition, const Progress& progress);
    [[nodiscard]] std::optional<Progress> find(std::string_view topic, std::int32_t partition) const;

    /// One task's word of what it has counted; the highest of all tasks is kept. At the start only.
    void count(std::string_view topic, std::int32_t partition, const OriginFilter::Counted& counted);
    [[nodiscard]] std::optional<OriginFilter::Counted> counted(std::string_view topic, std::int32_t partition) const;

    /// Restores one entry that write() stored. False: not an entry of this format.
    [[nodiscard]] bool load(std::string_view key, std::string_view value);
    /// Adds the entries that changed since the last call; says whether there were any. Key: 'i' topic '/' partition;
    /// value: format version '1', epoch, next, offset and fingerprint of the witness (docs/storage_format.md).
    bool write(WriteBatch& batch);

private:
    struct Entry {
        std::optional<Progress> progress;
        std::optional<OriginFilter::Counted> counted;
        bool dirty = false;
    };
    Entry& entry(std::string_view topic, std::int32_t partition);
    [[nodiscard]] const Entry* find_entry(std::string_view topic, std::int32_t partition) const;

    mutable std::mutex mutex_;
    std::map<std::string, std::map<std::int32_t, Entry>, std::less<>> topics_;
};

}  // namespace tocsin::intake
