#pragma once
/// A YAML document as strict readers see it: maps, sequences, scalars and null, each knowing where it stands.
///
/// Stricter than YAML: refused are duplicate keys, merge keys, keys that are not scalars, tags other than the core
/// ones, several documents in a file, tabs in indentation, control characters, invalid UTF-8, and anything above the
/// limits.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "yaml/diagnostics.h"

namespace tocsin::yaml {

constexpr std::size_t kFileBytesMax = 1 << 20;
constexpr std::size_t kNodesMax = 100'000;  ///< aliases count as what they stand for
constexpr std::size_t kDepthMax = 64;

enum class Kind : std::uint8_t { kNull, kScalar, kSequence, kMap };

class Document;  // document.h

/// One place in a document. A cheap handle: copies share the document, which lives as long as any of them; immutable,
/// so handles may be read by several threads.
class Node {
public:
    struct Entry;

    /// The null node of no document (position without file and line).
    Node() = default;

    [[nodiscard]] Kind kind() const;
    [[nodiscard]] bool is_null() const { return kind() == Kind::kNull; }
    [[nodiscard]] bool is_scalar() const { return kind() == Kind::kScalar; }
    [[nodiscard]] bool is_sequence() const { return kind() == Kind::kSequence; }
    [[nodiscard]] bool is_map() const { return kind() == Kind::kMap; }

    /// The text of a scalar after YAML's unquoting and folding; empty for everything else.
    [[nodiscard]] const std::string& text() const;
    /// Whether a scalar was written with quotes or as a block: `"3"` is a string, `3` a number.
    [[nodiscard]] bool quoted() const;

    /// Where the node begins; the width covers a scalar written on one line. An alias is where its anchor is.
    [[nodiscard]] Position position() const;
    /// Where byte `offset` of text() stands in the file, underlining `width` characters. Exact for scalars written on
    /// one line; for others the place where the scalar begins.
    [[nodiscard]] Position position_at(std::size_t offset, int width = 1) const;

    /// Elements of a sequence, entries of a map; 0 for everything else.
    [[nodiscard]] std::size_t size() const;
    /// Precondition: is_sequence() and index < size().
    [[nodiscard]] Node at(std::size_t index) const;
    [[nodiscard]] std::vector<Node> items() const;     ///< of a sequence, in order; else none
    [[nodiscard]] std::vector<Entry> entries() const;  ///< of a map, in file order; else none
    /// The value of a key of a map; empty if there is no such key or this is no map.
    [[nodiscard]] std::optional<Node> find(std::string_view key) const;

    /// For messages: `a map`, `a list`, `nothing`, or the scalar in quotes, cut at 40 characters.
    [[nodiscard]] std::string describe() const;

private:
    friend class Document;
    Node(std::shared_ptr<const Document> document, std::uint32_t index)
        : document_(std::move(document)), index_(index) {}

    std::shared_ptr<const Document> document_;
    std::uint32_t index_ = 0;
};

struct Node::Entry {
    Node key;  ///< a scalar
    Node value;
    [[nodiscard]] const std::string& name() const { return key.text(); }
};

/// The root of the one document in `text`; a text without a document is a null node. `file` is how messages name it.
/// Empty if the text was refused: the reason is then in `diagnostics`, always with a line.
[[nodiscard]] std::optional<Node> parse(const std::string& file, std::string text, Diagnostics& diagnostics);

/// parse() of a file; a file that cannot be read is an error of the file as a whole.
[[nodiscard]] std::optional<Node> parse_file(const std::string& path, Diagnostics& diagnostics);

}  // namespace tocsin::yaml
