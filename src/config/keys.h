#pragma once
/// The keys of tocsin.yml.

#include <vector>

#include "yaml/keys.h"

namespace tocsin::config {

/// The first is the file itself.
const std::vector<yaml::Table>& config_tables();

}  // namespace tocsin::config
