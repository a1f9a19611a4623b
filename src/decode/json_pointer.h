#pragma once
/// JSON pointers (RFC 6901), compiled once so that a document is walked once for all of them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tocsin/result.h"

namespace tocsin::decode {

constexpr std::size_t kPointerBytesMax = 1024;
constexpr std::size_t kPointerTokensMax = 32;

/// The unescaped tokens of a pointer.
///
/// Errors: kReject if it is empty, does not begin with '/', escapes with anything but ~0 and ~1, or is above a limit.
[[nodiscard]] Result<std::vector<std::string>> parse_json_pointer(std::string_view pointer);

/// The pointer to a name at the top level, escaped.
[[nodiscard]] std::string pointer_to_name(std::string_view name);

/// Index of a place in a PointerTree; the root document is kRootPlace.
using Place = std::uint16_t;
constexpr Place kRootPlace = 0;

/// All pointers of a mapping as one tree of places; two equal pointers are one place. A place's number is above its
/// parent's, so that walking the places in order of number meets every parent before its children.
///
/// Value type; immutable after the last add(), then readable by several threads.
class PointerTree {
public:
    static constexpr std::size_t kPlacesMax = 4096;

    PointerTree();

    /// The place a pointer names. Errors: as parse_json_pointer, and kReject above kPlacesMax.
    [[nodiscard]] Result<Place> add(std::string_view pointer);

    [[nodiscard]] std::size_t size() const { return nodes_.size(); }
    [[nodiscard]] bool has_children(Place place) const { return !nodes_[place].children.empty(); }

    /// The child of `place` named by an object's key; empty if no pointer passes there.
    [[nodiscard]] std::optional<Place> child(Place place, std::string_view key) const;

    /// The children of `place` that may also be elements of an array, with their index there.
    [[nodiscard]] const std::vector<std::pair<std::size_t, Place>>& elements(Place place) const {
        return nodes_[place].elements;
    }

private:
    struct Child {
        std::string key;
        Place place;
    };
    struct Node {
        std::vector<Child> children;
        std::vector<std::pair<std::size_t, Place>> elements;
        std::vector<std::uint16_t> slots;  // open addressing: 0 is empty, else index into children plus one
    };
    static std::size_t hash(std::string_view key);
    static void index(Node& node);  // the newest child

    std::vector<Node> nodes_;
};

}  // namespace tocsin::decode
