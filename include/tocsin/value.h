#pragma once
/// One field's value, as events carry it and expressions compute it.

#include <cstdint>
#include <string_view>

#include "tocsin/time.h"

namespace tocsin {

/// `text` is a string that is not kept in the profile (design 8.1).
enum class FieldType : std::uint8_t { kString, kInt, kNumber, kBool, kTime, kDuration, kText };

/// A small tagged value. Strings are views: the owner (the record being decoded, the profile being judged, the rule
/// set) must outlive it. kMissing is a value of its own: absent and JSON null are the same thing (design 8.1).
struct Value {
    enum class Type : std::uint8_t { kMissing, kBool, kInt, kNumber, kTime, kDuration, kString };

    Type type = Type::kMissing;
    union {
        bool boolean;
        std::int64_t integer = 0;  ///< kInt; kTime: ms since 1970; kDuration: ms
        double number;
    };
    std::string_view string;

    Value() {}
    static Value missing() { return {}; }
    static Value of(bool b) {
        Value v;
        v.type = Type::kBool;
        v.boolean = b;
        return v;
    }
    static Value of_int(std::int64_t i) {
        Value v;
        v.type = Type::kInt;
        v.integer = i;
        return v;
    }
    static Value of_number(double d) {
        Value v;
        v.type = Type::kNumber;
        v.number = d;
        return v;
    }
    static Value of_string(std::string_view s) {
        Value v;
        v.type = Type::kString;
        v.string = s;
        return v;
    }
    static Value of_time(Instant t) {
        Value v;
        v.type = Type::kTime;
        v.integer = to_millis(t);
        return v;
    }
    static Value of_duration(Duration d) {
        Value v;
        v.type = Type::kDuration;
        v.integer = d.count();
        return v;
    }

    [[nodiscard]] bool is_missing() const { return type == Type::kMissing; }
};

}  // namespace tocsin
