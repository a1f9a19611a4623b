#include "intake/marks.h"

#include <gtest/gtest.h>

namespace tocsin::intake {
namespace {

using namespace std::chrono_literals;

Instant at(std::int64_t seconds) {
    return from_millis(seconds * 1000);
}

TEST(Marks, AreReadBackUnchanged) {
    Marks said{{{"complaints", 0, 2, at(10)}, {"crm.events-v2", 7, 8, at(-3)}}, at(5), true};
    const std::string text = encode_marks(said);
    EXPECT_EQ(text, "1 5000! complaints/0/2=10000 crm.events-v2/7/8=-3000");
    const auto read = parse_marks(text);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->taken_to, at(5));
    EXPECT_TRUE(read->idle);
    ASSERT_EQ(read->inputs.size(), 2u);
    EXPECT_EQ(read->inputs[1].topic, "crm.events-v2");
    EXPECT_EQ(read->inputs[1].partition, 7);
    EXPECT_EQ(read->inputs[1].partitions, 8);
    EXPECT_EQ(read->inputs[1].upto, at(-3));
}

TEST(Marks, SayingNothingIsAMarkToo) {
    const auto read = parse_marks(encode_marks({}));
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->inputs.empty());
    EXPECT_FALSE(read->idle);
    EXPECT_EQ(read->taken_to, kBeforeAll);
}

TEST(Marks, AnythingElseIsRefused) {
    for (const char* text : {"",
                             "1",
                             "2 0",
                             "1 ",
                             "1 x",
                             "1 0 ",
                             "1 0  a/0/1=1",
                             "1 0 a",
                             "1 0 a/0/1",
                             "1 0 a/0=1",
                             "1 0 /0/1=1",
                             "1 0 a/1/1=1",
                             "1 0 a/-1/1=1",
                             "1 0 a/0/0=1",
                             "1 0 a/0/100001=1",
                             "1 0 a/0/1=x",
                             "1 0 a/b/0/1=1",
                             "1 0 a/0/1=99999999999999999999",
                             "1 0!! a/0/1=1",
                             "1 ! a/0/1=1",
                             "1a/0/1=1"}) {
        EXPECT_FALSE(parse_marks(text)) << text;
    }
}

TEST(CoveredUpTo, CountsOnceThePositionHasReachedTheAnswer) {
    CoveredUpTo covered;
    covered.high_watermark(at(1), 10);
    EXPECT_FALSE(covered.upto()) << "where we stand is not known";
    covered.position(9);
    EXPECT_FALSE(covered.upto()) << "one record is still to come";
    covered.position(10);
    EXPECT_EQ(covered.upto(), at(1));
    covered.high_watermark(at(2), 12);
    covered.high_watermark(at(3), 12);
    EXPECT_EQ(covered.upto(), at(1)) << "a later answer does not undo an earlier one";
    covered.position(12);
    EXPECT_EQ(covered.upto(), at(3));
    covered.position(5);
    covered.high_watermark(at(4), 12);
    EXPECT_EQ(covered.upto(), at(4)) << "a position never goes back";
}

TEST(CoveredUpTo, AnswersThatOvertakeEachOtherAreNoTrouble) {
    CoveredUpTo covered;
    covered.position(5);
    covered.high_watermark(at(2), 5);
    covered.high_watermark(at(1), 3);
    EXPECT_EQ(covered.upto(), at(2));
}

TEST(CoveredUpTo, ManyAnswersDelayAnInstantButNeverMakeOneWrong) {
    CoveredUpTo covered;
    const auto many = static_cast<std::int64_t>(CoveredUpTo::kAnswersMax) * 3;
    for (std::int64_t i = 1; i <= many; ++i) covered.high_watermark(at(i), i * 10);
    covered.position(many * 10 - 1);
    ASSERT_TRUE(covered.upto());
    EXPECT_LT(*covered.upto(), at(many)) << "its watermark has not been reached";
    covered.position(many * 10);
    EXPECT_EQ(covered.upto(), at(many)) << "the newest answer was kept";
}

TEST(CoveredUpTo, ForgetsATopicThatWasCreatedAnew) {
    CoveredUpTo covered;
    covered.position(100);
    covered.high_watermark(at(1), 50);
    covered.reset();
    EXPECT_FALSE(covered.upto());
    covered.high_watermark(at(2), 50);
    EXPECT_FALSE(covered.upto()) << "the old position says nothing of the new partition";
}

TEST(InputClocks, ATaskIsCaughtUpToItsSlowestInput) {
    InputClocks clocks({"a", "b"}, at(0));
    EXPECT_FALSE(clocks.caught_up_to());
    clocks.mark({{"a", 0, 2, at(10)}, {"b", 0, 1, at(20)}}, at(21));
    EXPECT_FALSE(clocks.caught_up_to()) << "partition 1 of a has said nothing";
    clocks.mark({{"a", 1, 2, at(15)}}, at(21));
    EXPECT_EQ(clocks.caught_up_to(), at(10));
    clocks.mark({{"a", 0, 2, at(5)}}, at(22));
    EXPECT_EQ(clocks.caught_up_to(), at(10)) << "a repeated mark of an earlier life takes nothing back";
    clocks.mark({{"gone", 0, 1, at(1)}}, at(22));
    EXPECT_EQ(clocks.caught_up_to(), at(10)) << "a topic that is no input any more holds up nobody";
}

TEST(InputClocks, WithoutInputsNobodyIsCaughtUp) {
    EXPECT_FALSE(InputClocks({}, at(0)).caught_up_to());
}

TEST(InputClocks, AnInputIsSilentThatGaveNeitherARecordNorALaterMark) {
    using Names = std::vector<std::string>;
    InputClocks clocks({"a", "b"}, at(0));
    EXPECT_EQ(clocks.silent(at(0) + InputClocks::kSilentAfter - 1ms), Names{});
    EXPECT_EQ(clocks.silent(at(0) + InputClocks::kSilentAfter), (Names{"a", "b"}));
    clocks.mark({{"a", 0, 1, at(40)}}, at(40));
    clocks.record("b", 0, at(40));
    EXPECT_EQ(clocks.silent(at(50)), Names{});
    clocks.mark({{"a", 0, 1, at(40)}}, at(60));
    clocks.record("b", 0, at(60));
    EXPECT_EQ(clocks.silent(at(75)), Names{"a"}) << "a mark that repeats its instant only says that the intake lives";
    clocks.record("stranger", 0, at(75));
    clocks.mark({{"b", 3, 4, at(76)}}, at(76));
    EXPECT_EQ(clocks.silent(at(105)), (Names{"a", "b"})) << "one silent partition is enough";
}

}  // namespace
}  // namespace tocsin::intake
