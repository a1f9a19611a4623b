#include "tocsin/transition.h"

#include "base/json_text.h"
#include "base/times.h"

namespace tocsin {
namespace {

void append_key(std::string& out, std::string_view name) {
    if (out.back() != '{') out.push_back(',');
    append_json_string(out, name);
    out.push_back(':');
}

void append_text(std::string& out, std::string_view name, std::string_view text) {
    append_key(out, name);
    append_json_string(out, text);
}

void append_text_or_null(std::string& out, std::string_view name, std::string_view text) {
    append_key(out, name);
    if (text.empty())
        out += "null";
    else
        append_json_string(out, text);
}

void append_value(std::string& out, const OwnedValue& owned) {
    const Value& v = owned.value;
    switch (v.type) {
        case Value::Type::kMissing:
            out += "null";
            break;
        case Value::Type::kBool:
            out += v.boolean ? "true" : "false";
            break;
        case Value::Type::kInt:
            out += std::to_string(v.integer);
            break;
        case Value::Type::kNumber:
            append_json_number(out, v.number);
            break;
        case Value::Type::kTime:
            append_json_string(out, format_rfc3339(from_millis(v.integer)));
            break;
        case Value::Type::kDuration:
            append_json_number(out, static_cast<double>(v.integer) / 1000);
            break;
        case Value::Type::kString:
            append_json_string(out, owned.text);
            break;
    }
}

void append_strings(std::string& out, std::string_view name, const std::vector<std::string>& texts) {
    append_key(out, name);
    out.push_back('[');
    for (std::size_t i = 0; i < texts.size(); ++i) {
        if (i > 0) out.push_back(',');
        append_json_string(out, texts[i]);
    }
    out.push_back(']');
}

}  // namespace

std::string_view transition_name(TransitionKind kind) {
    constexpr std::string_view kNames[] = {"opened", "raised", "lowered", "updated", "acknowledged", "closed"};
    return kNames[static_cast<std::size_t>(kind)];
}

std::string_view close_reason_name(CloseReason reason) {
    constexpr std::string_view kNames[] = {
        "", "quiet", "fulfilled", "moved", "cancelled", "expired", "rule_removed", "resolved_by_operator", "corrected"};
    return kNames[static_cast<std::size_t>(reason)];
}

std::string to_json(const Transition& t, Subjects subjects) {
    std::string out = "{";
    append_text(out, "at", format_rfc3339(t.at));
    append_text(out, "rule", t.rule);
    append_text(out, "raises", t.is_case ? "case" : "warning");
    append_text(out, "id", t.id());
    append_key(out, "subject");
    out.push_back('{');
    for (const auto& f : t.subject) append_text(out, f.name, subjects == Subjects::kPlain ? f.plain : f.shown);
    out.push_back('}');
    append_text_or_null(out, "area", t.area);
    append_text(out, "transition", transition_name(t.kind));
    append_text_or_null(out, "level", level_name(t.level));
    append_text_or_null(out, "previous_level", level_name(t.previous_level));
    if (t.kind == TransitionKind::kClosed) append_text(out, "reason", close_reason_name(t.reason));
    append_key(out, "measures");
    out.push_back('{');
    for (const auto& [name, value] : t.measures) {
        append_key(out, name);
        append_value(out, value);
    }
    out.push_back('}');
    append_text_or_null(out, "trigger", t.trigger);
    append_strings(out, "events", t.events);
    append_text(out, "rules_hash", t.rules_hash);
    out.push_back('}');
    return out;
}

}  // namespace tocsin
