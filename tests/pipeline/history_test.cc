/// The order in which a history is applied, and what is kept of a record until then.

#include "pipeline/history.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace tocsin::pipeline {
namespace {

constexpr Duration kDisorder = std::chrono::seconds(60);

class HistoryTest : public testing::Test {
protected:
    HistoryTest() { mapping_.kind.fixed = "complaint"; }

    std::uint32_t source(std::int32_t partition) {
        return history_.add_source({"t", &mapping_, "t", partition, kDisorder, true}).value();
    }
    /// Partitions of seconds, one after the other.
    void fill(const std::vector<std::vector<std::int64_t>>& partitions) {
        for (const auto& seconds : partitions) {
            history_.begin_partition();
            const std::uint32_t from = source(number_);
            std::int64_t offset = 0;
            for (const std::int64_t second : seconds) {
                const std::string id = std::string(1, static_cast<char>('a' + number_)) + std::to_string(offset);
                history_.add(from, offset++,
                             "{\"id\":\"" + id + "\",\"time\":\"" + time(second) + "\",\"customer\":\"c\"}");
            }
            ++number_;
        }
    }
    static std::string time(std::int64_t second) {
        char text[32];
        std::snprintf(text, sizeof text, "2024-03-01T%02d:%02d:%02dZ", static_cast<int>(second / 3600),
                      static_cast<int>(second / 60 % 60), static_cast<int>(second % 60));
        return text;
    }
    std::string ids() {
        std::string all;
        history_.take([&](const Event& event, Duration) { all += std::string(event.id) + " "; });
        return all;
    }
    /// Behind one clock for all, in the order of their names.
    std::vector<std::string> late_ids() {
        std::vector<std::string> late;
        Instant clock = kBeforeAll;
        history_.take([&](const Event& event, Duration disorder) {
            if (event.time < clock) late.emplace_back(event.id);
            clock = std::max(clock, event.time - disorder);
        });
        std::sort(late.begin(), late.end());
        return late;
    }

    EventSchema schema_ = EventSchema::builtin();
    decode::TopicMapping mapping_;
    History history_{schema_, std::nullopt, [](const UnreadableLine& line) { ADD_FAILURE() << line.reason.message; }};
    std::int32_t number_ = 0;
};

TEST_F(HistoryTest, PartitionsAreReadSideBySideAndEachInItsOwnOrder) {
    fill({{10, 5, 40}, {20, 30}, {}, {10}});
    history_.merge();
    EXPECT_EQ(ids(), "a0 a1 d0 b0 b1 a2 ");
}

TEST_F(HistoryTest, ByTimeThoseOfOneInstantStayInTheirOrder) {
    fill({{10, 5, 40}, {20, 5}});
    history_.sort();
    EXPECT_EQ(ids(), "a1 b1 a0 b0 a2 ");
}

TEST_F(HistoryTest, WithoutPartitionsInputOrderStays) {
    const std::uint32_t one = source(0), other = source(1);
    history_.add(one, 0, R"({"id":"x","time":"2024-03-02T00:00:00Z"})");
    history_.add(other, 0, R"({"id":"y","time":"2024-03-01T00:00:00Z"})");
    history_.merge();
    EXPECT_EQ(ids(), "x y ");
}

TEST_F(HistoryTest, AnEventIsBehindTheClockOfAllExactlyIfItIsBehindThatOfItsPartition) {
    std::mt19937 dice(7);
    std::vector<std::vector<std::int64_t>> partitions(5);
    std::vector<std::string> late;
    for (std::size_t p = 0; p < partitions.size(); ++p) {
        std::int64_t highest = 0;
        for (std::int64_t i = 0; i < 200; ++i) {
            const std::int64_t second = 100 + i * 60 + static_cast<std::int64_t>(dice() % 300);
            partitions[p].push_back(second);
            if (second < highest - kDisorder / std::chrono::seconds(1))
                late.push_back(std::string(1, static_cast<char>('a' + p)) + std::to_string(i));
            highest = std::max(highest, second);
        }
    }
    fill(partitions);
    std::sort(late.begin(), late.end());
    EXPECT_GT(late.size(), 100U);
    history_.keep();
    EXPECT_NE(late_ids(), late) << "one partition after the other";
    history_.merge();
    EXPECT_EQ(late_ids(), late);
}

TEST_F(HistoryTest, ACloudEventOfKafkaIsReadWithItsHeadersHoweverOften) {
    mapping_.format = decode::RecordFormat::kCloudEvents;
    const std::uint32_t from = source(0);
    EXPECT_TRUE(history_.needs_headers(from));
    history_.keep();
    history_.add(from, 0, R"({"customer":"c1"})",
                 {{"ce_specversion", "1.0"},
                  {"ce_id", "1"},
                  {"ce_source", "s"},
                  {"ce_type", "complaint"},
                  {"ce_time", "2024-03-01T00:00:00Z"}});
    history_.add(from, 1,
                 R"({"specversion":"1.0","id":"2","source":"s","type":"complaint","time":"2024-03-01T00:00:01Z",)"
                 R"("data":{"customer":"c1"}})",
                 {{"content-type", "application/cloudevents+json"}});
    EXPECT_EQ(ids(), "s#1 s#2 ");
    EXPECT_EQ(ids(), "s#1 s#2 ");
}

}  // namespace
}  // namespace tocsin::pipeline
