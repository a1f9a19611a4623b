#pragma once
/// Why a record is not an event. The codes are a contract (docs/input_formats.md): dead letters carry them in a header
/// and metrics in a label.

#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin::decode {

enum class RejectCode : std::uint8_t {
    kEmpty,          ///< `empty`: no value, no bytes, or only white space
    kTooLarge,       ///< `too_large`: longer than Decoder::kRecordBytesMax
    kJsonInvalid,    ///< `json_invalid`: not JSON (RFC 8259), or beyond the limits of nesting and numbers
    kNotAnObject,    ///< `not_an_object`: JSON, but an array or a single value
    kKindUnknown,    ///< `kind_unknown`: no kind stated, or one that the mapping does not know
    kTimeMissing,    ///< `time_missing`
    kTimeInvalid,    ///< `time_invalid`: not in the format the mapping names
    kFieldType,      ///< `field_type`: a mapped field holds another JSON type than declared
    kFieldValue,     ///< `field_value`: a mapped field is out of its range, too long, or not among its values
    kCloudEvent,     ///< `cloudevent_invalid`: no CloudEvent 1.0 in JSON
    kSchemaChanged,  ///< `schema_changed`: canonical form only: written under declarations that are gone
};
constexpr int kRejectCodes = 11;

/// The stable spelling, for instance "json_invalid".
[[nodiscard]] std::string_view reject_code_name(RejectCode code);

/// A refusal. `message` names fields, pointers, types, positions and lengths, never a value: it may be logged.
struct Reject {
    RejectCode code = RejectCode::kJsonInvalid;
    std::string message;
};

}  // namespace tocsin::decode
