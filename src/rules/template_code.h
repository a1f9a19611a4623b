#pragma once
/// Compiled templates: pieces in order, and the values in them as small trees.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rules/pattern.h"
#include "rules/template_functions.h"
#include "tocsin/rule_set.h"
#include "tocsin/transition.h"

namespace tocsin::rules {

/// Something that has a value when the template is rendered.
struct Term {
    enum class Kind : std::uint8_t { kConstant, kMeasure, kOverdue, kLabel, kLast, kCall };

    Kind kind = Kind::kConstant;
    Value::Type type = Value::Type::kMissing;  ///< known when loaded; a missing value has none
    OwnedValue constant;
    std::size_t index = 0;  ///< kMeasure; kLast: the field
    std::string label;      ///< kLabel
    const TemplateFunction* function = nullptr;
    std::vector<Term> arguments;  ///< of a call, in order; patterns and replacements are constants too
    Pattern pattern;
    Replacement replacement;
    std::size_t begin = 0;  ///< bytes of the template: [begin, end)
    std::size_t end = 0;
};

/// A stretch of text, a value to print, or a choice between two lists of pieces.
struct Piece {
    std::string text;
    std::optional<Term> term;
    bool is_choice = false;
    std::vector<Piece> yes, no;
};

}  // namespace tocsin::rules

namespace tocsin {

class Template::Code {
public:
    std::vector<rules::Piece> pieces;
    std::vector<std::pair<KindId, std::string>> kinds;  ///< names for `$last.kind`
    bool looks_at_last = false;
};

}  // namespace tocsin
