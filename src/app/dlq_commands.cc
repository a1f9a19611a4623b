#include <iostream>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/loading.h"
#include "base/digest.h"
#include "base/json_text.h"
#include "kafka/admin.h"
#include "store/task_store.h"

namespace tocsin::app {
namespace {

using nlohmann::json;

constexpr std::size_t kReadMax = 100'000;

kafka::ClientOptions client_of(const config::Config& config) {
    std::string brokers;
    for (const std::string& broker : config.kafka.brokers) brokers += (brokers.empty() ? "" : ",") + broker;
    return {brokers, config.kafka.client_properties};
}

// Dead letters may come twice; the origin tells them apart.
json describe(const kafka::OwnedRecord& message) {
    const auto header = [&](const char* name) { return std::string(message.header(name)); };
    return {{"id", header("tocsin.error.topic") + "/" + header("tocsin.error.partition") + "/" +
                       header("tocsin.error.offset")},
            {"code", header("tocsin.error.code")},
            {"message", header("tocsin.error.message")},
            {"stage", header("tocsin.error.stage")},
            {"timestamp", header("tocsin.error.timestamp")}};
}

// As text where it is text; what is no UTF-8 would not survive JSON and is told in hexadecimal digits, under a name of
// its own.
void put_bytes(json& letter, const std::string& name, const std::string& bytes) {
    if (is_utf8(bytes))
        letter[name] = bytes;
    else
        letter[name + "_hex"] = hex(bytes);
}

void add_original(const kafka::OwnedRecord& message, json& letter) {
    put_bytes(letter, "key", message.key);
    if (message.has_value)
        put_bytes(letter, "value", message.value);
    else
        letter["value"] = nullptr;
    json headers = json::array();
    for (const auto& [name, value] : message.headers) {
        if (name == "tocsin.error.value_bytes" || name == "tocsin.error.value_sha256") letter[name.substr(13)] = value;
        if (name.starts_with("tocsin.error.")) continue;
        json header = {{"name", name}};
        put_bytes(header, "value", value);
        headers.push_back(std::move(header));
    }
    letter["headers"] = std::move(headers);
}

Result<std::map<std::string, json>> read_all(const config::Config& config, bool with_values) {
    const kafka::ClientOptions client = client_of(config);
    const std::string& topic = config.kafka.dead_letter_topic;
    auto admin = TOCSIN_TRY(kafka::Admin::open(client));
    const auto state = TOCSIN_TRY(admin->topic(topic, std::chrono::seconds(10)));
    if (!state) return reject("topic " + topic + " does not exist: there are no dead letters");
    std::map<std::string, json> letters;
    for (std::int32_t p = 0; p < state->partitions; ++p) {
        const auto messages = TOCSIN_TRY(
            kafka::read_range(client, {topic, p}, kafka::kFromBeginning, kReadMax, std::chrono::seconds(30)));
        if (messages.size() == kReadMax) {
            complain("partition " + std::to_string(p) + " of " + topic + " has more than " + std::to_string(kReadMax) +
                     " dead letters; only the oldest are read");
        }
        for (const kafka::OwnedRecord& message : messages) {
            json letter = describe(message);
            if (with_values) add_original(message, letter);
            const auto id = letter["id"].get<std::string>();  // before it is moved from
            letters[id] = std::move(letter);
        }
    }
    return letters;
}

std::string dump(const json& letter) {
    return letter.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

int dead_letters(const DlqArguments& arguments) {
    const auto config = load_configuration(arguments.config_file, config::Purpose::kCheck);
    if (!config) return kExitFailed;
    const bool show = arguments.what == "show";
    const auto letters = read_all(*config, show);
    if (!letters) {
        complain(letters.error().message);
        return kExitFailed;
    }
    if (show) {
        const auto letter = letters->find(arguments.id);
        if (letter == letters->end()) {
            complain("no dead letter has the id " + arguments.id + "; `tocsin dlq list` shows them");
            return kExitFailed;
        }
        std::cout << dump(letter->second) << "\n";
        return kExitOk;
    }
    for (const auto& [id, letter] : *letters) {
        if (arguments.output == "json")
            std::cout << dump(letter) << "\n";
        else
            std::cout << id << "  " << letter["code"].get<std::string>() << "  " << letter["message"].get<std::string>()
                      << "\n";
    }
    return kExitOk;
}

}  // namespace tocsin::app
