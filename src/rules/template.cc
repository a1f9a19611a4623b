#include "rules/template.h"

#include <algorithm>

#include "rules/compile.h"
#include "rules/template_code.h"
#include "rules/template_tokens.h"
#include "yaml/diagnostics.h"

namespace tocsin::rules {
namespace {

using Token = TemplateToken;
using Kind = Token::Kind;

constexpr std::string_view kLabels = "$labels.";
constexpr std::string_view kLast = "$last.";

class TemplateParser {
public:
    TemplateParser(const std::vector<TemplateSegment>& segments, const TemplateNames& names, Fault& fault)
        : segments_(segments), names_(names), fault_(fault) {}

    bool run(Template::Code& code) {
        for (const KindId kind : names_.last) code.kinds.emplace_back(kind, names_.schema.kind_def(kind).name);
        if (!read_pieces(code.pieces)) return false;
        code.looks_at_last = looks_at_last_;
        if (at_ == segments_.size()) return true;
        const Token& word = segments_[at_].tokens.front();
        return refuse(word, "`" + word.text + "` without an `if` before it");
    }

private:
    using MaybeTerm = std::optional<Term>;

    std::nullopt_t fail(std::size_t begin, std::size_t end, std::string message) {
        fault_ = {begin, end, std::move(message)};
        return std::nullopt;
    }
    std::nullopt_t fail(const Token& at, std::string message) { return fail(at.begin, at.end, std::move(message)); }

    bool refuse(const Token& at, std::string message) {
        fail(at, std::move(message));
        return false;
    }

    /// Whether the segment here is an action that begins with the word.
    [[nodiscard]] bool is_here(std::string_view word) const {
        if (at_ == segments_.size() || segments_[at_].tokens.empty()) return false;
        const Token& first = segments_[at_].tokens.front();
        return first.kind == Kind::kWord && first.text == word;
    }

    // --- texts, values and choices

    /// Up to `else`, `end`, or the end of the template.
    bool read_pieces(std::vector<Piece>& pieces) {
        for (; at_ < segments_.size() && !is_here("else") && !is_here("end"); ++at_) {
            const TemplateSegment& segment = segments_[at_];
            Piece piece;
            piece.text = segment.text;
            if (is_here("if")) {
                if (!read_choice(piece, 1)) return false;
            } else if (!segment.tokens.empty()) {
                enter(0);
                piece.term = read_whole();
                if (!piece.term) return false;
            }
            pieces.push_back(std::move(piece));
        }
        return true;
    }

    void enter(std::size_t token) {
        tokens_ = &segments_[at_].tokens;
        token_ = token;
    }

    /// From an `if`, or an `else if`, whose condition begins at this token; ends on its `end`.
    bool read_choice(Piece& piece, std::size_t condition) {
        const Token& word = segments_[at_].tokens[condition - 1];
        if (++depth_ > kTemplateDepthMax) return refuse(word, "more than 16 `if` in one another");
        enter(condition);
        piece.is_choice = true;
        piece.term = read_whole();
        ++at_;
        if (!piece.term || !read_pieces(piece.yes)) return false;
        if (is_here("else")) {
            const auto& tokens = segments_[at_].tokens;
            if (tokens[1].kind == Kind::kWord && tokens[1].text == "if") {
                --depth_;  // one after the other, not one in another
                Piece& other = piece.no.emplace_back();
                return read_choice(other, 2);
            }
            if (!ends(tokens)) return false;
            ++at_;
            if (!read_pieces(piece.no)) return false;
        }
        if (is_here("else")) return refuse(segments_[at_].tokens.front(), "a second `else`");
        if (at_ == segments_.size()) return refuse(word, "`if` without an `end`: {{ end }} is missing");
        --depth_;
        return ends(segments_[at_].tokens);
    }

    /// `else` and `end` stand alone.
    bool ends(const std::vector<Token>& tokens) {
        if (tokens[1].kind == Kind::kEnd) return true;
        return refuse(tokens[1], "nothing stands behind `" + tokens[0].text + "`");
    }

    // --- values

    [[nodiscard]] const Token& next() const { return (*tokens_)[token_]; }
    const Token& take() { return (*tokens_)[token_++]; }
    [[nodiscard]] bool at_end_of_value() const {
        return next().kind == Kind::kEnd || next().kind == Kind::kPipe || next().kind == Kind::kClose;
    }

    MaybeTerm read_whole() {
        auto term = read_pipeline();
        if (term && next().kind != Kind::kEnd) return fail(next(), "`)` without a `(`");
        return term;
    }

    MaybeTerm read_pipeline() {
        auto term = read_command(std::nullopt);
        while (term && next().kind == Kind::kPipe) {
            take();
            if (next().kind != Kind::kWord) return fail(next(), "behind `|` stands a function, for example humanize");
            term = read_command(std::move(term));
        }
        return term;
    }

