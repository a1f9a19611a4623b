#pragma once
/// One JSON value -> one field's value, or why it does not fit. Internal: the only header that shows simdjson.

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "decode/plan.h"
#include "decode/reject.h"
#include "tocsin/value.h"

namespace tocsin::decode {

/// Room for the integers that stand in string fields, printed as decimal. Views into it stay valid until reset().
class DigitArena {
public:
    static constexpr std::size_t kDigitsMax = 20;  // -9223372036854775808, 18446744073709551615

    /// `numbers_max`: the most numbers printed between two resets.
    explicit DigitArena(std::size_t numbers_max) : room_(numbers_max * kDigitsMax) {}

    void reset() { used_ = 0; }
    std::string_view print(std::int64_t number) { return append(number); }
    std::string_view print(std::uint64_t number) { return append(number); }

private:
    template <typename Number>
    std::string_view append(Number number);

    std::vector<char> room_;
    std::size_t used_ = 0;
};

/// The value a mapped record gives a field. JSON null gives a missing value. Strings are views into the parsed
/// document or the arena.
[[nodiscard]] std::optional<Reject> convert(const Target& target, simdjson::dom::element element, DigitArena& arena,
                                            Value& out);

/// The same for the canonical form, where times and durations are whole milliseconds. What does not fit was written
/// under another schema: RejectCode::kSchemaChanged.
[[nodiscard]] std::optional<Reject> convert_canonical(const Target& target, simdjson::dom::element element, Value& out);

/// "a string", "an integer", …: for messages.
[[nodiscard]] std::string_view json_type_name(simdjson::dom::element element);

}  // namespace tocsin::decode
