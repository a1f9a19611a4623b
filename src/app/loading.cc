#include "app/loading.h"

#include <filesystem>
#include <iostream>

namespace tocsin::app {

void complain(const std::string& message) { std::cerr << "tocsin: " << message << "\n"; }

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

std::optional<Loaded> load_all(const std::string& file, config::Purpose purpose, const std::vector<std::string>& rule_files) {
    auto config = load_configuration(file, purpose);
    if (!config) return std::nullopt;
    yaml::Diagnostics diagnostics;
    auto rules = rule_files.empty() ? config::load_rules(*config, diagnostics) : config::load_rules(*config, rule_files, diagnostics);
    std::cerr << diagnostics.text();
    if (!rules) {
        if (!diagnostics.has_errors()) complain(rules.error().message);
        return std::nullopt;
    }
    return Loaded{std::move(*config), std::make_shared<const RuleSet>(std::move(rules).value())};
}

std::optional<std::pair<const config::Topic*, std::string>> topic_and_file(const config::Config& config, const std::string& text) {
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos) {
        const std::string name = text.substr(0, equals);
        if (const config::Topic* topic = config.topic(name)) return {{topic, text.substr(equals + 1)}};
        std::error_code error;
        if (!std::filesystem::exists(text, error)) {
            std::vector<std::string> names;
            for (const config::Topic& topic : config.kafka.topics) names.push_back(topic.name);
            complain(config.file + " has no topic " + yaml::quote(name) + yaml::did_you_mean(name, names) + ", and there is no file " + yaml::quote(text));
            return std::nullopt;
        }
    }
    if (config.kafka.topics.empty()) {
        complain(config.file + ": no topic is configured; add one under kafka.topics");
        return std::nullopt;
    }
    return {{&config.kafka.topics.front(), text}};
}

}  // namespace tocsin::app
