#include "rules/template_functions.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "base/times.h"

namespace tocsin::rules {
namespace {

using Id = TemplateFunction::Id;
using Type = Value::Type;

const std::array<TemplateFunction, 9> kTemplateFunctions = {
    {{Id::kHumanize, "humanize", {Argument::kNumber}, Type::kString},
     {Id::kHumanizeDuration, "humanizeDuration", {Argument::kSeconds}, Type::kString},
     {Id::kHumanizePercentage, "humanizePercentage", {Argument::kNumber}, Type::kString},
     {Id::kHumanizeTimestamp, "humanizeTimestamp", {Argument::kTimestamp}, Type::kString},
     {Id::kTitle, "title", {Argument::kText}, Type::kString},
     {Id::kToUpper, "toUpper", {Argument::kText}, Type::kString},
     {Id::kToLower, "toLower", {Argument::kText}, Type::kString},
     {Id::kMatch, "match", {Argument::kPattern, Argument::kText}, Type::kBool},
     {Id::kReReplaceAll,
      "reReplaceAll",
      {Argument::kPattern, Argument::kReplacement, Argument::kText},
      Type::kString}}};

constexpr std::array<std::string_view, 49> kForeign = {
    "range",     "with",        "define",      "template",    "block",
    "break",     "continue",    "and",         "or",          "not",
    "eq",        "ne",          "lt",          "le",          "gt",
    "ge",        "print",       "printf",      "println",     "len",
    "index",     "slice",       "html",        "js",          "urlquery",
    "call",      "nil",         "true",        "false",       "query",
    "first",     "label",       "value",       "sortByLabel", "args",
    "tmpl",      "safeHtml",    "externalURL", "now",         "pathPrefix",
    "stripPort", "stripDomain", "toTime",      "toDuration",  "parseDuration",
    "strvalue",  "tableLink",   "graphLink",   "humanize1024"};

constexpr std::array<std::string_view, 8> kLarge = {"k", "M", "G", "T", "P", "E", "Z", "Y"};
constexpr std::array<std::string_view, 8> kSmall = {"m", "u", "n", "p", "f", "a", "z", "y"};

/// As `%.4g`, whatever the locale.
std::string four_digits(double number) {
    char buffer[32];
    return {buffer, std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::general, 4).ptr};
}

/// A number below 1 with its prefix: `120m`.
std::string small(double number) {
    std::string_view prefix;
    for (std::size_t i = 0; i < kSmall.size() && std::abs(number) < 1; ++i) {
        prefix = kSmall[i];
        number *= 1000;
    }
    return four_digits(number) + std::string(prefix);
}

bool is_ascii_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}

char upper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}
char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

const TemplateFunction* template_function(std::string_view name) {
    const auto found = std::find_if(kTemplateFunctions.begin(), kTemplateFunctions.end(),
                                    [&](const auto& f) { return f.name == name; });
    return found == kTemplateFunctions.end() ? nullptr : &*found;
}

std::vector<std::string> template_function_names() {
    std::vector<std::string> names;
    for (const TemplateFunction& f : kTemplateFunctions) names.emplace_back(f.name);
    return names;
}

bool is_foreign_template_word(std::string_view word) {
    return std::find(kForeign.begin(), kForeign.end(), word) != kForeign.end();
}

std::string_view described(Argument argument) {
    switch (argument) {
        case Argument::kNumber:
            return "a number";
        case Argument::kSeconds:
            return "a duration, or a number of seconds";
        case Argument::kTimestamp:
            return "a time, or a number of seconds since 1970";
        case Argument::kText:
            return "a text";
        case Argument::kPattern:
            return "a regular expression in quotes";
        case Argument::kReplacement:
            break;
    }
    return "a replacement in quotes";
}

bool accepts(Argument argument, Value::Type type) {
    const bool is_number = type == Type::kInt || type == Type::kNumber;
    switch (argument) {
        case Argument::kNumber:
            return is_number;
        case Argument::kSeconds:
            return is_number || type == Type::kDuration;
        case Argument::kTimestamp:
            return is_number || type == Type::kTime;
        default:
            return type == Type::kString;
    }
}

std::string humanize(double number) {
    if (number == 0 || !std::isfinite(number)) return four_digits(number);
    if (std::abs(number) < 1) return small(number);
    std::string_view prefix;
    for (std::size_t i = 0; i < kLarge.size() && std::abs(number) >= 1000; ++i) {
        prefix = kLarge[i];
        number /= 1000;
    }
    return four_digits(number) + std::string(prefix);
}

std::string humanize_duration(double seconds) {
    constexpr double kSecondsMax = 9e15;  // beyond that a double does not count seconds any more
    if (!std::isfinite(seconds) || std::abs(seconds) > kSecondsMax) return four_digits(seconds);
    if (seconds == 0) return "0s";
    if (std::abs(seconds) < 1) return small(seconds) + "s";
    const std::string sign = seconds < 0 ? "-" : "";
    const auto whole = static_cast<std::int64_t>(std::abs(seconds));
    if (whole < 60) return sign + four_digits(std::abs(seconds)) + "s";
    std::string out = std::to_string(whole / 60 % 60) + "m " + std::to_string(whole % 60) + "s";
    if (whole >= 3600) out.insert(0, std::to_string(whole / 3600 % 24) + "h ");
    if (whole >= 86400) out.insert(0, std::to_string(whole / 86400) + "d ");
    return sign + out;
}

std::string humanize_percentage(double ratio) {
    return four_digits(ratio * 100) + "%";
}

std::string humanize_timestamp(double seconds) {
    constexpr double kFirst = -62135596800.0, kEnd = 253402300800.0;  // the years 1 to 9999
    if (!(seconds >= kFirst && seconds < kEnd)) return four_digits(seconds);
    std::string out = format_rfc3339(from_millis(std::llround(seconds * 1000)));
    out[out.find('T')] = ' ';
    out.pop_back();  // Z
    while (out.find('.') != std::string::npos && out.ends_with('0')) out.pop_back();
    return out + " +0000 UTC";
}

std::string to_upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), upper);
    return text;
}

std::string to_lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), lower);
    return text;
}

std::string title(std::string text) {
    bool begins = true;
    for (char& c : text) {
        if (begins) c = upper(c);
        begins = !is_ascii_word(c);
    }
    return text;
}

}  // namespace tocsin::rules
