// Whole records: identity, limits, reuse of buffers, and what a refusal may say.
#include "decode/decoder.h"

#include <gmock/gmock.h>

#include <random>

#include "decode/json_fault.h"
#include "decode/plan.h"
#include "fixtures.h"

namespace tocsin::decode {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kTime = R"("ts":"2016-01-01T00:00:00Z")";

class DecoderTest : public ::testing::Test {
protected:
    Event decode(const std::string& record) {
        Event event;
        const auto refused = decoder_.decode(record, kOrigin, event);
        EXPECT_FALSE(refused.has_value()) << record << ": " << refused->message;
        return event;
    }
    std::string message(std::string_view record) {
        Event event;
        const auto refused = decoder_.decode(record, kOrigin, event);
        return refused ? refused->message : "counted";
    }
    Decoder decoder_ = make_decoder(complaint_mapping());
};

TEST_F(DecoderTest, ReadsEveryCanonicalField) {
    const Event event = decode(R"({"id":"A-1","ts":"2016-01-01T00:00:00.250Z","customer":"c","subscriber":"s",
        "region":"太原/小店","category":"billing","channel":"hotline","unread":[1,{"a":null}]})");
    EXPECT_EQ(event.kind, *EventSchema::builtin().kind("complaint"));
    EXPECT_EQ(to_millis(event.time), 1451606400250);
    EXPECT_EQ(event.id, "A-1");
    EXPECT_EQ(event.customer, "c");
    EXPECT_EQ(event.subscriber, "s");
    EXPECT_EQ(event.area, "太原/小店");
    EXPECT_EQ(event.category, "billing");
    EXPECT_EQ(event.channel, "hotline");
    EXPECT_TRUE(event.fields.empty());
}

TEST_F(DecoderTest, OnlyATimeIsRequired) {
    const Event event = decode("{" + kTime + "}");
    EXPECT_EQ(event.id, "cs.complaints/3/42");
    EXPECT_EQ(event.customer, "");
    EXPECT_EQ(event.subscriber, "");
    EXPECT_EQ(event.area, "");
}

TEST_F(DecoderTest, NullAndEmptyTextAreMissing) {
    const Event event =
        decode(R"({"id":"","customer":null,"subscriber":"s","region":"","category":null,"channel":"",)" + kTime + "}");
    EXPECT_EQ(event.id, "cs.complaints/3/42");
    EXPECT_EQ(event.customer, "s") << "the subscriber is the customer";
    EXPECT_EQ(event.subscriber, "s");
    EXPECT_EQ(event.area, "");
    EXPECT_EQ(event.channel, "");
}

TEST_F(DecoderTest, IntegersAreAcceptedForIdentities) {
    const Event event = decode(R"({"id":7,"customer":13900000001,"region":140100,"channel":-1,)" + kTime + "}");
    EXPECT_EQ(event.id, "7");
    EXPECT_EQ(event.customer, "13900000001");
    EXPECT_EQ(event.area, "140100");
    EXPECT_EQ(event.channel, "-1");
}

TEST_F(DecoderTest, NothingReadIsLeftFromTheRecordBefore) {
    (void)decode(R"({"id":"1","customer":"c","region":"r","category":"k","channel":"h","case_no":"n",)" + kTime + "}");
    const Event event = decode("{" + kTime + "}");
    EXPECT_EQ(event.id, "cs.complaints/3/42");
    EXPECT_EQ(event.customer, "");
    EXPECT_EQ(event.category, "");
    EXPECT_TRUE(event.fields.empty());
}

TEST_F(DecoderTest, IdentitiesHaveLimits) {
    const std::pair<std::string, std::size_t> limits[] = {
        {"id", kIdBytesMax},       {"customer", kCustomerBytesMax}, {"subscriber", kCustomerBytesMax},
        {"region", kAreaBytesMax}, {"category", kCategoryBytesMax}, {"channel", kCategoryBytesMax}};
    for (const auto& [name, most] : limits) {
        const auto record = [&, field = name](std::size_t size) {
            return "{\"" + field + "\":\"" + std::string(size, 'x') + "\"," + kTime + "}";
        };
        EXPECT_EQ(verdict(decoder_, record(most)), "counted") << name;
        EXPECT_EQ(verdict(decoder_, record(most + 1)), "field_value") << name;
        EXPECT_THAT(message(record(most + 1)), HasSubstr(std::to_string(most + 1) + " bytes, the most is"));
    }
}

