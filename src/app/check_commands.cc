#include <chrono>
#include <iostream>
#include <set>

#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/loading.h"
#include "base/calendar.h"
#include "base/files.h"
#include "decode/decoder.h"
#include "kafka/client.h"

namespace tocsin::app {
namespace {

void print_dead(const std::string& file, std::uint64_t line, const decode::Reject& reject) {
    std::cout << file << ":" << line << ": " << decode::reject_code_name(reject.code) << ": " << reject.message << "\n";
}

/// What the calendars of the rules do not cover although it is near: there only weekends would be taken into account.
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

struct Checked {
    std::uint64_t records = 0, dead = 0;
};

Result<Checked> check_file(decode::Decoder& decoder, const std::string& topic, const std::string& file, bool one_record) {
    Checked checked;
    const auto check = [&](std::string_view value, std::uint64_t line) {
        Event event;
        ++checked.records;
        if (const auto reject = decoder.decode(value, {topic, 0, static_cast<std::int64_t>(line)}, event)) {
            ++checked.dead;
            print_dead(file, line, *reject);
        }
    };
    if (one_record) {
        check(TOCSIN_TRY(read_file(file, decode::Decoder::kRecordBytesMax + 1)), 1);
        return checked;
    }
    auto reader = TOCSIN_TRY(LineReader::open(file));
    std::string text;
    for (std::uint64_t line = 1; reader.next(text); ++line) check(text, line);
    const auto status = reader.status();
    if (!status) return status.error();
    return checked;
}

}  // namespace

int check_config(const std::vector<std::string>& files) {
    bool all = true;
    for (const std::string& file : files) {
        const auto loaded = load_all(file, config::Purpose::kCheck);
        const auto client = loaded ? kafka::check_client(loaded->config.kafka.client_properties) : Result<void>{};
        if (!client) complain(file + ": " + client.error().message);
        if (loaded && client) std::cout << file << ": ok, " << loaded->rules->rules.size() << " rules\n";
        if (loaded) warn_of_calendars(*loaded->rules);
        all = all && loaded && client;
    }
    return all ? kExitOk : kExitFailed;
}

int check_rules(const CheckRulesArguments& arguments) {
    config::Config config;
    if (!arguments.config_file.empty()) {
        auto loaded = load_configuration(arguments.config_file, config::Purpose::kRules);
        if (!loaded) return kExitFailed;
        config = std::move(*loaded);
    }
    bool all = true;
    for (const std::string& file : arguments.files) {
        yaml::Diagnostics diagnostics;
        const auto rules = config::load_rules(config, {file}, diagnostics);
        std::cerr << diagnostics.text();
        if (rules) std::cout << file << ": ok, " << rules->rules.size() << " rules\n";
        else if (!diagnostics.has_errors()) complain(rules.error().message);
        if (rules) warn_of_calendars(*rules);
        all = all && rules.ok();
    }
    if (all && arguments.files.size() > 1) {  // what shows only side by side: a name that two files use
        yaml::Diagnostics diagnostics;
        all = config::load_rules(config, arguments.files, diagnostics).ok();
        std::cerr << diagnostics.text();
    }
    return all ? kExitOk : kExitFailed;
}

int check_events(const CheckEventsArguments& arguments) {
    const auto config = load_configuration(arguments.config_file, config::Purpose::kReplay);
    if (!config) return kExitFailed;
    std::uint64_t dead = 0;
    for (const std::string& text : arguments.events) {
        const auto input = topic_and_file(*config, text);
        if (!input) return kExitFailed;
        auto decoder = decode::Decoder::make(config->schema, input->first->mapping);
        if (!decoder) {
            complain(decoder.error().message);
            return kExitFailed;
        }
        const auto checked = check_file(*decoder, input->first->name, input->second, arguments.record);
        if (!checked) {
            complain(checked.error().message);
            return kExitFailed;
        }
        std::cerr << input->second << ": " << checked->records << " records, " << checked->dead << " would be dead letters\n";
        dead += checked->dead;
    }
    return dead > 0 ? kExitFailed : kExitOk;
}

}  // namespace tocsin::app
