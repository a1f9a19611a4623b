#include <algorithm>

#include "base/times.h"
#include "config/names.h"
#include "config/reading.h"
#include "decode/json_pointer.h"

namespace tocsin::config {

namespace {

constexpr Duration kDisorderMax = std::chrono::days(31);
constexpr Duration kDelayMax = std::chrono::hours(1);
constexpr std::int64_t kEpochMax = 1'000'000;
constexpr std::size_t kKindValuesMax = 10'000;

/// Reads one entry of kafka.topics.
class TopicReader {
public:
    TopicReader(const yaml::Node& node, const EventSchema& schema, yaml::Diagnostics& diagnostics)
        : map_(node, "topic", diagnostics), schema_(schema), diagnostics_(diagnostics) {}

    std::optional<Topic> read() {
        if (!map_.node().is_map()) return std::nullopt;
        const auto name = map_.require_string("name");
        if (name) {
            topic_.name = topic_.mapping.topic = *name;
            const std::string problem = topic_name_problem(*name);
            if (!problem.empty()) at("name", problem + ", found " + yaml::quote(*name));
        }
        if (map_.choice("format", {"json", "cloudevents"}) == 1U)
            topic_.mapping.format = decode::RecordFormat::kCloudEvents;
        if (const auto event = map_.require("event")) read_event(*event);
        if (const auto fields = map_.get("fields")) read_fields(*fields);
        assign(bounded_duration(map_, "disorder", Duration(0), kDisorderMax), topic_.disorder);
        assign(bounded_duration(map_, "delay", Duration(0), kDelayMax), topic_.delay);
        assign(bounded_int(map_, "epoch", 0, kEpochMax), topic_.epoch);
        map_.finish();
        if (!name) return std::nullopt;
        return std::move(topic_);
    }

private:
    void at(std::string_view key, const std::string& message) {
        diagnostics_.error(map_.get(key)->position(), std::string(key) + ": " + message);
    }

    /// The kind of that name; reported if there is none.
    void need_kind(const yaml::Node& node, std::string_view key) {
        const auto name = yaml::as_string(node, key, diagnostics_);
        if (!name) return;
        if (const auto id = schema_.kind(*name)) {
            kinds_.push_back(*id);
            return;
        }
        std::vector<std::string> known;
        for (const KindDef& kind : schema_.kinds()) known.push_back(kind.name);
        diagnostics_.error(node.position(), std::string(key) + ": unknown event kind " + yaml::quote(*name) +
                                                yaml::did_you_mean(*name, known) +
                                                "; kinds are built in or declared in events_file");
    }

    void read_event(const yaml::Node& node) {
        if (node.is_scalar()) {
            topic_.mapping.kind.fixed = node.text();
            return need_kind(node, "event");
        }
        yaml::MapReader event(node, "event", diagnostics_);
        if (!node.is_map()) return;
        if (const auto field = event.require("field")) topic_.mapping.kind.pointer = pointer(*field, "field");
        if (const auto kinds = event.get("map"))
            read_kinds(*kinds);
        else
            for (const KindDef& kind : schema_.kinds()) kinds_.push_back(*schema_.kind(kind.name));
        event.finish();
    }

    void read_kinds(const yaml::Node& node) {
        if (!node.is_map() || node.size() == 0)
            return diagnostics_.error(node.position(), "map: expected a map of values to event kinds, found " +
                                                           (node.is_map() ? "an empty one" : node.describe()));
        if (node.size() > kKindValuesMax)
            return diagnostics_.error(node.position(), "map: more than " + std::to_string(kKindValuesMax) + " values");
        for (const yaml::Node::Entry& entry : node.entries()) {
            need_kind(entry.value, "map: " + yaml::quote(entry.name()));
            topic_.mapping.kind.kinds[entry.name()] = entry.value.text();
        }
    }

    std::string pointer(const yaml::Node& node, std::string_view key) {
        const auto text = yaml::as_string(node, key, diagnostics_);
        if (!text) return {};
        const auto tokens = decode::parse_json_pointer(*text);
        if (!tokens.ok()) diagnostics_.error(node.position(), std::string(key) + ": " + tokens.error().message);
        return *text;
    }

