#include "yaml/scalar_map.h"

namespace tocsin::yaml {

namespace {

/// What one step over a double-quoted scalar passes: bytes as written, bytes of text they stand for.
struct Step {
    std::size_t written = 0;
    std::size_t text = 0;
};

std::size_t utf8_bytes(std::string_view hex) {
    unsigned long value = 0;
    for (const char c : hex) {
        const char lower = static_cast<char>(c | 0x20);
        if (!((c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'f'))) return 0;
        value = value * 16 + static_cast<unsigned long>(c <= '9' ? c - '0' : lower - 'a' + 10);
    }
    return value < 0x80 ? 1 : value < 0x800 ? 2 : value < 0x10000 ? 3 : 4;
}

Step escape(std::string_view written) {
    if (written.size() < 2) return {};
    const char kind = written[1];
    const std::size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
    if (digits == 0) {
        return {2, kind == 'L' || kind == 'P' ? 3U : 1U};  // U+2028, U+2029; \N and \_ are refused by the parser
    }
    if (written.size() < 2 + digits) return {};
    return {2 + digits, utf8_bytes(written.substr(2, digits))};
}

/// Walks a quoted scalar until `offset` bytes of its text are passed; with no offset, to the closing quote.
std::optional<std::size_t> walk_quoted(std::string_view written, std::optional<std::size_t> offset) {
    const char quote = written[0];
    std::size_t at = 1, passed = 0;
    while (at < written.size()) {
        if (offset && passed >= *offset) return at;
        Step step{1, 1};
        if (quote == '\'' && written.substr(at, 2) == "''")
            step = {2, 1};
        else if (written[at] == quote)
            return offset ? std::nullopt : std::optional(at + 1);
        else if (quote == '"' && written[at] == '\\')
            step = escape(written.substr(at));
        if (step.written == 0) return std::nullopt;
        at += step.written;
        passed += step.text;
    }
    return std::nullopt;
}

bool is_quote(std::string_view written) {
    return !written.empty() && (written[0] == '"' || written[0] == '\'');
}

}  // namespace

std::optional<std::size_t> scalar_offset(std::string_view written, std::string_view text, std::size_t offset) {
    if (offset > text.size()) return std::nullopt;
    if (!is_quote(written)) return written.substr(0, text.size()) == text ? std::optional(offset) : std::nullopt;
    const auto end = walk_quoted(written, std::nullopt);
    if (!end) return std::nullopt;
    if (offset == text.size()) return *end - 1;  // the closing quote
    return walk_quoted(written, offset);
}

std::optional<std::size_t> closing_quote(std::string_view written) {
    return walk_quoted(written, std::nullopt);
}

std::size_t scalar_bytes(std::string_view written, std::string_view text) {
    if (is_quote(written)) return walk_quoted(written, std::nullopt).value_or(0);
    return written.substr(0, text.size()) == text ? text.size() : 0;
}

}  // namespace tocsin::yaml
