#pragma once
/// A TopicMapping joined with the EventSchema: which places of the document are read, and what each must hold.

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "decode/json_pointer.h"
#include "decode/mapping.h"
#include "tocsin/event.h"
#include "tocsin/result.h"
#include "tocsin/schema.h"

namespace tocsin::decode {

// The longest values, in bytes. A record with a longer one is refused (`field_value`): cutting an id or a customer
// would join two people into one.
constexpr std::size_t kIdBytesMax = 256;
constexpr std::size_t kCustomerBytesMax = 128;  ///< also subscriber
constexpr std::size_t kAreaBytesMax = 512;
constexpr std::size_t kCategoryBytesMax = 128;  ///< also channel
constexpr std::size_t kStringBytesMax = 4096;   ///< declared fields of type string
constexpr std::size_t kTextBytesMax = 65536;    ///< declared fields of type text

/// The largest number either way: sums are kept in millionths in 64 bits (kSumScale).
constexpr double kNumberMax = 9e12;

/// The longest duration: a hundred years of 365 days, in seconds.
constexpr double kDurationSecondsMax = 100.0 * 365 * 86400;

/// One field of an event and where its value stands.
struct Target {
    FieldId field = 0;
    FieldType type = FieldType::kString;
    Place place = kRootPlace;
    std::size_t bytes_max = kStringBytesMax;
    std::vector<std::string> values;        ///< allowed values of a string; empty: any
    std::optional<TimeFormat> time_format;  ///< empty: RFC 3339
    std::string name;
    std::string pointer;

    /// "field `customer` (/acceptNumber)", how messages name it.
    [[nodiscard]] std::string shown() const;
};

/// Immutable after it is made.
struct Plan {
    enum class Form { kMapped, kCloudEvent, kCanonical };

    Form form = Form::kMapped;
    std::string topic;
    PointerTree places;
    std::optional<KindId> fixed_kind;
    Target kind;                                                                 ///< used without fixed_kind
    std::unordered_map<std::string, KindId, StringHash, std::equal_to<>> kinds;  ///< value of `kind` -> kind
    Target time;
    Target version, source, base64;  ///< used with kCloudEvent
    bool id_beside_source = false;   ///< the event's id is "source#id"
    Target id, customer, subscriber, area, category, channel;
    std::vector<std::vector<Target>> declared;  ///< by KindId, ascending by field; empty for kinds the topic never has
    std::shared_ptr<const Identity> identity;   ///< null: none
    std::size_t targets_max = 0;                ///< the most targets of one record

    /// Errors: kReject, naming topic and field: a kind or field nobody declared, a bad pointer, a time format on a
    /// field that is no time.
    static Result<Plan> make(const EventSchema& schema, const TopicMapping& mapping);

    /// The plan for the canonical form (canonical.h).
    static Plan canonical(const EventSchema& schema);
};

}  // namespace tocsin::decode