    /// A value, or a function and its arguments, of which the last may come through a pipe.
    MaybeTerm read_command(MaybeTerm piped) {
        if (next().kind != Kind::kWord) {
            auto term = read_operand();
            if (term && !at_end_of_value()) return fail(next(), "one value at a time: `|` or `}}` is missing before");
            return term;
        }
        const Token& word = take();
        const TemplateFunction* function = template_function(word.text);
        if (function == nullptr) return unknown_function(word);
        Term call;
        call.kind = Term::Kind::kCall;
        call.type = function->result;
        call.function = function;
        call.begin = word.begin;
        while (!at_end_of_value()) {
            auto argument = read_operand();
            if (!argument) return std::nullopt;
            call.arguments.push_back(std::move(*argument));
        }
        call.end = (*tokens_)[token_ - 1].end;
        if (piped) call.arguments.push_back(std::move(*piped));
        return checked(std::move(call));
    }

    std::nullopt_t unknown_function(const Token& word) {
        std::string all;
        for (const std::string& name : template_function_names()) all += (all.empty() ? "" : ", ") + name;
        if (is_foreign_template_word(word.text))
            return fail(word, "`" + word.text + "` is not part of tocsin's templates: there are if, else, end, " + all);
        std::string near = yaml::did_you_mean(word.text, template_function_names());
        for (const Measure& m : names_.measures) {
            if (m.name == word.text) near = " (did you mean \"$" + word.text + "\"?)";
        }
        return fail(word, "unknown function \"" + word.text + "\"" + (near.empty() ? ": there are " + all : near));
    }

    MaybeTerm read_operand() {
        const Token& token = take();
        Term term;
        term.begin = token.begin;
        term.end = token.end;
        switch (token.kind) {
            case Kind::kString:
                term.type = Value::Type::kString;
                term.constant = {Value::of_string({}), token.text};
                return term;
            case Kind::kNumber:
                term.type = token.number.type;
                term.constant.value = token.number;
                return term;
            case Kind::kVariable:
                return read_variable(token, std::move(term));
            case Kind::kOpen:
                return read_parentheses(token);
            case Kind::kWord:
                return fail(token, "a function among arguments stands in parentheses: (" + token.text + " …)");
            case Kind::kEnd:
                return fail(token, "a value is missing: {{ $value }}, {{ $labels.name }} or {{ $measure }}");
            default:
                return fail(token, "a value is missing before this");
        }
    }

    MaybeTerm read_parentheses(const Token& open) {
        if (++depth_ > kTemplateDepthMax) return fail(open, "more than 16 parentheses in one another");
        auto term = read_pipeline();
        --depth_;
        if (!term) return std::nullopt;
        if (next().kind != Kind::kClose) return fail(open, "`(` is not closed: `)` is missing");
        term->begin = open.begin;
        term->end = take().end;
        return term;
    }

    // --- names

    MaybeTerm read_variable(const Token& token, Term term) {
        const std::string& name = token.text;
        if (name.starts_with(kLabels)) return read_label(token, std::move(term));
        if (name.starts_with(kLast)) return read_last(token, std::move(term));
        if (name == ".Value" || name.starts_with(".Labels.")) {
            const std::string remedy = name == ".Value" ? "$value" : "$labels." + name.substr(8);
            return fail(token, "`" + name + "`: write " + remedy);
        }
        std::vector<std::string> known = {"$value", "$labels.name"};
        if (!names_.last.empty()) known.emplace_back("$last.field");
        if (names_.promise) known.emplace_back("$overdue");
        const bool is_value = name == "$value";
        if (names_.promise && (is_value || name == "$overdue")) {
            term.kind = Term::Kind::kOverdue;
            term.type = Value::Type::kDuration;
            return term;
        }
        for (std::size_t i = 0; i < names_.measures.size(); ++i) {
            const Measure& m = names_.measures[i];
            if (!m.name.empty()) known.push_back("$" + m.name);
            if (!is_value && (m.name.empty() || name != "$" + m.name)) continue;
            term.kind = Term::Kind::kMeasure;
            term.type = m.type;
            term.index = i;
            return term;
        }
        if (is_value) return fail(token, "`$value` is the first measure, and the rule has none");
        return fail(token, "unknown name \"" + name + "\"" + yaml::did_you_mean(name, known));
    }

    MaybeTerm read_label(const Token& token, Term term) {
        term.kind = Term::Kind::kLabel;
        term.type = Value::Type::kString;
        term.label = token.text.substr(kLabels.size());
        if (std::find(names_.labels.begin(), names_.labels.end(), term.label) != names_.labels.end()) return term;
        return fail(token, "unknown label \"" + term.label + "\"" + yaml::did_you_mean(term.label, names_.labels));
    }

