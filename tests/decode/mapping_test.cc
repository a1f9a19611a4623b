// What a mapping accepts when it is compiled, and which values it then reads: one table row per claim.
#include <gmock/gmock.h>

#include "fixtures.h"

namespace tocsin::decode {
namespace {

using ::testing::HasSubstr;

EventSchema schema_with_everything() {
    EventSchema schema = EventSchema::builtin();
    std::string problem;
    KindDef kind;
    kind.name = "probe";
    kind.fields = {
        {"word", FieldType::kString, {}, "", 0},     {"cause", FieldType::kString, {"unregistered", "fraud"}, "", 0},
        {"steps", FieldType::kInt, {}, "", 0},       {"weight", FieldType::kNumber, {}, "", 0},
        {"urgent", FieldType::kBool, {}, "", 0},     {"until", FieldType::kTime, {}, "", 0},
        {"waited", FieldType::kDuration, {}, "", 0}, {"words", FieldType::kText, {}, "", 0}};
    EXPECT_TRUE(schema.add(kind, problem)) << problem;
    return schema;
}

TopicMapping probe_mapping() {
    TopicMapping mapping;
    mapping.topic = "probes";
    mapping.kind.fixed = "probe";
    return mapping;
}

TEST(Mapping, RefusalNamesTopicFieldAndRemedy) {
    struct Case {
        std::string what;
        void (*change)(TopicMapping&);
        std::string message;
    };
    const Case cases[] = {
        {"unknown kind", [](TopicMapping& m) { m.kind.fixed = "complaints"; },
         "topic probes: event: no kind `complaints`; declare it in events_file"},
        {"unknown kind in the map",
         [](TopicMapping& m) {
             m.kind = KindSource{"", "/type", {{"01", "probe"}, {"02", "nothing"}}};
         },
         "topic probes: event: no kind `nothing`; declare it in events_file"},
        {"no kind at all", [](TopicMapping& m) { m.kind = KindSource{}; },
         "topic probes: event: field: JSON pointer is empty: it would name the whole record; write /name"},
        {"unknown field", [](TopicMapping& m) { m.fields["custmer"].pointer = "/x"; },
         "topic probes: fields: `custmer` is neither canonical nor declared by a kind of this topic; declare it in "
         "events_file"},
        {"field of another kind", [](TopicMapping& m) { m.fields["case_no"].pointer = "/x"; },
         "topic probes: fields: `case_no` is neither canonical nor declared by a kind of this topic; declare it in "
         "events_file"},
        {"bad pointer", [](TopicMapping& m) { m.fields["area"].pointer = "areaCode"; },
         "topic probes: fields: `area`: JSON pointer \"areaCode\" must begin with '/': write /areaCode"},
        {"bad pointer of a declared field", [](TopicMapping& m) { m.fields["steps"].pointer = "/~"; },
         "topic probes: fields: `steps`: JSON pointer \"/~\" has a '~' that is not ~0 (for ~) or ~1 (for /)"},
        {"format on what is no time",
         [](TopicMapping& m) { m.fields["word"].time_format = TimeFormat::make("epoch_s", "UTC").value(); },
         "topic probes: fields: `word` is not a time; remove its format"},
    };
    for (const Case& each : cases) {
        TopicMapping mapping = probe_mapping();
        each.change(mapping);
        const auto made = Decoder::make(schema_with_everything(), mapping);
        ASSERT_FALSE(made.ok()) << each.what;
        EXPECT_EQ(made.error().message, each.message);
    }
}

struct Row {
    std::string member;    // of the record
    std::string expected;  // the value as shown(), or the code of the refusal
    std::string message;   // a part of the refusal's
};

std::string shown(const Value& value) {
    switch (value.type) {
        case Value::Type::kMissing:
            return "missing";
        case Value::Type::kBool:
            return value.boolean ? "true" : "false";
        case Value::Type::kInt:
            return "int " + std::to_string(value.integer);
        case Value::Type::kNumber:
            return "number " + std::to_string(value.number);
        case Value::Type::kTime:
            return "time " + std::to_string(value.integer);
        case Value::Type::kDuration:
            return "duration " + std::to_string(value.integer);
        case Value::Type::kString:
            return "'" + std::string(value.string) + "'";
    }
    return "?";
}

/// Decodes {"time": …, member} and compares the field of that member's name.
void expect_rows(const std::vector<Row>& rows, const TopicMapping& mapping) {
    const EventSchema schema = schema_with_everything();
    Decoder decoder = make_decoder(mapping, schema);
    for (const Row& row : rows) {
        const std::string name = row.member.substr(1, row.member.find('"', 1) - 1);
        const std::string record = R"({"time":"2020-01-01T00:00:00Z",)" + row.member + "}";
        Event event;
        const auto refused = decoder.decode(record, kOrigin, event);
        if (refused) {
            EXPECT_EQ(reject_code_name(refused->code), row.expected) << row.member;
            EXPECT_THAT(refused->message, HasSubstr(row.message)) << row.member;
            EXPECT_NE(row.message, "") << row.member << " gave " << refused->message;
        } else {
            EXPECT_EQ(shown(event.field(*schema.field(name))), row.expected) << row.member;
        }
    }
}

TEST(Mapping, StringsAreKeptByteForByteAndIntegersPrinted) {
    expect_rows({{R"("word":"a b\t\"c\" 受理")", "'a b\t\"c\" 受理'", ""},
                 {R"("word":"")", "''", ""},
                 {R"("word":" x ")", "' x '", ""},
                 {R"("word":-12)", "'-12'", ""},
                 {R"("word":-9223372036854775808)", "'-9223372036854775808'", ""},
                 {R"("word":18446744073709551615)", "'18446744073709551615'", ""},
                 {R"("word":null)", "missing", ""},
                 {R"("word":1.5)", "field_type",
                  "field `word` (/word): expected a string or an integer, found a number with fraction or exponent"},
                 {R"("word":true)", "field_type", "expected a string or an integer, found true or false"},
                 {R"("word":["x"])", "field_type", "found an array"},
                 {R"("word":{"x":1})", "field_type", "found an object"},
                 {R"("word":")" + std::string(4097, 'x') + "\"", "field_value", "4097 bytes, the most is 4096"},
                 {R"("words":"free text")", "'free text'", ""},
                 {R"("words":")" + std::string(65536, 'x') + "\"", "'" + std::string(65536, 'x') + "'", ""},
                 {R"("words":")" + std::string(65537, 'x') + "\"", "field_value", "the most is 65536"},
                 {R"("words":{})", "field_type", "found an object"},
                 {R"("cause":"fraud")", "'fraud'", ""},
                 {R"("cause":"Fraud")", "field_value",
                  "field `cause` (/cause): a value of 5 bytes is none of the 2 declared values"}},
                probe_mapping());
}

