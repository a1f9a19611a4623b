#include "config/client_properties.h"

#include <algorithm>
#include <utility>

#include "base/files.h"

namespace tocsin::config {

namespace {

struct Owned {
    std::string_view name, reason;
};

constexpr std::string_view kOffsets = "tocsin commits its offsets together with its state";
constexpr std::string_view kProducer = "records are counted exactly once only with tocsin's own value";
constexpr Owned kOwned[] = {
    {"bootstrap.servers", "write it as kafka.brokers"},
    {"metadata.broker.list", "write it as kafka.brokers"},
    {"group.id", "write it as kafka.group_id"},
    {"auto.offset.reset", "write kafka.start; a lost offset is never skipped silently"},
    {"enable.auto.commit", kOffsets},
    {"auto.commit.enable", kOffsets},
    {"auto.commit.interval.ms", kOffsets},
    {"enable.auto.offset.store", kOffsets},
    {"offset.store.method", kOffsets},
    {"partition.assignment.strategy", "tasks of a process need the range assignor"},
    {"group.protocol", "tasks of a process need the range assignor"},
    {"enable.partition.eof", "tocsin asks for the end of partitions by itself"},
    {"allow.auto.create.topics", "tocsin creates its topics by itself, with the right number of partitions"},
    {"enable.idempotence", kProducer},
    {"enable.gapless.guarantee", kProducer},
    {"acks", kProducer},
    {"request.required.acks", kProducer},
    {"message.timeout.ms", kProducer},
    {"delivery.timeout.ms", kProducer},
    {"message.send.max.retries", kProducer},
    {"retries", kProducer},
    {"max.in.flight", kProducer},
    {"max.in.flight.requests.per.connection", kProducer},
    {"transactional.id", "tocsin uses no Kafka transactions"},
    {"isolation.level", "tocsin reads committed records only"},
    {"statistics.interval.ms", "the metrics depend on it"},
    {"plugin.library.paths", "tocsin loads no foreign code"},
    {"builtin.features", "it cannot be set"},
    {"test.mock.num.brokers", "the embedded broker belongs to the demo"},
};

constexpr std::string_view kSecrets[] = {
    "sasl.password", "sasl.oauthbearer.client.secret", "sasl.oauthbearer.config", "ssl.key.password",
    "ssl.key.pem",   "ssl.keystore.password",
};

}  // namespace

std::string owned_property_reason(std::string_view name) {
    for (const Owned& owned : kOwned)
        if (owned.name == name) return std::string(owned.reason);
    if (name.ends_with("_cb")) return "it is no text";
    return {};
}

bool is_secret_property(std::string_view name) {
    return std::find(std::begin(kSecrets), std::end(kSecrets), name) != std::end(kSecrets);
}

namespace {

using Properties = std::map<std::string, std::string>;

void read_plain(const yaml::Node& node, const Reading& reading, Properties& properties) {
    yaml::Diagnostics& diagnostics = reading.diagnostics;
    if (!node.is_map())
        return diagnostics.error(node.position(), "client_properties: expected a map, found " + node.describe());
    for (const yaml::Node::Entry& entry : node.entries()) {
        const std::string& name = entry.name();
        std::string problem;
        if (const std::string reason = owned_property_reason(name); !reason.empty())
            problem = name + " cannot be set: " + reason;
        if (is_secret_property(name)) {
            diagnostics.hide_line(entry.key.position());
            problem = name + " is a secret; put it into the file of secrets_file";
        }
        if (!problem.empty())
            diagnostics.error(entry.key.position(), "client_properties: " + problem);
        else if (const auto value = yaml::as_string(entry.value, name, diagnostics))
            properties[name] = *value;
    }
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
    return text;
}

/// One line `key=value`. The file's text is never handed to the diagnostics: they would print it.
void read_secret_line(std::string_view line, const yaml::Position& position, const Reading& reading,
                      Properties& properties) {
    if (trimmed(line).empty() || trimmed(line)[0] == '#') return;
    const std::size_t equals = line.find('=');
    const std::string name(trimmed(line.substr(0, equals)));
    if (equals == std::string_view::npos || name.empty())
        reading.diagnostics.error(position, "expected name=value, as in sasl.password=…");
    else if (const std::string reason = owned_property_reason(name); !reason.empty())
        reading.diagnostics.error(position, name + " cannot be set: " + reason);
    else
        properties[name] = trimmed(line.substr(equals + 1));
}

void read_secrets(const yaml::Node& node, const Reading& reading, Properties& properties) {
    const auto path = yaml::as_string(node, "secrets_file", reading.diagnostics);
    if (!path || !reading.needs_secrets()) return;
    const std::string file = reading.beside(*path);
    const auto text = read_file(file, kSecretBytesMax);
    if (!text.ok()) return reading.secret_fault(node.position(), "secrets_file: " + text.error().message);
    std::string_view rest = *text;
    for (int line = 1; !rest.empty(); ++line) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        read_secret_line(rest.substr(0, end), {file, line, 1}, reading, properties);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
}

}  // namespace

std::map<std::string, std::string> read_client_properties(yaml::MapReader& kafka, const Reading& reading) {
    Properties properties;
    if (const auto node = kafka.get("client_properties")) read_plain(*node, reading, properties);
    if (const auto node = kafka.get("secrets_file")) read_secrets(*node, reading, properties);
    if (properties.size() > kClientPropertiesMax)
        kafka.error("client_properties", "more than " + std::to_string(kClientPropertiesMax) + " properties");
    return properties;
}

}  // namespace tocsin::config
