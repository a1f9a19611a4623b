#include <array>
#include <set>

#include "config/names.h"
#include "config/reading.h"

namespace tocsin::config {

namespace {

constexpr std::size_t kKindsMax = 200;    ///< of one events_file
constexpr std::size_t kFieldsMax = 100;   ///< of one kind
constexpr std::size_t kValuesMax = 1000;  ///< allowed values of one field

/// In the order of FieldType.
const std::vector<std::string> kTypes = {"string", "int", "number", "bool", "time", "duration", "text"};

std::optional<FieldDef> read_field(const yaml::Node& node, yaml::Diagnostics& diagnostics) {
    yaml::MapReader map(node, "field", diagnostics);
    const auto name = map.require_string("name");
    if (name) {
        const std::string problem = identifier_problem(*name);
        if (!problem.empty()) map.error("name", problem);
    }
    FieldDef field;
    field.name = name.value_or("");
    const auto type = map.require("type") ? map.choice("type", kTypes) : std::nullopt;
    if (type) field.type = FieldType{static_cast<std::uint8_t>(*type)};
    if (map.get("values")) {
        field.values = map.strings("values").value_or(std::vector<std::string>());
        if (field.values.size() > kValuesMax) map.error("values", "more than " + std::to_string(kValuesMax));
        if (type && field.type != FieldType::kString)
            map.error("values", "only a field of type string has a list of values");
        if (std::set<std::string>(field.values.begin(), field.values.end()).size() != field.values.size())
            map.error("values", "a value is there twice");
    }
    field.unit = map.string("unit").value_or("");
    map.finish();
    if (!name || !type) return std::nullopt;
    return field;
}

void read_kind(const yaml::Node& node, EventSchema& schema, std::set<std::string>& kinds,
               yaml::Diagnostics& diagnostics) {
    yaml::MapReader map(node, "event", diagnostics);
    const std::size_t errors_before = diagnostics.errors();
    const auto name = map.require_string("kind");
    if (name) {
        const std::string problem = identifier_problem(*name);
        if (!problem.empty()) map.error("kind", problem);
        if (!kinds.insert(*name).second) map.error("kind", yaml::quote(*name) + " is there twice in this file");
    }
    KindDef kind;
    kind.name = name.value_or("");
    std::set<std::string> names;
    for (const yaml::Node& entry : list_of(map, "fields", kFieldsMax)) {
        auto field = read_field(entry, diagnostics);
        if (!field) continue;
        if (!names.insert(field->name).second)
            diagnostics.error(entry.find("name")->position(),
                              "name: field " + yaml::quote(field->name) + " is there twice");
        kind.fields.push_back(std::move(*field));
    }
    map.finish();
    if (diagnostics.errors() != errors_before) return;
    std::string problem;
    if (!schema.add(std::move(kind), problem)) map.error("kind", yaml::quote(*name) + ": " + problem);
}

}  // namespace

void read_events_file(const std::string& path, EventSchema& schema, yaml::Diagnostics& diagnostics) {
    const auto root = yaml::parse_file(path, diagnostics);
    if (!root) return;
    yaml::MapReader map(*root, "events_file", diagnostics);
    map.require("events");
    std::set<std::string> kinds;
    for (const yaml::Node& entry : list_of(map, "events", kKindsMax)) read_kind(entry, schema, kinds, diagnostics);
    map.finish();
}

}  // namespace tocsin::config
