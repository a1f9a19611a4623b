#pragma once
/// From a byte of a scalar's text back to the byte of the line it was written as. Private to this module.

#include <cstddef>
#include <optional>
#include <string_view>

namespace tocsin::yaml {

/// Where byte `offset` of `text` stands, in bytes from the beginning of `written` (a line from the scalar on). Empty if
/// the scalar is not written plainly or quoted on this one line, or if `offset` is behind the text's end.
[[nodiscard]] std::optional<std::size_t> scalar_offset(std::string_view written, std::string_view text,
                                                       std::size_t offset);

/// Where the quote that `written` begins with is closed: the byte behind it. Empty if it is never closed.
[[nodiscard]] std::optional<std::size_t> closing_quote(std::string_view written);

/// How many bytes of the line the scalar takes, with its quotes; 0 if it is not written on one line.
[[nodiscard]] std::size_t scalar_bytes(std::string_view written, std::string_view text);

}  // namespace tocsin::yaml
