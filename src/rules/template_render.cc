// What a compiled template prints.
#include <charconv>

#include "base/times.h"
#include "rules/template_code.h"

namespace tocsin {
namespace {

using rules::Piece;
using rules::Term;
using Type = Value::Type;

template <typename Number>
std::string digits(Number number) {
    char buffer[32];
    return {buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr};
}

OwnedValue own(const Value& v) {
    OwnedValue out{v, std::string(v.string)};
    out.value.string = {};
    return out;
}

OwnedValue own(std::string text) {
    return {Value::of_string({}), std::move(text)};
}

std::string printed(const OwnedValue& v) {
    switch (v.value.type) {
        case Type::kMissing:
            return {};
        case Type::kBool:
            return v.value.boolean ? "true" : "false";
        case Type::kInt:
            return digits(v.value.integer);
        case Type::kNumber:
            return digits(v.value.number);
        case Type::kDuration:
            return format_duration(Duration(v.value.integer));
        case Type::kTime:
            return format_rfc3339(from_millis(v.value.integer));
        case Type::kString:
            break;
    }
    return v.text;
}

/// As Go has it: nothing, false, 0 and "" are not.
bool is_true(const OwnedValue& v) {
    switch (v.value.type) {
        case Type::kMissing:
            return false;
        case Type::kBool:
            return v.value.boolean;
        case Type::kNumber:
            return v.value.number != 0;
        case Type::kString:
            return !v.text.empty();
        case Type::kTime:
            return true;
        default:
            return v.value.integer != 0;
    }
}

/// Numbers as they are; durations and times in seconds.
double number_of(const Value& v) {
    if (v.type == Type::kNumber) return v.number;
    const auto whole = static_cast<double>(v.integer);
    return v.type == Type::kInt ? whole : whole / 1000;
}

/// Before anything is cut, so that no part of a number stays.
void hide(std::string& text, std::string_view number, const std::string& shown) {
    constexpr std::size_t kNumberBytesMin = 5;  // what is shorter is no number, and stands in any text
    if (number.size() < kNumberBytesMin) return;
    for (std::size_t at = text.find(number); at != std::string::npos; at = text.find(number, at + shown.size()))
        text.replace(at, number.size(), shown);
}

class Renderer {
public:
    Renderer(const Template::Code& code, const TemplateContext& context) : code_(code), context_(context) {}

    void print(const std::vector<Piece>& pieces, std::string& out) const {
        for (const Piece& piece : pieces) {
            if (out.size() > Template::kRenderedBytesMax) return;
            if (piece.is_choice) {
                print(is_true(evaluate(*piece.term)) ? piece.yes : piece.no, out);
            } else {
                out += piece.term ? printed(evaluate(*piece.term)) : piece.text;
            }
        }
    }

private:
    [[nodiscard]] OwnedValue evaluate(const Term& term) const {
        switch (term.kind) {
            case Term::Kind::kConstant:
                return term.constant;
            case Term::Kind::kMeasure:
                return own(term.index < context_.measures.size() ? context_.measures[term.index] : Value::missing());
            case Term::Kind::kOverdue:
                return own(context_.overdue ? Value::of_duration(*context_.overdue) : Value::missing());
            case Term::Kind::kLabel: {
                const auto label = context_.labels.find(term.label);
                return label == context_.labels.end() ? own(Value::missing()) : own(label->second);
            }
            case Term::Kind::kLast:
                return last(static_cast<FieldId>(term.index));
            case Term::Kind::kCall:
                break;
        }
        return call(term);
    }

    [[nodiscard]] OwnedValue last(FieldId field) const {
        if (context_.last == nullptr) return own(Value::missing());
        if (field != kFieldKind) return own(context_.last->field(field));
        for (const auto& [kind, name] : code_.kinds) {
            if (kind == context_.last->kind) return own(name);
        }
        return own(Value::missing());
    }

    /// Of a missing value everything is missing, and nothing matches it.
    [[nodiscard]] OwnedValue call(const Term& term) const {
        using Id = rules::TemplateFunction::Id;
        OwnedValue v = evaluate(term.arguments.back());
        if (term.function->id == Id::kMatch)
            return own(Value::of(!v.value.is_missing() && rules::is_found(*term.pattern, v.text)));
        if (v.value.is_missing()) return v;
        switch (term.function->id) {
            case Id::kHumanize:
                return own(rules::humanize(number_of(v.value)));
            case Id::kHumanizeDuration:
                return own(rules::humanize_duration(number_of(v.value)));
            case Id::kHumanizePercentage:
                return own(rules::humanize_percentage(number_of(v.value)));
            case Id::kHumanizeTimestamp:
                return own(rules::humanize_timestamp(number_of(v.value)));
            case Id::kTitle:
                return own(rules::title(std::move(v.text)));
            case Id::kToUpper:
                return own(rules::to_upper(std::move(v.text)));
            case Id::kToLower:
                return own(rules::to_lower(std::move(v.text)));
            default:
                return own(rules::replace_all(*term.pattern, term.replacement, v.text, Template::kRenderedBytesMax));
        }
    }

    const Template::Code& code_;
    const TemplateContext& context_;
};

}  // namespace

bool Template::looks_at_last() const {
    return code_ != nullptr && code_->looks_at_last;
}

std::string Template::render(const TemplateContext& context) const {
    constexpr std::string_view kCut = "…";
    std::string out;
    if (code_ == nullptr) return out;
    Renderer(*code_, context).print(code_->pieces, out);
    if (code_->looks_at_last) {
        for (const auto& [number, shown] : context.hidden) hide(out, number, shown);
    }
    if (out.size() <= kRenderedBytesMax) return out;
    std::size_t end = kRenderedBytesMax - kCut.size();
    while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xc0) == 0x80) --end;
    out.resize(end);
    return out += kCut;
}

}  // namespace tocsin
