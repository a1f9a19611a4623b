/// The byte language of everything that is stored, pinned: a daemon must read what an older one left behind.

#include "ledger/codec.h"

#include <gtest/gtest.h>

#include "base/digest.h"

namespace tocsin::ledger {
namespace {

template <typename Put, typename Value>
std::string bytes(Put put, Value value) {
    std::string out;
    put(out, value);
    return hex(out);
}

TEST(Codec, NumbersArePinnedByteByByte) {
    EXPECT_EQ(bytes(put_varint, 0u), "00");
    EXPECT_EQ(bytes(put_varint, 127u), "7f");
    EXPECT_EQ(bytes(put_varint, 300u), "ac02");
    EXPECT_EQ(bytes(put_varint, UINT64_MAX), "ffffffffffffffffff01");
    EXPECT_EQ(bytes(put_signed, 0), "00");
    EXPECT_EQ(bytes(put_signed, -1), "01");
    EXPECT_EQ(bytes(put_signed, 1), "02");
    EXPECT_EQ(bytes(put_signed, INT64_MIN), "ffffffffffffffffff01");
    EXPECT_EQ(bytes(put_instant, from_millis(60'000)), "c0a907");
    EXPECT_EQ(bytes(put_instant, kNever), "feffffffffffffff3f");
    EXPECT_EQ(bytes(put_fixed64, 0x0102030405060708u), "0807060504030201");
    EXPECT_EQ(bytes(put_string, "ab"), "026162");
}

TEST(Codec, OrderedNumbersSortAsTheirBytes) {
    EXPECT_EQ(bytes(put_ordered64, -1), "7fffffffffffffff");
    EXPECT_EQ(bytes(put_ordered64, 0), "8000000000000000");
    EXPECT_EQ(bytes(put_ordered64, 1), "8000000000000001");
}

TEST(Codec, ReaderNeverReadsPastItsInput) {
    for (const std::string_view text : {"", "\x80",
                                        "\x05"
                                        "ab"}) {
        Reader in(text);
        EXPECT_EQ(in.string(), "");
        EXPECT_FALSE(in.ok()) << hex(text);
        EXPECT_EQ(in.fixed64(), 0u);
    }
    Reader liar(std::string_view("\x7f\x01", 2));
    EXPECT_EQ(liar.count(), 0u) << "more things than bytes are left";
    EXPECT_FALSE(liar.ok());
}

}  // namespace
}  // namespace tocsin::ledger
