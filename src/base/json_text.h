#pragma once
/// The little JSON we write on hot paths, byte for byte the same for the same input.

#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin {

/// Appends the text in double quotes. Bytes that are no UTF-8 become U+FFFD: what leaves must be readable by everyone.
void append_json_string(std::string& out, std::string_view text);
/// The shortest text that reads back as the same number; integers without a point. Not finite: null.
void append_json_number(std::string& out, double number);

/// Whether the bytes are well-formed UTF-8 (RFC 3629); no bytes are.
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace tocsin
