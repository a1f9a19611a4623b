#include <iostream>

#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/loading.h"
#include "base/files.h"
#include "decode/decoder.h"
#include "kafka/client.h"

namespace tocsin::app {
namespace {

void print_dead(const std::string& file, std::uint64_t line, const decode::Reject& reject) {
    std::cout << file << ":" << line << ": " << decode::reject_code_name(reject.code) << ": " << reject.message << "\n";
}

struct Checked {
    std::uint64_t records = 0, dead = 0;
};

Result<Checked> check_file(decode::Decoder& decoder, const std::string& topic, const std::string& file,
                           bool one_record) {
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
        if (loaded) warn_of_texts(*loaded->rules);
        all = all && loaded && client;
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
        std::cerr << input->second << ": " << checked->records << " records, " << checked->dead
                  << " would be dead letters\n";
        dead += checked->dead;
    }
    return dead > 0 ? kExitFailed : kExitOk;
}

}  // namespace tocsin::app
