/// Stored profiles and words, pinned byte by byte; docs/storage_format.md draws them.

#include "ledger/profile.h"

#include <gtest/gtest.h>

#include <map>

#include "base/digest.h"

namespace tocsin::ledger {
namespace {

using namespace std::chrono_literals;

/// A kind with a declared field of every type.
EventSchema schema_with_every_type() {
    EventSchema schema = EventSchema::builtin();
    KindDef kind{"k", {}};
    const std::pair<const char*, FieldType> fields[] = {
        {"b", FieldType::kBool},     {"i", FieldType::kInt},    {"n", FieldType::kNumber}, {"t", FieldType::kTime},
        {"d", FieldType::kDuration}, {"s", FieldType::kString}, {"x", FieldType::kText}};
    for (const auto& [name, type] : fields) kind.fields.push_back({name, type, {}, "", 0});
    std::string problem;
    EXPECT_TRUE(schema.add(std::move(kind), problem)) << problem;
    return schema;
}

class ProfileTest : public testing::Test {
protected:
    Event event(const char* kind, const char* id, std::int64_t seconds) {
        Event e;
        e.kind = *schema_.kind(kind);
        e.time = from_millis(seconds * 1000);
        e.id = id;
        e.customer = e.subscriber = "c";
        e.area = "north";
        return e;
    }
    FieldValue field(const char* name, Value value) { return {*schema_.field(name), value}; }

    EventSchema schema_ = schema_with_every_type();
    Dictionary words_;
    Vocabulary vocabulary_{schema_, words_};
};

// Bytes stand beside what they mean:
// clang-format off
TEST_F(ProfileTest, IsPinnedByteByByte) {
    const std::vector<FieldValue> fields = {field("b", Value::of(true)),
                                            field("i", Value::of_int(-7)),
                                            field("n", Value::of_number(1.5)),
                                            field("t", Value::of_time(from_millis(1000))),
                                            field("d", Value::of_duration(90s)),
                                            field("s", Value::of_string("x")),
                                            field("x", Value::of_string("a text is not kept"))};
    Profile first;
    first.add(event("complaint", "e1", 60), vocabulary_);
    first.states = "st";
    std::string stored;
    first.pack(stored);

    Profile profile;
    ASSERT_TRUE(profile.unpack(stored, "c", vocabulary_));
    Event second = event("k", "e2", 120);
    second.subscriber = "s1";
    second.fields = fields;
    profile.add(second, vocabulary_);
    EXPECT_EQ(profile.trim(kBeforeAll, 1, 7 * 24h), 1u) << "the older row is rolled up";
    std::string packed;
    profile.pack(packed);
    EXPECT_EQ(hex(packed),
              "01"                                        // format
              "027374"                                    // states
              "01" "c0a907" "da98e5882762cd64"            // one old id: time, hash64("e1")
              "0d"                                        // the first row, 13 bytes:
              "01" "c0a907" "01" "03" "01" "01" "026531" "00" "00"
              "2c"                                        // the second, 44 bytes: not rolled, kind, area, two words,
              "00" "80d30e" "03" "03" "01" "01" "026532"  // id,
              "027331" "06"                               // subscriber, six fields:
              "04" "01" "01" "05" "02" "0d" "06" "03" "000000000000f83f" "07" "04" "d00f" "08" "05" "a0fe0a" "09" "06" "0178");
}
// clang-format on

TEST_F(ProfileTest, ComesBackAsItWasStored) {
    const std::vector<FieldValue> fields = {field("i", Value::of_int(3)), field("s", Value::of_string("x"))};
    Event e = event("k", "e1", 60);
    e.fields = fields;
    Profile profile;
    profile.add(e, vocabulary_);
    std::string packed;
    profile.pack(packed);
    Profile back;
    ASSERT_TRUE(back.unpack(packed, "c", vocabulary_));
    ASSERT_EQ(back.rows().size(), 1u);
    const Event& b = back.rows()[0].event;
    EXPECT_EQ(b.kind, e.kind);
    EXPECT_EQ(b.id, "e1");
    EXPECT_EQ(b.subscriber, "c");
    EXPECT_EQ(b.area, "north");
    ASSERT_EQ(b.fields.size(), 2u);
    EXPECT_EQ(b.fields[1].value.string, "x");
    for (std::size_t n = 1; n < packed.size(); ++n) {
        if (n == 3) continue;  // format, no states, no ids: a whole profile without rows
        EXPECT_FALSE(back.unpack(std::string_view(packed).substr(0, n), "c", vocabulary_)) << n << " bytes";
    }
}

TEST_F(ProfileTest, BeyondItsBoundAProfileKeepsTheLastOfEachKindAndTheIds) {
    Profile profile;
    std::string packed, kept;
    constexpr int kEvents = 200;
    for (int i = 0; i < kEvents; ++i) {
        const std::string id = "e" + std::to_string(i), area = "a" + std::to_string(i);
        Event e = event("complaint", id.c_str(), i);
        e.area = area;
        profile.add(e, vocabulary_);
        profile.trim(kBeforeAll, 10, 7 * 24h);
        profile.pack(packed);
        kept = packed;  // the rows looked into what was kept before
        ASSERT_TRUE(profile.unpack(kept, "c", vocabulary_));
    }
    EXPECT_EQ(profile.rows().size(), 10 + Profile::kRolledRowsMax);
    EXPECT_EQ(profile.old_ids().size(), kEvents - 10u);
    EXPECT_TRUE(profile.has_id("e0", from_millis(0), 7 * 24h)) << "an id outlives its row";
}

TEST(Dictionary, WordsArePinnedByteByByte) {
    Dictionary words;
    EXPECT_EQ(words.intern(""), Dictionary::kEmpty);
    EXPECT_EQ(words.intern("complaint"), 1u);
    EXPECT_EQ(words.intern("北"), 2u);
    WriteBatch batch;
    words.write(batch);
    struct Rows {
        std::map<std::string, std::string> all;
        void put(std::string_view key, std::string_view value) { all[hex(key)] = value; }
        void del(std::string_view) { ADD_FAILURE() << "words are never forgotten"; }
    } rows;
    batch.for_each(rows);
    const std::map<std::string, std::string> expected = {{"6400000001", "complaint"}, {"6400000002", "北"}};
    EXPECT_EQ(rows.all, expected);
}

TEST_F(ProfileTest, WithoutRoomInTheDictionaryAWordIsWrittenInPlace) {
    for (std::size_t n = words_.size(); n < Dictionary::kWordsMax; ++n) words_.intern("w" + std::to_string(n));
    words_.intern("one too many");
    EXPECT_EQ(words_.size(), Dictionary::kWordsMax);
    EXPECT_EQ(words_.find("one too many"), Dictionary::kNoWord);
    Event e = event("complaint", "e1", 60);
    e.area = "new";
    e.category = "w5";
    Profile profile;
    profile.add(e, vocabulary_);
    std::string packed;
    profile.pack(packed);
    EXPECT_NE(hex(packed).find("00"
                               "036e6577"
                               "06"),
              std::string::npos)
        << hex(packed);
    Profile back;
    ASSERT_TRUE(back.unpack(packed, "c", vocabulary_));
    EXPECT_EQ(back.rows()[0].event.area, "new");
    EXPECT_EQ(back.rows()[0].event.category, "w5");
}

}  // namespace
}  // namespace tocsin::ledger
