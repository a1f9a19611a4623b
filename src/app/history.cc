#include "app/history.h"

#include <iostream>

#include "app/exit_codes.h"
#include "base/times.h"
#include "pipeline/kafka_history.h"

namespace tocsin::app {
namespace {

bool read_instant(const std::string& text, const char* flag, std::optional<Instant>& out) {
    if (text.empty()) return true;
    out = parse_rfc3339(text);
    if (!out) complain(std::string(flag) + ": \"" + text + "\" is not RFC 3339, for instance 2016-11-07T00:00:00Z");
    return out.has_value();
}

std::optional<Pseudonymizer> pseudonyms_of(const config::Config& config, bool keyed) {
    if (!keyed) {
        std::cerr << "tocsin: pseudonyms are made with a fixed key; they are not those of the daemon\n";
        return Pseudonymizer::fixed();
    }
    if (config.pseudonym_key_file.empty()) {
        complain("--keyed: " + config.file + " names no privacy.pseudonym_key_file");
        return std::nullopt;
    }
    auto made = Pseudonymizer::from_file(config.pseudonym_key_file);
    if (made) return std::move(made).value();
    complain("--keyed: " + made.error().message);
    return std::nullopt;
}

bool read_from_kafka(const config::Config& config, pipeline::History& history) {
    const auto read = pipeline::read_kafka(config, history);
    if (!read) {
        complain("--from-kafka: " + read.error().message);
        return false;
    }
    if (read->foreign > 0) {
        complain(config.kafka.events_topic + ": " + std::to_string(read->foreign) +
                 " records were not written by the intake and are left out");
    }
    return true;
}

}  // namespace

Past::Past(Loaded all, Pseudonymizer key)
    : loaded(std::move(all)),
      areas(config::make_areas(loaded.config)),
      pseudonyms(std::move(key)),
      setting{loaded.config.schema,
              areas,
              pseudonyms,
              {loaded.config.storage.retention, loaded.config.storage.dedup, loaded.config.storage.max_events},
              1} {}

std::unique_ptr<Past> load_past(const HistoryArguments& arguments, int& code) {
    std::optional<Instant> from, to;
    code = kExitUsage;
    if (arguments.from_kafka != arguments.events.empty()) {
        complain(arguments.from_kafka ? "--from-kafka reads no --events"
                                      : "whose events? --events=FILE or --from-kafka");
        return nullptr;
    }
    if (!read_instant(arguments.from, "--from", from) || !read_instant(arguments.to, "--to", to)) return nullptr;
    code = kExitFailed;
    const auto purpose = arguments.from_kafka ? config::Purpose::kCheck : config::Purpose::kReplay;
    auto loaded = load_all(arguments.config_file, purpose, arguments.rules);
    if (!loaded) return nullptr;
    auto pseudonyms = pseudonyms_of(loaded->config, arguments.keyed);
    if (!pseudonyms) return nullptr;
    auto past = std::make_unique<Past>(std::move(*loaded), std::move(*pseudonyms));
    past->from = from;
    past->to = to;
    code = kExitOk;
    return past;
}

std::shared_ptr<const RuleSet> load_other_rules(const config::Config& config, const std::vector<std::string>& files) {
    yaml::Diagnostics diagnostics;
    auto rules = config::load_rules(config, files, diagnostics);
    std::cerr << diagnostics.text();
    if (rules) return std::make_shared<const RuleSet>(std::move(rules).value());
    if (!diagnostics.has_errors()) complain(rules.error().message);
    return nullptr;
}

bool read_events(const Past& past, const HistoryArguments& arguments, pipeline::History& history) {
    if (arguments.from_kafka) return read_from_kafka(past.loaded.config, history);
    for (const std::string& text : arguments.events) {
        const auto input = topic_and_file(past.loaded.config, text);
        if (!input) return false;
        const auto read = history.add_file(input->second, input->first->mapping, input->first->disorder);
        if (read) continue;
        complain(read.error().message);
        return false;
    }
    return true;
}

void tell_unreadable(const pipeline::UnreadableLine& line) {
    std::cerr << line.path << ":" << line.line << ": " << decode::reject_code_name(line.reason.code) << ": "
              << line.reason.message << "\n";
}

}  // namespace tocsin::app
