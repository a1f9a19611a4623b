// The canonical form: what the intake writes, a task reads back unchanged.
#include "decode/canonical.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <deque>

#include "decode/plan.h"
#include "fixtures.h"

namespace tocsin::decode {
namespace {

using ::testing::HasSubstr;

const std::vector<FieldDef> kFields = {
    {"a_word", FieldType::kString, {}, "", 0},   {"b_int", FieldType::kInt, {}, "", 0},
    {"c_number", FieldType::kNumber, {}, "", 0}, {"d_bool", FieldType::kBool, {}, "", 0},
    {"e_time", FieldType::kTime, {}, "", 0},     {"f_duration", FieldType::kDuration, {}, "", 0},
    {"g_text", FieldType::kText, {}, "", 0},     {"h \"quoted\"", FieldType::kString, {}, "", 0}};

EventSchema schema_of(const std::vector<FieldDef>& fields, const std::string& kind = "probe") {
    EventSchema schema = EventSchema::builtin();
    std::string problem;
    EXPECT_TRUE(schema.add(KindDef{kind, fields}, problem)) << problem;
    return schema;
}

/// Any characters, also the ones JSON escapes, as UTF-8.
std::string random_text(std::size_t characters_max) {
    const auto length = *rc::gen::inRange<std::size_t>(0, characters_max + 1);
    std::string text;
    for (std::size_t i = 0; i < length; ++i) {
        const auto group = *rc::gen::inRange(0, 4);
        const auto c = group == 0   ? *rc::gen::inRange<std::uint32_t>(0, 0x20)
                       : group == 1 ? *rc::gen::element<std::uint32_t>('"', '\\', '/', 0x7F)
                       : group == 2 ? *rc::gen::inRange<std::uint32_t>(0x20, 0xD800)
                                    : *rc::gen::inRange<std::uint32_t>(0xE000, 0x110000);
        if (c < 0x80) {
            text += static_cast<char>(c);
        } else if (c < 0x800) {
            text += static_cast<char>(0xC0 | (c >> 6));
            text += static_cast<char>(0x80 | (c & 0x3F));
        } else if (c < 0x10000) {
            text += static_cast<char>(0xE0 | (c >> 12));
            text += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
            text += static_cast<char>(0x80 | (c & 0x3F));
        } else {
            text += static_cast<char>(0xF0 | (c >> 18));
            text += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
            text += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
            text += static_cast<char>(0x80 | (c & 0x3F));
        }
    }
    return text;
}

std::int64_t random_int64() {
    if (*rc::gen::inRange(0, 3) != 0) return *rc::gen::arbitrary<std::int64_t>();
    return *rc::gen::element<std::int64_t>(INT64_MIN, INT64_MIN + 1, INT64_MAX, -1, 0, 1);
}

double random_double() {
    if (*rc::gen::inRange(0, 3) == 0) {
        return *rc::gen::element(0.0, -0.0, 9e12, -9e12, 0.1, 5e-324, 1.0 / 3, 2.2250738585072014e-308);
    }
    return static_cast<double>(*rc::gen::inRange<std::int64_t>(-9'000'000'000'000, 9'000'000'000'000)) /
           *rc::gen::element(1.0, 7.0, 1e6, 1e20);
}

Value random_value(FieldType type, std::deque<std::string>& texts) {
    switch (type) {
        case FieldType::kInt:
            return Value::of_int(random_int64());
        case FieldType::kNumber:
            return Value::of_number(random_double());
        case FieldType::kBool:
            return Value::of(*rc::gen::arbitrary<bool>());
        case FieldType::kTime:
            return Value::of_time(from_millis(random_int64()));
        case FieldType::kDuration:
            return Value::of_duration(Duration{random_int64()});
        case FieldType::kString:
        case FieldType::kText:
            break;
    }
    return Value::of_string(texts.emplace_back(random_text(12)));
}

void expect_equal(const Value& got, const Value& wanted) {
    RC_ASSERT(got.type == wanted.type);
    switch (wanted.type) {
        case Value::Type::kString:
            RC_ASSERT(got.string == wanted.string);
            break;
        case Value::Type::kBool:
            RC_ASSERT(got.boolean == wanted.boolean);
            break;
        case Value::Type::kNumber:
            RC_ASSERT(std::bit_cast<std::uint64_t>(got.number) == std::bit_cast<std::uint64_t>(wanted.number));
            break;
        default:
            RC_ASSERT(got.integer == wanted.integer);
            break;
    }
}

RC_GTEST_PROP(Canonical, EveryEventIsReadBackUnchanged, ()) {
    static const EventSchema schema = schema_of(kFields);
    static Decoder decoder = Decoder::canonical(schema);
    std::deque<std::string> texts;
    const auto text = [&] { return std::string_view(texts.emplace_back(random_text(12))); };

    Event event;
    event.kind = *schema.kind("probe");
    event.time = from_millis(random_int64());
    event.id = texts.emplace_back("i" + random_text(5));
    event.subscriber = text();
    event.customer = event.subscriber.empty() ? text() : std::string_view(texts.emplace_back("c" + random_text(5)));
    event.area = text();
    event.category = text();
    event.channel = text();
    std::vector<FieldValue> fields;
    for (const FieldDef& def : kFields) {
        const FieldId id = *schema.field(def.name);
        if (*rc::gen::arbitrary<bool>()) fields.push_back({id, random_value(def.type, texts)});
    }
    event.fields = fields;

    std::string encoded;
    encode_canonical(event, schema, encoded);
    Event read;
    const auto refused = decoder.decode(encoded, kOrigin, read);
    if (refused) RC_FAIL(refused->message + " in " + encoded);
    RC_ASSERT(read.kind == event.kind);
    RC_ASSERT(read.time == event.time);
    RC_ASSERT(read.id == event.id);
    RC_ASSERT(read.customer == event.customer);
    RC_ASSERT(read.subscriber == event.subscriber);
    RC_ASSERT(read.area == event.area);
    RC_ASSERT(read.category == event.category);
    RC_ASSERT(read.channel == event.channel);
    RC_ASSERT(read.fields.size() == fields.size());
    for (std::size_t i = 0; i < fields.size(); ++i) {
        RC_ASSERT(read.fields[i].field == fields[i].field);
        expect_equal(read.fields[i].value, fields[i].value);
    }
    std::string again;
    encode_canonical(read, schema, again);
    RC_ASSERT(again == encoded);
}

TEST(Canonical, BytesAreAsDocumented) {
    const EventSchema schema = EventSchema::builtin();
    Decoder decoder = make_decoder(complaint_mapping(), schema);
    Event event;
    ASSERT_FALSE(decoder
                     .decode(R"({"id":"A\"1","ts":"2016-01-01T00:00:00.250Z","customer":"c","region":"太原",
                                 "escalated_to_regulator":true,"case_no":"N\n7"})",
                             kOrigin, event)
                     .has_value());
    std::string out = "left over";
    encode_canonical(event, schema, out);
    EXPECT_THAT(out,
                HasSubstr(R"({"kind":"complaint","id":"A\"1","time":1451606400250,"customer":"c","area":"太原",)"));
    EXPECT_THAT(out, HasSubstr(R"("case_no":"N\u000a7")"));
    EXPECT_THAT(out, HasSubstr(R"("escalated_to_regulator":true)"));
    EXPECT_EQ(out.back(), '}');
}

TEST(Canonical, AnotherSchemaIsFoundOut) {
    const std::string record = R"({"kind":"probe","id":"1","time":0,"a_word":"w","b_int":5})";
    Decoder same = Decoder::canonical(schema_of(kFields));
    EXPECT_EQ(verdict(same, record), "counted");

    Decoder without_kind = Decoder::canonical(EventSchema::builtin());
    EXPECT_EQ(verdict(without_kind, record), "schema_changed");
    Decoder without_field = Decoder::canonical(schema_of({kFields[0]}));
    EXPECT_EQ(verdict(without_field, record), "schema_changed");
    Decoder other_type = Decoder::canonical(schema_of({kFields[0], {"b_int", FieldType::kString, {}, "", 0}}));
    EXPECT_EQ(verdict(other_type, record), "schema_changed");

    EventSchema moved = schema_of({kFields[0]});
    std::string problem;
    ASSERT_TRUE(moved.add(KindDef{"elsewhere", {kFields[1]}}, problem)) << problem;
    Decoder of_another_kind = Decoder::canonical(moved);
    EXPECT_EQ(verdict(of_another_kind, record), "schema_changed");
}

TEST(Canonical, NarrowerValuesDoNotUndoWhatWasAccepted) {
    Decoder narrower = Decoder::canonical(schema_of({{"a_word", FieldType::kString, {"only"}, "", 0}}));
    EXPECT_EQ(verdict(narrower, R"({"kind":"probe","id":"1","time":0,"a_word":"w"})"), "counted");
    EXPECT_EQ(verdict(narrower, R"({"kind":"probe","id":"1","time":0,"a_word":")" + std::string(9999, 'x') + "\"}"),
              "counted");
}

TEST(Canonical, WhatTheIntakeNeverWritesIsRefused) {
    Decoder decoder = Decoder::canonical(schema_of(kFields));
    EXPECT_EQ(verdict(decoder, R"({"id":"1","time":0})"), "kind_unknown");
    EXPECT_EQ(verdict(decoder, R"({"kind":"probe","id":"1"})"), "time_missing");
    EXPECT_EQ(verdict(decoder, R"({"kind":"probe","id":"1","time":"2016-01-01T00:00:00Z"})"), "schema_changed");
    EXPECT_EQ(verdict(decoder, R"({"kind":"probe","id":1,"time":0})"), "schema_changed");
    EXPECT_EQ(verdict(decoder, "{"), "json_invalid");
    EXPECT_EQ(verdict(decoder, ""), "empty");
    EXPECT_EQ(verdict(decoder, "[]"), "not_an_object");
}

}  // namespace
}  // namespace tocsin::decode
