#include "decode/element.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "base/times.h"
#include "tocsin/check.h"

namespace tocsin::decode {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

Reject wrong_type(const Target& target, std::string_view expected, element found) {
    return {RejectCode::kFieldType,
            target.shown() + ": expected " + std::string(expected) + ", found " + std::string(json_type_name(found))};
}

Reject wrong_value(const Target& target, const std::string& why) {
    return {RejectCode::kFieldValue, target.shown() + ": " + why};
}

std::string bytes(std::string_view text) {
    return std::to_string(text.size()) + " bytes";
}

// The getters below are called behind a look at type(), so they cannot fail.
std::string_view string_of(element e) {
    return e.get_string().value_unsafe();
}
std::int64_t int64_of(element e) {
    return e.get_int64().value_unsafe();
}
std::uint64_t uint64_of(element e) {
    return e.get_uint64().value_unsafe();
}

/// Any JSON number.
std::optional<double> number_of(element e) {
    switch (e.type()) {
        case element_type::INT64:
            return static_cast<double>(int64_of(e));
        case element_type::UINT64:
            return static_cast<double>(uint64_of(e));
        case element_type::DOUBLE:
            return e.get_double().value_unsafe();
        default:
            return std::nullopt;
    }
}

std::optional<Reject> to_string(const Target& target, element e, DigitArena& arena, Value& out) {
    switch (e.type()) {
        case element_type::STRING:
            out = Value::of_string(string_of(e));
            break;
        case element_type::INT64:
            out = Value::of_string(arena.print(int64_of(e)));
            break;
        case element_type::UINT64:
            out = Value::of_string(arena.print(uint64_of(e)));
            break;
        default:
            return wrong_type(target, "a string or an integer", e);
    }
    if (out.string.size() > target.bytes_max) {
        return wrong_value(target, bytes(out.string) + ", the most is " + std::to_string(target.bytes_max));
    }
    const auto& values = target.values;
    if (!values.empty() && std::find(values.begin(), values.end(), out.string) == values.end()) {
        return wrong_value(target, "a value of " + bytes(out.string) + " is none of the " +
                                       std::to_string(values.size()) + " declared values");
    }
    return std::nullopt;
}

std::optional<Reject> to_int(const Target& target, element e, Value& out) {
    if (e.type() == element_type::UINT64) return wrong_value(target, "the integer does not fit 64 bits with sign");
    if (e.type() != element_type::INT64) return wrong_type(target, "an integer", e);
    out = Value::of_int(int64_of(e));
    return std::nullopt;
}

std::optional<Reject> to_number(const Target& target, element e, Value& out) {
    const std::optional<double> number = number_of(e);
    if (!number) return wrong_type(target, "a number", e);
    if (!(std::abs(*number) <= kNumberMax)) return wrong_value(target, "the number is beyond 9e12");
    out = Value::of_number(*number);
    return std::nullopt;
}

std::optional<Reject> to_time(const Target& target, element e, DigitArena& arena, Value& out) {
    const auto parse = [&](std::string_view text) {
        return target.time_format ? target.time_format->parse(text) : parse_rfc3339(text);
    };
    const bool epoch = target.time_format && target.time_format->is_epoch();
    std::optional<Instant> instant;
    if (e.type() == element_type::STRING) {
        instant = parse(string_of(e));
    } else if (epoch && e.type() == element_type::INT64) {
        instant = parse(arena.print(int64_of(e)));
    } else {
        return wrong_type(target, epoch ? "a string or an integer" : "a string", e);
    }
    if (instant) {
        out = Value::of_time(*instant);
        return std::nullopt;
    }
    const std::string format = target.time_format ? target.time_format->format() : std::string("RFC 3339");
    Reject refused = wrong_value(target, "not a time in the format " + format);
    if (target.field == kFieldTime) refused.code = RejectCode::kTimeInvalid;
    return refused;
}

std::optional<Reject> to_duration(const Target& target, element e, Value& out) {
    if (e.type() == element_type::STRING) {
        const std::optional<Duration> duration = parse_duration(string_of(e));
        if (!duration) return wrong_value(target, "not a duration such as 90s or 1h30m");
        out = Value::of_duration(*duration);
        return std::nullopt;
    }
    const std::optional<double> seconds = number_of(e);
    if (!seconds) return wrong_type(target, "a duration such as 1h30m or a number of seconds", e);
    if (!(*seconds >= 0 && *seconds <= kDurationSecondsMax)) {
        return wrong_value(target, "the seconds are negative or above 100 years");
    }
    out = Value::of_duration(Duration{std::llround(*seconds * 1000)});
    return std::nullopt;
}

}  // namespace

template <typename Number>
std::string_view DigitArena::append(Number number) {
    char* const begin = room_.data() + used_;
    const auto [end, error] = std::to_chars(begin, room_.data() + room_.size(), number);
    TOCSIN_CHECK(error == std::errc{}, "a record has no more numbers than its plan has targets");
    used_ += static_cast<std::size_t>(end - begin);
    return {begin, static_cast<std::size_t>(end - begin)};
}

std::optional<Reject> convert(const Target& target, element e, DigitArena& arena, Value& out) {
    out = Value::missing();
    if (e.is_null()) return std::nullopt;
    switch (target.type) {
        case FieldType::kString:
        case FieldType::kText:
            return to_string(target, e, arena, out);
        case FieldType::kInt:
            return to_int(target, e, out);
        case FieldType::kNumber:
            return to_number(target, e, out);
        case FieldType::kTime:
            return to_time(target, e, arena, out);
        case FieldType::kDuration:
            return to_duration(target, e, out);
        case FieldType::kBool:
            break;
    }
    if (!e.is_bool()) return wrong_type(target, "true or false", e);
    out = Value::of(e.get_bool().value_unsafe());
    return std::nullopt;
}

std::optional<Reject> convert_canonical(const Target& target, element e, Value& out) {
    out = Value::missing();
    if (e.is_null()) return std::nullopt;
    const bool is_int = e.type() == element_type::INT64;
    switch (target.type) {
        case FieldType::kString:
        case FieldType::kText:
            if (e.is_string()) out = Value::of_string(string_of(e));
            break;
        case FieldType::kInt:
            if (is_int) out = Value::of_int(int64_of(e));
            break;
        case FieldType::kNumber:
            if (const std::optional<double> number = number_of(e)) out = Value::of_number(*number);
            break;
        case FieldType::kTime:
            if (is_int) out = Value::of_time(from_millis(int64_of(e)));
            break;
        case FieldType::kDuration:
            if (is_int) out = Value::of_duration(Duration{int64_of(e)});
            break;
        case FieldType::kBool:
            if (e.is_bool()) out = Value::of(e.get_bool().value_unsafe());
            break;
    }
    if (!out.is_missing()) return std::nullopt;
    return Reject{RejectCode::kSchemaChanged,
                  target.shown() + ": written as " + std::string(json_type_name(e)) +
                      " under another declaration; restore the field's type in events_file"};
}

std::string_view json_type_name(element e) {
    switch (e.type()) {
        case element_type::ARRAY:
            return "an array";
        case element_type::OBJECT:
            return "an object";
        case element_type::INT64:
        case element_type::UINT64:
            return "an integer";
        case element_type::DOUBLE:
            return "a number with fraction or exponent";
        case element_type::STRING:
            return "a string";
        case element_type::BOOL:
            return "true or false";
        case element_type::NULL_VALUE:
            return "null";
    }
    return "a value";
}

}  // namespace tocsin::decode
