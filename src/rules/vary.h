#pragma once
/// The same rule with another threshold: for those who ask what it would have given. Never for the daemon.

#include <optional>
#include <string>
#include <vector>

#include "tocsin/rule_set.h"
#include "tocsin/schema.h"

namespace tocsin::rules {

/// What can be turned: the number that a comparison of a colour asks for, or, where it asks for `threshold.colour`, a
/// factor on the thresholds of this colour and of all above it.
struct Dial {
    Level level = Level::kNone;
    std::string left;  ///< "n": what is compared
    std::string text;  ///< "yellow: n >= 3"
    bool is_factor = false;
    Value present;  ///< kInt, kNumber, kDuration; 1 for a factor
};

/// All of them, the lowest colour's first, those of one colour as they are written: its comparisons with a number by
/// `>` or `>=`. What a colour compares twice is turned where it stands first.
std::vector<Dial> dials_of(const Rule& rule, const EventSchema& schema);

/// A number is put in place of the present one, and higher colours that compare the same thing ask for no less; lower
/// ones stay, and so do `overrides`. The given rule must outlive the answer: texts are shared.
Rule turned(const Rule& rule, const Dial& dial, const Value& to, const EventSchema& schema);

/// Settings worth a look around the present one, ascending, the present one among them.
std::vector<Value> settings_around(const Dial& dial);
/// "3" or "1h30m" as a setting of the dial. Empty: it is none.
std::optional<Value> parse_setting(const Dial& dial, const std::string& text);

}  // namespace tocsin::rules
