#pragma once
/// Compiled parts as text that is the same for the same meaning: by names, not by ids or spelling. What hashes are of.

#include <span>
#include <string>

#include "tocsin/rule_set.h"
#include "tocsin/schema.h"

namespace tocsin::rules {

/// Fully parenthesised; measures are written as their definitions, so that their names do not matter.
std::string canonical(const Expression& expression, const EventSchema& schema, std::span<const Measure> measures);
std::string canonical(const Measure& measure, const EventSchema& schema);
/// A node that looks at no measure.
std::string canonical(const Expression::Code& code, std::uint32_t node, const EventSchema& schema);

/// Rule::filter_hash and Rule::definition_hash (rule_set.h), of the rule as it is otherwise complete.
void set_hashes(Rule& rule, const EventSchema& schema);

}  // namespace tocsin::rules
