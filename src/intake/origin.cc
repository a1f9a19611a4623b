#include "intake/origin.h"

#include <limits>

#include "intake/decimal.h"

namespace tocsin::intake {

void encode_origin(const OriginStamp& origin, std::string& out) {
    out.assign(origin.topic);
    out += '/';
    append_decimal(out, origin.partition);
    out += '/';
    append_decimal(out, origin.offset);
    out += '/';
    append_decimal(out, origin.epoch);
}

std::optional<OriginStamp> parse_origin(std::string_view header) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    std::string_view rest = header;
    const auto number = [&rest](std::int64_t highest) -> std::optional<std::int64_t> {
        const std::optional<std::string_view> part = cut_last(rest, '/');
        return part ? parse_decimal(*part, 0, highest) : std::nullopt;
    };
    const auto epoch = number(kMost);
    const auto offset = number(kMost);
    const auto partition = number(std::numeric_limits<std::int32_t>::max());
    if (!epoch || !offset || !partition) return std::nullopt;
    if (rest.empty() || rest.find('/') != std::string_view::npos) return std::nullopt;
    return OriginStamp{rest, static_cast<std::int32_t>(*partition), *offset, *epoch};
}

}  // namespace tocsin::intake
