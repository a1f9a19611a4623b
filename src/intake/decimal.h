#pragma once
/// Decimal integers in the headers of the internal log.

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin::intake {

inline void append_decimal(std::string& out, std::int64_t number) {
    char digits[20];
    const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
    static_cast<void>(error);  // 20 characters hold every 64-bit integer
    out.append(digits, end);
}

/// The number a text is, written the one way append_decimal writes it ("007" is none); empty otherwise, and outside
/// [lowest, highest].
inline std::optional<std::int64_t> parse_decimal(std::string_view text, std::int64_t lowest, std::int64_t highest) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    const std::size_t digits = text[0] == '-' ? 1 : 0;
    if (text.size() > digits + 1 && text[digits] == '0') return std::nullopt;
    if (text == "-0" || number < lowest || number > highest) return std::nullopt;
    return number;
}

/// Cuts the part behind the last `separator` off `text` and returns it; empty if there is no separator.
inline std::optional<std::string_view> cut_last(std::string_view& text, char separator) {
    const std::size_t at = text.rfind(separator);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view part = text.substr(at + 1);
    text = text.substr(0, at);
    return part;
}

}  // namespace tocsin::intake
