#pragma once
/// Regular expressions of rule files. The only user of RE2, which takes time linear in the text and refuses what needs
/// more memory than it may have.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace tocsin::rules {

constexpr std::size_t kPatternBytesMax = 1024;       ///< of a regular expression
constexpr std::int64_t kPatternMemoryMax = 1 << 20;  ///< bytes RE2 may use for one

enum class Captures { kNone, kGroups };

using Pattern = std::shared_ptr<const re2::RE2>;

/// Null, with `problem` filled, if the text is no regular expression or too large.
Pattern compile_pattern(std::string_view text, Captures captures, std::string& problem);

/// How much there is to do for each byte that is searched, at the worst.
[[nodiscard]] std::size_t steps_of(const re2::RE2& pattern);

/// Whether it fits anywhere in the text.
[[nodiscard]] bool is_found(const re2::RE2& pattern, std::string_view text);

/// What each match is replaced by, as Go writes it: `$1`, `${1}`, `$name`, `${name}`; `$$` is a dollar.
struct Replacement {
    struct Part {
        std::string text;
        int group = -1;  ///< -1: the text; 0: the whole match
    };
    std::vector<Part> parts;

    /// False, with `problem` filled, if it names a group that the pattern has not.
    bool read(std::string_view text, const re2::RE2& pattern, std::string& problem);
};

/// The text with every match replaced; ends early, somewhere above `bytes_max`, if it becomes longer than that.
[[nodiscard]] std::string replace_all(const re2::RE2& pattern, const Replacement& by, std::string_view text,
                                      std::size_t bytes_max);

}  // namespace tocsin::rules
