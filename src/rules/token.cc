#include "rules/token.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/times.h"

namespace tocsin::rules {
namespace {

constexpr std::array<std::string_view, 8> kWords = {"and", "or", "not", "in", "matches", "over", "true", "false"};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

class Lexer {
public:
    Lexer(std::string_view text, Fault& fault) : text_(text), fault_(fault) {}

    bool run(std::vector<Token>& tokens) {
        for (;;) {
            while (at_ < text_.size() && is_space(text_[at_])) ++at_;
            Token token;
            token.begin = at_;
            if (at_ < text_.size() && !read(token)) return false;
            token.end = at_;
            tokens.push_back(std::move(token));
            if (tokens.back().kind == Token::Kind::kEnd) return true;
        }
    }

private:
    bool fail(std::size_t offset, std::string message) {
        fault_ = {offset, std::max(at_, offset + 1), std::move(message)};
        return false;
    }

    bool read(Token& token) {
        const char c = text_[at_];
        if (static_cast<unsigned char>(c) >= 0x80 && slip()) return false;
        if (is_digit(c)) return read_number(token);
        if (is_letter(c)) return read_name(token);
        if (c == '"') return read_string(token);
        return read_symbol(token);
    }

    bool read_name(Token& token) {
        while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]) || joins_names(at_))) {
            if (static_cast<unsigned char>(text_[at_]) >= 0xC0 && slip()) return false;
            ++at_;
        }
        token.text = text_.substr(token.begin, at_ - token.begin);
        token.kind = is_word(token.text) ? Token::Kind::kWord : Token::Kind::kName;
        return true;
    }

    bool joins_names(std::size_t i) const { return text_[i] == '.' && i + 1 < text_.size() && is_letter(text_[i + 1]); }

    bool read_number(Token& token) {
        while (at_ < text_.size() && (is_digit(text_[at_]) || is_letter(text_[at_]) || joins_digits(at_))) ++at_;
        token.text = text_.substr(token.begin, at_ - token.begin);
        const char* first = token.text.data();
        const char* last = first + token.text.size();
        const bool percent = at_ < text_.size() && text_[at_] == '%';
        if (!percent) {
            const auto [end, error] = std::from_chars(first, last, token.integer);
            if (error == std::errc() && end == last) {
                token.kind = Token::Kind::kInt;
                return true;
            }
            if (const auto duration = parse_duration(token.text)) {
                token.kind = Token::Kind::kDuration;
                token.duration = *duration;
                return true;
            }
        }
        const auto [end, error] = std::from_chars(first, last, token.number, std::chars_format::fixed);
        if (error != std::errc() || end != last) {
            return fail(token.begin,
                        "`" + token.text + "` is neither a number (3, 0.5, 70%) nor a duration (90s, 1h30m, 7d)");
        }
        if (percent) {
            ++at_;
            token.number /= 100;
            token.text += '%';
        }
        token.kind = Token::Kind::kNumber;
        return true;
    }

    bool joins_digits(std::size_t i) const { return text_[i] == '.' && i + 1 < text_.size() && is_digit(text_[i + 1]); }

    bool read_string(Token& token) {
        token.kind = Token::Kind::kString;
        for (++at_; at_ < text_.size(); ++at_) {
            const char c = text_[at_];
            if (c == '"') {
                ++at_;
                return true;
            }
            if (c != '\\') {
                token.text += c;
                continue;
            }
            if (++at_ == text_.size()) break;
            switch (text_[at_]) {
                case '"':
                    token.text += '"';
                    break;
                case '\\':
                    token.text += '\\';
                    break;
                case 'n':
                    token.text += '\n';
                    break;
                case 'r':
                    token.text += '\r';
                    break;
                case 't':
                    token.text += '\t';
                    break;
                default:
                    return fail(at_ - 1,
                                std::string("unknown escape `\\") + text_[at_] + "`: write \\\\ for a backslash");
            }
        }
        return fail(token.begin, "the string is not closed: a closing \" is missing");
    }

    bool read_symbol(Token& token) {
        static constexpr std::array<std::string_view, 15> kSymbols = {"==", "!=", "<=", ">=", "<", ">", "+", "-",
                                                                      "*",  "/",  "(",  ")",  "[", "]", ","};
        const std::string_view rest = text_.substr(at_);
        for (const std::string_view symbol : kSymbols) {
            if (!rest.starts_with(symbol)) continue;
            token.kind = Token::Kind::kSymbol;
            token.text = symbol;
            at_ += symbol.size();
            return true;
        }
        if (slip()) return false;
        const auto code = static_cast<unsigned char>(rest[0]);
        if (code < 0x20 || code == 0x7f) return fail(at_, "unexpected control character");
        return fail(at_, std::string("unexpected `") + rest[0] + "`");
    }

    /// Signs of other languages, and those that an input method for Chinese writes. Reports one that stands here.
    bool slip() {
        struct Slip {
            std::string_view found, meant;
        };
        static constexpr std::array<Slip, 22> kSlips = {{{"&&", "`and`"},
                                                         {"||", "`or`"},
                                                         {"=~", "`matches`"},
                                                         {"=>", "`>=`"},
                                                         {"=<", "`<=`"},
                                                         {"=", "`==`"},
                                                         {"!", "`not`"},
                                                         {"'", "double quotes"},
                                                         {"≥", "`>=`"},
                                                         {"≤", "`<=`"},
                                                         {"≠", "`!=`"},
                                                         {"＞", "`>`"},
                                                         {"＜", "`<`"},
                                                         {"＝", "`==`"},
                                                         {"（", "`(`"},
                                                         {"）", "`)`"},
                                                         {"，", "`,`"},
                                                         {"％", "`%`"},
                                                         {"“", "double quotes \""},
                                                         {"”", "double quotes \""},
                                                         {"‘", "double quotes \""},
                                                         {"　", "a blank"}}};
        const std::string_view rest = text_.substr(at_);
        for (const Slip& s : kSlips) {
            if (!rest.starts_with(s.found)) continue;
            fault_ = {at_, at_ + s.found.size(),
                      "unexpected `" + std::string(s.found) + "`: write " + std::string(s.meant)};
            return true;
        }
        return false;
    }

    std::string_view text_;
    Fault& fault_;
    std::size_t at_ = 0;
};

}  // namespace

std::vector<Token> tokenize(std::string_view text, Fault& fault) {
    if (text.size() > kExpressionBytesMax) {
        fault = {0, 1,
                 "the expression has " + std::to_string(text.size()) + " bytes, at most " +
                     std::to_string(kExpressionBytesMax)};
        return {};
    }
    std::vector<Token> tokens;
    if (!Lexer(text, fault).run(tokens)) return {};
    return tokens;
}

bool is_identifier(std::string_view text) {
    if (text.empty() || !is_letter(text[0])) return false;
    return std::all_of(text.begin(), text.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

bool is_word(std::string_view text) {
    return std::find(kWords.begin(), kWords.end(), text) != kWords.end();
}

}  // namespace tocsin::rules
