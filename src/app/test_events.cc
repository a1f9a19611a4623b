#include "app/test_events.h"

#include <algorithm>
#include <charconv>

#include "app/test_file.h"
#include "base/json_text.h"
#include "base/times.h"

namespace tocsin::app {
namespace {

constexpr std::string_view kNumber = "{i}";  ///< in a string: which event of the entry it is, from 1

std::string numbered(std::string text, std::size_t number) {
    for (std::size_t at = 0; (at = text.find(kNumber, at)) != std::string::npos;)
        text.replace(at, kNumber.size(), std::to_string(number));
    return text;
}

/// A field of an entry: its JSON, or, of strings, the text in which {i} is replaced first.
struct Field {
    std::string name, text;
    bool is_string = false;
};

class EntryReader {
public:
    EntryReader(const yaml::Node& node, const EventSchema& schema, Instant start, yaml::Diagnostics& diagnostics)
        : schema_(schema), start_(start), diagnostics_(diagnostics), map_(node, "event", diagnostics) {}

    /// Appends the entry's records. `entry` counts from 1.
    void read(std::size_t entry, std::vector<std::string>& lines) {
        const auto at = map_.require("at");
        const auto kind = read_kind();
        const auto fields = map_.get("fields");
        if (at) read_times(*at);
        if (fields && kind) read_fields(*fields, *kind);
        for (FieldId f = 0; f < schema_.field_count(); ++f) {
            const std::string& name = schema_.field_name(f);
            if (f != kFieldKind)
                map_.not_supported(name, name + " stands " + (f == kFieldTime ? "in `at`" : "under `fields`"));
        }
        map_.finish();
        if (!kind) return;
        if (lines.size() + times_.size() > kTestEventsMax)
            return map_.error("at", "more than " + std::to_string(kTestEventsMax) +
                                        " events in one test; put them into a file, `events_from`");
        for (std::size_t i = 0; i < times_.size(); ++i) lines.push_back(record(*kind, entry, i + 1));
    }

private:
    std::optional<KindId> read_kind() {
        const auto name = map_.require_string("kind");
        if (!name) return std::nullopt;
        const auto kind = schema_.kind(*name);
        std::vector<std::string> names;
        for (const KindDef& def : schema_.kinds()) names.push_back(def.name);
        if (!kind) map_.error("kind", "unknown event kind " + yaml::quote(*name) + yaml::did_you_mean(*name, names));
        return kind;
    }

    void read_times(const yaml::Node& node) {
        const auto moments = yaml::as_scalars(node, "at", diagnostics_);
        if (!moments) return;
        for (const yaml::Node& moment : *moments) {
            if (!read_series(moment)) {
                if (const auto at = read_moment(moment, "at", start_, diagnostics_)) times_.push_back(*at);
            }
        }
    }

    /// `0d+1dx4`: at 0d, and four more, a day after each other. False if it is not written so.
    bool read_series(const yaml::Node& node) {
        const std::string_view text = node.text();
        const std::size_t plus = text.find('+'), times = text.rfind('x');
        if (plus == std::string_view::npos || times == std::string_view::npos || times < plus) return false;
        const auto first = parse_duration(text.substr(0, plus));
        const auto step = parse_duration(text.substr(plus + 1, times - plus - 1));
        std::size_t more = 0;
        const char* end = text.data() + text.size();
        const auto [read, error] = std::from_chars(text.data() + times + 1, end, more);
        if (!first || !step || error != std::errc() || read != end) return false;
        if (more >= kTestEventsMax) {
            map_.error("at", "more than " + std::to_string(kTestEventsMax) + " events in one test");
            return true;
        }
        for (std::size_t i = 0; i <= more; ++i)
            times_.push_back(start_ + *first + *step * static_cast<std::int64_t>(i));
        return true;
    }

    void read_fields(const yaml::Node& node, KindId kind) {
        if (!node.is_map()) return map_.error("fields", "expected a map, found " + node.describe());
        for (const yaml::Node::Entry& entry : node.entries()) {
            const auto field = schema_.field(entry.name());
            if (entry.name() == "time" || entry.name() == "kind") {
                error(entry.key,
                      entry.name() + " stands beside them, in " + (entry.name() == "time" ? "`at`" : "`kind`"));
            } else if (!field || !schema_.has_field(kind, *field)) {
                error(entry.key, schema_.kind_def(kind).name + " has no field " + yaml::quote(entry.name()) +
                                     yaml::did_you_mean(entry.name(), names_of(kind)));
            } else if (const auto json = value_of(*field, kind, entry)) {
                const FieldType type = schema_.field_type(*field);
                fields_.push_back({entry.name(), *json, type == FieldType::kString || type == FieldType::kText});
            }
        }
    }

