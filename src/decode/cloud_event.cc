#include "decode/cloud_event.h"

#include <simdjson.h>

#include <algorithm>

#include "decode/canonical.h"

namespace tocsin::decode {
namespace {

constexpr std::string_view kPrefix = "ce_";
constexpr std::string_view kStructured = "application/cloudevents";

Reject refused(std::string message) {
    return {RejectCode::kCloudEvent, std::move(message)};
}

std::string lower(std::string_view text) {
    std::string made(text);
    std::transform(made.begin(), made.end(), made.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return made;
}

std::string_view trimmed(std::string_view text) {
    const auto from = text.find_first_not_of(" \t");
    return from == std::string_view::npos ? "" : text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

/// A media type without its parameters, and the one parameter that matters.
struct ContentType {
    std::string type, charset;

    [[nodiscard]] bool is_utf8() const { return charset.empty() || charset == "utf-8" || charset == "us-ascii"; }
    [[nodiscard]] bool is_json() const {
        return type.empty() || type.ends_with("+json") || type == "application/json" || type == "text/json";
    }
};

ContentType parse_content_type(std::string_view header) {
    const std::string text = lower(header);
    std::string_view rest = text;
    const auto next = [&] {
        const auto end = std::min(rest.find(';'), rest.size());
        const std::string_view part = trimmed(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        return part;
    };
    ContentType made{std::string(next()), {}};
    while (!rest.empty()) {
        std::string_view part = next();
        if (!part.starts_with("charset=")) continue;
        part.remove_prefix(8);
        if (part.size() > 1 && part.front() == '"' && part.back() == '"') part = part.substr(1, part.size() - 2);
        made.charset = part;
    }
    return made;
}

// The data comes first: an attribute that the value might smuggle in is overridden by the true one.
StructuredEvent structure(std::string_view value, const RecordHeaders& headers, std::string& buffer) {
    StructuredEvent made;
    buffer = "{";
    if (!value.empty()) {
        buffer.append("\"data\":").append(value);
        made.members = 1;
    }
    for (const auto& [name, text] : headers) {
        if (!name.starts_with(kPrefix)) continue;
        if (made.members++ > 0) buffer += ',';
        append_json_string(buffer, std::string_view(name).substr(kPrefix.size()));
        buffer += ':';
        append_json_string(buffer, text);
    }
    buffer += '}';
    made.text = buffer;
    return made;
}

}  // namespace

std::optional<Reject> to_structured(std::string_view value, const RecordHeaders& headers, std::string& buffer,
                                    StructuredEvent& out) {
    bool binary = false;
    ContentType content;
    for (const auto& [name, text] : headers) {
        if (name.starts_with(kPrefix) && !simdjson::validate_utf8(name + text))
            return refused("an attribute is not UTF-8");
        if (name == "ce_specversion") binary = true;
        if (lower(name) == "content-type") content = parse_content_type(text);
    }
    const bool structured = content.type.starts_with(kStructured);
    if (structured && content.type != "application/cloudevents+json") {
        return refused(
            "a content type of CloudEvents that is not application/cloudevents+json; batches and other formats "
            "are not read");
    }
    if (!structured && !binary) {
        return refused(
            "no CloudEvent: neither a ce_specversion header nor the content type application/cloudevents+json");
    }
    if (!content.is_json()) return refused("the content type of the data is not JSON");
    if (!content.is_utf8()) return refused("the charset is not UTF-8");
    out = structured ? StructuredEvent{value, 0} : structure(value, headers, buffer);
    return std::nullopt;
}

}  // namespace tocsin::decode
