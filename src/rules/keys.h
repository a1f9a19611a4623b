#pragma once
/// The keys of rule files.

#include <vector>

#include "yaml/keys.h"

namespace tocsin::rules {

/// The first is the file itself.
const std::vector<yaml::Table>& rule_tables();

}  // namespace tocsin::rules
