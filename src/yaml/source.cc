#include "yaml/source.h"

#include <algorithm>
#include <cstdio>

#include "base/files.h"
#include "yaml/utf8.h"

namespace tocsin::yaml {

std::string_view line_of(std::string_view text, int line) {
    std::size_t begin = 0;
    for (int at = 1; at < line; ++at) {
        const std::size_t end = text.find('\n', begin);
        if (end == std::string_view::npos) return {};
        begin = end + 1;
    }
    std::string_view found = text.substr(begin, text.find('\n', begin) - begin);
    if (!found.empty() && found.back() == '\r') found.remove_suffix(1);
    return found;
}

Lines::Lines(std::string_view text) : text_(text), begins_{0} {
    for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1))
        begins_.push_back(at + 1);
}

std::string_view Lines::line(int line) const {
    return line_of(from(line, 0), 1);
}

std::string_view Lines::from(int line, std::size_t byte) const {
    if (line < 1 || static_cast<std::size_t>(line) > begins_.size()) return {};
    return text_.substr(std::min(text_.size(), begins_[static_cast<std::size_t>(line) - 1] + byte));
}

int characters(std::string_view bytes) {
    int count = 0;
    for (const char c : bytes) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    return count;
}

namespace {

/// Hangul Jamo, CJK, kana, fullwidth forms, and the emoji planes; good enough to put a caret under a Chinese word.
bool is_wide(char32_t c) {
    return (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) || (c >= 0xAC00 && c <= 0xD7A3) ||
           (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
           (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x1F300 && c <= 0x1F64F) || (c >= 0x20000 && c <= 0x3FFFD);
}

bool is_refused_control(std::string_view text, std::size_t at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c == '\r') return at + 1 >= text.size() || text[at + 1] != '\n';
    return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7F;
}

}  // namespace

int terminal_columns(std::string_view bytes) {
    int columns = 0;
    for (std::size_t at = 0; at < bytes.size();) {
        const CodePoint point = decode_utf8(bytes.substr(at));
        columns += is_wide(point.value) ? 2 : 1;
        at += point.bytes == 0 ? 1 : point.bytes;
    }
    return columns;
}

bool is_text(std::string_view bytes) {
    for (std::size_t at = 0; at < bytes.size();) {
        const CodePoint point = decode_utf8(bytes.substr(at));
        const bool is_allowed = point.value >= 0x20 || point.value == '\n' || point.value == '\t';
        if (point.bytes == 0 || !is_allowed || point.value == 0x7F) return false;
        at += point.bytes;
    }
    return true;
}

std::string_view without_mark(std::string_view text) {
    constexpr std::string_view kMark = "\xEF\xBB\xBF";
    return text.substr(0, kMark.size()) == kMark ? text.substr(kMark.size()) : text;
}

bool check_text(const std::string& file, std::string_view text, std::size_t bytes_max, Indentation indentation,
                Diagnostics& diagnostics) {
    if (text.size() > bytes_max) {
        diagnostics.error({file, 1, 1}, "the file has " + std::to_string(text.size()) + " bytes; the limit is " +
                                            std::to_string(bytes_max));
        return false;
    }
    int line = 1;
    std::size_t begin = 0;  // of the line
    bool indenting = true;  // nothing but spaces so far in this line
    const auto fault = [&](std::size_t at, std::string message) {
        diagnostics.error({file, line, characters(text.substr(begin, at - begin)) + 1}, std::move(message));
        return false;
    };
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint point = decode_utf8(text.substr(at));
        if (point.bytes == 0) return fault(at, "not valid UTF-8; save the file as UTF-8");
        if (is_refused_control(text, at)) {
            char name[16];
            std::snprintf(name, sizeof name, "U+%04X", static_cast<unsigned>(point.value));
            return fault(at, std::string("control character ") + name + " is not allowed; remove it");
        }
        if (point.value == '\t' && indenting && indentation == Indentation::kNoTabs)
            return fault(at, "tab in the indentation; use spaces");
        if (point.value == '\n') {
            ++line;
            begin = at + 1;
        }
        indenting = point.value == '\n' || (indenting && point.value == ' ');
        at += point.bytes;
    }
    return true;
}

std::optional<std::string> read_text(const std::string& path, std::size_t bytes_max, Diagnostics& diagnostics) {
    auto text = read_file(path, bytes_max);
    if (text.ok()) return std::move(text).value();
    std::string message = text.error().message;
    if (message.starts_with(path + ": ")) message.erase(0, path.size() + 2);  // the position says it already
    diagnostics.error({path}, std::move(message));
    return std::nullopt;
}

}  // namespace tocsin::yaml
