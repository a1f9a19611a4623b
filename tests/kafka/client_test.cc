#include "kafka/client.h"

#include <gtest/gtest.h>

#include "kafka/admin.h"
#include "kafka/handles.h"

namespace tocsin::kafka {
namespace {

TEST(Partitioners, AgreeWithTheirOriginals) {
    // Values of murmur2 as Kafka's own tests state them (org.apache.kafka.common.utils.Utils).
    const std::pair<const char*, std::int32_t> murmur[] = {{"21", -973932308},
                                                           {"foobar", -790332482},
                                                           {"a-little-bit-long-string", -985981536},
                                                           {"a-little-bit-longer-string", -1486304829},
                                                           {"abc", 479470107}};
    for (const auto& [key, hash] : murmur) {
        for (const int partitions : {1, 4, 1000003}) {
            EXPECT_EQ(murmur2_partition_of(key, partitions), (hash & 0x7fffffff) % partitions) << key;
        }
    }
    EXPECT_EQ(partition_of("123456789", 1000), 3421780262u % 1000) << "the check value of CRC-32";
}

TEST(ClientProperties, WhatCannotWorkIsRefusedBeforeAnyConnection) {
    EXPECT_TRUE(check_client({}).ok());
    EXPECT_TRUE(check_client({{"client.id", "tocsin"}, {"fetch.wait.max.ms", "50"}}).ok());
    for (const Properties& bad : {Properties{{"no.such.property", "1"}}, Properties{{"enable.auto.commit", "true"}},
                                  Properties{{"fetch.wait.max.ms", "soon"}}}) {
        const auto checked = check_client(bad);
        ASSERT_FALSE(checked.ok()) << bad.begin()->first;
        EXPECT_EQ(checked.error().kind, ErrorKind::kReject);
        EXPECT_NE(checked.error().message.find(bad.begin()->first), std::string::npos) << checked.error().message;
    }
}

TEST(ClientProperties, ScramIsRefusedExactlyWhereTheLibraryCannotDoIt) {
    for (const char* property : {"sasl.mechanisms", "sasl.mechanism"}) {
        for (const char* mechanism : {"SCRAM-SHA-256", "SCRAM-SHA-512"}) {
            const auto checked = check_client({{"security.protocol", "sasl_ssl"}, {property, mechanism}});
            if (rd_kafka_version() >= 0x020601ff) {
                EXPECT_TRUE(checked.ok()) << rd_kafka_version_str();
                continue;
            }
            ASSERT_FALSE(checked.ok());
            EXPECT_EQ(checked.error().kind, ErrorKind::kReject);
            EXPECT_NE(checked.error().message.find(rd_kafka_version_str()), std::string::npos);
            EXPECT_NE(checked.error().message.find("use mTLS, or PLAIN over TLS, or a newer librdkafka"),
                      std::string::npos);
        }
    }
    EXPECT_TRUE(check_client({{"security.protocol", "sasl_ssl"}, {"sasl.mechanisms", "PLAIN"}}).ok());
}

TEST(Trouble, IsSortedByWhatMustBeDone) {
    using Kind = Trouble::Kind;
    const std::pair<rd_kafka_resp_err_t, Kind> kinds[] = {
        {RD_KAFKA_RESP_ERR__TRANSPORT, Kind::kTransient},
        {RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, Kind::kTransient},
        {RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, Kind::kOffsetOutOfRange},
        {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, Kind::kTopicGone},
        {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, Kind::kTopicGone},
        {RD_KAFKA_RESP_ERR__AUTHENTICATION, Kind::kAuthentication},
        {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, Kind::kAuthentication},
        {RD_KAFKA_RESP_ERR__FENCED, Kind::kFatal},
        {RD_KAFKA_RESP_ERR__FATAL, Kind::kFatal}};
    for (const auto& [code, kind] : kinds) {
        EXPECT_EQ(trouble_of(code, "why").kind, kind) << rd_kafka_err2name(code);
        EXPECT_NE(trouble_of(code, "why").message.find("why"), std::string::npos);
    }
    EXPECT_EQ(kind_name(Kind::kTransient), "transient");
    EXPECT_EQ(kind_name(Kind::kTopicGone), "topic_gone");
    EXPECT_EQ(kind_name(Kind::kFatal), "fatal");
}

TEST(Statistics, AreReadFromLibrdkafkasReport) {
    const auto told = parse_statistics(R"({"name":"x","brokers":{
        "h:9092/bootstrap":{"nodeid":-1,"state":"UP"},"h:9092/1":{"nodeid":1,"state":"UP"},"GroupCoordinator":{"nodeid":1,"state":"UP"},"i:9092/2":{"nodeid":2,"state":"INIT"}},
        "topics":{"t":{"partitions":{"0":{"partition":0,"fetch_state":"active","hi_offset":17},
                                     "1":{"partition":1,"fetch_state":"none","hi_offset":-1001},
                                     "-1":{"partition":-1,"fetch_state":"none","hi_offset":-1001}}}}})");
    ASSERT_TRUE(told.has_value());
    EXPECT_EQ(told->brokers_up, 1) << "the address it started from is no broker of its own";
    ASSERT_EQ(told->partitions.size(), 2u);
    EXPECT_EQ(told->partitions.at({"t", 0}).high, 17);
    EXPECT_TRUE(told->partitions.at({"t", 0}).fetching);
    EXPECT_LT(told->partitions.at({"t", 1}).high, 0);
    EXPECT_FALSE(told->partitions.at({"t", 1}).fetching);
    EXPECT_FALSE(parse_statistics("no JSON").has_value());
    EXPECT_TRUE(parse_statistics("{}").has_value());
}

TEST(Admin, TellsTheCommandThatSomebodyElseMayRun) {
    EXPECT_EQ(Admin::create_command("b:9092", {"tocsin.events", 12, 3, {{"cleanup.policy", "delete"}}}),
              "kafka-topics.sh --bootstrap-server b:9092 --create --topic tocsin.events --partitions 12 "
              "--replication-factor 3 "
              "--config cleanup.policy=delete");
}

}  // namespace
}  // namespace tocsin::kafka
