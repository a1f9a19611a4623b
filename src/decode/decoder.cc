#include "decode/decoder.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "decode/element.h"
#include "decode/json_fault.h"
#include "decode/plan.h"
#include "tocsin/check.h"

namespace tocsin::decode {
namespace {

constexpr std::size_t kFirstBufferBytes = 16u << 10;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\n\r") == std::string_view::npos;
}

}  // namespace

class Decoder::Impl {
public:
    explicit Impl(Plan plan)
        : plan_(std::move(plan)),
          found_(plan_.places.size()),
          is_found_(plan_.places.size()),
          digits_(plan_.targets_max) {}

    [[nodiscard]] bool needs_headers() const { return plan_.form == Plan::Form::kCloudEvent; }

    std::optional<Reject> decode(std::string_view value, const RecordHeaders& headers, const OriginRef& origin,
                                 Event& out) {
        if (value.size() > kRecordBytesMax) return too_large(value.size());
        StructuredEvent event;
        if (std::optional<Reject> refused = to_structured(value, headers, structured_, event)) {
            return refused;
        }
        std::optional<Reject> refused = parse(event.text);
        const bool torn = !refused && event.members > 0 && document_.get_object().size() != event.members;
        if (torn || (refused && refused->code == RejectCode::kJsonInvalid)) return refused_json(value);
        return refused ? refused : read_all(origin, out);
    }

    std::optional<Reject> decode(std::string_view value, const OriginRef& origin, Event& out) {
        const std::optional<Reject> refused = parse(value);
        return refused ? refused : read_all(origin, out);
    }

private:
    using Element = simdjson::dom::element;

    std::optional<Reject> read_all(const OriginRef& origin, Event& out) {
        std::optional<Reject> refused = collect();
        if (!refused && plan_.form == Plan::Form::kCloudEvent) refused = check_attributes();
        if (!refused) refused = read_kind(out);
        if (!refused) refused = read_time(out);
        if (!refused) refused = read_identity(origin, out);
        if (!refused) refused = read_declared(out);
        if (!refused && plan_.form == Plan::Form::kCanonical) refused = all_were_read();
        if (!refused && plan_.identity) plan_.identity->resolve(out);
        return refused;
    }

    static Reject too_large(std::size_t bytes) {
        return {RejectCode::kTooLarge,
                "a record of " + std::to_string(bytes) + " bytes, the most is " + std::to_string(kRecordBytesMax)};
    }

