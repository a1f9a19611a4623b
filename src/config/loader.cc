#include "rules/loader.h"

#include <algorithm>
#include <filesystem>

#include "base/files.h"
#include "base/pseudonym.h"
#include "base/times.h"
#include "config/names.h"
#include "config/reading.h"
#include "tocsin/check.h"
#include "yaml/csv.h"
#include "yaml/source.h"

namespace tocsin::config {

namespace {

constexpr std::size_t kLabelsMax = 30;
constexpr std::size_t kMaxEventsMax = 100'000;
constexpr Duration kRetentionMax = std::chrono::days(3660);

/// Labels that tocsin itself gives to what it sends.
const std::vector<std::string> kOwnLabels = {"alertname", "level", "area", "raises"};

void read_external_labels(const yaml::Node& node, const Reading& reading, Global& global) {
    if (!node.is_map())
        return reading.diagnostics.error(node.position(), "external_labels: expected a map, found " + node.describe());
    for (const yaml::Node::Entry& entry : node.entries()) {
        const std::string& name = entry.name();
        const bool is_own = std::find(kOwnLabels.begin(), kOwnLabels.end(), name) != kOwnLabels.end();
        std::string problem = label_name_problem(name);
        if (is_own) problem = "tocsin sets this label itself";
        if (!problem.empty())
            reading.diagnostics.error(entry.key.position(),
                                      "external_labels: " + problem + ", found " + yaml::quote(name));
        else if (const auto value = yaml::as_string(entry.value, name, reading.diagnostics))
            global.external_labels[name] = *value;
    }
    if (node.size() > kLabelsMax)
        reading.diagnostics.error(node.position(), "external_labels: more than " + std::to_string(kLabelsMax));
}

/// Whether the purpose needs rules from the configuration itself.
bool needs_rules(Purpose purpose) {
    return purpose == Purpose::kRun || purpose == Purpose::kDemo || purpose == Purpose::kCheck;
}

void read_privacy(yaml::MapReader& root, const Reading& reading, Config& config) {
    const bool is_needed = reading.needs_secrets();
    const auto node = root.get("privacy");
    if (!node) {
        if (is_needed)
            root.diagnostics().error(
                root.node().position(),
                "missing field \"privacy\" in the configuration: pseudonym_key_file names the key that "
                "pseudonyms are made with; make one with: openssl rand -hex 32 > pseudonym.key");
        return;
    }
    yaml::MapReader map(*node, "privacy", reading.diagnostics);
    const auto path = is_needed ? map.require_string("pseudonym_key_file") : map.string("pseudonym_key_file");
    refuse_inline_secret(map, "pseudonym_key", "pseudonym_key_file");
    map.finish();
    if (!path) return;
    config.pseudonym_key_file = reading.beside(*path);
    if (!is_needed) return;
    const auto key = Pseudonymizer::from_file(config.pseudonym_key_file);
    if (!key.ok())
        reading.secret_fault(map.get("pseudonym_key_file")->position(), "pseudonym_key_file: " + key.error().message);
}

void read_rule_files(yaml::MapReader& root, const Reading& reading, Config& config) {
    const auto node = needs_rules(reading.purpose) ? root.require("rule_files") : root.get("rule_files");
    const auto patterns = node ? yaml::as_scalars(*node, "rule_files", reading.diagnostics) : std::nullopt;
    if (!patterns) return;
    const std::size_t errors_before = reading.diagnostics.errors();
    config.rule_files = expand_rule_files(*patterns, reading);
    // A folder that is not mounted must not pass for the wish to have no rules: those in force would close what they
    // opened.
    const bool is_daemon = reading.purpose == Purpose::kRun || reading.purpose == Purpose::kCheck;
    if (is_daemon && config.rule_files.empty() && reading.diagnostics.errors() == errors_before) {
        reading.diagnostics.error(node->position(),
                                  "rule_files: there is not one rule file; without rules a daemon says nothing");
    }
}

/// The file behind a key. One that cannot be read is reported where it is named.
std::optional<std::string> file_of(yaml::MapReader& root, std::string_view key, std::size_t bytes_max,
                                   const Reading& reading) {
    const auto name = root.string(key);
    if (!name) return std::nullopt;
    std::string path = reading.beside(*name);
    if (const auto text = read_file(path, bytes_max); !text) {
        root.error(key, text.error().message);
        return std::nullopt;
    }
    return path;
}

void read_sections(yaml::MapReader& root, const Reading& reading, Config& config) {
    if (const auto node = root.get("global")) read_global(*node, reading, config.global);
    // The kinds come before the topics that name them, wherever they stand in the file.
    if (const auto path = file_of(root, "events_file", yaml::kFileBytesMax, reading))
        read_events_file(*path, config.schema, reading.diagnostics);
    const auto kafka = reading.purpose == Purpose::kRules ? root.get("kafka") : root.require("kafka");
    if (kafka) read_kafka(*kafka, reading, config.schema, config.kafka);
    if (const auto node = root.get("identity")) read_identity(*node, reading, config);
    if (const auto node = root.get("storage")) read_storage(*node, reading, config.storage);
    read_privacy(root, reading, config);
    if (const auto path = file_of(root, "areas_file", yaml::kCsvBytesMax, reading))
        config.areas = read_areas_file(*path, reading.diagnostics);
    read_rule_files(root, reading, config);
    config.receivers = read_receivers(root, reading);
    config.route = read_route(root, config.receivers);
    if (const auto path = root.string("phases_file"))
        config.phases = read_phases_file(reading.beside(*path), reading.diagnostics);
    if (const auto path = root.string("calendars_file"))
        config.calendars = read_calendars_file(reading.beside(*path), reading.diagnostics);
    for (const std::string_view key :
         {"inhibit_rules", "time_intervals", "mute_time_intervals", "reports", "templates"})
        root.not_supported(key);
    root.finish();
}

}  // namespace

void read_global(const yaml::Node& node, const Reading& reading, Global& global) {
    yaml::MapReader map(node, "global", reading.diagnostics);
    if (const auto zone = map.string("timezone")) {
        const auto known = TimeFormat::make("%F %T", *zone);
        if (!known.ok())
            reading.diagnostics.error(map.get("timezone")->position(), "timezone: " + known.error().message);
        global.timezone = *zone;
    }
    if (const auto labels = map.get("external_labels")) read_external_labels(*labels, reading, global);
    assign(bounded_duration(map, "max_notice_age", std::chrono::minutes(1), kRetentionMax), global.max_notice_age);
    map.finish();
}

void read_storage(const yaml::Node& node, const Reading& reading, Storage& storage) {
    yaml::MapReader map(node, "storage", reading.diagnostics);
    if (const auto path = map.get("path"))
        if (const auto given = map.require_string("path")) storage.path = reading.beside(*given);
    assign(bounded_duration(map, "retention", std::chrono::hours(1), kRetentionMax), storage.retention);
    assign(bounded_duration(map, "dedup", Duration(0), kRetentionMax), storage.dedup);
    if (storage.dedup > storage.retention)
        map.error("dedup", format_duration(storage.dedup) + " is longer than the retention of " +
                               format_duration(storage.retention));
    assign(bounded_int(map, "max_events", 1, kMaxEventsMax), storage.max_events);
    assign(bounded_duration(map, "backlog_commit_interval", std::chrono::milliseconds(100), std::chrono::seconds(10)),
           storage.backlog_commit_interval);
    map.not_supported("memory_limit");
    map.finish();
}

const Topic* Config::topic(std::string_view name) const {
    const auto found =
        std::find_if(kafka.topics.begin(), kafka.topics.end(), [&](const Topic& t) { return t.name == name; });
    return found == kafka.topics.end() ? nullptr : &*found;
}

const Receiver* Config::receiver(std::string_view name) const {
    const auto found =
        std::find_if(receivers.begin(), receivers.end(), [&](const Receiver& r) { return r.name == name; });
    return found == receivers.end() ? nullptr : &*found;
}

Result<Config> load_config(const std::string& path, yaml::Diagnostics& diagnostics, Purpose purpose) {
    const std::size_t errors_before = diagnostics.errors();
    Config config;
    config.file = path;
    const Reading reading{std::filesystem::path(path).parent_path().string(), purpose, diagnostics};
    if (const auto node = yaml::parse_file(path, diagnostics)) {
        yaml::MapReader root(*node, "the configuration", diagnostics);
        if (node->is_map()) read_sections(root, reading, config);
    }
    if (diagnostics.errors() != errors_before) return reject(diagnostics.summary());
    return config;
}

Result<RuleSet> load_rules(const Config& config, yaml::Diagnostics& diagnostics) {
    return load_rules(config, config.rule_files, diagnostics);
}

Result<RuleSet> load_rules(const Config& config, const std::vector<std::string>& rule_files,
                           yaml::Diagnostics& diagnostics) {
    const std::size_t errors_before = diagnostics.errors();
    rules::RuleSources sources;
    sources.read = [](const std::string& path) { return read_file(path, yaml::kFileBytesMax); };
    for (const std::string& file : rule_files) {
        if (auto text = yaml::read_text(file, yaml::kFileBytesMax, diagnostics))
            sources.files.push_back({file, *std::move(text)});
    }
    if (diagnostics.errors() != errors_before) return reject(diagnostics.summary());
    sources.calendars = config.calendars;
    sources.phases = config.phases;
    if (auto zone = Zone::make(config.global.timezone); zone.ok()) sources.zone = *std::move(zone);
    return rules::load_rules(sources, config.schema, {config.storage.retention, config.storage.max_events},
                             diagnostics);
}

AreaTree make_areas(const Config& config) {
    AreaTree tree;
    for (const AreaRow& row : config.areas) {
        std::string problem;
        TOCSIN_CHECK(tree.add(row.area, row.parent_code, problem), "the loader added the same rows");
    }
    return tree;
}

}  // namespace tocsin::config
