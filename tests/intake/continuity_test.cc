// The decision at the start of an input partition, case by case, and the watch over its end.
#include "intake/continuity.h"

#include <gtest/gtest.h>

#include <vector>

namespace tocsin::intake {
namespace {

using At = Beginning::At;
using Committed = Known::Committed;
using Counted = OriginFilter::Counted;

const InputPartition kWhere{"in", 2};

// Read up to 10 in epoch 0, its last record at 9; the broker has 0 to 15.
Known read_to_10() {
    Known known;
    known.stored = Progress{0, 10, {9, 77}};
    known.committed = Committed{10, 0};
    known.counted = Counted{0, 9};
    known.high = 15;
    return known;
}

template <typename Change>
Result<Beginning> begin(Change change) {
    Known known = read_to_10();
    change(known);
    return where_to_begin(kWhere, known);
}

void expect_offset(const Result<Beginning>& begin, std::int64_t offset, std::int64_t epoch = 0) {
    ASSERT_TRUE(begin.ok()) << begin.error().message;
    EXPECT_EQ(begin->at, At::kOffset);
    EXPECT_EQ(begin->offset, offset);
    EXPECT_EQ(begin->epoch, epoch);
}

void expect_refused(const Result<Beginning>& begin, const std::string& found, const std::string& remedy) {
    ASSERT_FALSE(begin.ok());
    EXPECT_EQ(begin.error().kind, ErrorKind::kFatal);
    EXPECT_EQ(begin.error().message,
              "partition 2 of input topic in: " + found +
                  "; the topic was created anew, or cut. If that was meant, write `" + remedy +
                  "` at this topic under kafka.topics and start again: it is then read from its beginning, each record "
                  "once. If not, bring the old topic back");
}

TEST(WhereToBegin, NothingIsKnownOfANewPartition) {
    const auto first = begin([](Known& k) { k = {3, {}, {}, {}, 0, 15}; });
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(first->at, At::kFirst);
    EXPECT_EQ(first->epoch, 3);
    EXPECT_FALSE(first->compare);
}

TEST(WhereToBegin, BehindTheLastLifeOnceItsLastRecordWasSeen) {
    const auto same = begin([](Known&) {});
    expect_offset(same, 10);
    EXPECT_TRUE(same->compare);
    EXPECT_FALSE(same->must_be_there) << "the group remembers the topic, so it was not deleted";
    EXPECT_EQ(same->last, (Witness{9, 77}));
    EXPECT_EQ(same->gap, 0);
}

TEST(WhereToBegin, TheFurtherOfGroupAndStateIsTaken) {
    expect_offset(begin([](Known& k) { k.committed->offset = 7; }), 10);
    expect_offset(begin([](Known& k) { k.committed->offset = 12; }), 12);
}

TEST(WhereToBegin, AGroupThatForgotNeedsTheLastRecordAsProof) {
    const auto forgotten = begin([](Known& k) { k.committed.reset(); });
    expect_offset(forgotten, 10);
    EXPECT_TRUE(forgotten->compare);
    EXPECT_TRUE(forgotten->must_be_there);
}

TEST(WhereToBegin, AShorterPartitionIsRefused) {
    const auto at = [](std::int64_t high, std::int64_t read_to) {
        return "it ends at offset " + std::to_string(high) + ", though it was read up to " + std::to_string(read_to);
    };
    expect_refused(begin([](Known& k) { k.high = 9; }), at(9, 10), "epoch: 1");
    expect_refused(begin([](Known& k) {
                       k.high = 0;
                       k.committed.reset();
                   }),
                   at(0, 10), "epoch: 1");
    expect_refused(begin([](Known& k) {
                       k.high = 9;
                       k.stored.reset();
                       k.counted.reset();
                   }),
                   at(9, 10), "epoch: 1");
    expect_refused(begin([](Known& k) { k.counted->highest = 20; }), at(15, 21), "epoch: 1");
    expect_offset(begin([](Known& k) { k.high = 10; }), 10);
}

TEST(WhereToBegin, WhatTheTasksCountedIsEnoughToRefuseATopicThatTheGroupForgot) {
    const std::string found = "its records up to offset 9 are counted, but the group has no offset for it any more";
    const auto only_counted = [](Known& k) {
        k.stored.reset();
        k.committed.reset();
    };
    expect_refused(begin(only_counted), found, "epoch: 1");
    expect_refused(begin([&](Known& k) {
                       only_counted(k);
                       k.counted->epoch = 4;
                   }),
                   found, "epoch: 5");
    const auto remedied = begin([&](Known& k) {
        only_counted(k);
        k.wanted_epoch = 1;
    });
    ASSERT_TRUE(remedied.ok());
    EXPECT_EQ(remedied->at, At::kAnew);
    EXPECT_EQ(remedied->epoch, 1);
}

TEST(WhereToBegin, AHigherEpochReadsFromTheBeginning) {
    for (const std::int64_t high : {0, 9, 10, 99}) {
        const auto anew = begin([&](Known& k) {
            k.wanted_epoch = 1;
            k.high = high;
        });
        ASSERT_TRUE(anew.ok()) << anew.error().message;
        EXPECT_EQ(anew->at, At::kAnew);
        EXPECT_EQ(anew->epoch, 1);
        EXPECT_FALSE(anew->compare);
        EXPECT_EQ(anew->last, Witness{});
    }
}

TEST(WhereToBegin, AnEpochBeginsOnce) {
    const auto wanted = [](Known& k) {
        k.wanted_epoch = 1;
        k.committed = Committed{4, 1};
        k.counted = Counted{1, 3};
        k.high = 6;
    };
    expect_offset(begin([&](Known& k) {
                      wanted(k);
                      k.stored = Progress{1, 4, {3, 5}};
                  }),
                  4, 1);
    const auto older = begin(wanted);  // killed before the state was stored: the group alone knows
    expect_offset(older, 4, 1);
    EXPECT_FALSE(older->compare) << "its witness is the old topic's";
    const auto lost = begin([&](Known& k) {
        wanted(k);
        k.committed = Committed{10, 0};
        k.stored->epoch = 1;
    });
    expect_refused(lost, "it ends at offset 6, though it was read up to 10", "epoch: 2");
    expect_offset(begin([&](Known& k) {
                      wanted(k);
                      k.wanted_epoch = 0;
                  }),
                  4, 1);
}

TEST(WhereToBegin, AnotherEpochsCommitSaysNothing) {
    expect_offset(begin([](Known& k) {
                      k.stored->epoch = k.counted->epoch = 1;
                      k.committed->offset = 12;
                  }),
                  10, 1);
}

TEST(WhereToBegin, AnOffsetThatAToolHasSetIsOfThePresentEpoch) {
    const auto by_tool = [](Known& k) { k.committed = Committed{12, {}}; };
    expect_offset(begin(by_tool), 12);
    expect_offset(begin([&](Known& k) {
                      by_tool(k);
                      k.stored->epoch = k.counted->epoch = 2;
                  }),
                  12, 2);
    expect_offset(begin([&](Known& k) {
                      by_tool(k);
                      k.stored.reset();
                      k.counted->epoch = 2;
                  }),
                  12, 2);
    expect_offset(begin([&](Known& k) {
                      by_tool(k);
                      k.stored.reset();
                      k.counted.reset();
                  }),
                  12);
}

TEST(WhereToBegin, WhatWasDeletedUnreadIsAGap) {
    const auto gap = begin([](Known& k) { k.low = 13; });
    expect_offset(gap, 13);
    EXPECT_EQ(gap->gap, 3);
    EXPECT_FALSE(gap->compare);
}

TEST(WhereToBegin, ALastRecordDeletedByAgeIsNoReasonToStop) {
    for (const bool forgotten : {false, true}) {
        const auto aged = begin([&](Known& k) {
            k.low = 10;
            if (forgotten) k.committed.reset();
        });
        expect_offset(aged, 10);
        EXPECT_FALSE(aged->compare);
        EXPECT_EQ(aged->last, (Witness{9, 77})) << "it is kept: a topic that begins at 0 again is told by it";
    }
}

TEST(WhereToBegin, WithoutAWitnessTheGroupIsBelieved) {
    const auto unknown = begin([](Known& k) { k.stored.reset(); });
    expect_offset(unknown, 10);
    EXPECT_FALSE(unknown->compare);
    const auto nothing_read = begin([](Known& k) {
        k.stored = Progress{0, 10, {}};
        k.committed.reset();
        k.counted.reset();
    });
    expect_offset(nothing_read, 10);
    EXPECT_FALSE(nothing_read->compare);
}

TEST(EndWatch, AnEndBeforeWhatHadBeenReadWhenItWasAskedForIsNoticed) {
    EndWatch watch;
    EXPECT_TRUE(watch.answered(5, 5));
    EXPECT_TRUE(watch.answered(9, 9));
    EXPECT_TRUE(watch.answered(9, 9));
    EXPECT_FALSE(watch.answered(3, 9));
}

TEST(EndWatch, AnAnswerThatWasUnderWayWhileItWasReadOnIsNotTakenForAShorterOne) {
    EndWatch watch;
    EXPECT_TRUE(watch.answered(5, 5));
    EXPECT_TRUE(watch.answered(6, 100)) << "read on to 100 since";
    EXPECT_TRUE(watch.answered(7, 200)) << "asked for before the last look, when it had been read up to 5";
    EXPECT_FALSE(watch.answered(99, 300)) << "asked for after the look that had seen it read up to 100";
}

}  // namespace
}  // namespace tocsin::intake
