#pragma once
/// The form in which the intake hands events to the tasks through the internal log: one compact JSON object with the
/// names of the schema at the top level, times and durations in whole milliseconds (docs/input_formats.md).

#include <string>
#include <string_view>

#include "tocsin/event.h"
#include "tocsin/schema.h"

namespace tocsin::decode {

/// Replaces `out` by the event's canonical form. Decoder::canonical of the same schema reads back an equal event.
/// Precondition: the event was decoded with `schema`: strings are UTF-8, numbers finite.
void encode_canonical(const Event& event, const EventSchema& schema, std::string& out);

/// Appends the text as a JSON string with its quotes.
void append_json_string(std::string& out, std::string_view text);

}  // namespace tocsin::decode