    /// `$last.customer` would print the number itself, a text what the customer wrote: both stay inside.
    MaybeTerm read_last(const Token& token, Term term) {
        const std::string name = token.text.substr(kLast.size());
        const EventSchema& schema = names_.schema;
        if (names_.last.empty())
            return fail(token, "`" + token.text +
                                   "`: a rule about areas keeps counts, not events; a field named in "
                                   "`by` is a label: $labels.field");
        const auto is_here = [&](FieldId f) {
            return std::any_of(names_.last.begin(), names_.last.end(),
                               [&](KindId k) { return schema.has_field(k, f); });
        };
        const auto field = schema.field(name);
        if (!field || !is_here(*field)) {
            std::vector<std::string> known;
            for (FieldId f = 0; f < schema.field_count(); ++f) {
                if (is_here(f) && is_printable(f)) known.push_back(schema.field_name(f));
            }
            const std::string what =
                field ? "`" + name + "` is no field of these events" : "unknown field \"" + name + "\"";
            return fail(token, what + yaml::did_you_mean(name, known));
        }
        if (schema.field_type(*field) == FieldType::kText)
            return fail(token, "`" + name + "` is of type text: what people wrote is not kept and does not leave");
        if (!is_printable(*field))
            return fail(token, "`" + token.text + "` is a person's number, which does not leave; $labels." + name +
                                   " is the pseudonym, where `by` names it");
        term.kind = Term::Kind::kLast;
        term.type = type_of(schema.field_type(*field));
        term.index = *field;
        if (*field == kFieldKind) term.type = Value::Type::kString;
        looks_at_last_ = true;
        return term;
    }

    [[nodiscard]] bool is_printable(FieldId f) const {
        return f != kFieldCustomer && f != kFieldSubscriber && names_.schema.field_type(f) != FieldType::kText;
    }

    static Value::Type type_of(FieldType type) {
        switch (type) {
            case FieldType::kInt:
                return Value::Type::kInt;
            case FieldType::kNumber:
                return Value::Type::kNumber;
            case FieldType::kBool:
                return Value::Type::kBool;
            case FieldType::kTime:
                return Value::Type::kTime;
            case FieldType::kDuration:
                return Value::Type::kDuration;
            default:
                return Value::Type::kString;
        }
    }

    // --- arguments

    MaybeTerm checked(Term call) {
        const std::vector<Argument>& takes = call.function->takes;
        const std::string name = "`" + std::string(call.function->name) + "` takes ";
        if (call.arguments.size() != takes.size()) {
            std::string all;
            for (std::size_t i = 0; i < takes.size(); ++i)
                all += (i == 0 ? "" : i + 1 == takes.size() ? " and " : ", ") + std::string(described(takes[i]));
            return fail(call.begin, call.end,
                        name + all + ", found " + std::to_string(call.arguments.size()) +
                            (call.arguments.size() == 1 ? " argument" : " arguments"));
        }
        for (std::size_t i = 0; i < takes.size(); ++i) {
            const Term& argument = call.arguments[i];
            const bool is_literal = argument.kind == Term::Kind::kConstant;
            const bool needs_literal = takes[i] == Argument::kPattern || takes[i] == Argument::kReplacement;
            if (accepts(takes[i], argument.type) && (is_literal || !needs_literal)) continue;
            return fail(argument.begin, argument.end,
                        name + std::string(described(takes[i])) + ", found " +
                            (needs_literal ? "something else" : found(argument)));
        }
        return takes.front() == Argument::kPattern ? with_pattern(std::move(call)) : call;
    }

    static std::string found(const Term& argument) { return std::string(type_name(argument.type)); }

    MaybeTerm with_pattern(Term call) {
        const Term& pattern = call.arguments[0];
        const bool replaces = call.arguments.size() == 3;
        std::string problem;
        call.pattern = compile_pattern(pattern.constant.text, replaces ? Captures::kGroups : Captures::kNone, problem);
        if (call.pattern == nullptr) return fail(pattern.begin, pattern.end, problem);
        if (!replaces) return call;
        const Term& replacement = call.arguments[1];
        if (call.replacement.read(replacement.constant.text, *call.pattern, problem)) return call;
        return fail(replacement.begin, replacement.end, problem);
    }

    const std::vector<TemplateSegment>& segments_;
    const TemplateNames& names_;
    Fault& fault_;
    std::size_t at_ = 0;                          // the segment
    const std::vector<Token>* tokens_ = nullptr;  // of the action being read, and where in it
    std::size_t token_ = 0;
    int depth_ = 0;
    bool looks_at_last_ = false;
};

}  // namespace

std::optional<Template> compile_template(std::string_view text, const TemplateNames& names, Fault& fault) {
    if (text.size() > kTemplateBytesMax) {
        fault = {
            0, 1,
            "the template has " + std::to_string(text.size()) + " bytes, at most " + std::to_string(kTemplateBytesMax)};
        return std::nullopt;
    }
    std::vector<TemplateSegment> segments;
    auto code = std::make_shared<Template::Code>();
    if (!cut_template(text, segments, fault) || !TemplateParser(segments, names, fault).run(*code)) return std::nullopt;
    return Template(std::move(code));
}

}  // namespace tocsin::rules
