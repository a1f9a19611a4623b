#pragma once
/// The functions of annotations, with the meaning that Prometheus gives them (its template reference).

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/value.h"

namespace tocsin::rules {

/// What an argument may be.
enum class Argument : std::uint8_t { kNumber, kSeconds, kTimestamp, kText, kPattern, kReplacement };

struct TemplateFunction {
    enum class Id : std::uint8_t {
        kHumanize,
        kHumanizeDuration,
        kHumanizePercentage,
        kHumanizeTimestamp,
        kTitle,
        kToUpper,
        kToLower,
        kMatch,
        kReReplaceAll,
    };
    Id id;
    std::string_view name;
    std::vector<Argument> takes;
    Value::Type result;
};

/// Null: no such function.
const TemplateFunction* template_function(std::string_view name);
std::vector<std::string> template_function_names();
/// Words of Go's templates and functions of Prometheus that tocsin has not.
bool is_foreign_template_word(std::string_view word);

/// The argument in words: "a number".
std::string_view described(Argument argument);
bool accepts(Argument argument, Value::Type type);

/// With metric prefixes and four digits: `1.235M`, `120m`.
std::string humanize(double number);
/// `1d 2h 3m 4s`; below a minute with four digits: `1.235s`, `100ms`.
std::string humanize_duration(double seconds);
/// Of a ratio: `12.35%`.
std::string humanize_percentage(double ratio);
/// `2015-06-23 13:19:44.128 +0000 UTC`; beyond the years 1 to 9999 the number of seconds.
std::string humanize_timestamp(double seconds);
/// ASCII letters only; everything else stays.
std::string to_upper(std::string text);
std::string to_lower(std::string text);
/// The first letter of each word.
std::string title(std::string text);

}  // namespace tocsin::rules