TEST(Mapping, NumbersKeepTheirTypeAndRange) {
    expect_rows({{R"("steps":7)", "int 7", ""},
                 {R"("steps":9223372036854775807)", "int 9223372036854775807", ""},
                 {R"("steps":-9223372036854775808)", "int -9223372036854775808", ""},
                 {R"("steps":9223372036854775808)", "field_value", "does not fit 64 bits"},
                 {R"("steps":3.0)", "field_type", "expected an integer, found a number with fraction or exponent"},
                 {R"("steps":1e2)", "field_type", "expected an integer"},
                 {R"("steps":"3")", "field_type", "expected an integer, found a string"},
                 {R"("weight":1)", "number 1.000000", ""},
                 {R"("weight":-2.5e3)", "number -2500.000000", ""},
                 {R"("weight":9e12)", "number 9000000000000.000000", ""},
                 {R"("weight":9.1e12)", "field_value", "the number is beyond 9e12"},
                 {R"("weight":-9000000000001)", "field_value", "the number is beyond 9e12"},
                 {R"("weight":18446744073709551615)", "field_value", "the number is beyond 9e12"},
                 {R"("weight":"1")", "field_type", "expected a number, found a string"},
                 {R"("urgent":true)", "true", ""},
                 {R"("urgent":false)", "false", ""},
                 {R"("urgent":1)", "field_type", "expected true or false, found an integer"},
                 {R"("urgent":"true")", "field_type", "expected true or false, found a string"}},
                probe_mapping());
}

TEST(Mapping, DurationsAreTextOrSeconds) {
    expect_rows({{R"("waited":"1h30m")", "duration 5400000", ""},
                 {R"("waited":90)", "duration 90000", ""},
                 {R"("waited":0.0015)", "duration 2", ""},
                 {R"("waited":0)", "duration 0", ""},
                 {R"("waited":3153600000)", "duration 3153600000000", ""},
                 {R"("waited":3153600001)", "field_value", "negative or above 100 years"},
                 {R"("waited":-1)", "field_value", "negative or above 100 years"},
                 {R"("waited":"soon")", "field_value", "not a duration such as 90s or 1h30m"},
                 {R"("waited":true)", "field_type", "expected a duration such as 1h30m or a number of seconds"}},
                probe_mapping());
}

