#pragma once
/// The text of a file as lines and characters, and what every text must be before it is parsed.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "yaml/diagnostics.h"

namespace tocsin::yaml {

/// Line `line` (from 1) without its line break; empty if the text is shorter. Walks the text: for messages only.
[[nodiscard]] std::string_view line_of(std::string_view text, int line);

/// Where each line of a text begins, found once: for texts that are asked for many of their lines.
class Lines {
public:
    /// Keeps a view: the text must outlive this.
    explicit Lines(std::string_view text);

    /// As line_of().
    [[nodiscard]] std::string_view line(int line) const;
    /// The text from byte `byte` of a line on; empty behind the end.
    [[nodiscard]] std::string_view from(int line, std::size_t byte) const;

private:
    std::string_view text_;
    std::vector<std::size_t> begins_;
};

/// How many characters (code points) the bytes are. Precondition: valid UTF-8; otherwise the answer is approximate.
[[nodiscard]] int characters(std::string_view bytes);

/// How many columns of a terminal the bytes take: East Asian wide characters take two.
[[nodiscard]] int terminal_columns(std::string_view bytes);

/// Whether the bytes are valid UTF-8 without control characters other than line breaks and tabs.
[[nodiscard]] bool is_text(std::string_view bytes);

/// The text without a byte order mark at its beginning.
[[nodiscard]] std::string_view without_mark(std::string_view text);

enum class Indentation { kAny, kNoTabs };

/// Whether the text is at most `bytes_max` long, valid UTF-8 without control characters (but line breaks, `\r\n` and
/// tabs), and, for kNoTabs, no line begins with a tab or with spaces and a tab. Reports the first fault with its place.
[[nodiscard]] bool check_text(const std::string& file, std::string_view text, std::size_t bytes_max,
                              Indentation indentation, Diagnostics& diagnostics);

/// The content of a file of at most `bytes_max`. Empty if it cannot be read: reported for the file as a whole.
[[nodiscard]] std::optional<std::string> read_text(const std::string& path, std::size_t bytes_max,
                                                   Diagnostics& diagnostics);

}  // namespace tocsin::yaml
