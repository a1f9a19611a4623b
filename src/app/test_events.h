#pragma once
/// The timeline of a test: entries of `events` as the records they stand for.

#include <optional>
#include <string>
#include <vector>

#include "tocsin/schema.h"
#include "yaml/read.h"

namespace tocsin::app {

/// `2d`, counted from `start`, or a time in RFC 3339. Empty after reporting.
std::optional<Instant> read_moment(const yaml::Node& node, std::string_view key, Instant start,
                                   yaml::Diagnostics& diagnostics);

/// Reads the list behind `events` into JSON lines with `kind`, `time`, `id` and the fields under their own names. What
/// is wrong is reported.
std::vector<std::string> read_timeline(const yaml::Node& list, const EventSchema& schema, Instant start,
                                       yaml::Diagnostics& diagnostics);

}  // namespace tocsin::app
