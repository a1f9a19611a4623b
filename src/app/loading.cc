#include "app/loading.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <set>

#include "base/calendar.h"
#include "rules/text_questions.h"

namespace tocsin::app {

void complain(const std::string& message) {
    std::cerr << "tocsin: " << message << "\n";
}

std::optional<config::Config> load_configuration(const std::string& file, config::Purpose purpose) {
    yaml::Diagnostics diagnostics;
    auto config = config::load_config(file, diagnostics, purpose);
    std::cerr << diagnostics.text();
    if (!config) {
        if (!diagnostics.has_errors()) complain(config.error().message);
        return std::nullopt;
    }
    return std::move(config).value();
}

std::optional<Loaded> load_all(const std::string& file, config::Purpose purpose,
                               const std::vector<std::string>& rule_files) {
    auto config = load_configuration(file, purpose);
    if (!config) return std::nullopt;
    yaml::Diagnostics diagnostics;
    auto rules = rule_files.empty() ? config::load_rules(*config, diagnostics)
                                    : config::load_rules(*config, rule_files, diagnostics);
    std::cerr << diagnostics.text();
    if (!rules) {
        if (!diagnostics.has_errors()) complain(rules.error().message);
        return std::nullopt;
    }
    return Loaded{std::move(*config), std::make_shared<const RuleSet>(std::move(rules).value())};
}

std::optional<std::pair<const config::Topic*, std::string>> topic_and_file(const config::Config& config,
                                                                           const std::string& text) {
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos) {
        const std::string name = text.substr(0, equals);
        if (const config::Topic* topic = config.topic(name)) return {{topic, text.substr(equals + 1)}};
        std::error_code error;
        if (!std::filesystem::exists(text, error)) {
            std::vector<std::string> names;
            for (const config::Topic& topic : config.kafka.topics) names.push_back(topic.name);
            complain(config.file + " has no topic " + yaml::quote(name) + yaml::did_you_mean(name, names) +
                     ", and there is no file " + yaml::quote(text));
            return std::nullopt;
        }
    }
    if (config.kafka.topics.empty()) {
        complain(config.file + ": no topic is configured; add one under kafka.topics");
        return std::nullopt;
    }
    return {{&config.kafka.topics.front(), text}};
}

void warn_of_calendars(const RuleSet& rules) {
    const auto soon = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()) + std::chrono::days(60);
    const int year = static_cast<int>(std::chrono::year_month_day(soon).year());
    std::set<std::string> said;
    for (const Rule& rule : rules.rules) {
        const Calendar* calendar = rule.expect ? rule.expect->calendar.get() : nullptr;
        if (calendar == nullptr || calendar->years.contains(year) || !said.insert(calendar->name).second) continue;
        complain("warning: the calendar \"" + calendar->name + "\", which " + rule.name +
                 " counts by, says nothing about " + std::to_string(year) + "; add the year to the calendars_file");
    }
}

void warn_of_texts(const RuleSet& rules) {
    for (const Rule& rule : rules.rules) {
        if (rules::text_questions(rule).empty()) continue;
        complain("note: " + rule.file + ":" + std::to_string(rule.line) + ": " + rule.name +
                 " looks at a field of type text, which is not kept: of events that came before the " +
                 "rule it takes what they said for missing");
    }
}

std::vector<std::string> test_files(const std::vector<std::string>& arguments) {
    std::vector<std::string> files;
    for (const std::string& argument : arguments) {
        std::error_code error;
        if (!std::filesystem::is_directory(argument, error)) {
            files.push_back(argument);
            continue;
        }
        std::vector<std::string> inside;
        for (std::filesystem::directory_iterator it(argument, error), end; !error && it != end; it.increment(error)) {
            const std::string ending = it->path().extension().string();
            if (ending == ".yml" || ending == ".yaml") inside.push_back(it->path().string());
        }
        std::sort(inside.begin(), inside.end());
        files.insert(files.end(), inside.begin(), inside.end());
    }
    return files;
}

}  // namespace tocsin::app
