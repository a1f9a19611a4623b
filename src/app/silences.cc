// What Alertmanager does with a warning that it was told of.
#include <charconv>
#include <nlohmann/json.hpp>

#include "app/ask.h"
#include "app/explain.h"
#include "app/loading.h"

namespace tocsin::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kAlertmanager = "alertmanager/";
const std::string kNotKnown = "whether it is silenced is not known: ";

// The alert as it was sent (design 8.5): of another level, or of another tocsin, there may be one of the same name.
std::string alerts_of(const config::Config& config, const Json& alert) {
    Json labels = alert;
    for (const auto& [name, value] : config.global.external_labels) {
        if (!labels.contains(name)) labels[name] = value;
    }
    std::string query = "/api/v2/alerts?";
    for (const auto& [name, value] : labels.items()) query += "filter=" + escaped(name + "=" + value.dump()) + "&";
    return query;
}

std::string silence_line(const std::string& name, const std::string& url, const std::string& id) {
    const Json silence = Json::parse(http_get(url + "/api/v2/silence/" + escaped(id)).body, nullptr, false);
    const auto told = [&](const char* member) {
        const std::string text = text_of(silence, member);
        return text.empty() ? "?" : text;
    };
    return "silenced by " + name + " until " + told("endsAt") + ": " + told("comment") + " (" + told("createdBy") +
           ", " + id + ")";
}

void ask_alertmanager(const std::string& name, const std::string& url, const std::string& query, Json& lines) {
    const receivers::HttpResponse response = http_get(url + query);
    const Json alerts = Json::parse(response.body, nullptr, /*allow_exceptions=*/false);
    if (response.status != 200 || !alerts.is_array()) {
        const std::string why =
            response.status == 0 ? response.error : "it answered " + std::to_string(response.status);
        return lines.push_back(kNotKnown + name + " could not be asked: " + why);
    }
    if (alerts.empty())
        lines.push_back("not silenced: " + name + " does not have this alert, it was not delivered or has run out");
    for (const Json& alert : alerts) {
        const Json status = alert.is_object() ? alert.value("status", Json()) : Json();
        const Json silenced = list_of(status, "silencedBy"), inhibited = list_of(status, "inhibitedBy");
        for (const Json& id : silenced) {
            if (id.is_string()) lines.push_back(silence_line(name, url, id.get<std::string>()));
        }
        if (!inhibited.empty()) lines.push_back("inhibited by " + name + ": another of its alerts mutes this one");
        if (silenced.empty() && inhibited.empty()) lines.push_back("not silenced by " + name);
    }
}

// "alertmanager/RECEIVER/0", as the configuration has it; null: it has not.
const config::Alertmanager* target_of(const config::Config& config, std::string_view receiver, std::string_view index) {
    const config::Receiver* found = config.receiver(std::string(receiver));
    std::size_t i = 0;
    const auto read = std::from_chars(index.data(), index.data() + index.size(), i);
    if (found == nullptr || read.ec != std::errc() || i >= found->alertmanagers.size()) return nullptr;
    return &found->alertmanagers[i];
}

}  // namespace

void tell_silences(const std::string& config_file, Json& subjects) {
    // About a person the daemon has said what there is to say.
    if (subjects.empty() || !subjects.front().contains("alert")) return;
    std::optional<config::Config> config;
    if (!config_file.empty()) config = load_configuration(config_file, config::Purpose::kCheck);
    for (Json& subject : subjects) {
        Json& notes = subject["notes"];
        bool goes = false;
        for (const Json& key : list_of(subject, "told")) {
            const std::string target = key.is_string() ? key.get<std::string>() : std::string();
            const std::size_t slash = target.rfind('/');
            if (!target.starts_with(kAlertmanager) || slash < kAlertmanager.size()) continue;
            goes = true;
            const std::string receiver = target.substr(kAlertmanager.size(), slash - kAlertmanager.size());
            const std::string name = "Alertmanager (receiver " + receiver + ")";
            const config::Alertmanager* known =
                config ? target_of(*config, receiver, target.substr(slash + 1)) : nullptr;
            if (config_file.empty())
                notes.push_back(kNotKnown + name + " is asked where --config.file says its address");
            else if (known == nullptr || known->url.empty())
                notes.push_back(kNotKnown + "the address of " + name + " cannot be read from " + config_file);
            else
                ask_alertmanager(name, known->url, alerts_of(*config, subject["alert"]), notes);
        }
        if (!goes) notes.push_back("not silenced: silences are Alertmanager's, and this warning goes to none");
    }
}

}  // namespace tocsin::app