TEST_F(DecoderTest, RecordWithoutValueIsEmpty) {
    for (const std::string_view value : {std::string_view(), std::string_view(""), std::string_view(" \t\r\n ")}) {
        EXPECT_EQ(verdict(decoder_, value), "empty");
    }
    EXPECT_EQ(verdict(decoder_, std::string_view("\0", 1)), "json_invalid");
    EXPECT_EQ(verdict(decoder_, "\v"), "json_invalid");
}

TEST_F(DecoderTest, ByteOrderMarkIsSkippedOnlyAtTheBeginning) {
    EXPECT_EQ(verdict(decoder_, "\xEF\xBB\xBF{" + kTime + "}"), "counted");
    EXPECT_EQ(verdict(decoder_, "\xEF\xBB\xBF"), "json_invalid");
    EXPECT_EQ(verdict(decoder_, "\xEF\xBB\xBF \n"), "json_invalid");
    EXPECT_EQ(verdict(decoder_, "\xEF\xBB\xBF\xEF\xBB\xBF{" + kTime + "}"), "json_invalid");
    EXPECT_EQ(verdict(decoder_, " \xEF\xBB\xBF{" + kTime + "}"), "json_invalid");
    EXPECT_EQ(verdict(decoder_, "\xEF\xBB"), "json_invalid");
    EXPECT_EQ(message("\xEF\xBB\xBF{\"a\"}"), "byte 7 of 8: expected ':'");
}

TEST_F(DecoderTest, AnythingButAnObjectIsRefused) {
    EXPECT_EQ(message("[]"), "expected an object, found an array");
    EXPECT_EQ(message("3"), "expected an object, found an integer");
    EXPECT_EQ(message("\"x\""), "expected an object, found a string");
    EXPECT_EQ(message("null"), "expected an object, found null");
    EXPECT_EQ(message("1.5"), "expected an object, found a number with fraction or exponent");
    EXPECT_EQ(message("true"), "expected an object, found true or false");
    EXPECT_EQ(verdict(decoder_, "[]"), "not_an_object");
}

TEST_F(DecoderTest, MessagesNameTheByteButNoCustomerData) {
    EXPECT_EQ(message(R"({"customer":"13900000001",})"), "byte 26 of 27: expected a name in double quotes");
    for (const std::string record :
         {R"({"customer":"13900000001)", R"({"customer":{"n":"13900000001"},)", R"({"ts":"13900000001"})",
          R"({"ts":13900000001})", R"({"customer":["13900000001"],"ts":"2016-01-01T00:00:00Z"})"}) {
        EXPECT_THAT(message(record), Not(HasSubstr("139"))) << record;
        EXPECT_NE(message(record), "counted") << record;
    }
}

TEST_F(DecoderTest, DepthIsLimited) {
    const auto nested = [](std::size_t levels) {
        return "{" + kTime + ",\"x\":" + std::string(levels, '[') + std::string(levels, ']') + "}";
    };
    EXPECT_EQ(verdict(decoder_, nested(1000)), "counted");
    EXPECT_EQ(verdict(decoder_, nested(1100)), "json_invalid");
    EXPECT_THAT(message(nested(1100)), HasSubstr("nested deeper than 1024 levels"));
    EXPECT_EQ(verdict(decoder_, nested(1'000'000)), "json_invalid");
    EXPECT_EQ(verdict(decoder_, nested(1000)), "counted");
}

TEST_F(DecoderTest, NumbersAreLimitedEvenWhereNothingReadsThem) {
    for (const std::string number : {"1e400", "-1e400", "18446744073709551616", "-9223372036854775809"}) {
        EXPECT_EQ(verdict(decoder_, "{" + kTime + ",\"x\":" + number + "}"), "json_invalid") << number;
        EXPECT_THAT(message("{" + kTime + ",\"x\":" + number + "}"), HasSubstr("a number beyond")) << number;
    }
}

TEST_F(DecoderTest, TenMebibytesAreReadAndGivenBack) {
    const std::string large = "{" + kTime + R"(,"id":"big","x":")" + std::string(10u << 20, 'y') + "\"}";
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(decode(large).id, "big");
        EXPECT_EQ(decode(R"({"id":"small",)" + kTime + "}").id, "small");
    }
    EXPECT_EQ(verdict(decoder_, large.substr(0, large.size() - 1)), "json_invalid");
    const std::string many = "{" + kTime + R"(,"x":[)" + [] {
        std::string zeros = "0";
        for (int i = 0; i < 5'000'000; ++i) zeros += ",0";
        return zeros;
    }() + "]}";
    EXPECT_EQ(verdict(decoder_, many), "counted");
}

