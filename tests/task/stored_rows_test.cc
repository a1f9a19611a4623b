/// The rows of a task, pinned byte by byte; docs/storage_format.md draws them. The hashes of the rules are given, so
/// that only the layout is under test.

#include <gtest/gtest.h>

#include <map>

#include "base/digest.h"
#include "task/task_group.h"

namespace tocsin::task {
namespace {

using namespace std::chrono_literals;
using Rows = std::map<std::string, std::string>;

class StoredRows : public testing::Test {
protected:
    /// A rule about people that never holds and one about places that always does.
    std::shared_ptr<const RuleSet> rules() {
        auto set = std::make_shared<RuleSet>();
        Rule three;
        three.name = "Three";
        three.on = {*schema_.kind("complaint")};
        three.by = {kFieldCustomer};
        three.person = three.raises_case = true;
        three.definition_hash = 0x0102030405060708;
        Rule surge;
        surge.name = "Surge";
        surge.order = 1;
        surge.on = three.on;
        surge.by = {kFieldArea};
        surge.within = 1h;
        Measure& people = surge.measures.emplace_back();
        people.name = "people";
        people.fn = MeasureFn::kDistinct;
        people.field = kFieldCustomer;
        people.window = 1h;
        surge.levels[4] = surge.stays[4] = Expression();
        surge.filter_hash = 0x1112131415161718;
        surge.definition_hash = 0x2122232425262728;
        set->rules = {three, surge};
        return set;
    }
    Event complaint(const char* id, const char* customer) {
        Event e;
        e.kind = *schema_.kind("complaint");
        e.time = from_millis(60'000);
        e.id = id;
        e.customer = e.subscriber = customer;
        e.area = "n";
        return e;
    }
    static Rows written(Task& task) {
        struct Sink {
            Rows rows;
            void put(std::string_view key, std::string_view value) { rows[hex(key)] = hex(value); }
            void del(std::string_view key) { rows.erase(hex(key)); }
        } sink;
        WriteBatch batch;
        task.write(batch);
        batch.for_each(sink);
        return sink.rows;
    }

    EventSchema schema_ = EventSchema::builtin();
    AreaTree areas_;
    Pseudonymizer pseudonyms_ = Pseudonymizer::fixed();
    Setting setting_{schema_, areas_, pseudonyms_, {}, 1};
    TaskGroup tasks_{setting_};
};

// Bytes stand beside what they mean:
// clang-format off
TEST_F(StoredRows, ArePinnedByteByByte) {
    tasks_.adopt(rules());
    Event e = complaint("e1", "c");
    e.category = "bill";
    const FieldValue case_no{*schema_.field("case_no"), Value::of_string("N7")};
    e.fields = {&case_no, 1};
    tasks_.task(0).advance(e.time);
    tasks_.apply(0, e);
    const Rows expected = {
        // words
        {"6400000001", hex("complaint")},
        {"6400000002", hex("n")},
        {"6400000003", hex("bill")},
        {"6400000004", hex("case_no")},
        // the profile of customer "c": format, no states, no old ids, a row of 18 bytes
        {"70" "63" "63", "01" "00" "00" "12" "00" "c0a907" "01" "03" "04" "01" "026531" "00" "01" "04" "06" "024e37"},
        // a bucket: cell hash, subject, bucket 1; format, events, people, no repeats, no sums, one piece of evidence
        {"63" "5cc29fab56e7a579" "016e" "8000000000000001", "01" "01" "01" "00" "00" "01" "c0a907" "026531"},
        // the episode of the place: state of the rule, then the instant it was judged last
        {"61" "055375726765" "016e",
         "01" "01" "055375726765" "02016e" "c0e3be03" "04" "c0a907" "feffffffffffffff3f" "ffffffffffffffffff01" "01"
         "1a67737233346b6e32653534786c72663435377a346b7137736134" "026531" "016e" "01" "c134e728917f73d5" "01"
         "c0a907"},
        // clocks, the rules, the cells in use
        {hex("mclock"),
         "03" "c0a907" "c0a907" "c0a907" "bfe6dcc004" "01" "02" "055375726765" "2827262524232221" "00" "01" "0461726561" "055468726565"
         "0807060504030201" "01" "01" "08637573746f6d6572" "01" "5cc29fab56e7a579"},
    };
    EXPECT_EQ(written(tasks_.task(0)), expected);
}
// clang-format on

TEST_F(StoredRows, ClocksOfAnOlderFormatAreRead) {
    tasks_.adopt(rules());
    tasks_.apply(0, complaint("e1", "c"));
    WriteBatch batch;
    tasks_.task(0).write(batch);
    struct Clocks {
        std::string row;
        void put(std::string_view key, std::string_view value) { row = key == "mclock" ? value : row; }
        void del(std::string_view) {}
    } stored;
    batch.for_each(stored);
    ASSERT_EQ(tasks_.task(0).highest(), from_millis(60'000));
    // Behind the format stand: the clock (kBeforeAll has 9 bytes), two instants of 3 bytes and one of 9; the number
    // read.
    std::string second = stored.row;
    second.erase(1 + 9 + 3 + 3 + 9, 1);
    second[0] = 2;
    std::string first = second;
    first.erase(1 + 9 + 3 + 3, 9);
    first[0] = 1;
    for (const std::string& row : {first, second}) {
        TaskGroup older(setting_);
        ASSERT_TRUE(older.task(0).load("mclock", row).ok());
        EXPECT_EQ(older.task(0).highest(), from_millis(60'000));
        EXPECT_EQ(older.task(0).stored_cut(), Task::kUnknownCut) << "whether tasks are apart is not known";
    }
}

TEST_F(StoredRows, ARollupIsPinnedByteByByte) {
    auto set = std::make_shared<RuleSet>();
    Rule late;
    late.name = "Late";
    late.by = {kFieldCustomer};
    late.person = late.raises_case = true;
    late.expect.emplace();
    late.expect->after = {*schema_.kind("complaint")};
    late.expect->within = 1h;
    late.expect->rollup_window = 30min;
    late.levels[4] = late.stays[4] = Expression();
    late.overdue_steps = {0s};
    Rule many;
    many.name = "Many";
    many.order = 1;
    many.by = {kFieldArea};
    many.within = 30min;
    many.rolls_up = 0;
    many.levels[4] = many.stays[4] = Expression();
    set->rules = {late, many};
    tasks_.adopt(set);
    tasks_.apply(0, complaint("e1", "c"));
    tasks_.task(0).advance(from_millis(3'660'001));
    const Rows rows = written(tasks_.task(0));
    const std::string key =
        "72"
        "044d616e79"
        "016e";
    ASSERT_TRUE(rows.contains(key)) << testing::PrintToString(rows);
    // state of the rule, then the instant it was judged last
    EXPECT_EQ(rows.at(key),
              "01"
              "01"
              "044d616e79"
              "02016e"
              "c0c09a05"
              "04"
              "c0e3be03"
              "feffffffffffffff3f"
              "ffffffffffffffffff01"
              "01"
              "1a746870356e7874356b3577643765367035767861783376686233"
              "026531"
              "016e"
              "01"
              "a74d2c89e6666733"
              "01"
              "c0e3be03");
}

TEST_F(StoredRows, TheWarningAboutALimitIsPinnedByteByByte) {
    auto set = std::make_shared<RuleSet>(*rules());
    Rule& surge = set->rules[1];
    surge.limit = 1;
    Rule over;
    over.name = "SurgeOverLimit";
    over.order = 2;
    over.limits = 1;
    over.levels[4] = over.stays[4] = Expression();
    set->rules.push_back(over);
    tasks_.adopt(set);
    tasks_.apply(0, complaint("e1", "c"));
    Event elsewhere = complaint("e2", "d");
    elsewhere.area = "s";
    tasks_.apply(0, elsewhere);
    const Rows rows = written(tasks_.task(0));
    const std::string key = "6c" + hex("SurgeOverLimit");
    ASSERT_TRUE(rows.contains(key)) << testing::PrintToString(rows);
    const std::string& row = rows.at(key);
    // format, an open episode, rule, no subject, no timer; its level, when it opened
    EXPECT_EQ(row.substr(0, 2 * 31),
              "01"
              "01"
              "0e" +
                  hex("SurgeOverLimit") +
                  "00"
                  "feffffffffffffff3f"
                  "04"
                  "c0a907");
    EXPECT_EQ(row.substr(row.size() - 6), "c0a907") << "the instant it moved last";
}

TEST_F(StoredRows, AnEventWithoutACustomerIsRememberedUnderItsId) {
    tasks_.adopt(rules());
    tasks_.apply(0, complaint("e2", ""));
    const Rows rows = written(tasks_.task(0));
    EXPECT_TRUE(rows.contains("70" + hex("ie2"))) << testing::PrintToString(rows);
}

}  // namespace
}  // namespace tocsin::task
