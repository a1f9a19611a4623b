#include "kafka/client.h"

#include <gtest/gtest.h>

#include "kafka/admin.h"

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

TEST(Admin, TellsTheCommandThatSomebodyElseMayRun) {
    EXPECT_EQ(Admin::create_command("b:9092", {"tocsin.events", 12, 3, {{"cleanup.policy", "delete"}}}),
              "kafka-topics.sh --bootstrap-server b:9092 --create --topic tocsin.events --partitions 12 "
              "--replication-factor 3 "
              "--config cleanup.policy=delete");
}

}  // namespace
}  // namespace tocsin::kafka
