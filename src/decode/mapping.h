#pragma once
/// How the JSON of one topic becomes events, as plain data: the `event:` and `fields:` of a topic in tocsin.yml
/// (docs/input_formats.md). Filled by the configuration, compiled by Decoder::make.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/times.h"
#include "decode/identity.h"
#include "decode/json_pointer.h"

namespace tocsin::decode {

/// Where one field stands in the document.
struct FieldSource {
    std::string pointer;                    ///< RFC 6901; empty: the field's own name at the top level
    std::optional<TimeFormat> time_format;  ///< for fields of type time; empty: RFC 3339
};

/// Which kind of event a record is: the same for the whole topic, or told by the record.
struct KindSource {
    std::string fixed;    ///< name of the kind of every record; empty: look at `pointer`
    std::string pointer;  ///< RFC 6901; used if `fixed` is empty
    std::map<std::string, std::string, std::less<>> kinds;  ///< value -> kind; empty: the value is the kind's name
};

/// What a record's value is.
enum class RecordFormat : std::uint8_t {
    kJson,         ///< the object whose places the mapping names
    kCloudEvents,  ///< a CloudEvent 1.0, binary or structured; places are those of the structured mode (cloud_event.h)
};

/// One topic. Value type.
struct TopicMapping {
    std::string topic;
    RecordFormat format = RecordFormat::kJson;
    KindSource kind;
    std::map<std::string, FieldSource, std::less<>> fields;  ///< by canonical or declared name; a missing entry means
                                                             ///< default_pointer()
    std::shared_ptr<const Identity> identity;                ///< who is behind identifiers; null: who the record says
};

/// Where a field stands for which the mapping has no entry: under its own name; in a CloudEvent `id` and `time` are the
/// event's, everything else is data.
inline std::string default_pointer(RecordFormat format, const std::string& name) {
    const bool is_data = format == RecordFormat::kCloudEvents && name != "id" && name != "time";
    return (is_data ? "/data" : "") + pointer_to_name(name);
}

}  // namespace tocsin::decode
