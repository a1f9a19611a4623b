#include "decode/json_pointer.h"

#include <bit>
#include <charconv>

namespace tocsin::decode {
namespace {

/// RFC 6901 section 4: digits without a leading zero; anything else never names an element.
std::optional<std::size_t> element_index(std::string_view token) {
    if (token.empty() || (token.size() > 1 && token[0] == '0')) return std::nullopt;
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
    if (error != std::errc{} || end != token.data() + token.size()) return std::nullopt;
    return index;
}

}  // namespace

Result<std::vector<std::string>> parse_json_pointer(std::string_view pointer) {
    const std::string shown = "JSON pointer \"" + std::string(pointer.substr(0, kPointerBytesMax)) + "\"";
    if (pointer.empty()) return reject("JSON pointer is empty: it would name the whole record; write /name");
    if (pointer.size() > kPointerBytesMax) {
        return reject("JSON pointer of " + std::to_string(pointer.size()) + " bytes exceeds " +
                      std::to_string(kPointerBytesMax));
    }
    if (pointer[0] != '/') return reject(shown + " must begin with '/': write /" + std::string(pointer));

    std::vector<std::string> tokens;
    for (std::size_t at = 0; at < pointer.size(); ++at) {
        const char c = pointer[at];
        if (c == '/') {
            tokens.emplace_back();
        } else if (c != '~') {
            tokens.back().push_back(c);
        } else {
            const char escaped = at + 1 < pointer.size() ? pointer[++at] : '\0';
            if (escaped != '0' && escaped != '1') {
                return reject(shown + " has a '~' that is not ~0 (for ~) or ~1 (for /)");
            }
            tokens.back().push_back(escaped == '0' ? '~' : '/');
        }
    }
    if (tokens.size() > kPointerTokensMax) {
        return reject(shown + " is deeper than " + std::to_string(kPointerTokensMax) + " levels");
    }
    return tokens;
}

std::string pointer_to_name(std::string_view name) {
    std::string pointer = "/";
    for (const char c : name) {
        if (c == '~') {
            pointer += "~0";
        } else if (c == '/') {
            pointer += "~1";
        } else {
            pointer += c;
        }
    }
    return pointer;
}

PointerTree::PointerTree() : nodes_(1) {}

Result<Place> PointerTree::add(std::string_view pointer) {
    const std::vector<std::string> tokens = TOCSIN_TRY(parse_json_pointer(pointer));
    Place place = kRootPlace;
    for (const std::string& token : tokens) {
        if (const std::optional<Place> known = child(place, token)) {
            place = *known;
            continue;
        }
        if (nodes_.size() == kPlacesMax) {
            return reject("the JSON pointers of a topic pass through more than " + std::to_string(kPlacesMax) +
                          " places");
        }
        const auto made = static_cast<Place>(nodes_.size());
        nodes_.emplace_back();
        Node& node = nodes_[place];
        node.children.push_back({token, made});
        if (const std::optional<std::size_t> element = element_index(token)) node.elements.emplace_back(*element, made);
        index(node);
        place = made;
    }
    return place;
}

std::optional<Place> PointerTree::child(Place place, std::string_view key) const {
    const Node& node = nodes_[place];
    if (node.slots.empty()) return std::nullopt;
    const std::size_t mask = node.slots.size() - 1;
    for (std::size_t slot = hash(key) & mask; node.slots[slot] != 0; slot = (slot + 1) & mask) {
        const Child& candidate = node.children[node.slots[slot] - 1];
        if (candidate.key == key) return candidate.place;
    }
    return std::nullopt;
}

std::size_t PointerTree::hash(std::string_view key) {
    // Names of one document seldom agree in length, first, middle and last byte; the compare decides anyway.
    if (key.empty()) return 0;
    const auto byte = [&](std::size_t at) { return static_cast<std::size_t>(static_cast<unsigned char>(key[at])); };
    return key.size() + 3 * byte(0) + 5 * byte(key.size() / 2) + 11 * byte(key.size() - 1);
}

void PointerTree::index(Node& node) {
    // At most one slot in four is taken: most keys of a document are in no pointer, and they meet an empty slot at
    // once.
    std::size_t first = node.children.size() - 1;
    if (node.children.size() * 4 > node.slots.size()) {
        node.slots.assign(std::bit_ceil(node.children.size() * 4), 0);
        first = 0;
    }
    const std::size_t mask = node.slots.size() - 1;
    for (std::size_t i = first; i < node.children.size(); ++i) {
        std::size_t slot = hash(node.children[i].key) & mask;
        while (node.slots[slot] != 0) slot = (slot + 1) & mask;
        node.slots[slot] = static_cast<std::uint16_t>(i + 1);
    }
}

}  // namespace tocsin::decode
