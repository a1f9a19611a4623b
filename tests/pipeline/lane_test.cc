#include "pipeline/lane.h"

#include <gtest/gtest.h>

#include "base/digest.h"

namespace tocsin::pipeline {
namespace {

TEST(Position, ComesBackAsItWasStored) {
    for (const Position& p : {Position{}, Position{1, 0, 7}, Position{INT64_MAX, INT64_MAX - 1, UINT64_MAX}}) {
        const auto back = decode_position(encode_position(p));
        ASSERT_TRUE(back);
        EXPECT_EQ(back->next, p.next);
        EXPECT_EQ(back->last, p.last);
        EXPECT_EQ(back->fingerprint, p.fingerprint);
    }
}

TEST(Position, IsPinnedByteByByte) {
    EXPECT_EQ(kPositionKey, "o");
    EXPECT_EQ(kCaughtUpKey, "u");
    // format, next, last (zigzag), fingerprint
    EXPECT_EQ(hex(encode_position({1043, 1042, 0x0123456789abcdef})),
              "01"
              "a610"
              "a410"
              "efcdab8967452301");
}

TEST(Position, DamageIsNoticed) {
    const std::string whole = encode_position({1234, 1233, 99});
    for (std::size_t n = 0; n < whole.size(); ++n) EXPECT_FALSE(decode_position(whole.substr(0, n))) << n << " bytes";
    EXPECT_FALSE(decode_position(whole + "x"));
    std::string newer = whole;
    newer[0] = 2;
    EXPECT_FALSE(decode_position(newer)) << "a format of the future";
}

TEST(Fingerprint, IsTheSameForEver) {
    EXPECT_EQ(fingerprint_of({5, from_millis(1000), "key", "value", true, "", ""}), 12030137436832908960u);
}

TEST(Fingerprint, TellsKeyValueAndTimestampApart) {
    const LogRecord r{5, from_millis(1000), "key", "value", true, "", ""};
    const auto changed = [&](auto change) {
        LogRecord other = r;
        change(other);
        return fingerprint_of(other);
    };
    EXPECT_NE(fingerprint_of(r), changed([](LogRecord& o) { o.key = "kez"; }));
    EXPECT_NE(fingerprint_of(r), changed([](LogRecord& o) { o.value = "valuf"; }));
    EXPECT_NE(fingerprint_of(r), changed([](LogRecord& o) { o.timestamp = from_millis(1001); }));
    EXPECT_NE(fingerprint_of(r), changed([](LogRecord& o) { std::swap(o.key, o.value); }));
    EXPECT_EQ(fingerprint_of(r), changed([](LogRecord& o) { o.offset = 6; })) << "the place is not part of it";
}

}  // namespace
}  // namespace tocsin::pipeline
