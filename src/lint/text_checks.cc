// What is the matter with what rules say: annotations, labels, conditions.
#include <algorithm>
#include <array>

#include "lint/levels.h"
#include "lint/report.h"

namespace tocsin::lint {
namespace {

bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// The words behind each `prefix` in the text, with their places.
std::vector<std::pair<std::string, std::size_t>> words_behind(const std::string& text, std::string_view prefix) {
    std::vector<std::pair<std::string, std::size_t>> found;
    for (std::size_t at = 0; (at = text.find(prefix, at)) != std::string::npos;) {
        const std::size_t begin = at + prefix.size();
        std::size_t end = begin;
        while (end < text.size() && is_word(text[end])) ++end;
        if (end > begin) found.emplace_back(text.substr(begin, end - begin), at);
        at = begin;
    }
    return found;
}

/// A Chinese mobile number, on its own or behind 86: eleven digits that begin with 13 to 19.
std::optional<std::size_t> mobile_number(const std::string& text) {
    constexpr std::size_t kDigits = 11;
    for (std::size_t at = 0; at < text.size();) {
        if (!is_digit(text[at])) {
            ++at;
            continue;
        }
        std::size_t end = at;
        while (end < text.size() && is_digit(text[end])) ++end;
        const bool with_country = end - at == kDigits + 2 && text.compare(at, 2, "86") == 0;
        const std::size_t begin = with_country ? at + 2 : at;
        if (end - begin == kDigits && text[begin] == '1' && text[begin + 1] >= '3') return begin;
        at = end;
    }
    return std::nullopt;
}

/// A field whose text anybody may have written: a string without a list of values.
bool is_free_text(const EventSchema& schema, const std::string& name) {
    const auto field = schema.field(name);
    if (!field || *field == kFieldArea || *field == kFieldCategory || *field == kFieldChannel || *field == kFieldId ||
        *field == kFieldKind)
        return false;
    const FieldType type = schema.field_type(*field);
    if (type != FieldType::kString && type != FieldType::kText) return false;
    return std::none_of(schema.kinds().begin(), schema.kinds().end(), [&](const KindDef& kind) {
        return std::any_of(kind.fields.begin(), kind.fields.end(),
                           [&](const FieldDef& f) { return f.id == *field && !f.values.empty(); });
    });
}

void check_annotation(const Subject& subject, const Input& input, const yaml::Node::Entry& entry) {
    const std::string& text = entry.value.text();
    const std::string key = "annotations." + entry.name();
    for (const auto& [field, at] : words_behind(text, "$last.")) {
        if (is_free_text(input.schema, field))
            subject.say(
                "pii-in-annotation", entry.value.position_at(at, 6 + static_cast<int>(field.size())),
                key + " prints \"" + field +
                    "\", in which people write names, numbers and addresses: declare its values, or leave it out");
    }
    for (const auto& [name, at] : words_behind(text, "$")) {
        const auto& measures = subject.rule().measures;
        const auto measure = std::find_if(measures.begin(), measures.end(),
                                          [&, name = name](const Measure& m) { return m.name == name; });
        if (measure == measures.end() || measure->type != Value::Type::kString ||
            !is_free_text(input.schema, input.schema.field_name(measure->field)))
            continue;
        subject.say("pii-in-annotation", entry.value.position_at(at, 1 + static_cast<int>(name.size())),
                    key + " prints \"" + name + "\", the text of " + input.schema.field_name(measure->field) +
                        ", in which people write names, numbers and addresses: declare its values, or leave it out");
    }
    if (const auto at = mobile_number(text))
        subject.say("pii-in-annotation", entry.value.position_at(*at, 11), key + " holds a telephone number");
}

void check_label(const Subject& subject, const yaml::Node::Entry& entry) {
    const std::string& text = entry.value.text();
    const std::string key = "labels." + entry.name();
    const auto& measures = subject.rule().measures;
    for (const auto& [name, at] : words_behind(text, "$")) {
        const bool is_measure = std::any_of(measures.begin(), measures.end(),
                                            [&, name = name](const Measure& m) { return m.name == name; });
        if (is_measure || name == "value" || name == "labels")
            subject.say("value-in-label", entry.value.position_at(at, 1 + static_cast<int>(name.size())),
                        key + ": labels are sent as they are written, \"$" + name + "\" stays \"$" + name +
                            "\"; a value belongs into annotations, as {{ $" + name + " }}");
    }
    if (const auto at = mobile_number(text))
        subject.say("pii-in-annotation", entry.value.position_at(*at, 11), key + " holds a telephone number");
}

std::vector<yaml::Node::Entry> entries_of(const yaml::Node& node, std::string_view key) {
    const auto found = node.find(key);
    return found ? found->entries() : std::vector<yaml::Node::Entry>();
}

void say_same(const Subject& subject, const yaml::Node& where, const std::vector<Span>& spans) {
    for (const Span& span : spans) {
        const std::string text = where.text().substr(std::min(span.begin, where.text().size()), span.end - span.begin);
        subject.say("always-true", where.position_at(span.begin, static_cast<int>(text.size())),
                    yaml::quote(text) + " compares something with itself: it is the same whatever happens");
    }
}

}  // namespace

void check_texts(const Subject& subject, const Input& input) {
    const auto summary =
        subject.node().find("annotations") ? subject.node().find("annotations")->find("summary") : std::nullopt;
    if (!summary || summary->text().empty())
        subject.say("missing-summary", subject.at({"annotations"}),
                    "annotations have no `summary`: whoever is told reads a rule's name and numbers only");
    for (const yaml::Node::Entry& entry : entries_of(subject.node(), "annotations"))
        check_annotation(subject, input, entry);
    for (const yaml::Node::Entry& entry : entries_of(subject.node(), "labels")) check_label(subject, entry);
    if (subject.node().find("labels") || subject.rule().rolls_up) return;
    for (const yaml::Node::Entry& entry : entries_of(subject.place().group, "labels")) check_label(subject, entry);
}

void check_conditions(const Subject& subject, const Input& input) {
    const Rule& rule = subject.rule();
    say_same(subject, subject.at({"where"}), self_comparisons(rule.where, input.schema, {}));
    for (int l = 1; l < kLevels; ++l) {
        const auto& level = rule.levels[static_cast<std::size_t>(l)];
        if (level)
            say_same(subject, subject.level(static_cast<Level>(l)),
                     self_comparisons(*level, input.schema, rule.measures));
    }
    for (const Measure& measure : rule.measures) {
        if (!measure.name.empty())
            say_same(subject, subject.at({"measures", measure.name}),
                     self_comparisons(measure.predicate, input.schema, {}));
    }
}

}  // namespace tocsin::lint
