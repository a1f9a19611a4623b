/// The state of a partition is told from how its reading went, without thresholds.

#include "pipeline/kafka_numbers.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace tocsin::pipeline {
namespace {

using State = PartitionHealth::State;
using Samples = std::vector<std::pair<std::int64_t, std::int64_t>>;  // position, high watermark

PartitionHealth after(const Samples& samples, bool fetching = true) {
    PartitionHealth health;
    for (const auto& [position, high] : samples) health.add(position, high, fetching);
    return health;
}

Samples steps(std::int64_t by, std::int64_t high_by, std::size_t n = PartitionHealth::kSamples) {
    Samples samples;
    for (std::size_t i = 0; i < n; ++i)
        samples.emplace_back(100 + by * static_cast<std::int64_t>(i), 1000 + high_by * static_cast<std::int64_t>(i));
    return samples;
}

TEST(PartitionHealth, FollowsWhetherReadingGetsAnywhere) {
    EXPECT_EQ(after({}).state(), State::kOk);
    EXPECT_EQ(after(steps(50, 10)).state(), State::kOk) << "behind, and getting nearer";
    EXPECT_EQ(after(steps(10, 10)).state(), State::kWarn) << "as far behind as before";
    EXPECT_EQ(after(steps(10, 50)).state(), State::kWarn);
    EXPECT_EQ(after(steps(0, 50)).state(), State::kStall);
    EXPECT_EQ(after(steps(0, 0)).state(), State::kStall) << "nothing new, but what is there is not read";
    EXPECT_EQ(after(steps(0, 50, PartitionHealth::kSamples - 1)).state(), State::kOk) << "too early to tell";
    EXPECT_EQ(after(steps(50, 10), /*fetching=*/false).state(), State::kStop);
}

TEST(PartitionHealth, WasAtTheEndOnceInTheWindowIsGood) {
    Samples samples = steps(0, 50);
    samples[4].second = samples[4].first;
    EXPECT_EQ(after(samples).state(), State::kOk);
    for (int i = 0; i < 5; ++i) samples.emplace_back(samples.back().first, 2000);
    EXPECT_EQ(after(samples).state(), State::kStall) << "the window has moved on";
}

TEST(PartitionHealth, APositionThatGoesBackIsTold) {
    EXPECT_EQ(after({{100, 100}, {90, 100}}).state(), State::kRewind);
    EXPECT_EQ(after({{100, 100}, {90, 100}}, false).state(), State::kRewind);
}

TEST(PartitionHealth, LagIsOfTheLastSampleAndNeverNegative) {
    EXPECT_EQ(after({{10, 15}, {12, 40}}).lag(), 28);
    EXPECT_EQ(after({{41, 40}}).lag(), 0) << "the client's high watermark is a little older than the position";
    EXPECT_EQ(after({{10, -1}}).lag(), 0) << "not known";
}

}  // namespace
}  // namespace tocsin::pipeline
