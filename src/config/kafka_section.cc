#include <set>

#include "base/times.h"
#include "config/client_properties.h"
#include "config/names.h"
#include "config/reading.h"

namespace tocsin::config {

namespace {

constexpr std::size_t kBrokersMax = 100;
constexpr std::int64_t kPartitionsMax = 1000;
constexpr std::int64_t kReplicationMax = 15;

void read_brokers(yaml::MapReader& map, const Reading& reading, Kafka& kafka) {
    const auto node = reading.purpose == Purpose::kRun || reading.purpose == Purpose::kCheck ? map.require("brokers")
                                                                                             : map.get("brokers");
    const auto given = node ? yaml::as_scalars(*node, "brokers", reading.diagnostics) : std::nullopt;
    if (!given) return;
    for (const yaml::Node& entry : *given) {
        std::string_view rest = entry.text();
        for (bool has_more = true; has_more;) {
            const std::size_t comma = rest.find(',');
            const std::string_view broker = rest.substr(0, comma);
            if (const std::string problem = broker_problem(broker); !problem.empty()) {
                const auto offset = static_cast<std::size_t>(broker.data() - entry.text().data());
                reading.diagnostics.error(entry.position_at(offset),
                                          "brokers: " + problem + ", found " + yaml::quote(broker));
            }
            kafka.brokers.emplace_back(broker);
            has_more = comma != std::string_view::npos;
            if (has_more) rest.remove_prefix(comma + 1);
        }
    }
    if (given->empty()) map.error("brokers", "the list is empty");
    if (kafka.brokers.size() > kBrokersMax) map.error("brokers", "more than " + std::to_string(kBrokersMax));
}

void read_start(yaml::MapReader& map, Start& start) {
    const auto text = map.string("start");
    if (!text) return;
    const auto instant = parse_rfc3339(*text);
    if (*text == "earliest")
        start.at = Start::At::kEarliest;
    else if (*text == "latest")
        start.at = Start::At::kLatest;
    else if (instant)
        start = {Start::At::kInstant, *instant};
    else
        map.diagnostics().error(map.get("start")->position(),
                                "start: expected earliest, latest or a time like 2026-11-01T00:00:00Z, found " +
                                    yaml::quote(*text) + yaml::did_you_mean(*text, {"earliest", "latest"}));
}

/// A topic of tocsin's own; two of them, or one of them and an input, cannot be the same.
void read_own_topic(yaml::MapReader& map, std::string_view key, std::map<std::string, std::string>& taken,
                    std::string& name) {
    const auto node = map.get(key);
    if (node) assign(yaml::as_string(*node, key, map.diagnostics()), name);
    if (name.empty() && !node) return;
    const std::string problem = topic_name_problem(name);
    const yaml::Position position = node ? node->position() : map.position(key);
    if (!problem.empty()) {
        map.diagnostics().error(position, std::string(key) + ": " + problem + ", found " + yaml::quote(name));
        return;
    }
    const auto [other, is_new] = taken.emplace(name, key);
    if (!is_new)
        map.diagnostics().error(position, std::string(key) + ": " + yaml::quote(name) + " is already " + other->second);
}

void read_topics(yaml::MapReader& map, const Reading& reading, const EventSchema& schema, Kafka& kafka,
                 std::map<std::string, std::string>& taken) {
    const auto topics = reading.purpose == Purpose::kRules ? map.get("topics") : map.require("topics");
    const std::size_t errors_before = reading.diagnostics.errors();
    for (const yaml::Node& node : list_of(map, "topics", kTopicsMax)) {
        auto topic = read_topic(node, schema, reading.diagnostics);
        if (!topic) continue;
        if (!taken.emplace(topic->name, "an input topic").second) {
            const auto name = node.find("name");
            reading.diagnostics.error(name->position(), "name: topic " + yaml::quote(topic->name) + " is there twice");
            continue;
        }
        kafka.topics.push_back(std::move(*topic));
    }
    const bool is_sound = reading.diagnostics.errors() == errors_before;
    if (topics && is_sound && kafka.topics.empty()) map.error("topics", "the list is empty");
    if (is_sound && kafka.intake == Intake::kDirect && kafka.topics.size() > 1)
        map.error("intake", "direct needs exactly one topic, keyed by customer; with " +
                                std::to_string(kafka.topics.size()) + " topics write rekey");
    if (is_sound && kafka.intake == Intake::kDirect && kafka.topics.size() == 1 && kafka.topics.front().epoch != 0)
        map.error("topics",
                  "epoch: take it out, it means nothing with intake direct; a log that was created anew "
                  "needs a new state");
}

}  // namespace

void read_kafka(const yaml::Node& node, const Reading& reading, const EventSchema& schema, Kafka& kafka) {
    yaml::MapReader map(node, "kafka", reading.diagnostics);
    if (!node.is_map()) return;
    read_brokers(map, reading, kafka);
    if (const auto group = map.get("group_id")) {
        assign(yaml::as_string(*group, "group_id", reading.diagnostics), kafka.group_id);
        if (group->is_scalar() && kafka.group_id.empty()) map.error("group_id", "a group's name is not empty");
    }
    kafka.client_properties = read_client_properties(map, reading);
    if (const auto intake = map.choice("intake", {"rekey", "direct"})) kafka.intake = Intake{static_cast<int>(*intake)};
    read_start(map, kafka.start);
    std::map<std::string, std::string> taken;  // topic -> what it is
    read_topics(map, reading, schema, kafka, taken);
    read_own_topic(map, "dead_letter_topic", taken, kafka.dead_letter_topic);
    if (kafka.intake == Intake::kRekey || map.get("events_topic"))
        read_own_topic(map, "events_topic", taken, kafka.events_topic);
    read_own_topic(map, "actions_topic", taken, kafka.actions_topic);
    read_own_topic(map, "output_topic", taken, kafka.output_topic);
    assign(bounded_int(map, "partitions", 1, kPartitionsMax), kafka.partitions);
    assign(bounded_int(map, "replication_factor", 1, kReplicationMax), kafka.replication_factor);
    map.finish();
}

}  // namespace tocsin::config
