#pragma once
/// What is wrong with a file that a person wrote, and where: collected, so that one run shows all mistakes.

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tocsin::yaml {

/// A place in a text file. Lines and columns count from 1; a column is a character (code point), not a byte.
struct Position {
    std::string file;  ///< as it is printed
    int line = 0;      ///< 0: the file as a whole
    int col = 0;
    int width =
        1;  ///< how many characters of the line the carets underline; 0: the line may hold a secret, never show it
};

enum class Severity { kError, kWarning };

struct Diagnostic {
    Severity severity = Severity::kError;
    Position position;
    std::string message;
};

/// The mistakes found in a set of files.
///
/// Collects; decides nothing. Sources are shared with the parsed documents, so that a mistake found much later (a type
/// error in an expression) still shows its line. Owned by who loads; used by one thread.
class Diagnostics {
public:
    static constexpr std::size_t kErrorsMax = 50;    ///< more are counted, not kept: text() ends "and N more"
    static constexpr std::size_t kWarningsMax = 50;  ///< likewise

    /// Source lines longer than this many bytes are not shown below their message.
    static constexpr std::size_t kSourceLineBytesMax = 400;

    void error(Position position, std::string message);
    void warning(Position position, std::string message);

    /// Remembers the text of a file for the lines below messages. A second text under one name replaces the first.
    void add_source(const std::string& file, std::shared_ptr<const std::string> text);

    /// The line of this place is never shown, whatever is said about it: it holds a secret.
    void hide_line(const Position& position);

    [[nodiscard]] bool has_errors() const { return errors_ > 0; }
    [[nodiscard]] std::size_t errors() const { return errors_; }      ///< also those that were not kept
    [[nodiscard]] std::size_t warnings() const { return warnings_; }  ///< also those that were not kept

    /// Everything kept: files in the order they were first complained about, within a file by line and column.
    [[nodiscard]] std::vector<Diagnostic> sorted() const;

    /// A key that a reader of a map asked for.
    struct Asked {
        std::string_view map;   ///< what messages call it: `rule "X"`
        std::string_view file;  ///< that it stands in
        std::string_view key;
        std::string_view as;  ///< the typed reader: `string`, `integer` …; empty: whoever asked reads it further
        std::vector<std::string> choices = {};  ///< of `choice`
    };
    /// Told of every key asked for: so tests know that the tables of keys (keys.h) are complete.
    std::function<void(const Asked&)> asked;

    /// For people, each entry ending in a line break; empty if there is nothing to say. The first line is
    /// `file:line:col: message` (`warning: ` before the message of a warning; `file: message` without a line),
    /// then the source line and the carets, where the source is known.
    [[nodiscard]] std::string text() const;

    /// Only the first lines of text(), for logs and for HTTP answers: no source lines.
    [[nodiscard]] std::string summary() const;

private:
    [[nodiscard]] std::string snippet(const Position& position) const;
    [[nodiscard]] std::string more() const;

    std::vector<Diagnostic> kept_;
    std::size_t errors_ = 0;
    std::size_t warnings_ = 0;
    std::map<std::string, std::shared_ptr<const std::string>, std::less<>> sources_;
    std::set<std::pair<std::string, int>> hidden_;  // file, line
};

/// `file:line:col`, or only the file where the position has no line.
[[nodiscard]] std::string to_string(const Position& position);

/// The text in double quotes for a message: control characters replaced, cut at 40 characters.
[[nodiscard]] std::string quote(std::string_view text);

/// `" (did you mean \"within\"?)"`, or nothing if no candidate is near: one edit for words of up to 4 characters, two
/// up to 8, three above. Made to be put behind a message.
[[nodiscard]] std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace tocsin::yaml
