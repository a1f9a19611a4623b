#include "tocsin/schema.h"

#include <algorithm>

#include "tocsin/check.h"

namespace tocsin {

EventSchema::EventSchema() {
    const auto canonical = [this](const char* name, FieldType type) {
        names_.emplace_back(name);
        types_.push_back(type);
    };
    canonical("id", FieldType::kString);
    canonical("time", FieldType::kTime);
    canonical("kind", FieldType::kString);
    canonical("customer", FieldType::kString);
    canonical("subscriber", FieldType::kString);
    canonical("area", FieldType::kString);
    canonical("category", FieldType::kString);
    canonical("channel", FieldType::kString);
}

EventSchema EventSchema::builtin() {
    using enum FieldType;
    EventSchema schema;
    const auto field = [](const char* name, FieldType type, std::vector<std::string> values = {}) {
        return FieldDef{name, type, std::move(values), "", 0};
    };
    const std::vector<FieldDef> about_a_complaint = {field("case_no", kString), field("escalated_to_regulator", kBool),
                                                     field("hall", kString), field("text", kText)};
    std::vector<FieldDef> about_another = about_a_complaint;
    about_another.back() = field("corrects", kString);  // no text: an event does not keep it
    const std::vector<KindDef> kinds = {
        {"complaint", about_a_complaint},
        {"urge", about_a_complaint},
        {"appeal", about_a_complaint},
        {"complaint_closed", {field("case_no", kString), field("outcome", kString)}},
        {"reminder", {field("method", kString)}},
        {"suspension", {field("reason", kString), field("batch", kString), field("promised", kTime)}},
        {"registration",
         {field("result", kString, {"ok", "failed"}), field("was_suspended", kBool), field("hall", kString)}},
        {"reconnection_request", {field("request_no", kString), field("emergency", kBool)}},
        {"reconnection", {field("request_no", kString)}},
        {"account_cancelled", {field("balance", kNumber)}},
        {"refund", {field("amount", kNumber), field("result", kString)}},
        {"hotline_rating", {field("score", kInt), field("solved", kBool)}},
        {"walk_in", {field("hall", kString), field("people", kInt)}},
        {"phase_change", {field("phase", kString)}},
        {"event_withdrawn", {field("corrects", kString)}},
        {"event_merged", {field("corrects", kString)}},
        {"event_duplicate", {field("corrects", kString)}},
        {"event_reclassified", about_another},
    };
    std::string problem;
    for (const KindDef& kind : kinds) {
        TOCSIN_CHECK(schema.add(kind, problem), "the built-in kinds agree with each other");
    }
    return schema;
}

bool EventSchema::add(KindDef kind, std::string& problem) {
    const auto replaced = this->kind(kind.name);
    for (const FieldDef& f : kind.fields) {
        const auto known = field(f.name);
        if (!known) continue;
        if (*known < kFirstDeclared) {
            problem = "field \"" + f.name + "\" is one that every event has; it cannot be declared again";
            return false;
        }
        if (types_[*known] == f.type) continue;
        for (KindId other = 0; other < kinds_.size(); ++other) {
            if (replaced == other || !has_field(other, *known)) continue;
            problem =
                "field \"" + f.name + "\" has another type in kind \"" + kinds_[other].name + "\"; use another name";
            return false;
        }
    }
    for (FieldDef& f : kind.fields) {
        if (const auto known = field(f.name)) {
            f.id = *known;
            types_[*known] = f.type;
            continue;
        }
        f.id = static_cast<FieldId>(names_.size());
        names_.push_back(f.name);
        types_.push_back(f.type);
    }
    if (replaced)
        kinds_[*replaced] = std::move(kind);
    else
        kinds_.push_back(std::move(kind));
    return true;
}

std::optional<KindId> EventSchema::kind(std::string_view name) const {
    const auto it = std::find_if(kinds_.begin(), kinds_.end(), [&](const KindDef& k) { return k.name == name; });
    if (it == kinds_.end()) return std::nullopt;
    return static_cast<KindId>(it - kinds_.begin());
}

std::optional<FieldId> EventSchema::field(std::string_view name) const {
    const auto it = std::find(names_.begin(), names_.end(), name);
    if (it == names_.end()) return std::nullopt;
    return static_cast<FieldId>(it - names_.begin());
}

bool EventSchema::has_field(KindId kind, FieldId field) const {
    if (field < kFirstDeclared) return true;
    const auto& fields = kinds_[kind].fields;
    return std::any_of(fields.begin(), fields.end(), [&](const FieldDef& f) { return f.id == field; });
}

}  // namespace tocsin
