#pragma once
/// The words of an expression (design 7).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/fault.h"
#include "tocsin/time.h"

namespace tocsin::rules {

/// The longest expression, in bytes.
constexpr std::size_t kExpressionBytesMax = 4096;

struct Token {
    enum class Kind : std::uint8_t { kEnd, kName, kWord, kSymbol, kInt, kNumber, kDuration, kString };

    Kind kind = Kind::kEnd;
    std::size_t begin = 0;  ///< bytes of the text: [begin, end)
    std::size_t end = 0;
    std::string text;          ///< kString: without quotes and escapes; else as written
    std::int64_t integer = 0;  ///< kInt
    double number = 0;         ///< kNumber; `5%` is 0.05
    Duration duration{};       ///< kDuration
};

/// Splits a text into tokens; the last one is kEnd. Names may hold dots (`threshold.red`). kWord: and or not in matches
/// over true false. Empty with `fault` filled if a character, number, duration or string cannot be read.
std::vector<Token> tokenize(std::string_view text, Fault& fault);

/// Letters, digits and `_`, not beginning with a digit; bytes above 0x7f are letters.
bool is_identifier(std::string_view text);

/// One of the words that an expression keeps for itself (kWord).
bool is_word(std::string_view text);

}  // namespace tocsin::rules
