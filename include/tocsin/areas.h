#pragma once
/// The tree of places: province > city > county > hall. Every event of a leaf counts in all its ancestors.

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tocsin {

/// Index of a node in the AreaTree. Not stable across processes: stored data holds the node's name.
using AreaId = std::uint32_t;

enum class AreaLevel : std::uint8_t { kProvince = 0, kCity, kCounty, kHall };
constexpr int kAreaLevels = 4;

/// What a person may be told about an area. `code` is its identity: the code of areas_file, or the path.
struct Area {
    std::string code;
    AreaLevel level = AreaLevel::kProvince;
    AreaId parent = 0;  ///< itself at the top
    std::string name;   ///< empty: none given
    std::string name_zh;
    std::int64_t subscribers = 0;  ///< 0: not stated
};

/// With areas_file: its rows, everything else is `unknown`. Without: a value is a path split at '/', of 1 to 4
/// non-empty segments, and nodes are made as they are met (at most kNodesMax, then `unknown`). Owned and used by one
/// thread.
class AreaTree {
public:
    static constexpr AreaId kUnknown = 0;  ///< the area `unknown`: level province, no parent
    static constexpr std::size_t kNodesMax = 200'000;

    AreaTree();  ///< the tree without areas_file

    /// Adds a row of areas_file and closes the tree for unlisted values. Parents first. Returns false and says why in
    /// `problem`: code given twice, unknown parent, level not below the parent's.
    bool add(Area area, std::string_view parent_code, std::string& problem);

    /// The node an event's area value means; kUnknown if it is empty, unlisted or malformed.
    AreaId resolve(std::string_view value);

    /// The node and its ancestors, nearest first. 1 to 4 entries.
    [[nodiscard]] const std::vector<AreaId>& lineage(AreaId id) const { return lineages_[id]; }
    [[nodiscard]] const Area& area(AreaId id) const { return nodes_[id]; }
    [[nodiscard]] std::size_t size() const { return nodes_.size(); }
    [[nodiscard]] bool from_file() const { return from_file_; }

private:
    AreaId insert(Area area);
    std::deque<Area> nodes_;  // deque: references and the views in by_code_ stay valid
    std::deque<std::vector<AreaId>> lineages_;
    std::unordered_map<std::string_view, AreaId> by_code_;
    bool from_file_ = false;
};

}  // namespace tocsin
