#include "decode/canonical.h"

#include <charconv>
#include <cmath>
#include <string_view>

#include "tocsin/check.h"

namespace tocsin::decode {
namespace {

void append_escaped(std::string& out, char c) {
    constexpr std::string_view kHex = "0123456789abcdef";
    if (c == '"' || c == '\\') {
        out += '\\';
        out += c;
    } else {
        out += "\\u00";
        out += kHex[static_cast<unsigned char>(c) >> 4];
        out += kHex[static_cast<unsigned char>(c) & 15];
    }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    std::size_t copied = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') continue;
        out.append(text, copied, i - copied);
        append_escaped(out, c);
        copied = i + 1;
    }
    out.append(text, copied);
    out += '"';
}

namespace {

template <typename Number>
void append_number(std::string& out, Number number) {
    char digits[40];
    const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
    TOCSIN_CHECK(error == std::errc{}, "40 bytes hold every integer and every shortest double");
    out.append(digits, end);
}

void append_double(std::string& out, double number) {
    TOCSIN_CHECK(std::isfinite(number), "decoding admits finite numbers only");
    if (number == 0 && std::signbit(number)) {
        out += "-0.0";  // "-0" would be read back as the integer 0
    } else {
        append_number(out, number);
    }
}

void append_value(std::string& out, const Value& value) {
    switch (value.type) {
        case Value::Type::kMissing:
            out += "null";
            break;
        case Value::Type::kBool:
            out += value.boolean ? "true" : "false";
            break;
        case Value::Type::kInt:
        case Value::Type::kTime:
        case Value::Type::kDuration:
            append_number(out, value.integer);
            break;
        case Value::Type::kNumber:
            append_double(out, value.number);
            break;
        case Value::Type::kString:
            append_json_string(out, value.string);
            break;
    }
}

void append_name(std::string& out, std::string_view name) {
    out += out.empty() ? '{' : ',';
    append_json_string(out, name);
    out += ':';
}

}  // namespace

void encode_canonical(const Event& event, const EventSchema& schema, std::string& out) {
    out.clear();
    const auto text = [&](std::string_view name, std::string_view value) {
        if (value.empty()) return;
        append_name(out, name);
        append_json_string(out, value);
    };
    text("kind", schema.kind_def(event.kind).name);
    text("id", event.id);
    append_name(out, "time");
    append_number(out, to_millis(event.time));
    text("customer", event.customer);
    text("subscriber", event.subscriber);
    text("area", event.area);
    text("category", event.category);
    text("channel", event.channel);
    for (const FieldValue& entry : event.fields) {
        append_name(out, schema.field_name(entry.field));
        append_value(out, entry.value);
    }
    out += '}';
}

}  // namespace tocsin::decode
