#include <iostream>
#include <sstream>

#include "app/commands.h"
#include "app/event_schema.h"
#include "app/exit_codes.h"
#include "app/loading.h"
#include "app/test_file.h"
#include "config/keys.h"
#include "rules/keys.h"

namespace tocsin::app {
namespace {

using Json = nlohmann::ordered_json;

Json reference(std::string_view table) {
    return {{"$ref", "#/definitions/" + std::string(table)}};
}

/// A scalar as YAML readers type it: `owner: 12` is a number to them, and a text to tocsin.
Json text() {
    return {{"type", {"string", "number", "boolean"}}};
}

Json one_or_list(const Json& one) {
    return {{"oneOf", {one, {{"type", "array"}, {"items", one}}}}};
}

Json value_of(const yaml::Key& key) {
    switch (key.shape) {
        case yaml::Shape::kText:
            return text();
        case yaml::Shape::kInt:
            return {{"type", "integer"}};
        case yaml::Shape::kBool:
            return {{"type", "boolean"}};
        case yaml::Shape::kDuration:
            return {{"type", "string"},
                    {"minLength", 2},
                    {"pattern", "^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$"}};
        case yaml::Shape::kChoice:
            return {{"enum", key.choices}};
        case yaml::Shape::kTexts:
            return one_or_list(text());
        case yaml::Shape::kChoices:
            return one_or_list({{"enum", key.choices}});
        case yaml::Shape::kTextMap:
            return {{"type", "object"}, {"additionalProperties", text()}};
        case yaml::Shape::kMap:
            return reference(key.table);
        case yaml::Shape::kMaps:
            return {{"type", "array"}, {"items", reference(key.table)}};
        case yaml::Shape::kTextOrMap:
            return {{"oneOf", {text(), reference(key.table)}}};
        case yaml::Shape::kNamedMaps:
            break;
    }
    return {{"type", "object"}, {"additionalProperties", {{"oneOf", {text(), reference(key.table)}}}}};
}

Json map_of(const yaml::Table& table) {
    Json out = {{"type", "object"}, {"description", table.about}, {"additionalProperties", false}};
    for (const yaml::Key& key : table.keys) {
        Json value = value_of(key);
        value["description"] = key.about;
        out["properties"][std::string(key.name)] = std::move(value);
        if (key.need != yaml::Need::kRequired) continue;
        if (key.instead.empty()) {
            out["required"].push_back(key.name);
        } else {
            Json any = {{{"required", {key.name}}}};
            std::istringstream others{std::string(key.instead)};
            for (std::string other; others >> other;) any.push_back({{"required", {other}}});
            out["allOf"].push_back({{"anyOf", any}});
        }
    }
    return out;
}

void print(const Json& schema) {
    std::cout << schema.dump(2) << "\n";
}

int print_tables(const std::string& title, const std::vector<yaml::Table>& tables) {
    Json out = {{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", title}};
    out.update(map_of(tables.front()));
    for (std::size_t i = 1; i < tables.size(); ++i) out["definitions"][std::string(tables[i].name)] = map_of(tables[i]);
    print(out);
    return kExitOk;
}

/// Without a topic: a record that needs no mapping but `event: {field: /kind}`.
int print_event(const SchemaArguments& arguments) {
    decode::TopicMapping plain;
    plain.topic = "a topic without fields";
    plain.kind.pointer = "/kind";
    if (arguments.config_file.empty()) {
        if (!arguments.topic.empty()) {
            complain("--topic: which configuration? Give --config.file too");
            return kExitUsage;
        }
        print(event_schema(EventSchema::builtin(), plain));
        return kExitOk;
    }
    const auto config = load_configuration(arguments.config_file, config::Purpose::kRules);
    if (!config) return kExitFailed;
    const config::Topic* topic = arguments.topic.empty() ? nullptr : config->topic(arguments.topic);
    if (topic == nullptr && !arguments.topic.empty()) {
        std::string names;
        for (const config::Topic& known : config->kafka.topics) names += (names.empty() ? "" : ", ") + known.name;
        complain("--topic: " + arguments.config_file + " has no topic \"" + arguments.topic + "\"; it has " + names);
        return kExitFailed;
    }
    print(event_schema(config->schema, topic == nullptr ? plain : topic->mapping));
    return kExitOk;
}

}  // namespace

int print_schema(const SchemaArguments& arguments) {
    if (arguments.what == "config") return print_tables("tocsin.yml", config::config_tables());
    if (arguments.what == "rules") return print_tables("tocsin rules", rules::rule_tables());
    if (arguments.what == "test") return print_tables("tocsin tests of rules", test_tables());
    return print_event(arguments);
}

}  // namespace tocsin::app
