#include "decode/plan.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace tocsin::decode {
namespace {

/// The canonical fields that are strings, and where the plan keeps them.
struct CanonicalString {
    const char* name;
    FieldId field;
    std::size_t bytes_max;
    Target Plan::*member;
};
constexpr std::array<CanonicalString, 6> kCanonicalStrings = {{
    {"id", kFieldId, kIdBytesMax, &Plan::id},
    {"customer", kFieldCustomer, kCustomerBytesMax, &Plan::customer},
    {"subscriber", kFieldSubscriber, kCustomerBytesMax, &Plan::subscriber},
    {"area", kFieldArea, kAreaBytesMax, &Plan::area},
    {"category", kFieldCategory, kCategoryBytesMax, &Plan::category},
    {"channel", kFieldChannel, kCategoryBytesMax, &Plan::channel},
}};

bool is_canonical_name(std::string_view name) {
    return name == "time" || std::any_of(kCanonicalStrings.begin(), kCanonicalStrings.end(),
                                         [&](const CanonicalString& entry) { return name == entry.name; });
}

/// Builds a Plan step by step; lives for one make().
class Maker {
public:
    Maker(const EventSchema& schema, const TopicMapping& mapping) : schema_(schema), mapping_(mapping) {}

    Result<Plan> make() {
        plan_.topic = mapping_.topic;
        plan_.identity = mapping_.identity;
        TOCSIN_TRY(kinds());
        TOCSIN_TRY(declared());
        TOCSIN_TRY(known_names());
        if (mapping_.format == RecordFormat::kCloudEvents) TOCSIN_TRY(cloud_event());
        plan_.time = TOCSIN_TRY(target("time", kFieldTime, FieldType::kTime));
        for (const CanonicalString& entry : kCanonicalStrings) {
            Target made = TOCSIN_TRY(target(entry.name, entry.field, FieldType::kString));
            made.bytes_max = entry.bytes_max;
            plan_.*entry.member = std::move(made);
        }
        return std::move(plan_);
    }

private:
    /// Fills fixed_kind, or kind and kinds; and which kinds the topic can have.
    Result<void> kinds() {
        const KindSource& source = mapping_.kind;
        if (!source.fixed.empty()) {
            plan_.fixed_kind = TOCSIN_TRY(kind_named(source.fixed));
            possible_.push_back(*plan_.fixed_kind);
            return {};
        }
        plan_.kind.name = "event";
        plan_.kind.pointer = source.pointer;
        plan_.kind.field = kFieldKind;
        plan_.kind.place = TOCSIN_TRY(plan_.places.add(source.pointer).context("event: field"));
        for (const auto& [value, name] : source.kinds) {
            plan_.kinds.emplace(value, TOCSIN_TRY(kind_named(name)));
        }
        if (source.kinds.empty()) {
            for (const KindDef& def : schema_.kinds()) plan_.kinds.emplace(def.name, *schema_.kind(def.name));
        }
        for (const auto& [value, id] : plan_.kinds) possible_.push_back(id);
        std::sort(possible_.begin(), possible_.end());
        possible_.erase(std::unique(possible_.begin(), possible_.end()), possible_.end());
        return {};
    }

    Result<KindId> kind_named(const std::string& name) const {
        if (const std::optional<KindId> id = schema_.kind(name)) return *id;
        return reject("event: no kind `" + name + "`; declare it in events_file");
    }

    Result<void> declared() {
        plan_.declared.resize(schema_.kinds().size());
        std::size_t most = 0;
        for (const KindId id : possible_) {
            std::vector<Target>& targets = plan_.declared[id];
            for (const FieldDef& def : schema_.kind_def(id).fields) {
                const std::optional<FieldId> field = schema_.field(def.name);
                TOCSIN_CHECK(field.has_value(), "a schema knows the fields of its kinds by name");
                Target made = TOCSIN_TRY(target(def.name, *field, def.type));
                made.values = def.values;
                made.bytes_max = def.type == FieldType::kText ? kTextBytesMax : kStringBytesMax;
                targets.push_back(std::move(made));
            }
            std::sort(targets.begin(), targets.end(),
                      [](const Target& a, const Target& b) { return a.field < b.field; });
            most = std::max(most, targets.size());
        }
        plan_.targets_max = most + kFirstDeclared;
        return {};
    }

    /// Every name under `fields:` is canonical or declared by a kind of this topic.
    Result<void> known_names() const {
        for (const auto& [name, source] : mapping_.fields) {
            if (is_canonical_name(name)) continue;
            const std::optional<FieldId> field = schema_.field(name);
            const bool carried = field && std::any_of(possible_.begin(), possible_.end(),
                                                      [&](KindId id) { return schema_.has_field(id, *field); });
            if (!carried) {
                return reject("fields: `" + name +
                              "` is neither canonical nor declared by a kind of this topic; declare it in events_file");
            }
        }
        return {};
    }

    /// Adds what says that a record is a CloudEvent. Its id is only unique beside its source.
    Result<void> cloud_event() {
        plan_.form = Plan::Form::kCloudEvent;
        plan_.version = attribute("specversion");
        plan_.source = attribute("source");
        plan_.base64 = attribute("data_base64");
        const auto id = mapping_.fields.find("id");
        plan_.id_beside_source = id == mapping_.fields.end() || id->second.pointer.empty();
        return {};
    }

    Target attribute(const std::string& name) {
        Target made;
        made.name = name;
        made.pointer = pointer_to_name(name);
        made.place = plan_.places.add(made.pointer).value();
        return made;
    }

    Result<Target> target(const std::string& name, FieldId field, FieldType type) {
        Target made;
        made.field = field;
        made.type = type;
        made.name = name;
        made.pointer = default_pointer(mapping_.format, name);
        if (const auto entry = mapping_.fields.find(name); entry != mapping_.fields.end()) {
            if (!entry->second.pointer.empty()) made.pointer = entry->second.pointer;
            made.time_format = entry->second.time_format;
        }
        if (made.time_format && type != FieldType::kTime) {
            return reject("fields: `" + name + "` is not a time; remove its format");
        }
        made.place = TOCSIN_TRY(plan_.places.add(made.pointer).context("fields: `" + name + "`"));
        return made;
    }

    const EventSchema& schema_;
    const TopicMapping& mapping_;
    std::vector<KindId> possible_;
    Plan plan_;
};

}  // namespace

std::string Target::shown() const {
    return "field `" + name + "` (" + pointer + ")";
}

Result<Plan> Plan::make(const EventSchema& schema, const TopicMapping& mapping) {
    return Maker(schema, mapping).make().context("topic " + mapping.topic);
}

Plan Plan::canonical(const EventSchema& schema) {
    TopicMapping mapping;
    mapping.topic = "the internal log";
    mapping.kind.pointer = "/kind";
    Result<Plan> made = make(schema, mapping);
    TOCSIN_CHECK(made.ok(), "the canonical form needs nothing that a schema may lack");
    Plan plan = std::move(made).value();
    plan.form = Form::kCanonical;
    plan.kind.name = "kind";
    // Limits and value lists were held when the event entered the log; a narrower one today must not undo that.
    for (std::vector<Target>& targets : plan.declared) {
        for (Target& target : targets) {
            target.values.clear();
            target.bytes_max = std::numeric_limits<std::size_t>::max();
        }
    }
    for (const CanonicalString& entry : kCanonicalStrings) {
        (plan.*entry.member).bytes_max = std::numeric_limits<std::size_t>::max();
    }
    return plan;
}

}  // namespace tocsin::decode
