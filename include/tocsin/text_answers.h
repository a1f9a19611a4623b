#pragma once
/// Of a field of type text nothing is kept with an event (design 8.1) but answers: of what rules asked about it when
/// the event came, that which differs from what is said of an event without the text. They are a field like the
/// declared ones, which no schema has; its value is a string of 8 bytes for each answer (docs/storage_format.md).

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tocsin/event.h"

namespace tocsin {

constexpr FieldId kFieldAnswers = UINT16_MAX - 1;      ///< behind all declared fields
constexpr std::string_view kAnswersName = "?answers";  ///< as stored: no declared field can be called that

/// `question`: hash64 of its canonical text.
inline void put_answer(std::string& answers, std::uint64_t question) {
    for (int i = 0; i < 8; ++i) answers.push_back(static_cast<char>(question >> (8 * i)));
}

inline bool has_answer(const Event& event, std::uint64_t question) {
    if (event.fields.empty() || event.fields.back().field != kFieldAnswers) return false;
    std::string wanted;
    put_answer(wanted, question);
    const std::string_view answers = event.fields.back().value.string;
    for (std::size_t at = 0; at < answers.size(); at += wanted.size()) {
        if (answers.substr(at, wanted.size()) == wanted) return true;
    }
    return false;
}

}  // namespace tocsin
