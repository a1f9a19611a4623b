#pragma once
/// The same rule with another threshold: for those who ask what it would have given. Never for the daemon.

#include <optional>
#include <string>
#include <vector>

#include "tocsin/rule_set.h"
#include "tocsin/schema.h"

namespace tocsin::rules {

/// What can be turned: the number that the first comparison of the rule's lowest colour asks for, or, where it asks for
/// `threshold.colour`, a factor on all thresholds of the table.
struct Dial {
    Level level = Level::kNone;
    std::string left;  ///< "n"
    std::string text;  ///< "yellow: n >= 3"
    bool is_factor = false;
    Value present;  ///< kInt, kNumber, kDuration; 1 for a factor
};

/// Empty: the lowest colour compares nothing with a number by `>` or `>=`.
std::optional<Dial> dial_of(const Rule& rule, const EventSchema& schema);

/// A number is put in place of the present one, and higher colours that compare the same thing ask for no less. The
/// given rule must outlive the answer: texts are shared.
Rule turned(const Rule& rule, const Dial& dial, const Value& to, const EventSchema& schema);

/// Settings worth a look around the present one, ascending, the present one among them.
std::vector<Value> settings_around(const Dial& dial);
/// "3" or "1h30m" as a setting of the dial. Empty: it is none.
std::optional<Value> parse_setting(const Dial& dial, const std::string& text);

}  // namespace tocsin::rules