TEST(Mapping, TimesFollowTheirFormat) {
    expect_rows({{R"("until":"1970-01-01T00:00:01.5Z")", "time 1500", ""},
                 {R"("until":"1970-01-01T08:00:00+08:00")", "time 0", ""},
                 {R"("until":"1970-01-01 00:00:00")", "field_value", "not a time in the format RFC 3339"},
                 {R"("until":"")", "field_value", "not a time"},
                 {R"("until":null)", "missing", ""},
                 {R"("until":1500)", "field_type", "expected a string, found an integer"}},
                probe_mapping());

    TopicMapping local = probe_mapping();
    local.fields["until"].time_format = TimeFormat::make("%Y-%m-%d %H:%M:%S", "Asia/Shanghai").value();
    expect_rows({{R"("until":"1970-01-01 08:00:00")", "time 0", ""},
                 {R"("until":"1970-01-01T08:00:00Z")", "field_value", "in the format %Y-%m-%d %H:%M:%S"},
                 {R"("until":0)", "field_type", "expected a string, found an integer"}},
                local);

    TopicMapping seconds = probe_mapping();
    seconds.fields["until"].time_format = TimeFormat::make("epoch_s", "UTC").value();
    expect_rows({{R"("until":12)", "time 12000", ""},
                 {R"("until":"12")", "time 12000", ""},
                 {R"("until":true)", "field_type", "expected a string or an integer, found true or false"},
                 {R"("until":"noon")", "field_value", "in the format epoch_s"}},
                seconds);

    TopicMapping millis = probe_mapping();
    millis.fields["until"].time_format = TimeFormat::make("epoch_ms", "UTC").value();
    expect_rows({{R"("until":1500)", "time 1500", ""}, {R"("until":"1500")", "time 1500", ""}}, millis);
}

TEST(Mapping, CanonicalTimeHasCodesOfItsOwn) {
    TopicMapping mapping = complaint_mapping();
    Decoder decoder = make_decoder(mapping);
    EXPECT_EQ(verdict(decoder, R"({"ts":"2099-01-01T00:00:00Z"})"), "counted");
    EXPECT_EQ(verdict(decoder, R"({"id":"1"})"), "time_missing");
    EXPECT_EQ(verdict(decoder, R"({"ts":null})"), "time_missing");
    EXPECT_EQ(verdict(decoder, R"({"time":"2020-01-01T00:00:00Z"})"), "time_missing");
    EXPECT_EQ(verdict(decoder, R"({"ts":""})"), "time_invalid");
    EXPECT_EQ(verdict(decoder, R"({"ts":"2020-02-30T00:00:00Z"})"), "time_invalid");
    EXPECT_EQ(verdict(decoder, R"({"ts":1})"), "field_type");
    EXPECT_EQ(verdict(decoder, R"({"ts":{}})"), "field_type");
}

TEST(Mapping, PointersReachIntoObjectsAndArrays) {
    TopicMapping mapping = probe_mapping();
    mapping.fields["time"].pointer = "/head/at";
    mapping.fields["id"].pointer = "/head/ids/1";
    mapping.fields["customer"].pointer = "/parties/0/number";
    mapping.fields["area"].pointer = "/a~1b/m~0n";
    mapping.fields["word"].pointer = "/head/ids/1";  // two fields may read one place
    mapping.fields["steps"].pointer = "/parties/10";
    Decoder decoder = make_decoder(mapping, schema_with_everything());
    const EventSchema schema = schema_with_everything();
    Event event;
    const std::string record = R"({"parties":[{"number":"139"},7],"a/b":{"m~n":"x"},
        "head":{"skip":{"at":"no"},"ids":["first","second"],"at":"1970-01-01T00:00:00Z"}})";
    ASSERT_FALSE(decoder.decode(record, kOrigin, event).has_value());
    EXPECT_EQ(event.id, "second");
    EXPECT_EQ(event.customer, "139");
    EXPECT_EQ(event.area, "x");
    EXPECT_EQ(to_millis(event.time), 0);
    EXPECT_EQ(shown(event.field(*schema.field("word"))), "'second'");
    EXPECT_EQ(shown(event.field(*schema.field("steps"))), "missing");

    // A scalar, null, or an object where an array was meant: the field is missing; "1" is also a name.
    ASSERT_FALSE(decoder
                     .decode(R"({"head":{"at":"1970-01-01T00:00:00Z","ids":{"1":"named"}},"parties":null,"a/b":3})",
                             kOrigin, event)
                     .has_value());
    EXPECT_EQ(event.id, "named");
    EXPECT_EQ(event.customer, "");
    EXPECT_EQ(event.area, "");
}

