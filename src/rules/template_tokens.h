#pragma once
/// A template cut into texts and actions, and the actions into words.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "rules/fault.h"
#include "tocsin/value.h"

namespace tocsin::rules {

struct TemplateToken {
    enum class Kind : std::uint8_t { kWord, kVariable, kString, kNumber, kPipe, kOpen, kClose, kEnd };

    Kind kind = Kind::kEnd;  ///< kEnd: `}}`
    std::string text;        ///< kWord, kVariable (with its `$` or `.`): as written; kString: without quotes
    Value number;            ///< kNumber
    std::size_t begin = 0;   ///< bytes of the template: [begin, end)
    std::size_t end = 0;
};

/// A text between actions, or an action, whose tokens end with kEnd.
struct TemplateSegment {
    std::string text;
    std::vector<TemplateToken> tokens;  ///< empty: it is a text
    std::size_t begin = 0;              ///< of an action: its `{{`
};

/// `{{-` and `-}}` take the blanks beside them out of the texts. False, with `fault` filled, if an action or a string
/// in it is not closed, or holds a character that means nothing.
bool cut_template(std::string_view text, std::vector<TemplateSegment>& segments, Fault& fault);

}  // namespace tocsin::rules
