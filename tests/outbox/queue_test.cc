// One receiver's queue, told what happened and when: no clock, no chance of its own.
#include "outbox/queue.h"

#include "fixtures.h"

namespace tocsin::outbox {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr auto kOpened = TransitionKind::kOpened;
constexpr auto kRaised = TransitionKind::kRaised;
constexpr auto kLowered = TransitionKind::kLowered;
constexpr auto kClosed = TransitionKind::kClosed;

std::vector<std::string> take(Queue& queue, Instant now, std::size_t max = 100) {
    std::vector<std::string> ids;
    for (const auto& notice : queue.take(now, max)) ids.push_back(notice->id);
    return ids;
}

std::vector<std::uint64_t> finished(Queue& queue) {
    std::vector<std::uint64_t> numbers;
    for (const RowKey& key : queue.take_finished()) numbers.push_back(key.number);
    return numbers;
}

/// The first attempt of row 1, failed.
void fail(Queue& queue, std::uint64_t row, Instant now, double chance = 0.5,
          std::optional<Duration> retry_after = std::nullopt) {
    queue.finish({0, row}, Attempt::kBusy, "serverError", now, chance, retry_after);
}
void deliver(Queue& queue, std::uint64_t row, Instant now = kNow) {
    queue.finish({0, row}, Attempt::kDelivered, "", now, 0);
}

TEST(Queue, TransitionWaitsForTheOneBeforeItAndOtherEpisodesDoNot) {
    Queue queue;
    queue.add(notice_of("a", 1, kOpened), kNow);
    queue.add(notice_of("a", 2, kRaised), kNow);
    queue.add(notice_of("b", 3, kOpened), kNow);
    EXPECT_THAT(take(queue, kNow), ElementsAre("a.1", "b.3"));
    EXPECT_THAT(take(queue, kNow), IsEmpty()) << "all that may go is under way";
    EXPECT_EQ(queue.under_way(), 2u);
    EXPECT_EQ(queue.next_try(), kNever);
    deliver(queue, 1);
    EXPECT_THAT(take(queue, kNow), ElementsAre("a.2"));
    EXPECT_THAT(finished(queue), ElementsAre(1));
    EXPECT_THAT(finished(queue), IsEmpty());
}

QueueLimits in_order() {
    QueueLimits limits;
    limits.keeps_order = true;
    return limits;
}

TEST(Queue, WhereTheReceiverKeepsTheOrderTransitionsOfAnEpisodeFollowAtOnceInTheirOrder) {
    Queue queue(in_order());
    queue.add(notice_of("a", 1, kOpened), kNow);
    queue.add(notice_of("a", 2, kRaised), kNow);
    EXPECT_THAT(take(queue, kNow, 1), ElementsAre("a.1"));
    queue.add(notice_of("a", 3, kClosed), kNow);
    EXPECT_THAT(take(queue, kNow), ElementsAre("a.2", "a.3"));
    queue.add(notice_of("a", 4, kOpened), kNow);
    EXPECT_THAT(take(queue, kNow), ElementsAre("a.4")) << "the one before it is under way";
    for (std::uint64_t row : {1, 2, 3, 4}) deliver(queue, row);
    EXPECT_THAT(finished(queue), ElementsAre(1, 2, 3, 4));
    EXPECT_EQ(queue.size(), 0u);
    EXPECT_EQ(queue.under_way(), 0u);
}

TEST(Queue, WhereTheReceiverKeepsTheOrderAFailedOneGoesBeforeThoseThatHaveNotLeft) {
    Queue queue(in_order());
    for (std::uint64_t row : {1, 2, 3}) queue.add(notice_of("a", row, kRaised), kNow);
    EXPECT_THAT(take(queue, kNow, 2), ElementsAre("a.1", "a.2"));
    fail(queue, 1, kNow);
    EXPECT_THAT(take(queue, kNow), IsEmpty()) << "the third waits for the first";
    deliver(queue, 2);
    EXPECT_THAT(take(queue, kNow), IsEmpty());
    EXPECT_THAT(take(queue, kNow + 5min), ElementsAre("a.1", "a.3"));
    deliver(queue, 3);
    deliver(queue, 1);
    EXPECT_EQ(queue.size(), 0u);
    EXPECT_EQ(queue.next_try(), kNever);
}

TEST(Queue, NoticesWithoutAnEpisodeDoNotWaitForEachOther) {
    Queue queue;
    for (std::uint64_t row : {1, 2, 3}) {
        Notice letter = notice_of("", row);
        letter.kind = NoticeKind::kDeadLetter;
        queue.add(letter, kNow);
    }
    EXPECT_THAT(take(queue, kNow, 2), ElementsAre(".1", ".2")) << "no more than asked for, the longest waiting first";
    EXPECT_THAT(take(queue, kNow, 2), ElementsAre(".3"));
    EXPECT_THAT(take(queue, kNow, 0), IsEmpty());
}

TEST(Queue, TasksAreServedInTheOrderOfArrival) {
    Queue queue;
    Notice late = notice_of("a", 1, kOpened), early = notice_of("b", 9, kOpened);
    early.key.task = 7;
    queue.add(early, kNow);
    queue.add(late, kNow);
    EXPECT_THAT(take(queue, kNow, 1), ElementsAre("b.9"));
}

TEST(Queue, RowHandedOverTwiceIsOneRow) {
    Queue queue;
    queue.add(notice_of("a", 1, kOpened), kNow);
    queue.add(notice_of("a", 1, kOpened), kNow);
    EXPECT_EQ(queue.size(), 1u);
}

TEST(Queue, EarlierRowThatComesLaterStillGoesFirst) {
    Queue queue;
    queue.add(notice_of("a", 2, kRaised), kNow);
    queue.add(notice_of("a", 1, kOpened), kNow);
    EXPECT_THAT(take(queue, kNow), ElementsAre("a.1"));
    deliver(queue, 1);
    EXPECT_THAT(take(queue, kNow), ElementsAre("a.2"));
}

TEST(Queue, FailedNoticeWaitsForAnEarlierOneThatCameMeanwhile) {
    Queue queue;
    queue.add(notice_of("a", 2, kRaised), kNow);
    take(queue, kNow);
    queue.add(notice_of("a", 1, kOpened), kNow);
    fail(queue, 2, kNow);
    EXPECT_THAT(take(queue, kNow + 1h), ElementsAre("a.1"));
    deliver(queue, 1);
    EXPECT_THAT(take(queue, kNow + 1h), ElementsAre("a.2"));
}

TEST(Queue, PauseGrowsFromOneSecondToFiveMinutesAndIsSpreadByChance) {
    struct Case {
        int failures;
        double chance;
        Duration pause;
    };
    for (const Case& c :
         {Case{1, 0.0, 1s}, Case{1, 0.9, 1800ms}, Case{2, 0.5, 2s}, Case{3, 0.5, 4s}, Case{5, 0.99, 31680ms},
          Case{12, 0.999, 299700ms}, Case{40, 0.0, 1s}, Case{40, 0.999, 299700ms}}) {
        QueueLimits limits;
        limits.breaker_failures = 1000;
        Queue queue(limits);
        queue.add(notice_of("a", 1), kNow);
        Instant now = kNow;
        for (int i = 0; i < c.failures; ++i) {
            ASSERT_THAT(take(queue, now), ElementsAre("a.1"));
            fail(queue, 1, now, c.chance);
            const Instant next = queue.next_try();
            if (i + 1 == c.failures) {
                EXPECT_EQ(next - now, c.pause) << c.failures << " failures, chance " << c.chance;
            }
            EXPECT_THAT(take(queue, next - 1ms), IsEmpty());
            now = next;
        }
    }
}

TEST(Queue, RetryAfterSilencesTheWholeReceiver) {
    Queue queue;
    queue.add(notice_of("a", 1), kNow);
    queue.add(notice_of("b", 2), kNow);
    ASSERT_THAT(take(queue, kNow, 1), ElementsAre("a.1"));
    fail(queue, 1, kNow, 0.0, 90s);
    EXPECT_EQ(queue.next_try(), kNow + 90s);
    EXPECT_THAT(take(queue, kNow + 89s), IsEmpty());
    EXPECT_THAT(take(queue, kNow + 90s), UnorderedElementsAre("a.1", "b.2"));
}

TEST(Queue, ShorterRetryAfterDoesNotShortenThePause) {
    Queue queue;
    queue.add(notice_of("a", 1), kNow);
    take(queue, kNow);
    fail(queue, 1, kNow, 0.9, 0s);
    EXPECT_EQ(queue.next_try(), kNow + 1800ms);
}

TEST(Queue, RefusedNoticeIsParkedAndTheNextOfItsEpisodeMayGo) {
    Queue queue;
    queue.add(notice_of("a", 1, kOpened), kNow);
    queue.add(notice_of("a", 2, kRaised), kNow);
    take(queue, kNow);
    queue.finish({0, 1}, Attempt::kRefused, "clientError", kNow, 0);
    EXPECT_EQ(queue.parked_total(), 1u);
    ASSERT_EQ(queue.parked().size(), 1u);
    EXPECT_EQ(queue.parked()[0].notice->id, "a.1");
    EXPECT_EQ(queue.parked()[0].reason, "clientError");
    EXPECT_EQ(queue.parked()[0].at, kNow);
    EXPECT_THAT(take(queue, kNow), ElementsAre("a.2"));
    EXPECT_THAT(finished(queue), IsEmpty()) << "a parked row stays in the store";
}

TEST(Queue, ParkedBeyondTheLimitAreDroppedOldestFirstAndCounted) {
    Queue queue;
    for (std::uint64_t row = 0; row <= Queue::kParkedMax; ++row) {
        queue.add(notice_of("e" + std::to_string(row), row, kOpened), kNow);
        take(queue, kNow);
        queue.finish({0, row}, Attempt::kRefused, "clientError", kNow, 0);
    }
    EXPECT_EQ(queue.parked().size(), Queue::kParkedMax);
    EXPECT_EQ(queue.dropped(), 1u);
    EXPECT_THAT(finished(queue), ElementsAre(0));
}

TEST(Queue, GivesUpAfterThreeDaysOfFailures) {
    QueueLimits limits;
    limits.breaker_failures = 1000;
    Queue queue(limits);
    queue.add(notice_of("a", 1), kNow);
    take(queue, kNow);
    fail(queue, 1, kNow + 71h);
    EXPECT_EQ(queue.parked_total(), 0u);
    ASSERT_THAT(take(queue, kNow + 72h), ElementsAre("a.1"));
    fail(queue, 1, kNow + 72h);
    EXPECT_EQ(queue.size(), 0u);
    ASSERT_EQ(queue.parked().size(), 1u);
    EXPECT_EQ(queue.parked()[0].reason, "given up: serverError");
}

TEST(Queue, NoticesThatABrokenReceiverNeverSawAreGivenUpToo) {
    Queue queue;
    for (std::uint64_t row = 1; row <= 50; ++row) queue.add(notice_of("e" + std::to_string(row), row, kOpened), kNow);
    queue.add(notice_of("fresh", 99, kOpened), kNow + 1h);
    ASSERT_THAT(take(queue, kNow, 5), ::testing::SizeIs(5));
    for (std::uint64_t row = 1; row <= 5; ++row) fail(queue, row, kNow);
    ASSERT_THAT(take(queue, kNow + 72h), ElementsAre("e1.1"));
    EXPECT_EQ(queue.parked_total(), 0u) << "a clock that jumps gives up nothing by itself";
    fail(queue, 1, kNow + 72h);
    EXPECT_EQ(queue.parked_total(), 50u);
    EXPECT_EQ(queue.size(), 1u);
}

TEST(Queue, FiveFailuresInARowOpenTheBreakerAndOneProbeClosesIt) {
    Queue queue;
    for (std::uint64_t row = 1; row <= 10; ++row) queue.add(notice_of("e" + std::to_string(row), row, kOpened), kNow);
    ASSERT_THAT(take(queue, kNow, 5), ::testing::SizeIs(5));
    for (std::uint64_t row = 1; row <= 4; ++row) fail(queue, row, kNow);
    EXPECT_FALSE(queue.is_broken());
    fail(queue, 5, kNow);
    EXPECT_TRUE(queue.is_broken());
    EXPECT_EQ(queue.next_try(), kNow + 30s);
    EXPECT_THAT(take(queue, kNow + 29s), IsEmpty());
    ASSERT_THAT(take(queue, kNow + 30s), ::testing::SizeIs(1)) << "one probe";
    EXPECT_THAT(take(queue, kNow + 31s), IsEmpty()) << "and no second before its pause is over";
    EXPECT_EQ(queue.next_try(), kNow + 60s);
    const auto probes = take(queue, kNow + 60s);
    ASSERT_THAT(probes, ::testing::SizeIs(1));
    queue.finish({0, 2}, Attempt::kDelivered, "", kNow + 61s, 0);
    EXPECT_FALSE(queue.is_broken());
    EXPECT_THAT(take(queue, kNow + 62s), ::testing::SizeIs(8)) << "the flood gates open";
}

TEST(Queue, ProbeIsMadeWithAPausingNoticeIfThereIsNoOther) {
    QueueLimits limits;
    limits.breaker_failures = 1;
    limits.backoff_min = 4min;
    Queue queue(limits);
    queue.add(notice_of("a", 1), kNow);
    take(queue, kNow);
    fail(queue, 1, kNow, 0.99);
    EXPECT_EQ(queue.next_try(), kNow + 30s);
    EXPECT_THAT(take(queue, kNow + 30s), ElementsAre("a.1"));
}

TEST(Queue, AnswerThatRefusesOneNoticeIsNoFailureOfTheReceiver) {
    Queue queue;
    for (std::uint64_t row = 1; row <= 9; ++row) queue.add(notice_of("e" + std::to_string(row), row, kOpened), kNow);
    take(queue, kNow);
    for (std::uint64_t row = 1; row <= 4; ++row) fail(queue, row, kNow);
    queue.finish({0, 5}, Attempt::kRefused, "clientError", kNow, 0);
    fail(queue, 6, kNow);
    EXPECT_FALSE(queue.is_broken());
}

TEST(Queue, NoticesOfASplitBatchGoAgainAtOnceAndNobodyFailed) {
    Queue queue;
    for (std::uint64_t row = 1; row <= 9; ++row) queue.add(notice_of("e" + std::to_string(row), row, kOpened), kNow);
    take(queue, kNow);
    for (std::uint64_t row = 1; row <= 9; ++row) queue.finish({0, row}, Attempt::kAgain, "", kNow, 0.9);
    EXPECT_FALSE(queue.is_broken());
    EXPECT_EQ(queue.under_way(), 0u);
    EXPECT_LE(queue.next_try(), kNow);
    EXPECT_THAT(take(queue, kNow, 1), ElementsAre("e1.1"));
}

TEST(Queue, GoneReceiverGetsNothingMore) {
    Queue queue;
    queue.add(notice_of("a", 1, kOpened), kNow);
    queue.add(notice_of("a", 2, kRaised), kNow);
    queue.add(notice_of("b", 3, kOpened), kNow);
    take(queue, kNow);
    queue.finish({0, 1}, Attempt::kGone, "clientError", kNow, 0);
    EXPECT_TRUE(queue.gone());
    deliver(queue, 3);
    queue.add(notice_of("c", 4, kOpened), kNow);
    EXPECT_EQ(queue.size(), 0u);
    EXPECT_EQ(queue.bytes(), 0u);
    EXPECT_EQ(queue.under_way(), 0u);
    EXPECT_EQ(queue.parked_total(), 4u);
    EXPECT_THAT(queue.parked().back().reason, ::testing::HasSubstr("correct its URL"));
    EXPECT_THAT(take(queue, kNow + 1h), IsEmpty());
    EXPECT_EQ(queue.next_try(), kNever);
}

QueueLimits at_most(std::size_t rows) {
    QueueLimits limits;
    limits.rows_max = rows;
    return limits;
}

TEST(Queue, AtTheLimitANewTransitionStandsForTheOlderOnesOfItsEpisode) {
    Queue queue(at_most(4));
    queue.add(notice_of("a", 1, kOpened), kNow);
    queue.add(notice_of("a", 2, kRaised), kNow);
    queue.add(notice_of("a", 3, kLowered), kNow);
    queue.add(notice_of("b", 4, kOpened), kNow);
    queue.add(notice_of("a", 5, kRaised), kNow);
    EXPECT_EQ(queue.folded(), 2u);
    EXPECT_EQ(queue.size(), 3u);
    EXPECT_THAT(finished(queue), ElementsAre(2, 3));
    EXPECT_THAT(take(queue, kNow), ElementsAre("a.1", "b.4"));
    deliver(queue, 1);
    EXPECT_THAT(take(queue, kNow), ElementsAre("a.5")) << "under the newest's id";
}

TEST(Queue, AtTheLimitAClosingFoldsWhatLiesBetweenButNotTheOpening) {
    Queue queue(at_most(2));
    queue.add(notice_of("a", 1, kOpened), kNow);
    queue.add(notice_of("a", 2, kRaised), kNow);
    queue.add(notice_of("a", 3, kClosed), kNow);
    EXPECT_EQ(queue.folded(), 1u);
    EXPECT_THAT(take(queue, kNow), ElementsAre("a.1"));
    deliver(queue, 1);
    EXPECT_THAT(take(queue, kNow), ElementsAre("a.3"));
}

TEST(Queue, FoldingLeavesAloneWhatIsUnderWay) {
    Queue queue(at_most(2));
    queue.add(notice_of("a", 1, kRaised), kNow);
    queue.add(notice_of("b", 2, kOpened), kNow);
    take(queue, kNow);
    queue.add(notice_of("a", 3, kRaised), kNow);
    EXPECT_EQ(queue.folded(), 0u);
    deliver(queue, 1);
    EXPECT_THAT(take(queue, kNow), ElementsAre("a.3"));
}

TEST(Queue, LimitCountsBytesToo) {
    QueueLimits limits;
    limits.bytes_max = 250;
    Queue queue(limits);
    for (std::uint64_t row : {1, 2, 3}) {
        Notice n = notice_of("a", row, kRaised);
        n.body = std::string(100, 'x');
        queue.add(n, kNow);
    }
    EXPECT_EQ(queue.folded(), 2u);
    EXPECT_EQ(queue.bytes(), 100u);
}

TEST(Queue, OldestTellsHowLongTheFirstHasWaited) {
    Queue queue;
    EXPECT_EQ(queue.oldest(), kNever);
    queue.add(notice_of("a", 1), kNow);
    queue.add(notice_of("b", 2), kNow + 1min);
    EXPECT_EQ(queue.oldest(), kNow);
    take(queue, kNow);
    deliver(queue, 1);
    EXPECT_EQ(queue.oldest(), kNow + 1min);
}

TEST(Queue, ReportAboutWhatIsNotUnderWayChangesNothing) {
    Queue queue;
    queue.add(notice_of("a", 1), kNow);
    deliver(queue, 1);
    deliver(queue, 77);
    EXPECT_EQ(queue.size(), 1u);
    EXPECT_THAT(finished(queue), IsEmpty());
}

}  // namespace
}  // namespace tocsin::outbox
