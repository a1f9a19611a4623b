#include "yaml/diagnostics.h"

#include <algorithm>
#include <cctype>
#include <tuple>

#include "yaml/source.h"
#include "yaml/utf8.h"

namespace tocsin::yaml {

void Diagnostics::error(Position position, std::string message) {
    if (errors_++ < kErrorsMax) kept_.push_back({Severity::kError, std::move(position), std::move(message)});
}

void Diagnostics::warning(Position position, std::string message) {
    if (warnings_++ < kWarningsMax) kept_.push_back({Severity::kWarning, std::move(position), std::move(message)});
}

void Diagnostics::add_source(const std::string& file, std::shared_ptr<const std::string> text) {
    sources_[file] = std::move(text);
}

void Diagnostics::hide_line(const Position& position) {
    hidden_.emplace(position.file, position.line);
}

std::vector<Diagnostic> Diagnostics::sorted() const {
    std::map<std::string_view, std::size_t> order;
    for (const Diagnostic& entry : kept_) order.try_emplace(entry.position.file, order.size());
    std::vector<Diagnostic> result = kept_;
    std::stable_sort(result.begin(), result.end(), [&](const Diagnostic& a, const Diagnostic& b) {
        const auto key = [&](const Position& p) { return std::tuple(order.at(p.file), p.line, p.col); };
        return key(a.position) < key(b.position);
    });
    return result;
}

namespace {

std::string first_line(const Diagnostic& entry) {
    const char* severity = entry.severity == Severity::kWarning ? "warning: " : "";
    return to_string(entry.position) + ": " + severity + entry.message + "\n";
}

/// The first `count` characters of a line, or all of it.
std::string_view first_characters(std::string_view line, int count) {
    std::size_t bytes = 0;
    for (int i = 0; i < count && bytes < line.size(); ++i) {
        const CodePoint point = decode_utf8(line.substr(bytes));
        bytes += point.bytes == 0 ? 1 : point.bytes;
    }
    return line.substr(0, bytes);
}

}  // namespace

std::string Diagnostics::snippet(const Position& position) const {
    const auto source = sources_.find(position.file);
    if (position.line < 1 || position.col < 1 || source == sources_.end()) return {};
    if (hidden_.contains({position.file, position.line})) return {};
    const std::string_view line = line_of(without_mark(*source->second), position.line);
    if (line.empty() || line.size() > kSourceLineBytesMax) return {};
    const std::string_view before = first_characters(line, position.col - 1);
    const std::string_view marked = first_characters(line.substr(before.size()), position.width);

    std::string number = std::to_string(position.line);
    if (number.size() < 5) number.insert(0, 5 - number.size(), ' ');
    std::string result = number + " | " + std::string(line) + "\n" + std::string(number.size(), ' ') + " | ";
    for (std::size_t at = 0; at < before.size();) {
        const std::string_view character = first_characters(before.substr(at), 1);
        // A tab stays a tab, so that the caret stands below its place whatever the terminal makes of it.
        if (character == "\t")
            result += '\t';
        else
            result.append(static_cast<std::size_t>(terminal_columns(character)), ' ');
        at += character.size();
    }
    return result + std::string(static_cast<std::size_t>(std::max(1, terminal_columns(marked))), '^') + "\n";
}

std::string Diagnostics::more() const {
    std::string result;
    if (errors_ > kErrorsMax) result += "and " + std::to_string(errors_ - kErrorsMax) + " more errors\n";
    if (warnings_ > kWarningsMax) result += "and " + std::to_string(warnings_ - kWarningsMax) + " more warnings\n";
    return result;
}

std::string Diagnostics::text() const {
    std::string result;
    for (const Diagnostic& entry : sorted()) result += first_line(entry) + snippet(entry.position);
    return result + more();
}

std::string Diagnostics::summary() const {
    std::string result;
    for (const Diagnostic& entry : sorted()) result += first_line(entry);
    return result + more();
}

std::string to_string(const Position& position) {
    if (position.line < 1) return position.file;
    return position.file + ":" + std::to_string(position.line) + ":" + std::to_string(position.col);
}

namespace {

/// Characters that look like nothing, or like a blank, and are copied out of documents and chats.
const char* name_of_unseen(const CodePoint& point) {
    switch (point.bytes == 0 ? 0 : point.value) {
        case 0xA0:
            return "<no-break space>";
        case 0x200B:
            return "<zero-width space>";
        case 0x3000:
            return "<wide space>";
        case 0xFEFF:
            return "<byte order mark>";
        default:
            return nullptr;
    }
}

}  // namespace

std::string quote(std::string_view text) {
    constexpr int kCharactersMax = 40;
    const std::string_view shown = first_characters(text, kCharactersMax);
    std::string result = "\"";
    for (std::size_t at = 0; at < shown.size();) {
        const CodePoint point = decode_utf8(shown.substr(at));
        const std::size_t bytes = std::max<std::size_t>(1, point.bytes);
        if (shown[at] == '\n')
            result += "\\n";
        else if (shown[at] == '\t')
            result += "\\t";
        else if (point.bytes == 1 && (point.value < 0x20 || point.value == 0x7F))
            result += '?';
        else if (const char* name = name_of_unseen(point))
            result += name;
        else
            result += shown.substr(at, bytes);
        at += bytes;
    }
    return result + (shown.size() < text.size() ? "…\"" : "\"");
}

namespace {

/// Edits (insert, delete, replace, swap two neighbours) that make `b` of `a`; letters compare without their case.
std::size_t edits(std::string_view a, std::string_view b) {
    const auto same = [](char x, char y) {
        return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
    };
    std::vector<std::size_t> before_last, last(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1)});
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
                row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
        before_last = last;
        last = row;
    }
    return last[b.size()];
}

}  // namespace

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
    constexpr std::size_t kWordBytesMax = 64;  // the distance is quadratic
    if (word.empty() || word.size() > kWordBytesMax) return {};
    std::size_t best = word.size() <= 4 ? 2 : word.size() <= 8 ? 3 : 4;
    const std::string* nearest = nullptr;
    for (const std::string& candidate : candidates) {
        if (candidate.size() > kWordBytesMax) continue;
        const std::size_t distance = edits(word, candidate);
        if (distance < best) {
            best = distance;
            nearest = &candidate;
        }
    }
    return nearest == nullptr ? std::string() : " (did you mean \"" + *nearest + "\"?)";
}

}  // namespace tocsin::yaml
