#pragma once
/// Why an expression holds, or does not: its comparisons with what stood on both sides. For people who ask.

#include <string>
#include <vector>

#include "tocsin/rule_set.h"
#include "tocsin/schema.h"

namespace tocsin::rules {

/// One comparison inside an expression, or a yes-or-no that stands alone.
struct Reason {
    std::string text;         ///< "n >= 3"
    std::string left, right;  ///< the values: "2", "3"; right is empty for a yes-or-no
    bool holds = false;
};

/// In the order in which they are written.
std::vector<Reason> reasons(const Rule& rule, const Expression& expression, const EvalContext& context,
                            const EventSchema& schema);
/// The expression as an author would write it.
std::string written(const Rule& rule, const Expression& expression, const EventSchema& schema);
/// For people: "3", "1h30m", "nothing" for a missing one.
std::string value_text(const Value& value);

}  // namespace tocsin::rules