TEST_F(DecoderTest, LargestRecordIsReadAndOneByteMoreRefused) {
    std::string record = "{" + kTime + "}";
    record.resize(Decoder::kRecordBytesMax, ' ');
    EXPECT_EQ(verdict(decoder_, record), "counted");
    record += ' ';
    EXPECT_EQ(verdict(decoder_, record), "too_large");
    EXPECT_EQ(message(record), "a record of 16777217 bytes, the most is 16777216");
}

TEST_F(DecoderTest, ReadsNoByteBehindThePayload) {
    // The view ends inside a larger text: what follows must not matter.
    const std::string record = "{" + kTime + "}";
    const std::string followed = record + "]]]\"";
    EXPECT_EQ(verdict(decoder_, std::string_view(followed).substr(0, record.size())), "counted");
    EXPECT_EQ(verdict(decoder_, followed), "json_invalid");
    const std::string cut = "{" + kTime + ",\"x\":12}";
    EXPECT_EQ(verdict(decoder_, std::string_view(cut).substr(0, cut.size() - 1)), "json_invalid");
}

TEST_F(DecoderTest, MovedDecoderGoesOn) {
    Decoder other = std::move(decoder_);
    EXPECT_EQ(verdict(other, "{" + kTime + "}"), "counted");
    decoder_ = std::move(other);
    EXPECT_EQ(verdict(decoder_, "{" + kTime + "}"), "counted");
}

TEST(RejectCode, NamesAreTheContract) {
    const std::pair<RejectCode, std::string> names[] = {
        {RejectCode::kEmpty, "empty"},
        {RejectCode::kTooLarge, "too_large"},
        {RejectCode::kJsonInvalid, "json_invalid"},
        {RejectCode::kNotAnObject, "not_an_object"},
        {RejectCode::kKindUnknown, "kind_unknown"},
        {RejectCode::kTimeMissing, "time_missing"},
        {RejectCode::kTimeInvalid, "time_invalid"},
        {RejectCode::kFieldType, "field_type"},
        {RejectCode::kFieldValue, "field_value"},
        {RejectCode::kCloudEvent, "cloudevent_invalid"},
        {RejectCode::kSchemaChanged, "schema_changed"},
    };
    EXPECT_EQ(std::size(names), static_cast<std::size_t>(kRejectCodes));
    for (const auto& [code, name] : names) EXPECT_EQ(reject_code_name(code), name);
}

/// Either noise, or a valid record with a few bytes changed: the second gets past the first few checks.
std::string random_record(std::mt19937_64& random) {
    static constexpr std::string_view kAlphabet = "{}[]\",:\\/ \n0123456789.-+eEtruefalsn\xE4\xBD\xA0\xEF\xBB\xBF\x01u";
    std::string text;
    if (random() % 2 == 0) {
        text.resize(random() % 40);
        for (char& c : text)
            c = random() % 8 == 0 ? static_cast<char>(random()) : kAlphabet[random() % kAlphabet.size()];
        return text;
    }
    text = R"({"id":"1","ts":"2016-01-01T00:00:00Z","customer":12,"region":null,"x":[1.5,{"a":"\u00e9"}]})";
    for (std::uint64_t changes = random() % 4; changes > 0; --changes) {
        text[random() % text.size()] = kAlphabet[random() % kAlphabet.size()];
    }
    if (random() % 4 == 0) text.resize(random() % text.size());
    return text;
}

TEST_F(DecoderTest, ParserAndGrammarAgreeOnRandomBytes) {
    int counted = 0, invalid = 0;
    for (std::uint64_t seed = 1; seed <= 100'000; ++seed) {
        std::mt19937_64 random(seed);
        const std::string text = random_record(random);
        Event event;
        const auto refused = decoder_.decode(text, kOrigin, event);
        counted += refused ? 0 : 1;
        const bool called_invalid = refused && refused->code == RejectCode::kJsonInvalid;
        invalid += called_invalid ? 1 : 0;
        if (refused && refused->code == RejectCode::kEmpty) continue;
        // A number beyond 64 bits is the one thing that the grammar admits and the parser refuses at this size.
        if (called_invalid && refused->message.find("number beyond") != std::string::npos) continue;
        std::string_view json = text;
        if (json.substr(0, 3) == "\xEF\xBB\xBF") json.remove_prefix(3);
        ASSERT_EQ(find_json_fault(json).has_value(), called_invalid) << "seed " << seed << ": " << text;
        if (!refused) {
            ASSERT_FALSE(event.id.empty()) << "seed " << seed;
        }
    }
    EXPECT_GT(counted, 5'000);
    EXPECT_GT(invalid, 50'000);
}

}  // namespace
}  // namespace tocsin::decode
