#pragma once
/// The four colours, and from which number on each holds, area by area.

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "tocsin/areas.h"
#include "tocsin/value.h"

namespace tocsin {

/// The four colours; kNone is "does not hold". Ordered: blue < yellow < orange < red.
enum class Level : std::uint8_t { kNone = 0, kBlue, kYellow, kOrange, kRed };
constexpr int kLevels = 5;                 ///< with kNone, so that arrays are indexed by Level
std::string_view level_name(Level level);  ///< "blue" …; kNone: ""

/// Thresholds of one area, `threshold.colour` in expressions. A missing value makes the comparison false.
struct Thresholds {
    std::array<Value, kLevels> by_level;
};

/// thresholds_file: by area code, "*" for the rest; the nearest ancestor wins, colour by colour.
class ThresholdTable {
public:
    /// Returns false if the area is already there.
    bool add(std::string area_code, Thresholds row);
    /// The row of the area or of its nearest listed ancestor, else "*", else nothing set. An empty colour in that row
    /// is unused there; it does not fall through to an ancestor.
    [[nodiscard]] Thresholds find(const AreaTree& areas, AreaId area) const;
    [[nodiscard]] std::size_t size() const { return rows_.size(); }
    /// All rows in the order of their codes, as text that is the same for the same table: what hashes are of.
    [[nodiscard]] std::string canonical() const;

private:
    std::map<std::string, Thresholds, std::less<>> rows_;
};

}  // namespace tocsin
