/// The road of the counting, with nothing invented but the log: real core, real databases, restarts included.

#include "pipeline/engine.h"

#include <signal.h>
#include <sys/resource.h>

#include "fixtures.h"

namespace tocsin::pipeline {
namespace {

using namespace std::chrono_literals;
using Ids = std::vector<std::string>;

TEST_F(EngineTest, NothingIsStoredBeforeItIsKnownWhereReadingBegins) {
    ArrayLog log(1);
    {
        Life life(root_, log, 1, wall(), /*placed=*/false);
        ASSERT_TRUE(life.engine->flush(at(0)).ok());
    }
    EXPECT_EQ(stored().count("o"), 0u) << "a stopped daemon must not look like one that has read up to offset 0";
}

TEST_F(EngineTest, ATaskThatBeginsInTheMiddleStaysThereBeforeItHasReadARecord) {
    ArrayLog log(1);
    for (int n = 0; n < 3; ++n) log.append(0, record("e" + std::to_string(n), "ann", n));
    {
        Life life(root_, log, 1, wall(), /*placed=*/false);
        log.begin_at(0, 3);
        life.engine->begin(0, 3);
        ASSERT_TRUE(life.engine->flush(at(10)).ok());
        EXPECT_EQ(life.lane().synced_next, 3);
    }
    const auto position = decode_position(stored().at("o"));
    ASSERT_TRUE(position);
    EXPECT_EQ(position->next, 3) << "kafka.start latest means it also after a restart";
}

// Debian's RocksDB ends a process that closes a store after a failed write: this one ends before.
TEST_F(EngineTest, WhileTheStoreRefusesNothingMoreIsApplied) {
    const auto scene = [this] {
        signal(SIGXFSZ, SIG_IGN);
        ArrayLog log(1);
        log.append(0, record("a", "ann", 0));
        const auto life = live(log);
        const rlimit none{0, 0};
        setrlimit(RLIMIT_FSIZE, &none);  // no file may grow
        bool any_done = false;
        for (int n = 1; n <= 3; ++n) {
            any_done = life->engine->step(at(n)).ok() || any_done;
            log.append(0, record("b" + std::to_string(n), "ann", n));
        }
        std::_Exit(!any_done && life->adder.applied_ids == Ids{"a"} ? 0 : 1);
    };
    EXPECT_EXIT(scene(), testing::ExitedWithCode(0), "");
}

TEST_F(EngineTest, TheGroupIsToldOnlyWhatIsOnDisk) {
    ArrayLog log(1);
    const auto life = live(log);
    life->run(at(0));
    log.append(0, record("a", "ann", 0));
    life->run(at(1));
    EXPECT_EQ(life->lane().position.next, 1);
    EXPECT_EQ(life->lane().synced_next, 0);
    life->run(at(6));
    EXPECT_EQ(life->lane().synced_next, 1);
}

TEST_F(EngineTest, TheSameLogGoesOnWhereItStood) {
    ArrayLog log(1);
    log.append(0, record("e1", "anna", 1));
    {
        auto life = live(log);
        life->run(at(100));
        ASSERT_TRUE(life->engine->flush(at(100)).ok());
    }
    log.append(0, record("e2", "anna", 2));
    auto life = live(log);
    life->run(at(101));
    EXPECT_EQ(life->adder.applied_ids, (Ids{"e2"})) << "the last record applied is compared, not applied again";
    EXPECT_EQ(life->lane().position.next, 2);
}

TEST_F(EngineTest, AnotherRecordAtTheSameOffsetStopsTheTask) {
    ArrayLog log(1);
    log.append(0, record("e1", "anna", 1));
    {
        auto life = live(log);
        life->run(at(100));
        ASSERT_TRUE(life->engine->flush(at(100)).ok());
    }
    log.replace(0, 0, record("other", "bert", 1));
    log.append(0, record("e2", "anna", 2));
    auto life = live(log);
    const auto worked = life->engine->step(at(101));
    ASSERT_FALSE(worked.ok());
    EXPECT_EQ(worked.error().kind, ErrorKind::kFatal);
    EXPECT_NE(worked.error().message.find("partition 0 of log: the record at offset 0 is not the one that was applied"),
              std::string::npos)
        << worked.error().message;
    EXPECT_NE(worked.error().message.find("move the state directory away"), std::string::npos) << "and what to do";
    EXPECT_TRUE(life->adder.applied_ids.empty()) << "nothing of the other log may be counted";
}

TEST_F(EngineTest, WhatCannotBeReadBecomesARowAndCountingGoesOn) {
    ArrayLog log(1);
    log.append(0, record("e1", "anna", 1));
    log.append(0, {"a key", "{not json", "", "", {{"trace", "17"}}});
    log.append(0, {"null", "", "", "", {}});
    log.append(0, {"k", R"({"id":"x","event":"complaint","customer":"c"})", "", "", {}});
    log.append(0, record("e2", "anna", 2));
    auto life = live(log);
    life->run(at(100));
    ASSERT_TRUE(life->engine->flush(at(100)).ok());

    EXPECT_EQ(life->adder.applied_ids, (Ids{"e1", "e2"}));
    ASSERT_EQ(life->notebook.dead.size(), 3u);
    const auto& first = life->notebook.dead[0];
    EXPECT_EQ(first.code, "json_invalid");
    EXPECT_EQ(first.stage, "decode");
    EXPECT_EQ(first.topic, "log");
    EXPECT_EQ(first.offset, 1);
    EXPECT_EQ(first.key, "a key") << "the original, byte for byte";
    EXPECT_EQ(first.value, "{not json");
    EXPECT_EQ(first.headers, (std::vector<std::pair<std::string, std::string>>{{"trace", "17"}}));
    EXPECT_EQ(life->notebook.dead[1].code, "empty");
    EXPECT_EQ(life->adder.codes.size(), 3u);
    EXPECT_EQ(life->lane().position.next, 5) << "set aside is dealt with";
    life.reset();
    const auto rows = stored();
    EXPECT_EQ(rows.count(outbox::row_key(1)) + rows.count(outbox::row_key(2)) + rows.count(outbox::row_key(3)), 3u)
        << "the rows are in the store, with the offset behind them";
}

TEST_F(EngineTest, DeliveredRowsLeaveTheStore) {
    ArrayLog log(1);
    log.append(0, {"k", "{", "", "", {}});
    auto life = live(log);
    life->run(at(100));
    ASSERT_TRUE(life->engine->flush(at(100)).ok());
    life->notebook.delivered = true;
    ASSERT_TRUE(life->engine->flush(at(101)).ok());
    life.reset();
    EXPECT_EQ(stored().count(outbox::row_key(1)), 0u);
}

TEST_F(EngineTest, AnEventFromTheFutureIsSetAsideUnlessTheClockIsTheEvents) {
    ArrayLog log(1);
    log.append(0, record("soon", "anna", 100 + 299));
    log.append(0, record("far", "anna", 100 + 301));
    auto life = live(log);
    life->run(at(100));
    EXPECT_EQ(life->adder.applied_ids, (Ids{"soon"}));
    EXPECT_EQ(life->adder.codes, (std::map<std::string, int>{{"time_in_future", 1}}));
    life.reset();
    std::filesystem::remove_all(root_);
    auto history = live(log, by_event_time());
    history->run(at(100));
    EXPECT_EQ(history->adder.applied_ids, (Ids{"soon", "far"}));
}

TEST_F(EngineTest, AnEventOlderThanTheRetentionIsSetAside) {
    ArrayLog log(1);
    log.append(0, record("now", "anna", 0));
    log.append(0, record("old", "anna", -std::int64_t{401} * 86'400));
    auto life = live(log);
    life->run(at(100));
    EXPECT_EQ(counted(*life, task::Outcome::kTooLate), 1);
    ASSERT_EQ(life->notebook.dead.size(), 1u);
    EXPECT_EQ(life->notebook.dead[0].code, "too_late");
    EXPECT_EQ(life->notebook.dead[0].stage, "apply");
}

TEST_F(EngineTest, LanesAreReadInTheOrderOfTheirEvents) {
    ArrayLog log(2);
    log.append(0, record("a1", "anna", 1));
    log.append(0, record("a4", "anna", 4));
    log.append(1, record("b2", "bert", 2));
    log.append(1, record("b3", "bert", 3));
    auto life = live(log, wall(), 2);
    life->run(at(100));
    EXPECT_EQ(life->adder.applied_ids, (Ids{"a1", "b2", "b3", "a4"}));
}

TEST_F(EngineTest, ALaneWithoutItsNextRecordHoldsUpTheOthersForHalfAMinute) {
    ArrayLog log(2);
    log.append(0, record("a1", "anna", 1));
    log.hold_back(1, true);
    auto life = live(log, wall(), 2);
    life->run(at(100));
    EXPECT_TRUE(life->adder.applied_ids.empty()) << "partition 1 may hold an earlier event";
    life->run(at(100) + Engine::kHoldUpMax - 1ms);
    EXPECT_TRUE(life->adder.applied_ids.empty());
    life->run(at(100) + Engine::kHoldUpMax);
    EXPECT_EQ(life->adder.applied_ids, (Ids{"a1"})) << "but one broken partition does not stop the daemon";
}

TEST_F(EngineTest, ALaneAtItsEndHoldsUpNobody) {
    ArrayLog log(2);
    log.append(0, record("a1", "anna", 1));
    auto life = live(log, wall(), 2);
    life->run(at(100));
    EXPECT_EQ(life->adder.applied_ids, (Ids{"a1"}));
}

TEST_F(EngineTest, NothingLeavesBeforeItIsOnDisk) {
    for (const bool broken : {false, true}) {
        std::filesystem::remove_all(root_);
        ArrayLog log(1);
        log.append(0, {"k", "{", "", "", {}});
        EngineOptions options = wall();
        options.faults.send_before_fsync = broken;
        auto life = live(log, options);
        const auto directory = store::TaskStore::directory_of(root_, 0);
        bool safe = false;
        int releases = 0;
        life->notebook.on_release = [&] {
            std::ifstream mark(directory / "SYNCED");  // name and length of the log file that is safe
            std::string name;
            std::uintmax_t bytes = 0;
            safe = (mark >> name >> bytes) && bytes == std::filesystem::file_size(directory / name);
            ++releases;
        };
        ASSERT_TRUE(life->engine->step(at(100)).ok());
        EXPECT_EQ(releases, 1);
        EXPECT_EQ(life->notebook.released, 1u);
        EXPECT_EQ(safe, !broken) << (broken ? "the fault must show here" : "released before the sync");
    }
}

TEST_F(EngineTest, WithTheEventClockAStandstillTakesTwoSecondsOfKnownSilence) {
    ArrayLog log(1);
    log.append(0, record("r1", "anna", 0, "registration"));
    log.append(0, record("e1", "bert", 3'600));
    auto life = live(log, by_event_time());
    life->run(at(100));
    EXPECT_TRUE(life->notebook.transitions.empty())
        << "due at the last instant read: an event of that instant may follow";
    EXPECT_FALSE(life->engine->standing_still());
    log.caught_up(0, at(100) + Engine::kStandstill - 1ms);
    life->run(at(200));
    EXPECT_FALSE(life->engine->standing_still()) << "the wall clock decides nothing, what the broker said does";
    log.caught_up(0, at(100) + Engine::kStandstill);
    life->run(at(200));
    EXPECT_TRUE(life->engine->standing_still());
    ASSERT_TRUE(life->engine->flush(at(201)).ok());
    ASSERT_EQ(life->notebook.transitions.size(), 1u);
    EXPECT_EQ(life->notebook.transitions[0].first.rule, "Promise");
    EXPECT_EQ(life->notebook.transitions[0].first.at, at(3'600));

    log.append(0, record("e2", "bert", 3'700));
    ASSERT_TRUE(life->engine->step(at(202)).ok());
    EXPECT_FALSE(life->engine->standing_still()) << "something came after all";
}

TEST_F(EngineTest, APromiseBreaksOnlyOnceTheLogIsKnownToBeReadThatFar) {
    ArrayLog log(1);
    log.append(0, record("r1", "anna", 0, "registration"));
    auto life = live(log);
    life->run(at(4'000));
    ASSERT_TRUE(life->engine->flush(at(4'000)).ok());
    EXPECT_TRUE(life->notebook.transitions.empty()) << "the reconnection may lie in what the broker has not given yet";
    EXPECT_FALSE(life->engine->caught_up());

    log.caught_up(0, at(4'000));
    life->run(at(4'001));
    ASSERT_TRUE(life->engine->flush(at(4'001)).ok());
    EXPECT_TRUE(life->engine->caught_up());
    ASSERT_EQ(life->notebook.transitions.size(), 1u);
    EXPECT_EQ(life->notebook.transitions[0].first.at, at(3'600)) << "dated when it was due, not when it was found";
    EXPECT_EQ(life->adder.timer_delays, std::vector<Duration>{std::chrono::seconds(401)}) << "and the wait is told";
    life.reset();
    EXPECT_EQ(stored().count(std::string(kCaughtUpKey)), 1u) << "from now on receivers are told";
}

TEST_F(EngineTest, WhatIsMadeBeforeTheTaskIsCaughtUpIsHeldBack) {
    ArrayLog log(1);
    for (int i = 1; i <= 3; ++i) log.append(0, record("a" + std::to_string(i), "anna", i));
    auto life = live(log);
    life->run(at(100));
    log.caught_up(0, at(101));
    life->run(at(102));
    for (int i = 1; i <= 3; ++i) log.append(0, record("b" + std::to_string(i), "bert", i));
    life->run(at(103));
    ASSERT_TRUE(life->engine->flush(at(103)).ok());
    ASSERT_EQ(life->notebook.transitions.size(), 2u);
    EXPECT_TRUE(life->notebook.transitions[0].second) << "history";
    EXPECT_FALSE(life->notebook.transitions[1].second) << "news";
}

TEST_F(EngineTest, ARecordThatTheIntakeWroteTwiceCountsOnce) {
    const auto stamped = [](const std::string& id, int offset) {
        StoredRecord r = record(id, "anna", offset);
        r.origin = "in/0/" + std::to_string(offset) + "/0";
        return r;
    };
    ArrayLog log(1);
    log.append(0, stamped("e1", 1));
    log.append(0, stamped("e2", 2));
    log.append(0, stamped("e1", 1));
    log.append(0, record("stray", "anna", 9));  // nobody but the intake writes here, yet somebody did
    auto life = live(log, rekeyed());
    life->run(at(100));
    ASSERT_TRUE(life->engine->flush(at(100)).ok());
    EXPECT_EQ(life->adder.applied_ids, (Ids{"e1", "e2"}));
    EXPECT_EQ(life->adder.repeats, 1);
    EXPECT_EQ(life->adder.codes, (std::map<std::string, int>{{"origin_missing", 1}}));
    life.reset();

    log.append(0, stamped("e2", 2));
    auto next_life = live(log, rekeyed());
    next_life->run(at(101));
    EXPECT_EQ(next_life->adder.repeats, 1) << "the filter lives in the same commit";
    EXPECT_TRUE(next_life->adder.applied_ids.empty());
}

TEST_F(EngineTest, WithoutTheOriginCheckARepeatReachesTheTask) {
    ArrayLog log(1);
    for (int i = 0; i < 2; ++i) {
        StoredRecord r = record("e1", "anna", 1);
        r.origin = "in/0/1/0";
        log.append(0, r);
    }
    EngineOptions broken = rekeyed();
    broken.faults.origin_check_off = true;
    auto life = live(log, broken);
    life->run(at(100));
    EXPECT_EQ(life->adder.repeats, 0);
    EXPECT_EQ(life->adder.applied_ids.size(), 2u);
}

TEST_F(EngineTest, BehindTheIntakeMarksSayHowFarTheInputsAreRead) {
    ArrayLog log(1);
    StoredRecord r = record("r1", "anna", 0, "registration");
    r.origin = "in/0/0/0";
    log.append(0, r);
    log.append(0, {"", "", "", intake::encode_marks({{{"in", 0, 2, at(4'000)}}}), {}});
    auto life = live(log, rekeyed());
    life->run(at(4'001));
    ASSERT_TRUE(life->engine->flush(at(4'001)).ok());
    EXPECT_TRUE(life->notebook.transitions.empty()) << "partition 1 of the input has not been heard of";
    log.append(0, {"", "", "", intake::encode_marks({{{"in", 0, 2, at(4'000)}, {"in", 1, 2, at(4'000)}}}), {}});
    life->run(at(4'002));
    ASSERT_TRUE(life->engine->flush(at(4'002)).ok());
    EXPECT_EQ(life->notebook.transitions.size(), 1u);
    EXPECT_EQ(life->lane().position.next, 3) << "marks are read like records";
    EXPECT_TRUE(life->notebook.dead.empty()) << "and are none";
}

TEST_F(EngineTest, BehindABacklogAnEmptyLaneIsWaitedForUntilTheIntakeHasPassedTheEvent) {
    const auto mark = [](const intake::Marks& says, Instant written) {
        return StoredRecord{"", "", "", intake::encode_marks(says), {}, written};
    };
    ArrayLog log(2);
    StoredRecord r = record("a1", "anna", 10);
    r.origin = "in/0/0/0";
    r.timestamp = at(5'000);
    log.append(0, r);
    log.append(1, mark({{}, at(9), false}, at(5'001)));
    auto life = live(log, rekeyed(), 2);
    life->run(at(5'002));
    EXPECT_TRUE(life->adder.applied_ids.empty()) << "the intake may still have an earlier event for partition 1";
    log.append(1, mark({{}, at(9), true}, at(4'999)));
    life->run(at(5'003));
    EXPECT_TRUE(life->adder.applied_ids.empty()) << "it had nothing to read, but that was before this record";
    log.append(1, mark({{}, at(10), false}, at(5'003)));
    life->run(at(5'004));
    EXPECT_EQ(life->adder.applied_ids, (Ids{"a1"}));

    r = record("a2", "anna", 20);
    r.origin = "in/0/1/0";
    r.timestamp = at(5'005);
    log.append(0, r);
    log.append(1, mark({{}, at(10), true}, at(5'006)));
    life->run(at(5'007));
    EXPECT_EQ(life->adder.applied_ids, (Ids{"a1", "a2"})) << "nothing was left in the inputs";

    r = record("a3", "anna", 30);
    r.origin = "in/0/2/0";
    r.timestamp = at(5'008);
    log.append(0, r);
    life->run(at(5'009));
    EXPECT_EQ(life->adder.applied_ids.size(), 2u);
    life->run(at(5'009) + Engine::kHoldUpMax);
    EXPECT_EQ(life->adder.applied_ids.size(), 3u) << "an intake that is dead does not stop the daemon";

    r = record("a4", "anna", 5'990);
    r.origin = "in/0/3/0";
    r.timestamp = at(6'000);
    log.append(0, r);
    life->run(at(6'000));
    EXPECT_EQ(life->adder.applied_ids.size(), 4u) << "what is news waits for nobody";
}

TEST_F(EngineTest, WhileAnInputIsSilentPromisesThatWaitOnItDoNotBreak) {
    ArrayLog log(1);
    StoredRecord r = record("r1", "anna", 0, "registration");
    r.origin = "in/0/0/0";
    log.append(0, r);
    EngineOptions options = rekeyed();
    options.topics["reconnections"] = {};
    options.waits_on["Promise"] = {"reconnections"};
    auto life = live(log, options);
    life->run(at(3'000));
    StoredRecord later = record("e1", "bert", 4'000);
    later.origin = "in/0/1/0";
    log.append(0, later);
    life->run(at(4'001));
    ASSERT_TRUE(life->engine->flush(at(4'001)).ok());
    EXPECT_TRUE(life->notebook.transitions.empty())
        << "due, but its input has said nothing for longer than half a minute";
    EXPECT_EQ(life->engine->unverified(), Ids{"Promise"});

    // A reload after which nobody waits for that topic: the promise breaks at its due instant.
    const EventSchema schema = EventSchema::builtin();
    life->engine->wait_on({});
    life->engine->adopt(rules_of(schema));
    StoredRecord last = record("e2", "bert", 5'000);
    last.origin = "in/0/2/0";
    log.append(0, last);
    life->run(at(5'001));
    ASSERT_TRUE(life->engine->flush(at(5'001)).ok());
    EXPECT_EQ(life->engine->unverified(), Ids{});
    ASSERT_EQ(life->notebook.transitions.size(), 1u);
    EXPECT_EQ(life->notebook.transitions[0].first.at, at(3'600));
}

TEST_F(EngineTest, RulesThatAreUnverifiedStaySoWhenTheRulesAreReloadedInAnotherOrder) {
    ArrayLog log(1);
    StoredRecord r = record("r1", "anna", 0, "registration");
    r.origin = "in/0/0/0";
    log.append(0, r);
    EngineOptions options = rekeyed();
    options.topics["reconnections"] = {};
    options.waits_on["Promise"] = {"reconnections"};
    auto life = live(log, options);
    life->run(at(3'000));
    EXPECT_EQ(life->engine->unverified(), Ids{"Promise"});
    const auto before = life->rules();
    auto reordered = std::make_shared<RuleSet>(*before);
    std::swap(reordered->rules[0], reordered->rules[1]);
    for (std::size_t i = 0; i < reordered->rules.size(); ++i) reordered->rules[i].order = static_cast<std::uint32_t>(i);
    life->engine->adopt(reordered);
    StoredRecord later = record("e1", "bert", 4'000);
    later.origin = "in/0/1/0";
    log.append(0, later);
    life->run(at(4'001));
    ASSERT_TRUE(life->engine->flush(at(4'001)).ok());
    EXPECT_TRUE(life->notebook.transitions.empty()) << "known by its name, not by its place";
    EXPECT_EQ(life->engine->unverified(), Ids{"Promise"});
    life->engine->wait_on({});
    EXPECT_TRUE(life->engine->unverified().empty()) << "the rule waits on nothing any more";
}

TEST_F(EngineTest, ACustomerInTwoPartitionsOfADirectTopicIsFoundOut) {
    ArrayLog log(2);
    log.append(0, record("e1", "anna", 1));
    log.append(1, record("e2", "bert", 2));
    log.append(1, record("e3", "anna", 3));
    log.append(0, record("e4", "anna", 4));
    log.append(0, record("e5", "", 5));
    log.append(1, record("e6", "", 6));
    auto life = live(log, wall(), 2);
    life->run(at(10));
    EXPECT_EQ(life->engine->customers_in_two_partitions(), 1u) << "once for the customer, whatever follows";
}

}  // namespace
}  // namespace tocsin::pipeline
