#pragma once
/// What arrives: one fact about one customer, after decoding.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "tocsin/time.h"
#include "tocsin/value.h"

namespace tocsin {

/// Index of an event kind in the EventSchema (schema.h).
using KindId = std::uint16_t;

/// Index of a field *name* in the EventSchema; names are shared between kinds and then have one type.
using FieldId = std::uint16_t;

/// The canonical fields have fixed ids, in this order; declared fields follow from kFirstDeclared.
enum CanonicalField : FieldId {
    kFieldId = 0,
    kFieldTime,
    kFieldKind,
    kFieldCustomer,
    kFieldSubscriber,
    kFieldArea,
    kFieldCategory,
    kFieldChannel,
    kFirstDeclared,
};

struct FieldValue {
    FieldId field = 0;
    Value value;
};

/// A decoded event, or a remembered one. All strings are views into what produced it (the record's buffer, a
/// profile): copy what must live longer. An empty string means the field is missing.
struct Event {
    KindId kind = 0;
    Instant time = kBeforeAll;
    std::string_view id;          ///< never empty after decoding: topic/partition/offset where the record has none
    std::string_view customer;    ///< the subscriber where the record has no customer; empty: the event is anonymous
    std::string_view subscriber;  ///< as the record says; empty if it says nothing
    std::string_view area;        ///< as given; known or unknown is the area tree's business (areas.h)
    std::string_view category;
    std::string_view channel;
    std::span<const FieldValue> fields;  ///< declared fields that are present, ascending by field

    /// The value of any field, canonical or declared; missing if the event has none.
    [[nodiscard]] Value field(FieldId f) const;
};

inline Value Event::field(FieldId f) const {
    const auto text = [](std::string_view s) { return s.empty() ? Value::missing() : Value::of_string(s); };
    switch (f) {
        case kFieldId:
            return text(id);
        case kFieldTime:
            return Value::of_time(time);
        case kFieldKind:
            return Value::of_int(kind);  // rules compare kinds by name; the compiler resolves them
        case kFieldCustomer:
            return text(customer);
        case kFieldSubscriber:
            return text(subscriber);
        case kFieldArea:
            return text(area);
        case kFieldCategory:
            return text(category);
        case kFieldChannel:
            return text(channel);
        default:
            break;
    }
    for (const FieldValue& entry : fields) {
        if (entry.field == f) return entry.value;
    }
    return Value::missing();
}

/// Where a record stood in the topic it was first read from. Identifies it for ever (dead letters, dedup of the
/// intake).
struct Origin {
    std::string topic;
    std::int32_t partition = 0;
    std::int64_t offset = 0;
};

}  // namespace tocsin
