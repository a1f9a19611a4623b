// A dead letter says where the record stood and why it was refused, and keeps its bytes (invariant I4).
#include "outbox/dead_letter.h"

#include "base/digest.h"
#include "fixtures.h"

namespace tocsin::outbox {
namespace {

DeadLetter letter_of(std::string value) {
    DeadLetter letter;
    letter.origin = {"cs.complaints", 3, 4711};
    letter.code = "json_invalid";
    letter.message = "the value ends inside an object";
    letter.stage = "decode";
    letter.timestamp_ms = 1'772'366'400'123;
    letter.key = "k";
    letter.value = std::move(value);
    letter.headers = {{"source", "crm"}};
    return letter;
}

std::string header(const DeadLetter& letter, const std::string& name) {
    std::string found = "(none)";
    for (const auto& [known, text] : letter.headers) {
        if (known == name) {
            EXPECT_EQ(found, "(none)") << name << " is there twice";
            found = text;
        }
    }
    return found;
}

TEST(DeadLetter, HeadersSayWhereAndWhyBehindTheOriginalOnes) {
    DeadLetter letter = letter_of("{");
    finish(letter);
    EXPECT_EQ(letter.id(), "cs.complaints/3/4711");
    EXPECT_EQ(letter.headers.front(), (std::pair<std::string, std::string>{"source", "crm"}));
    EXPECT_EQ(letter.value, "{");
    const std::pair<const char*, const char*> kExpected[] = {{"code", "json_invalid"},
                                                             {"message", "the value ends inside an object"},
                                                             {"stage", "decode"},
                                                             {"topic", "cs.complaints"},
                                                             {"partition", "3"},
                                                             {"offset", "4711"},
                                                             {"timestamp", "2026-03-01T12:00:00.123Z"},
                                                             {"value_bytes", "(none)"},
                                                             {"value_sha256", "(none)"}};
    for (const auto& [name, value] : kExpected) {
        EXPECT_EQ(header(letter, std::string("tocsin.error.") + name), value) << name;
    }
}

TEST(DeadLetter, OfADeadLetterHasItsHeadersOnce) {
    DeadLetter letter = letter_of("{");
    letter.headers.emplace_back("tocsin.error.code", "an older reason");
    finish(letter);
    EXPECT_EQ(header(letter, "tocsin.error.code"), "json_invalid");
}

TEST(DeadLetter, ThatComesAgainTellsItsOwnLengthAndNotThatOfItsFirstLife) {
    DeadLetter letter = letter_of(std::string(DeadLetter::kValueBytesMax + 1, 'v'));
    finish(letter);
    letter.value.resize(DeadLetter::kValueBytesMax + 7, 'w');
    finish(letter);
    EXPECT_EQ(header(letter, "tocsin.error.value_bytes"), std::to_string(DeadLetter::kValueBytesMax + 7));
    letter.value = "{";
    finish(letter);
    EXPECT_EQ(header(letter, "tocsin.error.value_bytes"), "(none)");
}

TEST(DeadLetter, LongValueIsCutAndItsLengthAndHashAreTold) {
    const std::string value(DeadLetter::kValueBytesMax + 1, 'v');
    DeadLetter letter = letter_of(value);
    finish(letter);
    EXPECT_EQ(letter.value.size(), DeadLetter::kValueBytesMax);
    EXPECT_EQ(header(letter, "tocsin.error.value_bytes"), std::to_string(value.size()));
    EXPECT_EQ(header(letter, "tocsin.error.value_sha256"), hex(as_text(sha256(value))));
}

TEST(DeadLetter, ValueOfJustTheLimitIsWhole) {
    DeadLetter letter = letter_of(std::string(DeadLetter::kValueBytesMax, 'v'));
    finish(letter);
    EXPECT_EQ(letter.value.size(), DeadLetter::kValueBytesMax);
    EXPECT_EQ(header(letter, "tocsin.error.value_bytes"), "(none)");
}

TEST(DeadLetter, RefusedForItsSizeIsCutUntilNothingIsLeftAndStillTellsTheFirstLength) {
    const std::string value = "0123456789";
    DeadLetter letter = letter_of(value);
    finish(letter);
    int cuts = 0;
    while (!letter.value.empty() && cut_further(letter)) ++cuts;
    EXPECT_EQ(cuts, 4) << "10, 5, 2, 1, nothing";
    EXPECT_EQ(header(letter, "source"), "crm") << "headers and key last";
    while (cut_further(letter)) ++cuts;
    EXPECT_EQ(cuts, 6);
    EXPECT_EQ(header(letter, "source"), "(none)");
    EXPECT_EQ(header(letter, "tocsin.error.headers_dropped"), "1");
    EXPECT_EQ(header(letter, "tocsin.error.code"), "json_invalid") << "why and where is never left out";
    EXPECT_TRUE(letter.key.empty());
    EXPECT_TRUE(letter.value.empty());
    EXPECT_EQ(header(letter, "tocsin.error.value_bytes"), "10");
    EXPECT_EQ(header(letter, "tocsin.error.value_sha256"), hex(as_text(sha256(value))));
}

void expect_back(const DeadLetter& letter) {
    const auto back = decode_dead_letter(encode_dead_letter(letter));
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(back->id(), letter.id());
    EXPECT_EQ(back->code, letter.code);
    EXPECT_EQ(back->message, letter.message);
    EXPECT_EQ(back->stage, letter.stage);
    EXPECT_EQ(back->timestamp_ms, letter.timestamp_ms);
    EXPECT_EQ(back->key, letter.key);
    EXPECT_EQ(back->value, letter.value);
    EXPECT_EQ(back->has_value, letter.has_value);
    EXPECT_EQ(back->headers, letter.headers);
}

TEST(DeadLetter, ReadsBackWhatWasStored) {
    DeadLetter letter = letter_of(std::string("\0\xFF{", 3));
    finish(letter);
    expect_back(letter);
    letter.has_value = false;
    letter.value.clear();
    expect_back(letter);
}

TEST(DeadLetter, StoredFormIsPinned) {
    DeadLetter letter;
    letter.origin = {"t", 1, 2};
    letter.code = "c";
    letter.key = "k";
    letter.value = "v";
    letter.headers = {{"h", "x"}};
    EXPECT_EQ(hex(encode_dead_letter(letter)),
              "0174"
              "02"
              "04"
              "0163"
              "00"
              "00"
              "00"
              "016b"
              "01"
              "0176"
              "01"
              "0168"
              "0178");
}

TEST(DeadLetter, EveryCutOrLengthenedFormIsRefused) {
    const std::string bytes = encode_dead_letter(letter_of("{"));
    for (std::size_t n = 0; n < bytes.size(); ++n) {
        EXPECT_FALSE(decode_dead_letter(std::string_view(bytes).substr(0, n)).has_value()) << n;
    }
    EXPECT_FALSE(decode_dead_letter(bytes + "x").has_value());
}

RC_GTEST_PROP(DeadLetter, NoBytesCrashTheDecoder, (const std::string& bytes)) {
    RC_TAG(decode_dead_letter(bytes).has_value());
}

}  // namespace
}  // namespace tocsin::outbox
