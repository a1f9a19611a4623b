#include "yaml/node.h"

#include <algorithm>

#include "tocsin/check.h"
#include "yaml/document.h"
#include "yaml/scalar_map.h"
#include "yaml/source.h"

namespace tocsin::yaml {

namespace {

const NodeData& nothing() {
    static const NodeData kNothing;
    return kNothing;
}

}  // namespace

Kind Node::kind() const {
    return document_ == nullptr ? Kind::kNull : document_->node(index_).kind;
}

const std::string& Node::text() const {
    return document_ == nullptr ? nothing().text : document_->node(index_).text;
}

bool Node::quoted() const {
    return document_ != nullptr && document_->node(index_).quoted;
}

Position Node::position() const {
    if (document_ == nullptr) return {};
    const NodeData& data = document_->node(index_);
    const std::string_view line = document_->line(data);
    const auto begin = static_cast<std::size_t>(data.byte);
    const std::size_t bytes =
        data.kind == Kind::kScalar ? scalar_bytes(line.substr(std::min(begin, line.size())), data.text) : 0;
    return {document_->file(), data.line, characters(line.substr(0, begin)) + 1,
            std::max(1, characters(line.substr(std::min(begin, line.size()), bytes)))};
}

Position Node::position_at(std::size_t offset, int width) const {
    if (document_ == nullptr) return {};
    const NodeData& data = document_->node(index_);
    const std::string_view line = document_->line(data);
    const auto begin = std::min(static_cast<std::size_t>(data.byte), line.size());
    const auto within = scalar_offset(line.substr(begin), data.text, offset);
    if (!within) {
        Position start = position();
        start.width = 1;
        return start;
    }
    return {document_->file(), data.line, characters(line.substr(0, begin + *within)) + 1, width};
}

std::size_t Node::size() const {
    if (document_ == nullptr) return 0;
    const NodeData& data = document_->node(index_);
    return data.kind == Kind::kMap ? data.entries.size() : data.items.size();
}

Node Node::at(std::size_t index) const {
    TOCSIN_CHECK(is_sequence() && index < size(), "the caller asks for an element the sequence has");
    return {document_, document_->node(index_).items[index]};
}

std::vector<Node> Node::items() const {
    std::vector<Node> result;
    if (is_sequence())
        for (std::size_t i = 0; i < size(); ++i) result.push_back(at(i));
    return result;
}

std::vector<Node::Entry> Node::entries() const {
    std::vector<Entry> result;
    if (is_map())
        for (const auto& [key, value] : document_->node(index_).entries)
            result.push_back({Node(document_, key), Node(document_, value)});
    return result;
}

std::optional<Node> Node::find(std::string_view key) const {
    if (!is_map()) return std::nullopt;
    for (const auto& [name, value] : document_->node(index_).entries)
        if (document_->node(name).text == key) return Node(document_, value);
    return std::nullopt;
}

std::string Node::describe() const {
    switch (kind()) {
        case Kind::kNull:
            return "nothing";
        case Kind::kSequence:
            return "a list";
        case Kind::kMap:
            return "a map";
        case Kind::kScalar:
            break;
    }
    return quote(text());
}

}  // namespace tocsin::yaml