    [[nodiscard]] std::vector<std::string> names_of(KindId kind) const {
        std::vector<std::string> names;
        for (FieldId f = 0; f < schema_.field_count(); ++f) {
            if (f != kFieldKind && f != kFieldTime && schema_.has_field(kind, f))
                names.push_back(schema_.field_name(f));
        }
        return names;
    }

    /// JSON, or a string's text.
    std::optional<std::string> value_of(FieldId field, KindId kind, const yaml::Node::Entry& entry) {
        const std::string name = "fields." + entry.name();
        switch (schema_.field_type(field)) {
            case FieldType::kString:
            case FieldType::kText:
                return string_of(field, kind, entry, name);
            case FieldType::kInt:
                if (const auto value = yaml::as_int(entry.value, name, diagnostics_)) return std::to_string(*value);
                return std::nullopt;
            case FieldType::kNumber:
                if (yaml::as_number(entry.value, name, diagnostics_)) return entry.value.text();
                return std::nullopt;
            case FieldType::kBool:
                if (yaml::as_bool(entry.value, name, diagnostics_)) return entry.value.text();
                return std::nullopt;
            case FieldType::kDuration:
                if (yaml::as_duration(entry.value, name, diagnostics_)) return '"' + entry.value.text() + '"';
                return std::nullopt;
            case FieldType::kTime:
                break;
        }
        const auto at = read_moment(entry.value, name, start_, diagnostics_);
        return at ? std::optional('"' + format_rfc3339(*at) + '"') : std::nullopt;
    }

    std::optional<std::string> string_of(FieldId field, KindId kind, const yaml::Node::Entry& entry,
                                         const std::string& name) {
        auto text = yaml::as_string(entry.value, name, diagnostics_);
        if (!text) return std::nullopt;
        for (const FieldDef& def : schema_.kind_def(kind).fields) {
            if (def.id != field || def.values.empty()) continue;
            if (std::find(def.values.begin(), def.values.end(), *text) != def.values.end()) break;
            error(entry.value,
                  yaml::quote(*text) + " is no value of " + entry.name() + yaml::did_you_mean(*text, def.values));
            return std::nullopt;
        }
        return text;
    }

    [[nodiscard]] std::string record(KindId kind, std::size_t entry, std::size_t number) const {
        std::string out = R"({"kind":)";
        append_json_string(out, schema_.kind_def(kind).name);
        out += R"(,"time":")" + format_rfc3339(times_[number - 1]) + '"';
        const bool has_id = std::any_of(fields_.begin(), fields_.end(), [](const Field& f) { return f.name == "id"; });
        if (!has_id) out += R"(,"id":"e)" + std::to_string(entry) + "." + std::to_string(number) + '"';
        for (const Field& field : fields_) {
            out.push_back(',');
            append_json_string(out, field.name);
            out.push_back(':');
            if (field.is_string)
                append_json_string(out, numbered(field.text, number));
            else
                out += field.text;
        }
        return out + "}";
    }

    void error(const yaml::Node& node, const std::string& message) {
        diagnostics_.error(node.position(), "fields: " + message);
    }

    const EventSchema& schema_;
    Instant start_;
    yaml::Diagnostics& diagnostics_;
    yaml::MapReader map_;
    std::vector<Instant> times_;
    std::vector<Field> fields_;
};

}  // namespace

std::optional<Instant> read_moment(const yaml::Node& node, std::string_view key, Instant start,
                                   yaml::Diagnostics& diagnostics) {
    if (node.is_scalar()) {
        if (const auto since = parse_duration(node.text())) return start + *since;
        if (const auto at = parse_rfc3339(node.text())) return at;
    }
    diagnostics.error(
        node.position(),
        std::string(key) + ": expected a time since the start, like 2d or 1h30m, or like 2016-11-07T08:00:00Z, found " +
            node.describe() + (key == "at" ? "; 0d+1dx4 is one event and four more, a day after each other" : ""));
    return std::nullopt;
}

std::vector<std::string> read_timeline(const yaml::Node& list, const EventSchema& schema, Instant start,
                                       yaml::Diagnostics& diagnostics) {
    std::vector<std::string> lines;
    std::size_t entry = 0;
    for (const yaml::Node& node : list.items()) EntryReader(node, schema, start, diagnostics).read(++entry, lines);
    return lines;
}

}  // namespace tocsin::app
