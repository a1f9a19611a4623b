#pragma once
/// Which kinds of event exist and which fields each may carry: the built-in ones (design 8.1) and those of events_file.
/// Rules are typed against it; decoding follows it. Immutable after loading; shared by all threads.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/event.h"

namespace tocsin {

struct FieldDef {
    std::string name;
    FieldType type = FieldType::kString;
    std::vector<std::string> values;  ///< allowed values of a string field; empty: any
    std::string unit;                 ///< for people; empty: none
    FieldId id = 0;                   ///< set by EventSchema
};

struct KindDef {
    std::string name;
    std::vector<FieldDef> fields;  ///< declared fields of this kind; the canonical ones belong to every kind
};

class EventSchema {
public:
    /// The kinds of design 8.1.
    static EventSchema builtin();

    /// Adds a kind, or replaces the one of that name. Returns false, changing nothing, if a field has the same name
    /// as a canonical field or as another kind's field of a different type; `problem` then says which.
    bool add(KindDef kind, std::string& problem);

    [[nodiscard]] std::optional<KindId> kind(std::string_view name) const;
    [[nodiscard]] std::optional<FieldId> field(std::string_view name) const;  ///< canonical or declared by any kind
    [[nodiscard]] const KindDef& kind_def(KindId id) const { return kinds_[id]; }
    [[nodiscard]] const std::vector<KindDef>& kinds() const { return kinds_; }
    [[nodiscard]] const std::string& field_name(FieldId id) const { return names_[id]; }
    [[nodiscard]] FieldType field_type(FieldId id) const { return types_[id]; }
    /// Whether events of this kind may carry this field (canonical fields: always).
    [[nodiscard]] bool has_field(KindId kind, FieldId field) const;
    [[nodiscard]] std::size_t field_count() const { return names_.size(); }

private:
    EventSchema();
    std::vector<KindDef> kinds_;
    std::vector<std::string> names_;  // by FieldId
    std::vector<FieldType> types_;    // by FieldId
};

}  // namespace tocsin
