// After a silence receivers hear once per rule what still holds, and what they believed in but ended meanwhile.
#include "outbox/digest.h"

#include <nlohmann/json.hpp>

#include "fixtures.h"

namespace tocsin::outbox {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto kOpened = TransitionKind::kOpened;
constexpr auto kRaised = TransitionKind::kRaised;
constexpr auto kClosed = TransitionKind::kClosed;

Notice opened(const std::string& episode, std::uint64_t row, Level level = Level::kYellow) {
    return notice_of(transition_of(episode, 1, kOpened, level, Level::kNone), row);
}
Notice raised(const std::string& episode, std::uint64_t row, Level level = Level::kOrange) {
    return notice_of(transition_of(episode, 2, kRaised, level, Level::kYellow), row);
}
Notice closed(const std::string& episode, std::uint64_t row) {
    return notice_of(transition_of(episode, 3, kClosed, Level::kNone, Level::kYellow), row);
}

Held held_of(const std::vector<Notice>& notices) {
    Held held;
    for (const Notice& n : notices) held.add(n);
    return held;
}

json body_of(const Digest& digest) {
    return json::parse(digest.notice.body);
}

std::vector<std::uint64_t> numbers(const std::vector<RowKey>& rows) {
    std::vector<std::uint64_t> all;
    for (const RowKey& key : rows) all.push_back(key.number);
    return all;
}

std::vector<std::string> ids(const std::vector<Notice>& notices) {
    std::vector<std::string> all;
    for (const Notice& n : notices) all.push_back(n.id);
    return all;
}

TEST(Held, SaysWhatStillHoldsAtItsLastLevelAndNothingOfWhatIsOver) {
    Held held = held_of({opened("a", 1), opened("b", 2), raised("a", 3), closed("b", 4)});
    EXPECT_EQ(held.size(), 4u);
    const auto digests = held.digests("webhook/ops/0");
    ASSERT_EQ(digests.size(), 1u);
    const json body = body_of(digests[0]);
    EXPECT_EQ(body["rule"], "Surge");
    EXPECT_EQ(body["raises"], "warning");
    EXPECT_EQ(body["opened"], 2);
    EXPECT_EQ(body["closed"], 1);
    EXPECT_EQ(body["open"], 1);
    EXPECT_EQ(body["levels"], json::parse(R"({"orange":1})"));
    ASSERT_EQ(body["episodes"].size(), 1u);
    EXPECT_EQ(body["episodes"][0]["id"], "a.2");
    EXPECT_EQ(body["episodes"][0]["level"], "orange");
    EXPECT_EQ(body["episodes"][0]["subject"]["area"], "140100");
    EXPECT_EQ(body["ended"], 0);
    EXPECT_THAT(numbers(digests[0].rows), ElementsAre(1, 2, 3, 4)) << "all rows are done with when it is delivered";
}

TEST(Held, EndOfAnEpisodeThatTheReceiverKnowsIsTold) {
    Held held = held_of({raised("known", 1), closed("known", 2), opened("short", 3), closed("short", 4)});
    const json body = body_of(held.digests("webhook/ops/0").front());
    EXPECT_EQ(body["open"], 0);
    EXPECT_EQ(body["ended"], 1);
    EXPECT_EQ(body["ended_episodes"], json::parse(R"(["known"])"));
}

TEST(Held, OneDigestPerRule) {
    Notice other = opened("c", 3);
    other.rule = "Broken promises";
    Held held = held_of({opened("a", 1), opened("b", 2), other});
    const auto digests = held.digests("webhook/ops/0");
    ASSERT_EQ(digests.size(), 2u);
    EXPECT_EQ(digests[0].notice.rule, "Broken promises");
    EXPECT_EQ(digests[1].notice.rule, "Surge");
    EXPECT_NE(digests[0].notice.id, digests[1].notice.id);
    EXPECT_TRUE(held.empty());
    EXPECT_EQ(held.size(), 0u);
    EXPECT_THAT(held.digests("webhook/ops/0"), IsEmpty());
}

TEST(Held, WhatIsFoundOfARuleThatStillWarmsWaits) {
    Notice other = opened("c", 3);
    other.rule = "Broken promises";
    Held held = held_of({opened("a", 1), other});
    EXPECT_TRUE(held.holds("Surge", "a"));
    EXPECT_FALSE(held.holds("Surge", "c")) << "it is another rule's";
    const auto first = held.digests("webhook/ops/0", {"Surge"});
    ASSERT_EQ(first.size(), 1u);
    EXPECT_EQ(first[0].notice.rule, "Broken promises");
    EXPECT_EQ(held.size(), 1u);
    held.add(opened("b", 4));
    const auto second = held.digests("webhook/ops/0");
    ASSERT_EQ(second.size(), 1u);
    EXPECT_THAT(numbers(second[0].rows), ElementsAre(1, 4));
    EXPECT_FALSE(held.holds("Surge", "a"));
    EXPECT_TRUE(held.empty());
}

TEST(Held, WhoKeepsAStateHearsNothingOfARuleThatStillWarms) {
    Held held = held_of({opened("a", 1)});
    EXPECT_THAT(held.newest({"Surge"}).first, IsEmpty());
    EXPECT_THAT(ids(held.newest().first), ElementsAre("a.1"));
}

TEST(Held, SameRowsGiveTheSameDigestAfterARestart) {
    const std::vector<Notice> rows{opened("a", 1), opened("b", 2), raised("b", 3)};
    const Digest first = held_of(rows).digests("webhook/ops/0").front();
    const Digest again = held_of(rows).digests("webhook/ops/0").front();
    EXPECT_EQ(first.notice.id, again.notice.id);
    EXPECT_EQ(first.notice.body, again.notice.body);
    EXPECT_TRUE(first.notice.id.starts_with("digest."));
    EXPECT_EQ(first.notice.at, kNow);
    EXPECT_EQ(first.notice.kind, NoticeKind::kDigest);
    auto more = rows;
    more.push_back(closed("b", 4));
    EXPECT_NE(held_of(more).digests("webhook/ops/0").front().notice.id, first.notice.id);
    EXPECT_NE(held_of(rows).digests("webhook/ops/1").front().notice.id, first.notice.id);
}

TEST(Held, OtherNoticesUnderTheSameRowNumbersAreAnotherDigest) {
    const auto first = held_of({opened("a", 1), opened("b", 2)}).digests("webhook/ops/0");
    const auto second = held_of({opened("c", 1), opened("d", 2)}).digests("webhook/ops/0");
    EXPECT_NE(first.front().notice.id, second.front().notice.id)
        << "the outbox was empty, and its rows are counted from 1 again";
}

TEST(Held, LongDigestIsCutWhereItMattersLeastButCountsAll) {
    Held held;
    for (std::uint64_t i = 0; i < 1000; ++i)
        held.add(opened("episode-" + std::to_string(i), i, i == 777 ? Level::kRed : Level::kBlue));
    const Digest digest = held.digests("webhook/ops/0").front();
    const json body = body_of(digest);
    EXPECT_EQ(body["open"], 1000);
    EXPECT_EQ(body["levels"], json::parse(R"({"blue":999,"red":1})"));
    EXPECT_EQ(body["episodes"].size(), Held::kListedMax);
    EXPECT_EQ(body["episodes"][0]["id"], "episode-777.1");
    EXPECT_LE(digest.notice.body.size(), Held::kBodyBytesMax);
}

TEST(Held, LongSubjectsAndManyEndsStayWithinTheBytes) {
    Held held;
    for (std::uint64_t i = 0; i < 300; ++i) {
        Transition t =
            transition_of("an-episode-of-26-letters-" + std::to_string(i), 1, kOpened, Level::kRed, Level::kNone);
        t.subject = {{"area", std::string(2000, 'x'), ""}};
        held.add(notice_of(t, i));
        held.add(closed("known-" + std::to_string(i), 1000 + i));
    }
    const Digest digest = held.digests("webhook/ops/0").front();
    EXPECT_LE(digest.notice.body.size(), Held::kBodyBytesMax + 64);
    EXPECT_EQ(body_of(digest)["ended_episodes"].size(), Held::kEndedListedMax);
    EXPECT_EQ(body_of(digest)["ended"], 300);
    EXPECT_GE(body_of(digest)["episodes"].size(), 1u);
}

TEST(Held, ReceiverWithAStateGetsTheLastOfWhatIsOpenAndTheEndsItMustKnow) {
    Held held =
        held_of({opened("a", 1), raised("a", 2), opened("b", 3), closed("b", 4), raised("c", 5), closed("c", 6)});
    const auto [notices, rows] = held.newest();
    EXPECT_THAT(ids(notices), ElementsAre("c.3", "a.2"));
    EXPECT_THAT(numbers(rows), ElementsAre(1, 3, 4, 5)) << "what is told keeps its row until it is delivered";
    EXPECT_TRUE(held.empty());
}

TEST(Held, DamagedBodyIsCountedAndNotShown) {
    Notice broken = opened("a", 1);
    broken.body = "{";
    const json body = body_of(held_of({broken}).digests("webhook/ops/0").front());
    EXPECT_EQ(body["open"], 1);
    EXPECT_EQ(body["levels"], json::object());
}

}  // namespace
}  // namespace tocsin::outbox
