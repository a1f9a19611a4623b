// CloudEvents 1.0 on Kafka, in both content modes: what is read, and what is refused in which words.
#include <gmock/gmock.h>

#include "fixtures.h"

namespace tocsin::decode {
namespace {

using ::testing::HasSubstr;

const RecordHeaders kBinary = {{"ce_specversion", "1.0"},
                               {"ce_id", "A-1"},
                               {"ce_source", "/hall/7"},
                               {"ce_type", "cn.example.complaint"},
                               {"ce_time", "2018-04-05T03:56:24Z"},
                               {"content-type", "application/json"}};
const std::string kData = R"({"customer":"c1","area":"a","case_no":"N7"})";
const std::string kStructured =
    R"({"specversion":"1.0","id":"A-1","source":"/hall/7","type":"cn.example.complaint","time":"2018-04-05T03:56:24Z",)"
    R"("data":{"customer":"c1","area":"a","case_no":"N7"}})";

TopicMapping cloud_mapping() {
    TopicMapping mapping;
    mapping.topic = "cs.cloud";
    mapping.format = RecordFormat::kCloudEvents;
    mapping.kind = KindSource{"", "/type", {{"cn.example.complaint", "complaint"}}};
    return mapping;
}

RecordHeaders with(RecordHeaders headers, const std::string& name, const std::string& value) {
    std::erase_if(headers, [&](const auto& header) { return header.first == name; });
    if (!value.empty()) headers.emplace_back(name, value);
    return headers;
}

void expect_the_complaint(Decoder& decoder, std::string_view value, const RecordHeaders& headers) {
    Event event;
    const auto refused = decoder.decode(value, headers, kOrigin, event);
    ASSERT_FALSE(refused) << refused->message;
    EXPECT_EQ(event.id, "/hall/7#A-1");
    EXPECT_EQ(event.customer, "c1");
    EXPECT_EQ(event.area, "a");
    EXPECT_EQ(to_millis(event.time), 1522900584000);
    ASSERT_EQ(event.fields.size(), 1u);
    EXPECT_EQ(event.fields[0].value.string, "N7");
}

TEST(CloudEvent, BothModesGiveTheSameEvent) {
    Decoder decoder = make_decoder(cloud_mapping());
    expect_the_complaint(decoder, kData, kBinary);
    expect_the_complaint(decoder, kData, with(kBinary, "content-type", ""));
    expect_the_complaint(decoder, kData, with(kBinary, "content-type", "application/vnd.example+json"));
    for (const char* type : {"application/cloudevents+json", "application/cloudevents+json; charset=utf-8",
                             "Application/CloudEvents+JSON;Charset=\"UTF-8\""}) {
        expect_the_complaint(decoder, kStructured, {{"content-type", type}});
        expect_the_complaint(decoder, kStructured, {{"Content-Type", type}});
    }
}

TEST(CloudEvent, InAFileItIsStructured) {
    Decoder decoder = make_decoder(cloud_mapping());
    Event event;
    ASSERT_FALSE(decoder.decode(kStructured, kOrigin, event));
    EXPECT_EQ(event.customer, "c1");
}

TEST(CloudEvent, AnIdIsItsOwnOnlyBesideItsSourceUnlessMapped) {
    TopicMapping mapping = cloud_mapping();
    mapping.fields["id"].pointer = "/data/case_no";
    mapping.fields["area"].pointer = "/subject";
    Decoder decoder = make_decoder(mapping);
    Event event;
    ASSERT_FALSE(decoder.decode(kData, with(kBinary, "ce_subject", "140100"), kOrigin, event));
    EXPECT_EQ(event.id, "N7");
    EXPECT_EQ(event.area, "140100");
}

TEST(CloudEvent, AValueCannotSmuggleInAttributes) {
    Decoder decoder = make_decoder(cloud_mapping());
    Event event;
    const auto refused = decoder.decode(R"({"customer":"c1"},"id":"forged")", kBinary, kOrigin, event);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->code, RejectCode::kJsonInvalid);
    EXPECT_THAT(refused->message, HasSubstr("byte 17 of 31"));
    const auto further = decoder.decode(R"({"customer":"c1"},"other":1)", kBinary, kOrigin, event);
    ASSERT_TRUE(further);
    EXPECT_EQ(further->code, RejectCode::kJsonInvalid);
}

TEST(CloudEvent, WhatIsNoneIsRefusedInItsOwnWords) {
    const RecordHeaders structured = {{"content-type", "application/cloudevents+json"}};
    struct Case {
        std::string value;
        RecordHeaders headers;
        std::string message;
    };
    const Case cases[] = {
        {kData, {{"content-type", "application/json"}}, "neither a ce_specversion header nor the content type"},
        {"[]", {{"content-type", "application/cloudevents-batch+json"}}, "batches"},
        {kData, with(kBinary, "content-type", "application/avro"), "the content type of the data is not JSON"},
        {kStructured, {{"content-type", "application/cloudevents+json; charset=gbk"}}, "the charset is not UTF-8"},
        {kData, with(kBinary, "ce_specversion", "0.3"), "specversion is not \"1.0\""},
        {kData, with(kBinary, "ce_source", ""), "source is missing"},
        {kData, with(kBinary, "ce_id", ""), "id is missing"},
        {kData, with(kBinary, "ce_subject", "\xff"), "an attribute is not UTF-8"},
        {R"({"specversion":"1.0","id":"1","source":"s","data_base64":"e30="})", structured, "data_base64"},
        {R"({"specversion":1.0,"id":"1","source":"s"})", structured, "specversion is not \"1.0\""},
    };
    Decoder decoder = make_decoder(cloud_mapping());
    for (const Case& c : cases) {
        SCOPED_TRACE(c.message);
        Event event;
        const auto refused = decoder.decode(c.value, c.headers, kOrigin, event);
        ASSERT_TRUE(refused);
        EXPECT_EQ(reject_code_name(refused->code), "cloudevent_invalid");
        EXPECT_THAT(refused->message, HasSubstr(c.message));
    }
}

TEST(CloudEvent, WithoutDataItHasItsAttributesOnly) {
    TopicMapping mapping = cloud_mapping();
    mapping.fields["customer"].pointer = "/subject";
    Decoder decoder = make_decoder(mapping);
    Event event;
    ASSERT_FALSE(decoder.decode("", with(kBinary, "ce_subject", "c9"), kOrigin, event));
    EXPECT_EQ(event.customer, "c9");
}

// The scenarios of the specification's conformance suite: each value and its headers, read as they stand there.
TEST(CloudEvent, TheConformanceSuitesKafkaScenariosAreRead) {
    const auto folder = shared_data("data/conformance/cloudevents");
    if (!folder) return;
    const std::string text = read_whole(*folder / "kafka-protocol-binding.feature");
    const auto payload = [&](std::size_t from) {
        const std::size_t begin = text.find("\"\"\"", from) + 3;
        return text.substr(begin, text.find("\"\"\"", begin) - begin);
    };
    TopicMapping mapping = cloud_mapping();
    mapping.kind = KindSource{"complaint", "", {}};
    mapping.fields["customer"].pointer = "/data/message";
    Decoder decoder = make_decoder(mapping);
    RecordHeaders binary;
    for (const char* name : {"ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "content-type"}) {
        const std::size_t row = text.find("| ", text.find(std::string(" ") + name + " |") + 1);
        binary.emplace_back(name, text.substr(row + 2, text.find(' ', row + 2) - row - 2));
    }
    const std::size_t structured = text.find("Scenario Outline: Structured");
    const std::pair<std::string, RecordHeaders> records[] = {
        {payload(text.find("Scenario: Binary")), binary},
        {payload(structured), {{"content-type", "application/cloudevents+json"}}},
        {payload(structured), {{"content-type", "application/cloudevents+json; charset=utf-8"}}}};
    for (const auto& [value, headers] : records) {
        Event event;
        const auto refused = decoder.decode(value, headers, kOrigin, event);
        ASSERT_FALSE(refused) << refused->message;
        EXPECT_EQ(event.id, "/mycontext/subcontext#1234-1234-1234");
        EXPECT_EQ(event.customer, "Hello World!");
        EXPECT_EQ(to_millis(event.time), 1522900584000);
    }
}

}  // namespace
}  // namespace tocsin::decode
