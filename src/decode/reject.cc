#include "decode/reject.h"

#include <array>

#include "tocsin/check.h"

namespace tocsin::decode {

std::string_view reject_code_name(RejectCode code) {
    static constexpr std::array<std::string_view, kRejectCodes> kNames = {
        "empty",        "too_large",  "json_invalid", "not_an_object",      "kind_unknown",  "time_missing",
        "time_invalid", "field_type", "field_value",  "cloudevent_invalid", "schema_changed"};
    const auto index = static_cast<std::size_t>(code);
    TOCSIN_CHECK(index < kNames.size(), "every reject code has a name");
    return kNames[index];
}

}  // namespace tocsin::decode
