#pragma once
/// What a Node points into: all nodes of one parsed text, in one vector. Private to this module.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "yaml/node.h"
#include "yaml/source.h"

namespace tocsin::yaml {

using NodeIndex = std::uint32_t;

struct NodeData {
    Kind kind = Kind::kNull;
    bool quoted = false;
    std::uint8_t height = 0;   // containers below and including this one
    std::uint32_t weight = 1;  // nodes below and including this one, aliases counted in full
    int line = 1;
    int byte = 0;  // from the beginning of the line
    std::string text;
    std::vector<std::pair<NodeIndex, NodeIndex>> entries;  // key, value
    std::vector<NodeIndex> items;
};

/// Immutable once built.
class Document {
public:
    Document(std::string file, std::shared_ptr<const std::string> source, std::vector<NodeData> nodes)
        : file_(std::move(file)),
          source_(std::move(source)),
          lines_(without_mark(*source_)),
          nodes_(std::move(nodes)) {}

    [[nodiscard]] const NodeData& node(NodeIndex index) const { return nodes_[index]; }
    [[nodiscard]] const std::string& file() const { return file_; }
    /// The line a node begins in, without its line break.
    [[nodiscard]] std::string_view line(const NodeData& node) const { return lines_.line(node.line); }

    static Node handle(std::shared_ptr<const Document> document, NodeIndex index) {
        return {std::move(document), index};
    }

private:
    std::string file_;
    std::shared_ptr<const std::string> source_;
    Lines lines_;
    std::vector<NodeData> nodes_;
};

}  // namespace tocsin::yaml
