#include "app/event_schema.h"

#include <algorithm>

#include "decode/json_pointer.h"

namespace tocsin::app {
namespace {

using Json = nlohmann::ordered_json;

/// What the decoder accepts for a field (docs/input_formats.md). JSON null is a missing value.
Json type_of(const FieldDef& field, const std::optional<TimeFormat>& format) {
    switch (field.type) {
        case FieldType::kString:
        case FieldType::kText: {
            if (field.values.empty()) return {{"type", {"string", "integer", "null"}}};
            Json values = field.values;
            values.push_back(nullptr);
            return {{"enum", values}};
        }
        case FieldType::kInt:
            return {{"type", {"integer", "null"}}};
        case FieldType::kNumber:
            return {{"type", {"number", "null"}}};
        case FieldType::kBool:
            return {{"type", {"boolean", "null"}}};
        case FieldType::kDuration:
            return {{"type", {"string", "number", "null"}}, {"description", "90s, 1h30m, or a number of seconds."}};
        case FieldType::kTime:
            break;
    }
    if (!format || format->format() == "rfc3339") return {{"type", {"string", "null"}}, {"format", "date-time"}};
    if (format->is_epoch()) return {{"type", {"string", "integer", "null"}}, {"description", format->format()}};
    return {{"type", {"string", "null"}}, {"description", "A time as " + format->format()}};
}

/// The place behind a pointer, made on the way. A number means an element, if the record has a list there.
Json& place(Json& schema, const std::vector<std::string>& tokens) {
    Json* at = &schema;
    for (const std::string& token : tokens) {
        const bool is_index = !token.empty() && token.size() < 4 &&
                              std::all_of(token.begin(), token.end(), [](char c) { return c >= '0' && c <= '9'; });
        if (!is_index) {
            at = &(*at)["properties"][token];
            continue;
        }
        Json& items = (*at)["items"];
        while (items.size() <= std::stoul(token)) items.push_back(Json::object());
        at = &items[std::stoul(token)];
    }
    if (at->is_null()) *at = Json::object();
    return *at;
}

class Writer {
public:
    Writer(const EventSchema& schema, const decode::TopicMapping& mapping) : schema_(schema), mapping_(mapping) {}

    Json write() {
        Json out = {{"$schema", "http://json-schema.org/draft-07/schema#"},
                    {"title", "A record of " + mapping_.topic},
                    {"type", "object"},
                    {"properties", Json::object()}};
        for (FieldId f = 0; f < kFirstDeclared; ++f) {
            if (f != kFieldKind) add(out, {schema_.field_name(f), schema_.field_type(f), {}, "", f});
        }
        require(out, tokens_of("time"));
        const std::string& fixed = mapping_.kind.fixed;
        if (!fixed.empty()) {
            for (const FieldDef& field : schema_.kind_def(*schema_.kind(fixed)).fields) add(out, field);
            return out;
        }
        add_kinds(out);
        return out;
    }

private:
    [[nodiscard]] std::vector<std::string> tokens_of(const std::string& field) const {
        const auto source = mapping_.fields.find(field);
        const bool is_own = source == mapping_.fields.end() || source->second.pointer.empty();
        return decode::parse_json_pointer(is_own ? decode::default_pointer(mapping_.format, field)
                                                 : source->second.pointer)
            .value();
    }

    void add(Json& out, const FieldDef& field) const {
        const auto source = mapping_.fields.find(field.name);
        Json& at = place(out, tokens_of(field.name));
        if (at.contains("type") || at.contains("enum")) return;  // another field is read from there
        at.update(type_of(field, source == mapping_.fields.end() ? std::nullopt : source->second.time_format));
        if (!field.unit.empty()) at["description"] = field.unit;
    }

    /// Names only: an element of a list is not asked for.
    static void require(Json& out, const std::vector<std::string>& tokens) {
        Json* at = &out;
        for (const std::string& token : tokens) {
            if (!at->contains("properties") || !(*at)["properties"].contains(token)) return;
            (*at)["required"].push_back(token);
            at = &(*at)["properties"][token];
        }
        if (!at->contains("type")) return;
        Json& types = (*at)["type"];
        if (types.is_array()) types.erase(std::remove(types.begin(), types.end(), "null"), types.end());
    }

    void add_kinds(Json& out) const {
        const std::vector<std::string> tokens = decode::parse_json_pointer(mapping_.kind.pointer).value();
        std::map<std::string, std::vector<std::string>> values;  // by kind
        std::vector<std::string> all;
        for (const auto& [value, kind] : mapping_.kind.kinds) values[kind].push_back(value);
        if (mapping_.kind.kinds.empty()) {
            for (const KindDef& kind : schema_.kinds()) values[kind.name] = {kind.name};
        }
        for (const auto& [kind, names] : values) all.insert(all.end(), names.begin(), names.end());
        place(out, tokens) = {{"enum", all}, {"description", "The kind of event."}};
        require(out, tokens);
        for (const auto& [kind, names] : values) {
            const KindDef& def = schema_.kind_def(*schema_.kind(kind));
            if (def.fields.empty()) continue;
            Json is_kind = Json::object(), fields = Json::object();
            place(is_kind, tokens) = {{"enum", names}};
            for (const FieldDef& field : def.fields) add(fields, field);
            out["allOf"].push_back({{"if", is_kind}, {"then", fields}});
        }
    }

    const EventSchema& schema_;
    const decode::TopicMapping& mapping_;
};

}  // namespace

nlohmann::ordered_json event_schema(const EventSchema& schema, const decode::TopicMapping& mapping) {
    return Writer(schema, mapping).write();
}

}  // namespace tocsin::app
