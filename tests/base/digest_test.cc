#include "base/digest.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

TEST(Digest, AgreesWithThePublishedVectors) {
    EXPECT_EQ(hex(as_text(sha256("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        << "FIPS 180-2";
    EXPECT_EQ(hex(as_text(hmac_sha256("Jefe", "what do ya want for nothing?"))),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        << "RFC 4231, case 2";
    EXPECT_EQ(hex(as_text(HmacSha256("Jefe")("what do ya want for nothing?"))),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        << "RFC 4231, case 2";
    EXPECT_EQ(
        hex(as_text(HmacSha256(std::string(131, '\xaa'))("Test Using Larger Than Block-Size Key - Hash Key First"))),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
        << "RFC 4231, case 6";
    EXPECT_EQ(crc32("123456789"), 3421780262u) << "the check value of CRC-32";
    EXPECT_EQ(crc32(""), 0u);
}

TEST(Digest, AKeyIsGoodForManyMessages) {
    const HmacSha256 keyed("a key");
    for (const std::string message :
         {"", "one", "one", "a message that is longer than one block of the digest, which has 64 bytes"}) {
        EXPECT_EQ(keyed(message), hmac_sha256("a key", message)) << message;
    }
}

TEST(Digest, TextsOfRfc4648) {
    struct Case {
        const char *plain, *base32, *base64;
    };
    const Case cases[] = {{"", "", ""},
                          {"f", "my", "Zg=="},
                          {"fo", "mzxq", "Zm8="},
                          {"foo", "mzxw6", "Zm9v"},
                          {"foob", "mzxw6yq", "Zm9vYg=="},
                          {"fooba", "mzxw6ytb", "Zm9vYmE="},
                          {"foobar", "mzxw6ytboi", "Zm9vYmFy"}};
    for (const Case& c : cases) {
        EXPECT_EQ(base32(c.plain), c.base32);
        EXPECT_EQ(base64(c.plain), c.base64);
        EXPECT_EQ(base64_decode(c.base64), c.plain);
    }
    for (const char* bad : {"Zg", "Zg=", "Zg===", "Z===", "====", "Zm9v\n", "Zm9*", "Z=9v"}) {
        EXPECT_NE(base64_decode(bad).value_or("refused"), "f") << bad;
    }
    EXPECT_FALSE(base64_decode("Zg="));
    EXPECT_FALSE(base64_decode("Zm9*"));
    EXPECT_FALSE(base64_decode("Z=9v"));
}

// It is stored: in cells, profiles and positions. A change here makes every state directory unreadable.
TEST(Digest, TheStoredHashIsTheSameForEver) {
    EXPECT_EQ(hash64(""), 11481010113824645096ull);
    EXPECT_EQ(hash64("a"), 15265425781797408351ull);
    EXPECT_EQ(hash64("12345678"), 3206858324069987935ull);
    EXPECT_EQ(hash64("a longer text of 26 bytes.."), 138104887416664889ull);
}

TEST(Digest, SecretsAreEqualOrNot) {
    EXPECT_TRUE(equal_secrets("", ""));
    EXPECT_TRUE(equal_secrets("same", "same"));
    EXPECT_FALSE(equal_secrets("same", "samf"));
    EXPECT_FALSE(equal_secrets("same", "sam"));
}

}  // namespace
}  // namespace tocsin
