// Single steps, then random acknowledgements against a plain set of what is missing.
#include "intake/acked_prefix.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

namespace tocsin::intake {
namespace {

TEST(AckedPrefix, NothingSentIsNothingToCommit) {
    EXPECT_FALSE(AckedPrefix().committable().has_value());
}

TEST(AckedPrefix, APartitionWithoutRecordsIsCommittedWhereItBegins) {
    AckedPrefix prefix;
    prefix.begin(7);
    EXPECT_EQ(prefix.committable(), 7);
    prefix.sent(9);
    EXPECT_EQ(prefix.committable(), 9);
    EXPECT_TRUE(prefix.acked(9));
    EXPECT_EQ(prefix.committable(), 10);
}

TEST(AckedPrefix, StopsBeforeTheFirstThatIsMissing) {
    AckedPrefix prefix;
    for (const std::int64_t offset : {10, 11, 12}) prefix.sent(offset);
    EXPECT_EQ(prefix.committable(), 10);
    EXPECT_TRUE(prefix.acked(12));
    EXPECT_TRUE(prefix.acked(11));
    EXPECT_EQ(prefix.committable(), 10);
    EXPECT_EQ(prefix.in_flight(), 3u);
    EXPECT_TRUE(prefix.acked(10));
    EXPECT_EQ(prefix.committable(), 13);
    EXPECT_EQ(prefix.in_flight(), 0u);
}

TEST(AckedPrefix, OffsetsMayBeLeftOut) {
    AckedPrefix prefix;
    prefix.sent(5);
    prefix.sent(90);
    EXPECT_TRUE(prefix.acked(5));
    EXPECT_EQ(prefix.committable(), 90);
    EXPECT_TRUE(prefix.acked(90));
    EXPECT_EQ(prefix.committable(), 91);
}

TEST(AckedPrefix, WaitsForEveryMessageOfARecord) {
    AckedPrefix prefix;
    prefix.sent(1, 2);
    prefix.sent(2, 0);  // needs none: passed as soon as those before it are
    EXPECT_TRUE(prefix.acked(1));
    EXPECT_EQ(prefix.committable(), 1);
    EXPECT_TRUE(prefix.acked(1));
    EXPECT_EQ(prefix.committable(), 3);
}

TEST(AckedPrefix, UnknownAcknowledgementsChangeNothing) {
    AckedPrefix prefix;
    EXPECT_FALSE(prefix.acked(1));
    prefix.sent(1);
    prefix.sent(3);
    EXPECT_FALSE(prefix.acked(2));
    EXPECT_FALSE(prefix.acked(4));
    EXPECT_TRUE(prefix.acked(3));
    EXPECT_FALSE(prefix.acked(3)) << "twice";
    EXPECT_TRUE(prefix.acked(1));
    EXPECT_FALSE(prefix.acked(1)) << "long gone";
    EXPECT_EQ(prefix.committable(), 4);
}

TEST(AckedPrefix, IsFullAtItsLimitUntilAnAcknowledgementArrives) {
    AckedPrefix prefix;
    for (std::size_t i = 0; i < AckedPrefix::kInFlightMax; ++i) {
        ASSERT_FALSE(prefix.full());
        prefix.sent(static_cast<std::int64_t>(i));
    }
    EXPECT_TRUE(prefix.full());
    EXPECT_TRUE(prefix.acked(0));
    EXPECT_FALSE(prefix.full());
}

RC_GTEST_PROP(AckedPrefix, CommitsExactlyBehindTheAcknowledged, ()) {
    AckedPrefix prefix;
    std::map<std::int64_t, int> missing;
    std::int64_t next = *rc::gen::inRange<std::int64_t>(0, 5), committed = -1;
    const int steps = *rc::gen::inRange(1, 200);
    for (int step = 0; step < steps; ++step) {
        if (missing.empty() || *rc::gen::inRange(0, 2) == 0) {
            next += *rc::gen::inRange<std::int64_t>(0, 3);
            const int messages = *rc::gen::inRange(0, 3);
            prefix.sent(next, static_cast<std::uint32_t>(messages));
            if (messages > 0) missing[next] = messages;
            ++next;
        } else {
            auto entry = missing.begin();
            std::advance(entry, *rc::gen::inRange<std::size_t>(0, missing.size()));
            RC_ASSERT(prefix.acked(entry->first));
            if (--entry->second == 0) missing.erase(entry);
        }
        const std::int64_t expected = missing.empty() ? next : missing.begin()->first;
        RC_ASSERT(prefix.committable() == expected);
        RC_ASSERT(expected >= committed);
        committed = expected;
    }
}

}  // namespace
}  // namespace tocsin::intake
