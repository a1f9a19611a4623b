#include "tocsin/areas.h"

namespace tocsin {

AreaTree::AreaTree() {
    Area unknown;
    unknown.code = "unknown";
    unknown.name = "unknown";
    unknown.name_zh = "未知";
    insert(std::move(unknown));
}

AreaId AreaTree::insert(Area area) {
    const auto id = static_cast<AreaId>(nodes_.size());
    const bool top = area.level == AreaLevel::kProvince || area.parent == id;
    if (top) area.parent = id;
    std::vector<AreaId> lineage{id};
    if (!top) lineage.insert(lineage.end(), lineages_[area.parent].begin(), lineages_[area.parent].end());
    nodes_.push_back(std::move(area));
    lineages_.push_back(std::move(lineage));
    by_code_.emplace(nodes_.back().code, id);
    return id;
}

bool AreaTree::add(Area area, std::string_view parent_code, std::string& problem) {
    if (by_code_.contains(area.code)) {
        problem = "area \"" + area.code + "\" is there already";
        return false;
    }
    if (nodes_.size() >= kNodesMax) {
        problem = "more than " + std::to_string(kNodesMax) + " areas";
        return false;
    }
    area.parent = static_cast<AreaId>(nodes_.size());
    if (!parent_code.empty()) {
        const auto parent = by_code_.find(parent_code);
        if (parent == by_code_.end()) {
            problem = "unknown parent \"" + std::string(parent_code) + "\"; parents come before their children";
            return false;
        }
        if (area.level <= nodes_[parent->second].level) {
            problem = "area \"" + area.code + "\" is not of a lower level than its parent \"" +
                      std::string(parent_code) + "\"";
            return false;
        }
        area.parent = parent->second;
    }
    from_file_ = true;
    insert(std::move(area));
    return true;
}

AreaId AreaTree::resolve(std::string_view value) {
    if (value.empty()) return kUnknown;
    if (const auto it = by_code_.find(value); it != by_code_.end()) return it->second;
    if (from_file_) return kUnknown;
    int depth = 1;
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (value[i] != '/') continue;
        if (i == 0 || i + 1 == value.size() || value[i + 1] == '/') return kUnknown;
        ++depth;
    }
    if (depth > kAreaLevels || nodes_.size() + static_cast<std::size_t>(depth) > kNodesMax) return kUnknown;
    Area area;
    area.code = value;
    area.level = static_cast<AreaLevel>(depth - 1);
    const std::size_t slash = value.rfind('/');
    area.name = slash == std::string_view::npos ? value : value.substr(slash + 1);
    area.parent = static_cast<AreaId>(nodes_.size());
    if (slash != std::string_view::npos) {
        area.parent = resolve(value.substr(0, slash));
        if (area.parent == kUnknown) return kUnknown;  // the path begins with the word "unknown" itself
    }
    return insert(std::move(area));
}

}  // namespace tocsin