    void read_fields(const yaml::Node& node) {
        if (!node.is_map())
            return diagnostics_.error(node.position(),
                                      "fields: expected a map of names to JSON pointers, found " + node.describe());
        for (const yaml::Node::Entry& entry : node.entries()) {
            if (!is_known(entry)) continue;
            topic_.mapping.fields[entry.name()] = source(entry);
        }
    }

    /// Whether a field of that name can be read from this topic; reported if not.
    bool is_known(const yaml::Node::Entry& entry) {
        const std::string& name = entry.name();
        const auto fault = [&](const std::string& message) {
            diagnostics_.error(entry.key.position(), message);
            return false;
        };
        if (name == "kind") return fault("kind: the kind of the events stands in event: of the topic");
        const auto field = schema_.field(name);
        const auto carries = [&](KindId kind) { return schema_.has_field(kind, *field); };
        if (field && (*field < kFirstDeclared || std::any_of(kinds_.begin(), kinds_.end(), carries))) return true;
        if (kinds_.empty()) return true;  // the kinds are wrong and reported: every declared field would be
        if (field)
            return fault("field " + yaml::quote(name) +
                         " is not declared for the kinds of this topic; declare it in events_file");
        return fault("unknown field " + yaml::quote(name) + yaml::did_you_mean(name, field_names()) +
                     "; fields are built in or declared in events_file");
    }

    std::vector<std::string> field_names() const {
        std::vector<std::string> names;
        for (FieldId id = 0; id < kFirstDeclared; ++id)
            if (id != kFieldKind) names.push_back(schema_.field_name(id));
        for (const KindId kind : kinds_)
            for (const FieldDef& field : schema_.kind_def(kind).fields) names.push_back(field.name);
        return names;
    }

    decode::FieldSource source(const yaml::Node::Entry& entry) {
        decode::FieldSource source;
        if (entry.value.is_scalar()) {
            source.pointer = pointer(entry.value, entry.name());
            return source;
        }
        if (!entry.value.is_map()) {
            diagnostics_.error(entry.value.position(),
                               entry.name() + ": expected a JSON pointer such as /" + entry.name() +
                                   ", or a map with pointer, format and zone, found " + entry.value.describe());
            return source;
        }
        yaml::MapReader map(entry.value, "field " + yaml::quote(entry.name()), diagnostics_);
        if (const auto node = map.get("pointer")) source.pointer = pointer(*node, "pointer");
        const auto format = map.string("format");
        const auto zone = map.string("zone");
        const auto field = schema_.field(entry.name());
        if ((format || zone) && field && schema_.field_type(*field) != FieldType::kTime)
            map.error(format ? "format" : "zone", entry.name() + " is not a time");
        else if (zone && !format)
            map.error("zone", "needs a format; without one times are RFC 3339 and state their zone");
        else if (format)
            source.time_format = time_format(map, *format, zone.value_or(""));
        map.finish();
        return source;
    }

    std::optional<TimeFormat> time_format(yaml::MapReader& map, const std::string& format, const std::string& zone) {
        const auto alone = TimeFormat::make(format, "");
        if (!alone.ok()) {
            map.diagnostics().error(map.get("format")->position(), "format: " + alone.error().message);
            return std::nullopt;
        }
        if (!zone.empty() && (alone->is_epoch() || format == "rfc3339")) {
            map.error("zone", "means nothing with " + format + ", which states an instant; remove it");
            return std::nullopt;
        }
        const auto whole = TimeFormat::make(format, zone);
        if (!whole.ok()) {
            map.diagnostics().error(map.get("zone")->position(), "zone: " + whole.error().message);
            return std::nullopt;
        }
        return *whole;
    }

    yaml::MapReader map_;
    const EventSchema& schema_;
    yaml::Diagnostics& diagnostics_;
    Topic topic_;
    std::vector<KindId> kinds_;  // that records of this topic can have
};

}  // namespace

std::optional<Topic> read_topic(const yaml::Node& node, const EventSchema& schema, yaml::Diagnostics& diagnostics) {
    return TopicReader(node, schema, diagnostics).read();
}

}  // namespace tocsin::config
