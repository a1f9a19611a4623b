#pragma once
/// What git knows of files: asked by running it.

#include <optional>
#include <string>

#include "tocsin/result.h"

namespace tocsin::app {

/// Whether the folder of the file is in a repository that has this revision. Errors: kReject, for people.
Result<void> check_revision(const std::string& file, const std::string& revision);

/// The file as it was at the revision; empty: it was not there. Precondition: check_revision().
std::optional<std::string> file_at(const std::string& file, const std::string& revision);

}  // namespace tocsin::app
