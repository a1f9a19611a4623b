#pragma once
/// What several commands begin with: the configuration and the rules, or all mistakes on stderr.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "tocsin/rule_set.h"

namespace tocsin::app {

struct Loaded {
    config::Config config;
    std::shared_ptr<const RuleSet> rules;
};

/// Prints what is wrong, warnings too. Empty: it cannot be used.
std::optional<config::Config> load_configuration(const std::string& file, config::Purpose purpose);
std::optional<Loaded> load_all(const std::string& file, config::Purpose purpose,
                               const std::vector<std::string>& rule_files = {});

/// `[TOPIC=]FILE` -> the topic's entry (the first one if none is named) and the file. Empty: no such topic; it is
/// printed.
std::optional<std::pair<const config::Topic*, std::string>> topic_and_file(const config::Config& config,
                                                                           const std::string& text);

/// What the calendars of the rules do not cover although it is near: there only weekends would be taken into account.
void warn_of_calendars(const RuleSet& rules);
/// Says which rules look at what is not kept: they see only what arrives from now on.
void warn_of_texts(const RuleSet& rules);

/// Test files: a folder stands for the .yml and .yaml files in it, by name.
std::vector<std::string> test_files(const std::vector<std::string>& arguments);

void complain(const std::string& message);  ///< `tocsin: message` on stderr

}  // namespace tocsin::app
