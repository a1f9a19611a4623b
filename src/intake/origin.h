#pragma once
/// Where a record of the internal log comes from: the header by which it is counted exactly once.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin::intake {

constexpr std::string_view kOriginHeader = "tocsin-origin";

/// A record of an input topic. `topic` is a view into what it was parsed from.
struct OriginStamp {
    std::string_view topic;
    std::int32_t partition = 0;
    std::int64_t offset = 0;
    std::int64_t epoch = 0;  ///< raised by the operator when the topic was created anew
};

/// "topic/partition/offset/epoch", for instance "cs.complaints/3/1042/0". A topic's name has no slash.
void encode_origin(const OriginStamp& origin, std::string& out);

/// Empty if the text is anything but what encode_origin writes.
[[nodiscard]] std::optional<OriginStamp> parse_origin(std::string_view header);

}  // namespace tocsin::intake
