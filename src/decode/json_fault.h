#pragma once
/// Where and why a text is not JSON. The parser of the hot path only says that it refuses; this slower reader of
/// RFC 8259 is asked afterwards, so that a dead letter can name the byte.

#include <cstddef>
#include <optional>
#include <string_view>

namespace tocsin::decode {

/// The first violation of the grammar.
struct JsonFault {
    std::size_t position = 0;   ///< bytes from the beginning; the length of the text if it ends too early
    std::string_view expected;  ///< what the grammar asks for there; a constant text
};

/// Empty if the text is one JSON value in UTF-8 with white space around it. Nesting and numbers have no limit here.
[[nodiscard]] std::optional<JsonFault> find_json_fault(std::string_view text);

}  // namespace tocsin::decode
