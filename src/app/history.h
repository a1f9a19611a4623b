#pragma once
/// What the commands about the past share: whose events, whose rules, whose pseudonyms.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/loading.h"
#include "base/pseudonym.h"
#include "pipeline/history.h"
#include "task/setting.h"

namespace tocsin::app {

struct HistoryArguments {
    std::string config_file;
    std::vector<std::string> events;  ///< [TOPIC=]FILE
    bool from_kafka = false;          ///< instead: what lies in the configured topics
    std::vector<std::string> rules;   ///< empty: those of the configuration
    std::string from, to;             ///< RFC 3339; empty: open
    bool keyed = false;               ///< pseudonyms by privacy.pseudonym_key_file: those of the daemon
};

/// Configuration, rules and what the core is set up with. Stays where it was made: `setting` looks into it.
struct Past {
    Loaded loaded;
    AreaTree areas;
    Pseudonymizer pseudonyms;
    std::optional<Instant> from, to;
    task::Setting setting;

    Past(Loaded all, Pseudonymizer key);
    Past(const Past&) = delete;
    Past& operator=(const Past&) = delete;
};

/// What is wrong has been said on stderr; then the exit code stands in `code`.
std::unique_ptr<Past> load_past(const HistoryArguments& arguments, int& code);

/// Other rules in place of the configured ones. Empty: they cannot be used; it is said.
std::shared_ptr<const RuleSet> load_other_rules(const config::Config& config, const std::vector<std::string>& files);

/// Reads all that the arguments name. False: something cannot be read; it is said.
bool read_events(const Past& past, const HistoryArguments& arguments, pipeline::History& history);

/// For History: tells each on stderr.
void tell_unreadable(const pipeline::UnreadableLine& line);

}  // namespace tocsin::app
