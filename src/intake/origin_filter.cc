#include "intake/origin_filter.h"

#include <limits>

#include "intake/decimal.h"

namespace tocsin::intake {
namespace {

constexpr std::string_view kFormat = "1";

}  // namespace

OriginFilter::Seen& OriginFilter::seen(std::string_view topic, std::int32_t partition) {
    auto found = topics_.find(topic);
    if (found == topics_.end()) found = topics_.emplace(topic, Partitions{}).first;
    return found->second[partition];
}

OriginFilter::Verdict OriginFilter::admit(const OriginStamp& origin) {
    if (check_ == Check::kOff) return Verdict::kNew;
    Seen& entry = seen(origin.topic, origin.partition);
    const bool renewed = origin.epoch > entry.epoch;
    if (origin.epoch < entry.epoch) return Verdict::kStale;
    if (!renewed && origin.offset <= entry.highest) return Verdict::kRepeated;
    entry.epoch = origin.epoch;
    entry.highest = origin.offset;
    entry.dirty = true;
    return Verdict::kNew;
}

bool OriginFilter::load(std::string_view key, std::string_view value) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    if (key.empty() || key[0] != kKeyPrefix) return false;
    std::string_view topic = key.substr(1);
    const auto partition_text = cut_last(topic, '/');
    const auto highest_text = cut_last(value, ' ');
    const auto epoch_text = cut_last(value, ' ');
    if (!partition_text || !highest_text || !epoch_text || value != kFormat || topic.empty()) return false;
    const auto partition = parse_decimal(*partition_text, 0, std::numeric_limits<std::int32_t>::max());
    const auto highest = parse_decimal(*highest_text, 0, kMost);
    const auto epoch = parse_decimal(*epoch_text, 0, kMost);
    if (!partition || !highest || !epoch) return false;
    seen(topic, static_cast<std::int32_t>(*partition)) = Seen{{*epoch, *highest}, false};
    return true;
}

void OriginFilter::write(WriteBatch& batch) {
    std::string key, value;
    for (auto& [topic, partitions] : topics_) {
        for (auto& [partition, entry] : partitions) {
            if (!entry.dirty) continue;
            entry.dirty = false;
            key.assign(1, kKeyPrefix).append(topic).append("/");
            append_decimal(key, partition);
            value.assign(kFormat).append(" ");
            append_decimal(value, entry.epoch);
            value.append(" ");
            append_decimal(value, entry.highest);
            batch.put(key, value);
        }
    }
}

}  // namespace tocsin::intake
