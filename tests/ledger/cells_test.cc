/// Cells against a naive recount: all events kept in a list, every window counted anew.

#include "ledger/cells.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "base/digest.h"

namespace tocsin::ledger {
namespace {

using namespace std::chrono_literals;

struct Seen {
    int person;  // 0: nobody
    std::int64_t bucket;
};

// Feeds events in order of arrival, as a task does: predecessor and successor are the person's other events.
class Feed {
public:
    explicit Feed(std::int64_t reach) : reach_(reach), cell_(store_.cell("k")) {}
    void add(int person, std::int64_t bucket) {
        CellEvent e;
        e.bucket = bucket;
        e.has_person = person != 0;
        for (const Seen& s : seen_) {
            if (person == 0 || s.person != person) continue;
            if (s.bucket <= bucket && (e.previous == CellEvent::kNone || s.bucket > e.previous)) e.previous = s.bucket;
            if (s.bucket > bucket && (e.next == CellEvent::kNone || s.bucket < e.next)) e.next = s.bucket;
        }
        store_.add(*cell_, e, reach_);
        seen_.push_back({person, bucket});
    }
    [[nodiscard]] std::uint64_t people(std::int64_t from, std::int64_t to) const {
        std::uint64_t sum = 0;
        for (const Bucket& b : cell_->range(from, to)) sum += b.people_since(from);
        return sum;
    }
    [[nodiscard]] std::uint64_t people_recounted(std::int64_t from, std::int64_t to) const {
        std::set<int> people;
        for (const Seen& s : seen_) {
            if (s.person != 0 && s.bucket >= from && s.bucket <= to) people.insert(s.person);
        }
        return people.size();
    }
    CellStore& store() { return store_; }
    [[nodiscard]] const std::vector<Seen>& seen() const { return seen_; }

private:
    std::int64_t reach_;
    CellStore store_;
    Cell* cell_;
    std::vector<Seen> seen_;
};

RC_GTEST_PROP(Cells, CountDistinctPeopleExactlyInEveryWindowHoweverLateEventsCome, ()) {
    const auto reach = *rc::gen::inRange<std::int64_t>(1, 12);
    Feed feed(reach);
    const auto events = *rc::gen::container<std::vector<std::pair<int, int>>>(
        rc::gen::pair(rc::gen::inRange(0, 5), rc::gen::inRange(0, 30)));
    for (const auto& [person, bucket] : events) feed.add(person, bucket);
    for (std::int64_t to = 0; to < 30; ++to) {
        for (std::int64_t from = std::max<std::int64_t>(0, to - reach + 1); from <= to; ++from) {
            RC_ASSERT(feed.people(from, to) == feed.people_recounted(from, to));
        }
    }
}

RC_GTEST_PROP(Cells, AWindowOfThePastDoesNotChangeWhenLaterEventsCome, ()) {
    Feed feed(6);
    std::vector<int> people = *rc::gen::container<std::vector<int>>(20, rc::gen::inRange(1, 4));
    for (std::int64_t b = 0; b < 10; ++b) feed.add(people[static_cast<std::size_t>(b)], b);
    const std::uint64_t before = feed.people(4, 9);
    for (std::int64_t b = 10; b < 20; ++b) feed.add(people[static_cast<std::size_t>(b)], b);
    RC_ASSERT(feed.people(4, 9) == before);
}

struct Restored : WriteBatch {
    std::map<std::string, std::string> rows;
    void put(std::string_view k, std::string_view v) { rows[std::string(k)] = v; }
    void del(std::string_view k) { rows.erase(std::string(k)); }
};

RC_GTEST_PROP(Cells, WhatIsStoredGivesTheSameCellsBack, ()) {
    Feed feed(5);
    const auto events = *rc::gen::container<std::vector<std::pair<int, int>>>(
        rc::gen::pair(rc::gen::inRange(0, 4), rc::gen::inRange(-10, 10)));
    Restored disk;
    for (const auto& [person, bucket] : events) {
        feed.add(person, bucket);
        WriteBatch batch;
        feed.store().write(batch);
        batch.for_each(disk);
    }
    CellStore again;
    for (const auto& [key, value] : disk.rows) RC_ASSERT(again.load(key, value));
    const Cell* cell = again.find("k");
    RC_ASSERT((cell == nullptr) == events.empty());
    if (cell == nullptr) return;
    for (std::int64_t to = -10; to < 10; ++to) {
        std::uint64_t sum = 0;
        for (const Bucket& b : cell->range(to - 4, to)) sum += b.people_since(to - 4);
        RC_ASSERT(sum == feed.people_recounted(to - 4, to));
    }
}

TEST(Cells, ExpiredBucketsAreDeletedFromTheStore) {
    Feed feed(5);
    feed.add(1, 1);
    feed.add(2, 7);
    Restored disk;
    WriteBatch batch;
    feed.store().write(batch);
    batch.for_each(disk);
    EXPECT_EQ(disk.rows.size(), 2u);
    feed.store().expire(*feed.store().cell("k"), 5);
    batch.clear();
    feed.store().write(batch);
    batch.for_each(disk);
    EXPECT_EQ(disk.rows.size(), 1u);
    EXPECT_EQ(feed.store().find("k")->buckets().size(), 1u);
}

TEST(Cells, BucketIsPinnedByteByByte) {
    CellStore store;
    Cell* cell = store.cell("12345678k");
    const std::int64_t sums[] = {1'250'000};
    store.add(*cell, {from_millis(1000), "e1", 5, true, CellEvent::kNone, CellEvent::kNone, sums}, 60);
    store.add(*cell, {from_millis(2000), "e2", 5, true, 2, CellEvent::kNone, sums}, 60);
    struct Sink {
        std::map<std::string, std::string> rows;
        void put(std::string_view key, std::string_view value) { rows[hex(key)] = hex(value); }
        void del(std::string_view) {}
    } sink;
    WriteBatch batch;
    store.write(batch);
    batch.for_each(sink);
    const std::map<std::string, std::string> expected = {
        // 'c', the cell's key, bucket 5
        {hex("c12345678k") + "8000000000000005",
         // format, 2 events, 2 of people, one repeat at distance 3, one sum of 2.5, the evidence
         "01"
         "02"
         "02"
         "01"
         "03"
         "01"
         "01"
         "c096b102"
         "02"
         "d00f"
         "026531"
         "a01f"
         "026532"}};
    EXPECT_EQ(sink.rows, expected);
}

TEST(Cells, DamagedRowsAreRefused) {
    CellStore store;
    EXPECT_FALSE(store.load("c", ""));
    EXPECT_FALSE(store.load("cshort", "x"));
    EXPECT_FALSE(store.load("ckey00000000", std::string_view("\x02\x01", 2))) << "a newer format";
    EXPECT_FALSE(store.load("ckey00000000", std::string_view("\x01\x01\x01\x05", 4))) << "five repeats, no bytes";
}

TEST(Cells, EvidenceKeepsTheNewestTwenty) {
    CellStore store;
    Cell* cell = store.cell("k");
    for (int i = 0; i < 30; ++i) {
        const std::string id = "e" + std::to_string(100 + i);
        CellEvent e;
        e.time = from_millis((i * 7) % 30);  // not in order
        e.id = id;
        store.add(*cell, e, 5);
    }
    const auto& evidence = cell->buckets().front().evidence;
    ASSERT_EQ(evidence.size(), Bucket::kEvidenceMax);
    for (std::size_t i = 0; i < evidence.size(); ++i) EXPECT_EQ(to_millis(evidence[i].time), static_cast<int>(10 + i));
}

TEST(Cells, BucketsAreFloorsOfUtcTimeAlsoBefore1970) {
    EXPECT_EQ(bucket_of(from_millis(0), 1min), 0);
    EXPECT_EQ(bucket_of(from_millis(59'999), 1min), 0);
    EXPECT_EQ(bucket_of(from_millis(60'000), 1min), 1);
    EXPECT_EQ(bucket_of(from_millis(-1), 1min), -1);
    EXPECT_EQ(bucket_of(from_millis(-60'000), 1min), -1);
    EXPECT_EQ(bucket_of(from_millis(-60'001), 1min), -2);
    EXPECT_EQ(bucket_start(-2, 1min), from_millis(-120'000));
}

TEST(Cells, WidthFollowsTheWindow) {
    EXPECT_EQ(bucket_width(2h), Duration(1min));
    EXPECT_EQ(bucket_width(2h + 1min), Duration(5min));
    EXPECT_EQ(bucket_width(24h), Duration(5min));
    EXPECT_EQ(bucket_width(25h), Duration(1h));
}

}  // namespace
}  // namespace tocsin::ledger
