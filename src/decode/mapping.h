#pragma once
/// How the JSON of one topic becomes events, as plain data: the `event:` and `fields:` of a topic in tocsin.yml
/// (docs/input_formats.md). Filled by the configuration, compiled by Decoder::make.

#include <map>
#include <optional>
#include <string>

#include "base/times.h"

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

/// One topic. Value type.
struct TopicMapping {
    std::string topic;
    KindSource kind;
    std::map<std::string, FieldSource, std::less<>> fields;  ///< by canonical or declared name; a missing entry means
                                                             ///< the same name at the top level
};

}  // namespace tocsin::decode
