#pragma once
/// Hash and equality of text for Abseil's tables. The distribution's Abseil has a string view of its own, so its
/// default hash does not take ours.

#include <functional>
#include <string_view>

namespace tocsin::ledger {

struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
using TextEqual = std::equal_to<>;

}  // namespace tocsin::ledger