    std::optional<Reject> parse(std::string_view value) {
        if (value.size() > kRecordBytesMax) return too_large(value.size());
        if (is_blank(value)) return Reject{RejectCode::kEmpty, "a record without a value"};
        std::string_view text = value;
        if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) text.remove_prefix(kByteOrderMark.size());
        // A BOM alone is no value, and a second one none of JSON's: said here, as versions of the parser differ about
        // it.
        if (is_blank(text) || text.substr(0, kByteOrderMark.size()) == kByteOrderMark) return refused_json(value);
        if (!reserve(text.size())) {
            return Reject{RejectCode::kTooLarge, "no memory to parse " + std::to_string(text.size()) + " bytes"};
        }
        // The parser reads in blocks beyond the end: it gets a copy with room, never the payload itself.
        std::memcpy(buffer_.data(), text.data(), text.size());
        std::memset(buffer_.data() + text.size(), ' ', simdjson::SIMDJSON_PADDING);
        if (parser_.parse(buffer_.data(), text.size(), false).get(document_) != simdjson::SUCCESS) {
            return refused_json(value);
        }
        if (!document_.is_object()) {
            return Reject{RejectCode::kNotAnObject,
                          "expected an object, found " + std::string(json_type_name(document_))};
        }
        return std::nullopt;
    }

    /// Makes room for a document of `size` bytes; false if there is no memory.
    bool reserve(std::size_t size) {
        const bool oversized = parser_.capacity() > kKeptBytesMax && size <= kKeptBytesMax;
        if (oversized) {
            parser_ = simdjson::dom::parser();
            buffer_ = std::vector<std::uint8_t>();
        }
        if (size <= parser_.capacity() && parser_.capacity() > 0) return true;
        const std::size_t capacity = std::bit_ceil(std::max(size, kFirstBufferBytes));
        buffer_.resize(capacity + simdjson::SIMDJSON_PADDING);
        return parser_.allocate(capacity, kDepthMax) == simdjson::SUCCESS;
    }

    /// Cold: reads the record a second time to name the byte at fault.
    static Reject refused_json(std::string_view value) {
        std::string_view text = value;
        std::size_t skipped = 0;
        if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) skipped = kByteOrderMark.size();
        text.remove_prefix(skipped);
        const std::optional<JsonFault> fault = find_json_fault(text);
        if (!fault) {
            return {RejectCode::kJsonInvalid, "nested deeper than " + std::to_string(kDepthMax) +
                                                  " levels, or a number beyond 64 bits or the range of a double"};
        }
        return {RejectCode::kJsonInvalid, "byte " + std::to_string(skipped + fault->position) + " of " +
                                              std::to_string(value.size()) + ": expected " +
                                              std::string(fault->expected)};
    }

    /// Finds the mapped places of the document. Of a repeated name the last one counts, as in most JSON readers.
    std::optional<Reject> collect() {
        std::fill(is_found_.begin(), is_found_.end(), std::uint8_t{0});
        found_[kRootPlace] = document_;
        reads_ = 0;
        is_found_[kRootPlace] = 1;
        // Parents have lower numbers than their children, so by then the last of a repeated parent is known.
        for (std::size_t i = 0; i < found_.size(); ++i) {
            const auto place = static_cast<Place>(i);
            if (is_found_[i] == 0 || !plan_.places.has_children(place)) continue;
            if (found_[i].is_object()) {
                if (!collect_members(place) && plan_.form == Plan::Form::kCanonical) return undeclared_field();
            } else if (found_[i].is_array()) {
                collect_elements(place);
            }
        }
        return std::nullopt;
    }

    static Reject undeclared_field() {
        return {RejectCode::kSchemaChanged,
                "holds a field that its kind no longer declares; restore it in events_file"};
    }

    /// Canonical form: a field that now belongs to other kinds only has a place, but nobody asked for it.
    [[nodiscard]] std::optional<Reject> all_were_read() const {
        const auto found = static_cast<std::size_t>(std::count(is_found_.begin(), is_found_.end(), std::uint8_t{1}));
        if (reads_ + 1 == found) return std::nullopt;  // plus the root
        return undeclared_field();
    }

    /// Returns whether every name is in the plan.
    bool collect_members(Place parent) {
        const simdjson::dom::object object = found_[parent].get_object().value_unsafe();
        bool all_known = true;
        for (const simdjson::dom::key_value_pair member : object) {
            if (const std::optional<Place> place = plan_.places.child(parent, member.key)) {
                found_[*place] = member.value;
                is_found_[*place] = 1;
            } else {
                all_known = false;
            }
        }
        return all_known;
    }

    void collect_elements(Place parent) {
        const simdjson::dom::array array = found_[parent].get_array().value_unsafe();
        for (const auto& [index, place] : plan_.places.elements(parent)) {
            is_found_[place] = array.at(index).get(found_[place]) == simdjson::SUCCESS ? 1 : 0;
        }
    }

    /// The value of one field; missing if the record does not have it.
    std::optional<Reject> read(const Target& target, Value& out) {
        out = Value::missing();
        if (is_found_[target.place] == 0) return std::nullopt;
        ++reads_;
        const Element element = found_[target.place];
        return plan_.form == Plan::Form::kCanonical ? convert_canonical(target, element, out)
                                                    : convert(target, element, digits_, out);
    }

    /// A text attribute of the CloudEvent; empty if it is missing or no text.
    [[nodiscard]] std::string_view attribute(const Target& target) const {
        std::string_view text;
        if (is_found_[target.place] == 0 || found_[target.place].get(text) != simdjson::SUCCESS) return {};
        return text;
    }

    [[nodiscard]] std::optional<Reject> check_attributes() const {
        const auto fault = [](std::string message) { return Reject{RejectCode::kCloudEvent, std::move(message)}; };
        if (attribute(plan_.version) != "1.0") return fault("specversion is not \"1.0\"");
        if (attribute(plan_.source).empty()) return fault("source is missing");
        if (plan_.id_beside_source && attribute(plan_.id).empty()) return fault("id is missing");
        if (is_found_[plan_.base64.place] != 0) return fault("data_base64: the data must be JSON");
        return std::nullopt;
    }

    std::optional<Reject> read_kind(Event& out) {
        digits_.reset();
        if (plan_.fixed_kind) {
            out.kind = *plan_.fixed_kind;
            return std::nullopt;
        }
        Value value;
        if (std::optional<Reject> refused = read(plan_.kind, value)) return refused;
        if (value.is_missing()) return Reject{RejectCode::kKindUnknown, plan_.kind.shown() + " is missing"};
        const auto kind = plan_.kinds.find(value.string);
        if (kind == plan_.kinds.end()) {
            const bool mapped = plan_.form == Plan::Form::kMapped;
            return Reject{mapped ? RejectCode::kKindUnknown : RejectCode::kSchemaChanged,
                          plan_.kind.shown() + ": a value of " + std::to_string(value.string.size()) +
                              " bytes names none of the " + std::to_string(plan_.kinds.size()) + " known kinds"};
        }
        out.kind = kind->second;
        return std::nullopt;
    }

    std::optional<Reject> read_time(Event& out) {
        Value value;
        if (std::optional<Reject> refused = read(plan_.time, value)) return refused;
        if (value.is_missing()) return Reject{RejectCode::kTimeMissing, plan_.time.shown() + " is missing"};
        out.time = from_millis(value.integer);
        return std::nullopt;
    }

    std::optional<Reject> read_identity(const OriginRef& origin, Event& out) {
        const std::pair<const Target&, std::string_view&> fields[] = {
            {plan_.id, out.id},     {plan_.customer, out.customer}, {plan_.subscriber, out.subscriber},
            {plan_.area, out.area}, {plan_.category, out.category}, {plan_.channel, out.channel}};
        for (const auto& [target, text] : fields) {
            Value value;
            if (std::optional<Reject> refused = read(target, value)) return refused;
            text = value.string;
        }
        if (out.customer.empty()) out.customer = out.subscriber;
        if (plan_.id_beside_source) {
            made_id_.assign(attribute(plan_.source)).append("#").append(out.id);
            out.id = made_id_;
            if (made_id_.size() > kIdBytesMax) {
                return Reject{RejectCode::kFieldValue, "source and id have " + std::to_string(made_id_.size()) +
                                                           " bytes, the most is " + std::to_string(kIdBytesMax)};
            }
        }
        if (out.id.empty()) {
            made_id_.assign(origin.topic).append("/").append(std::to_string(origin.partition));
            made_id_.append("/").append(std::to_string(origin.offset));
            out.id = made_id_;
        }
        return std::nullopt;
    }

    std::optional<Reject> read_declared(Event& out) {
        fields_.clear();
        for (const Target& target : plan_.declared[out.kind]) {
            FieldValue entry;
            entry.field = target.field;
            if (std::optional<Reject> refused = read(target, entry.value)) return refused;
            if (!entry.value.is_missing()) fields_.push_back(entry);
        }
        out.fields = fields_;
        return std::nullopt;
    }

    Plan plan_;
    simdjson::dom::parser parser_;
    std::vector<std::uint8_t> buffer_;  // the record and the parser's padding
    Element document_;
    std::vector<Element> found_;  // by Place
    std::vector<std::uint8_t> is_found_;
    std::size_t reads_ = 0;  // found values that read() was asked for, in this record
    DigitArena digits_;
    std::string made_id_, structured_;
    std::vector<FieldValue> fields_;
};

Decoder::Decoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;
Decoder::~Decoder() = default;

Result<Decoder> Decoder::make(const EventSchema& schema, const TopicMapping& mapping) {
    return Decoder(std::make_unique<Impl>(TOCSIN_TRY(Plan::make(schema, mapping))));
}

Decoder Decoder::canonical(const EventSchema& schema) {
    return Decoder(std::make_unique<Impl>(Plan::canonical(schema)));
}

std::optional<Reject> Decoder::decode(std::string_view value, const OriginRef& origin, Event& out) {
    return impl_->decode(value, origin, out);
}

std::optional<Reject> Decoder::decode(std::string_view value, const RecordHeaders& headers, const OriginRef& origin,
                                      Event& out) {
    return needs_headers() ? impl_->decode(value, headers, origin, out) : impl_->decode(value, origin, out);
}

bool Decoder::needs_headers() const {
    return impl_->needs_headers();
}

}  // namespace tocsin::decode
