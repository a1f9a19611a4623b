#include "decode/json_fault.h"

#include <vector>

namespace tocsin::decode {
namespace {

bool is_digit(int c) {
    return c >= '0' && c <= '9';
}
bool is_hex(int c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_continuation(int c) {
    return c >= 0x80 && c <= 0xBF;
}

/// One pass over a text. Open brackets are kept in a vector, not on the call stack: a hostile text nests as deep as
/// it is long.
class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}

    std::optional<JsonFault> read() {
        while (!expected_) {
            if (!value() || expected_) break;
            if (!close_and_continue()) break;
        }
        if (!expected_ && at_ < text_.size()) fail("the end of the record");
        if (!expected_) return std::nullopt;
        return JsonFault{at_, *expected_};
    }

private:
    static constexpr int kEnd = -1;

    [[nodiscard]] int peek(std::size_t ahead = 0) const {
        return at_ + ahead < text_.size() ? static_cast<unsigned char>(text_[at_ + ahead]) : kEnd;
    }
    bool fail(std::string_view expected) {
        expected_ = expected;
        return false;
    }
    bool take(char c) {
        if (peek() != c) return false;
        ++at_;
        return true;
    }
    void space() {
        while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') ++at_;
    }

    /// Reads one scalar, or opens brackets until a scalar or an empty bracket has been read.
    bool value() {
        for (;;) {
            space();
            if (take('{')) {
                space();
                if (take('}')) return true;
                open_.push_back('{');
                if (!key()) return false;
            } else if (take('[')) {
                space();
                if (take(']')) return true;
                open_.push_back('[');
            } else {
                return scalar();
            }
        }
    }

    /// After a value: closes brackets and stands before the next value (true), or at the end of the document (false).
    bool close_and_continue() {
        for (;;) {
            space();
            if (open_.empty()) return false;
            if (take(',')) {
                if (open_.back() == '[') return true;
                space();
                return key();
            }
            const bool closed = take(open_.back() == '{' ? '}' : ']');
            if (!closed) return fail(open_.back() == '{' ? "',' or '}'" : "',' or ']'");
            open_.pop_back();
        }
    }

    bool key() {
        if (peek() != '"') return fail("a name in double quotes");
        if (!string()) return false;
        space();
        return take(':') || fail("':'");
    }

    bool scalar() {
        switch (peek()) {
            case '"':
                return string();
            case 't':
                return word("true");
            case 'f':
                return word("false");
            case 'n':
                return word("null");
            default:
                break;
        }
        if (peek() == '-' || is_digit(peek())) return number();
        return fail("a value");
    }

    bool word(std::string_view whole) {
        for (const char c : whole) {
            if (!take(c)) return fail("true, false or null");
        }
        return true;
    }

    bool digits() {
        if (!is_digit(peek())) return fail("a digit");
        while (is_digit(peek())) ++at_;
        return true;
    }

    bool number() {
        take('-');
        if (take('0')) {
            if (is_digit(peek())) return fail("a number without leading zero");
        } else if (!digits()) {
            return false;
        }
        if (take('.') && !digits()) return false;
        if (take('e') || take('E')) {
            if (!take('+')) take('-');
            return digits();
        }
        return true;
    }

    bool string() {
        ++at_;
        for (;;) {
            const int c = peek();
            if (c == kEnd) return fail("the closing double quote");
            if (c < 0x20) return fail("an escaped control character");
            if (c == '"') return take('"');
            if (c == '\\') {
                if (!escape()) return false;
            } else if (c < 0x80) {
                ++at_;
            } else if (!utf8()) {
                return false;
            }
        }
    }

    bool escape() {
        const int c = peek(1);
        if (c == 'u') return unicode_escape();
        if (c == kEnd || std::string_view("\"\\/bfnrt").find(static_cast<char>(c)) == std::string_view::npos) {
            return fail("an escape that JSON knows");
        }
        at_ += 2;
        return true;
    }

    /// The four digits after a backslash and u at `ahead`, or empty.
    [[nodiscard]] std::optional<unsigned> code_unit(std::size_t ahead) const {
        if (peek(ahead) != '\\' || peek(ahead + 1) != 'u') return std::nullopt;
        unsigned unit = 0;
        for (std::size_t i = 2; i < 6; ++i) {
            const int c = peek(ahead + i);
            if (!is_hex(c)) return std::nullopt;
            unit = unit * 16 + static_cast<unsigned>(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
        }
        return unit;
    }

    bool unicode_escape() {
        const std::optional<unsigned> unit = code_unit(0);
        if (!unit) return fail("four hexadecimal digits");
        if (*unit < 0xD800 || *unit > 0xDFFF) return (at_ += 6, true);
        const std::optional<unsigned> low = code_unit(6);
        if (*unit > 0xDBFF || !low || *low < 0xDC00 || *low > 0xDFFF) return fail("a pair of surrogates");
        return (at_ += 12, true);
    }

    /// One character of more than one byte: no overlong form, no surrogate, nothing above U+10FFFF.
    bool utf8() {
        const int lead = peek();
        const int second = peek(1);
        std::size_t length = 0;
        bool well_formed = is_continuation(second);
        if (lead >= 0xC2 && lead <= 0xDF) {
            length = 2;
        } else if (lead >= 0xE0 && lead <= 0xEF) {
            length = 3;
            if (lead == 0xE0) well_formed = well_formed && second >= 0xA0;
            if (lead == 0xED) well_formed = well_formed && second <= 0x9F;
        } else if (lead >= 0xF0 && lead <= 0xF4) {
            length = 4;
            if (lead == 0xF0) well_formed = well_formed && second >= 0x90;
            if (lead == 0xF4) well_formed = well_formed && second <= 0x8F;
        }
        for (std::size_t i = 2; i < length; ++i) well_formed = well_formed && is_continuation(peek(i));
        if (length == 0 || !well_formed) return fail("UTF-8");
        at_ += length;
        return true;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::vector<char> open_;
    std::optional<std::string_view> expected_;
};

}  // namespace

std::optional<JsonFault> find_json_fault(std::string_view text) {
    return Reader(text).read();
}

}  // namespace tocsin::decode
