#pragma once
/// thresholds_file: `area,blue,yellow,orange,red`, `*` for the areas not listed, an empty field for an unused colour.

#include <optional>
#include <string>

#include "tocsin/rule_set.h"
#include "yaml/diagnostics.h"

namespace tocsin::rules {

/// Empty after reporting: bad CSV, an area without a code or given twice, a threshold that is no number of 0 or more,
/// a table without rows.
std::optional<ThresholdTable> parse_thresholds(const std::string& file, std::string text,
                                               yaml::Diagnostics& diagnostics);

}  // namespace tocsin::rules
