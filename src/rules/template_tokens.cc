#include "rules/template_tokens.h"

#include <algorithm>
#include <charconv>

namespace tocsin::rules {
namespace {

using Kind = TemplateToken::Kind;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

class Cutter {
public:
    Cutter(std::string_view text, Fault& fault) : text_(text), fault_(fault) {}

    bool run(std::vector<TemplateSegment>& segments) {
        bool trims = false;  // the action before ended with `-}}`
        while (at_ < text_.size()) {
            const std::size_t open = std::min(text_.find("{{", at_), text_.size());
            std::string_view plain = text_.substr(at_, open - at_);
            const bool trims_back = text_.substr(open).starts_with("{{-") && is_blank(peek(open + 3));
            while (trims && !plain.empty() && is_blank(plain.front())) plain.remove_prefix(1);
            while (trims_back && !plain.empty() && is_blank(plain.back())) plain.remove_suffix(1);
            if (!plain.empty()) segments.push_back({std::string(plain), {}, at_});
            at_ = open;
            if (open == text_.size()) return true;
            TemplateSegment action;
            action.begin = open;
            at_ += trims_back ? 3 : 2;
            if (!read_action(action, trims)) return false;
            segments.push_back(std::move(action));
        }
        return true;
    }

private:
    bool fail(std::size_t begin, std::size_t end, std::string message) {
        fault_ = {begin, end, std::move(message)};
        return false;
    }

    char peek(std::size_t at) const { return at < text_.size() ? text_[at] : '\0'; }

    bool read_action(TemplateSegment& action, bool& trims) {
        for (;;) {
            while (is_blank(peek(at_))) ++at_;
            trims = text_.substr(at_).starts_with("-}}") && is_blank(text_[at_ - 1]);
            if (trims) ++at_;
            TemplateToken token;
            token.begin = at_;
            if (text_.substr(at_).starts_with("}}")) {
                at_ += 2;
                token.end = at_;
                action.tokens.push_back(std::move(token));
                return true;
            }
            if (at_ == text_.size()) return fail(action.begin, action.begin + 2, "`{{` is not closed: `}}` is missing");
            if (!read_token(token)) return false;
            token.end = at_;
            action.tokens.push_back(std::move(token));
        }
    }

    bool read_token(TemplateToken& token) {
        const char c = text_[at_];
        if (c == '"' || c == '`') return read_string(token);
        if (is_digit(c) || (c == '-' && is_digit(peek(at_ + 1)))) return read_number(token);
        if (c == '$' || c == '.' || is_letter(c)) {
            token.kind = is_letter(c) ? Kind::kWord : Kind::kVariable;
            do ++at_;
            while (is_letter(peek(at_)) || is_digit(peek(at_)) || peek(at_) == '.');
            token.text = text_.substr(token.begin, at_ - token.begin);
            return true;
        }
        constexpr std::string_view kSymbols = "|()";
        const std::size_t symbol = kSymbols.find(c);
        ++at_;
        if (symbol == std::string_view::npos)
            return fail(token.begin, at_, "`" + std::string(1, c) + "` means nothing in a template");
        token.kind = symbol == 0 ? Kind::kPipe : symbol == 1 ? Kind::kOpen : Kind::kClose;
        return true;
    }

    bool read_number(TemplateToken& token) {
        ++at_;
        while (is_digit(peek(at_)) || is_letter(peek(at_)) || peek(at_) == '.') ++at_;
        token.kind = Kind::kNumber;
        const char* first = text_.data() + token.begin;
        const char* last = text_.data() + at_;
        std::int64_t integer = 0;
        if (const auto [end, error] = std::from_chars(first, last, integer); error == std::errc() && end == last) {
            token.number = Value::of_int(integer);
            return true;
        }
        double number = 0;
        const auto [end, error] = std::from_chars(first, last, number, std::chars_format::fixed);
        token.number = Value::of_number(number);
        if (error == std::errc() && end == last) return true;
        return fail(token.begin, at_, "`" + std::string(first, last) + "` is no number");
    }

    bool read_string(TemplateToken& token) {
        token.kind = Kind::kString;
        const char quote = text_[at_++];
        for (;; ++at_) {
            if (at_ == text_.size() || text_[at_] == '\n')
                return fail(token.begin, at_, "the string is not closed: " + std::string(1, quote) + " is missing");
            if (text_[at_] == quote) {
                ++at_;
                return true;
            }
            if (text_[at_] != '\\' || quote == '`') {
                token.text += text_[at_];
                continue;
            }
            const char escaped = peek(++at_);
            if (escaped == 'n')
                token.text += '\n';
            else if (escaped == 't')
                token.text += '\t';
            else if (escaped == '"' || escaped == '\\')
                token.text += escaped;
            else
                return fail(at_ - 1, std::min(at_ + 1, text_.size()),
                            "a string knows \\\" \\\\ \\n \\t; a regular expression is easier to write in backquotes");
        }
    }

    std::string_view text_;
    Fault& fault_;
    std::size_t at_ = 0;
};

}  // namespace

bool cut_template(std::string_view text, std::vector<TemplateSegment>& segments, Fault& fault) {
    return Cutter(text, fault).run(segments);
}

}  // namespace tocsin::rules
