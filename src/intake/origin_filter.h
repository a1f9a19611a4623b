#pragma once
/// Produced at least once, counted exactly once: the reading side of the internal log.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "intake/origin.h"
#include "tocsin/write_batch.h"

namespace tocsin::intake {

/// Lets each record of an input partition pass once. It keeps the highest offset seen per input partition and passes
/// only what is above it. That is exact because a producer writes an ascending run without holes that starts no later
/// than the last one ended (acked_prefix.h), so that what is not above the highest has been there before.
///
/// One per task, stored in the task's own commit: what passed and the count of it become durable together. Not
/// synchronised.
class OriginFilter {
public:
    /// kOff lets everything pass: only for the tests that prove the filter is needed.
    enum class Check { kOn, kOff };
    /// kStale: from before the input topic was created anew; the topic's later records have been seen already.
    enum class Verdict { kNew, kRepeated, kStale };

    static constexpr char kKeyPrefix = 'f';

    explicit OriginFilter(Check check = Check::kOn) : check_(check) {}

    /// The last epoch of an input partition, and the highest offset counted in it.
    struct Counted {
        std::int64_t epoch = 0;
        std::int64_t highest = -1;
    };

    /// Decides about one record and remembers it if it is new. A higher epoch starts its partition anew.
    Verdict admit(const OriginStamp& origin);

    /// Restores one entry that write() stored. False: not an entry of this format.
    [[nodiscard]] bool load(std::string_view key, std::string_view value);
    /// Adds the entries that changed since the last call. Key: 'f' topic '/' partition; value: format version '1',
    /// space, epoch, space, highest offset (docs/storage_format.md).
    void write(WriteBatch& batch);

    /// Calls each(topic, partition, Counted) for every partition of which something has been counted.
    template <typename Each>
    void for_each(Each&& each) const {
        for (const auto& [topic, partitions] : topics_) {
            for (const auto& [partition, entry] : partitions) each(topic, partition, Counted(entry));
        }
    }

private:
    struct Seen : Counted {
        bool dirty = false;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };
    using Partitions = std::map<std::int32_t, Seen>;

    Seen& seen(std::string_view topic, std::int32_t partition);

    Check check_;
    std::unordered_map<std::string, Partitions, Hash, std::equal_to<>> topics_;
};

}  // namespace tocsin::intake
