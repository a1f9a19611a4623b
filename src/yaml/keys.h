#pragma once
/// Which keys may stand in the maps of a file that a person writes, and what each is for: `tocsin schema` is made of
/// these tables. Tests hold them equal to what the readers ask for (Diagnostics::asked).

#include <cstdint>
#include <string_view>
#include <vector>

namespace tocsin::yaml {

/// What stands behind a key.
enum class Shape : std::uint8_t {
    kText,  ///< any scalar
    kInt,
    kBool,
    kDuration,   ///< `1h30m`
    kChoice,     ///< one of `choices`
    kTexts,      ///< a scalar, or a list of them
    kChoices,    ///< one of `choices`, or a list of them
    kTextMap,    ///< names of the author's choice, and scalars
    kMap,        ///< a map of `table`
    kMaps,       ///< a list of such maps
    kTextOrMap,  ///< a scalar, or such a map
    kNamedMaps,  ///< names of the author's choice, and kTextOrMap
};

enum class Need : std::uint8_t { kOptional, kRequired };

struct Key {
    std::string_view name;
    Shape shape = Shape::kText;
    std::string_view about;
    Need need = Need::kOptional;
    std::vector<std::string_view> choices = {};
    std::string_view table = {};
    std::string_view instead = {};  ///< of a required key: others, apart by blanks, any of which takes its place
};

/// One kind of map. `name` is how messages call it (MapReader's `what`, without what it quotes).
struct Table {
    std::string_view name;
    std::string_view about;
    std::vector<Key> keys;
};

}  // namespace tocsin::yaml
