#pragma once
/// What every section's reader needs. Private to this module.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "yaml/diagnostics.h"
#include "yaml/node.h"
#include "yaml/read.h"

namespace tocsin::config {

constexpr std::size_t kSecretBytesMax = 64 << 10;  ///< of one file with a secret

/// One load: where it stands, what it is for, where mistakes go.
struct Reading {
    std::string folder;  ///< of the file being read: what relative paths in it are relative to
    Purpose purpose = Purpose::kRun;
    yaml::Diagnostics& diagnostics;

    /// A path as that file means it.
    [[nodiscard]] std::string beside(const std::string& path) const;
    [[nodiscard]] bool needs_secrets() const { return purpose == Purpose::kRun || purpose == Purpose::kCheck; }

    /// What is wrong with a secret here: an error for those who run, a warning for those who only check.
    void secret_fault(const yaml::Position& position, std::string message) const;

    /// The content of a file with one secret, without the line break at its end. Empty if secrets are not read for this
    /// purpose, or if it cannot be read (then reported); never shown in a message.
    [[nodiscard]] std::optional<std::string> secret(const yaml::Node& path, std::string_view key) const;
};

/// A key under which others would write a secret itself: refused, `file_key` takes the name of a file.
void refuse_inline_secret(yaml::MapReader& map, std::string_view key, std::string_view file_key);

/// The elements of the list behind a key; none if the key is absent or holds something else (then reported).
[[nodiscard]] std::vector<yaml::Node> list_of(yaml::MapReader& map, std::string_view key, std::size_t count_max);

/// Reads a value that may be absent into a variable that holds its default.
template <typename T, typename U>
void assign(const std::optional<U>& value, T& variable) {
    if (value) variable = static_cast<T>(*value);
}

/// A whole number within bounds, both inclusive; empty if absent or wrong (then reported).
[[nodiscard]] std::optional<std::int64_t> bounded_int(yaml::MapReader& map, std::string_view key, std::int64_t least,
                                                      std::int64_t most);

/// A duration within bounds, both inclusive; empty if absent or wrong (then reported).
[[nodiscard]] std::optional<Duration> bounded_duration(yaml::MapReader& map, std::string_view key, Duration least,
                                                       Duration most);

void read_global(const yaml::Node& node, const Reading& reading, Global& global);
void read_storage(const yaml::Node& node, const Reading& reading, Storage& storage);
void read_kafka(const yaml::Node& node, const Reading& reading, const EventSchema& schema, Kafka& kafka);
/// Empty if the entry cannot be used (then reported).
std::optional<Topic> read_topic(const yaml::Node& node, const EventSchema& schema, yaml::Diagnostics& diagnostics);
std::vector<Receiver> read_receivers(yaml::MapReader& root, const Reading& reading);
std::optional<Route> read_route(yaml::MapReader& root, const std::vector<Receiver>& receivers);

/// The kinds of an events_file, added to the schema.
void read_events_file(const std::string& path, EventSchema& schema, yaml::Diagnostics& diagnostics);
/// The rows of an areas_file.
std::vector<AreaRow> read_areas_file(const std::string& path, yaml::Diagnostics& diagnostics);
/// The phases of a phases_file; null: reported.
std::shared_ptr<const PhasePlan> read_phases_file(const std::string& path, yaml::Diagnostics& diagnostics);
/// The calendars of a calendars_file.
std::vector<std::shared_ptr<const Calendar>> read_calendars_file(const std::string& path,
                                                                 yaml::Diagnostics& diagnostics);
/// The links of `identity:`, given to every topic of the configuration.
void read_identity(const yaml::Node& node, const Reading& reading, Config& config);
/// The files of a list of patterns: `*` and `?` in the last part of a path.
std::vector<std::string> expand_rule_files(const std::vector<yaml::Node>& patterns, const Reading& reading);

}  // namespace tocsin::config