TEST(Mapping, LastOfARepeatedNameCounts) {
    TopicMapping mapping = complaint_mapping();
    mapping.fields["customer"].pointer = "/who/number";
    Decoder decoder = make_decoder(mapping);
    Event event;
    ASSERT_FALSE(decoder
                     .decode(R"({"ts":5,"id":{},"who":{"number":"1"},"ts":"1970-01-01T00:00:00Z","id":"a","id":"b",
                                 "who":{"name":"x"}})",
                             kOrigin, event)
                     .has_value());
    EXPECT_EQ(event.id, "b");
    EXPECT_EQ(event.customer, "") << "the last `who` has no number";
    ASSERT_FALSE(decoder.decode(R"({"ts":"1970-01-01T00:00:00Z","i\u0064":"escaped"})", kOrigin, event).has_value());
    EXPECT_EQ(event.id, "escaped");
}

TEST(Mapping, KindComesFromTheRecord) {
    TopicMapping mapping;
    mapping.topic = "cs.all";
    mapping.kind = KindSource{"", "/head/type", {{"01", "complaint"}, {"2", "urge"}, {"", "refund"}}};
    const EventSchema schema = EventSchema::builtin();
    Decoder decoder = make_decoder(mapping, schema);
    const auto kind_of = [&](const std::string& type) {
        Event event;
        const auto refused =
            decoder.decode(R"({"time":"2020-01-01T00:00:00Z","head":{"type":)" + type + "}}", kOrigin, event);
        return refused ? std::string(reject_code_name(refused->code)) + ": " + refused->message
                       : schema.kind_def(event.kind).name;
    };
    EXPECT_EQ(kind_of("\"01\""), "complaint");
    EXPECT_EQ(kind_of("\"2\""), "urge");
    EXPECT_EQ(kind_of("2"), "urge");
    EXPECT_EQ(kind_of("\"\""), "refund");
    EXPECT_EQ(kind_of("\"03\""),
              "kind_unknown: field `event` (/head/type): a value of 2 bytes names none of the 3 known kinds");
    EXPECT_EQ(kind_of("null"), "kind_unknown: field `event` (/head/type) is missing");
    EXPECT_EQ(kind_of("[]"), "field_type: field `event` (/head/type): expected a string or an integer, found an array");

    mapping.kind.kinds.clear();  // then the value is the kind's name
    decoder = make_decoder(mapping, schema);
    EXPECT_EQ(kind_of("\"suspension\""), "suspension");
    EXPECT_EQ(kind_of("\"01\"").substr(0, 12), "kind_unknown");
}

TEST(Mapping, FieldsOfOtherKindsAreNotRead) {
    TopicMapping mapping;
    mapping.topic = "cs.all";
    mapping.kind.pointer = "/type";
    const EventSchema schema = EventSchema::builtin();
    Decoder decoder = make_decoder(mapping, schema);
    Event event;
    // `balance` is a number of account_cancelled; a complaint may call anything so.
    ASSERT_FALSE(
        decoder
            .decode(R"({"time":"2020-01-01T00:00:00Z","type":"complaint","balance":{},"case_no":5,"text":"t"})",
                    kOrigin, event)
            .has_value());
    ASSERT_EQ(event.fields.size(), 2u);
    EXPECT_LT(event.fields[0].field, event.fields[1].field);
    EXPECT_EQ(shown(event.field(*schema.field("case_no"))), "'5'");
    EXPECT_EQ(shown(event.field(*schema.field("text"))), "'t'");
    EXPECT_EQ(verdict(decoder, R"({"time":"2020-01-01T00:00:00Z","type":"account_cancelled","balance":{}})"),
              "field_type");
}

}  // namespace
}  // namespace tocsin::decode
