/// Producer and consumer against the broker inside the process. What exactness rests on is tested against a real one
/// (tests/e2e, tests/crash).

#include <gtest/gtest.h>

#include <chrono>

#include "kafka/admin.h"
#include "kafka/consumer.h"
#include "kafka/embedded_broker.h"
#include "kafka/producer.h"

namespace tocsin::kafka {
namespace {

using namespace std::chrono_literals;

constexpr const char* kTopic = "t";
constexpr int kPartitions = 2;

class BrokerTest : public testing::Test {
protected:
    void SetUp() override {
        auto broker = EmbeddedBroker::start();
        ASSERT_TRUE(broker.ok()) << broker.error().message;
        broker_ = std::move(*broker);
        ASSERT_TRUE(broker_->create(kTopic, kPartitions).ok());
    }
    [[nodiscard]] ClientOptions client() const { return {broker_->bootstrap(), {}}; }

    void send(std::int32_t partition, const std::vector<std::string>& values, const Headers& headers = {}) const {
        ProducerOptions options;
        options.client = client();
        auto producer = Producer::open(std::move(options));
        ASSERT_TRUE(producer.ok()) << producer.error().message;
        for (std::size_t i = 0; i < values.size(); ++i) {
            OutgoingRecord record;
            record.topic = kTopic;
            record.partition = partition;
            record.key = "k";
            record.value = values[i];
            record.has_value = values[i] != "null";
            record.headers = &headers;
            record.tag = i + 1;
            ASSERT_TRUE((*producer)->produce(record).ok());
        }
        ASSERT_TRUE((*producer)->flush(20s));
        const auto reports = (*producer)->take_reports();
        ASSERT_EQ(reports.size(), values.size());
        for (std::size_t i = 0; i < reports.size(); ++i) {
            EXPECT_EQ(reports[i].tag, i + 1) << "in order";
            EXPECT_EQ(reports[i].outcome, DeliveryReport::Outcome::kDelivered) << reports[i].reason;
        }
    }
    std::unique_ptr<Consumer> read(std::map<std::int32_t, std::int64_t> from) const {
        ConsumerOptions options;
        options.client = client();
        options.group_id = "g";
        options.topics = {kTopic};
        options.assign_all = true;
        Consumer::Hooks hooks;
        hooks.start = [from](const TopicPartition& p) { return from.at(p.partition); };
        hooks.assigned = [](const auto&) {};
        hooks.revoked = [] {};
        auto consumer = Consumer::open(std::move(options), std::move(hooks));
        EXPECT_TRUE(consumer.ok()) << (consumer.ok() ? "" : consumer.error().message);
        return consumer.ok() ? std::move(*consumer) : nullptr;
    }
    /// Until `n` records are there, or 30 s have passed.
    static std::vector<Message> fetch(Consumer& consumer, std::int32_t partition, std::size_t n) {
        std::vector<Message> got;
        const auto deadline = std::chrono::steady_clock::now() + 30s;
        while (got.size() < n && std::chrono::steady_clock::now() < deadline) {
            consumer.poll(0ms);
            consumer.fetch({kTopic, partition}, got, n - got.size());
            if (got.size() < n) consumer.wait(100ms);
        }
        return got;
    }
    std::unique_ptr<EmbeddedBroker> broker_;
};

TEST_F(BrokerTest, RecordsComeBackAsTheyWereSentPartitionByPartition) {
    send(0, {"a", "b", "null"}, {{"h", "1"}, {"h", "2"}});
    send(1, {"c"});
    auto consumer = read({{0, kFromBeginning}, {1, kFromBeginning}});
    ASSERT_TRUE(consumer);
    const auto zero = fetch(*consumer, 0, 3);
    const auto one = fetch(*consumer, 1, 1);
    ASSERT_EQ(zero.size(), 3u);
    ASSERT_EQ(one.size(), 1u);
    EXPECT_EQ(zero[0].offset(), 0);
    EXPECT_EQ(zero[1].value(), "b");
    EXPECT_EQ(zero[1].key(), "k");
    EXPECT_TRUE(zero[1].has_value());
    EXPECT_FALSE(zero[2].has_value()) << "null is not the same as nothing in it";
    EXPECT_EQ(zero[0].headers(), (Headers{{"h", "1"}, {"h", "2"}}));
    EXPECT_EQ(zero[0].header("h"), "2") << "the last one counts";
    EXPECT_EQ(zero[0].header("none"), "");
    EXPECT_EQ(one[0].value(), "c");
}

TEST_F(BrokerTest, ReadingBeginsWhereTheCallerSays) {
    send(0, {"a", "b", "c"});
    auto consumer = read({{0, 2}, {1, kFromBeginning}});
    ASSERT_TRUE(consumer);
    const auto got = fetch(*consumer, 0, 1);
    ASSERT_EQ(got.size(), 1u);
    EXPECT_EQ(got[0].offset(), 2) << "whatever the group may have committed";
    EXPECT_EQ(got[0].value(), "c");
}

TEST_F(BrokerTest, FetchGivesNoMoreThanAskedFor) {
    send(0, {"a", "b", "c"});
    auto consumer = read({{0, kFromBeginning}, {1, kFromBeginning}});
    ASSERT_TRUE(consumer);
    EXPECT_EQ(fetch(*consumer, 0, 2).size(), 2u);
    EXPECT_EQ(fetch(*consumer, 0, 1).size(), 1u);
}

TEST_F(BrokerTest, ARangeIsReadToItsEnd) {
    send(1, {"a", "b", "c"});
    const auto all = read_range(client(), {kTopic, 1}, kFromBeginning, 100, 20s);
    ASSERT_TRUE(all.ok()) << all.error().message;
    ASSERT_EQ(all->size(), 3u);
    EXPECT_EQ((*all)[2].value, "c");
    const auto some = read_range(client(), {kTopic, 1}, 1, 1, 20s);
    ASSERT_TRUE(some.ok());
    ASSERT_EQ(some->size(), 1u);
    EXPECT_EQ((*some)[0].value, "b");
    const auto none = read_range(client(), {kTopic, 0}, kFromBeginning, 100, 20s);
    ASSERT_TRUE(none.ok());
    EXPECT_TRUE(none->empty());
}

TEST_F(BrokerTest, AdminKnowsWhichTopicsThereAre) {
    auto admin = Admin::open(client());
    ASSERT_TRUE(admin.ok());
    const auto there = (*admin)->topic(kTopic, 10s);
    ASSERT_TRUE(there.ok()) << there.error().message;
    ASSERT_TRUE(there->has_value());
    EXPECT_EQ((*there)->partitions, kPartitions);
}

TEST(Broker, WhereNobodyListensTheErrorSaysSo) {
    auto admin = Admin::open({"127.0.0.1:1", {}});
    ASSERT_TRUE(admin.ok());
    const auto asked = (*admin)->topic(kTopic, 1s);
    ASSERT_FALSE(asked.ok());
    EXPECT_EQ(asked.error().kind, ErrorKind::kRetry);
    EXPECT_NE(asked.error().message.find("127.0.0.1:1"), std::string::npos) << asked.error().message;
}

}  // namespace
}  // namespace tocsin::kafka
