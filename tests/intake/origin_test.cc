// The header's text, both ways, and everything that is not it.
#include "intake/origin.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

namespace tocsin::intake {
namespace {

TEST(Origin, TextIsAsDocumented) {
    std::string out = "left over";
    encode_origin({"cs.complaints", 3, 1042, 0}, out);
    EXPECT_EQ(out, "cs.complaints/3/1042/0");
    encode_origin({"t", std::numeric_limits<std::int32_t>::max(), std::numeric_limits<std::int64_t>::max(), 7}, out);
    EXPECT_EQ(out, "t/2147483647/9223372036854775807/7");
}

RC_GTEST_PROP(Origin, IsReadBackUnchanged, ()) {
    const auto topic = *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab.-_0"))));
    const OriginStamp origin{topic, *rc::gen::inRange<std::int32_t>(0, INT32_MAX),
                             *rc::gen::inRange<std::int64_t>(0, INT64_MAX), *rc::gen::inRange<std::int64_t>(0, 1000)};
    std::string text;
    encode_origin(origin, text);
    const auto read = parse_origin(text);
    RC_ASSERT(read.has_value());
    RC_ASSERT(read->topic == origin.topic);
    RC_ASSERT(read->partition == origin.partition);
    RC_ASSERT(read->offset == origin.offset);
    RC_ASSERT(read->epoch == origin.epoch);
}

TEST(Origin, AnythingElseIsRefused) {
    for (const std::string text : {"",
                                   "/",
                                   "///",
                                   "t",
                                   "t/1",
                                   "t/1/2",
                                   "/1/2/3",
                                   "t/1/2/",
                                   "t/1//3",
                                   "t//2/3",
                                   "a/t/1/2/3",
                                   "t/-1/2/3",
                                   "t/1/-2/3",
                                   "t/1/2/-3",
                                   "t/01/2/3",
                                   "t/1/+2/3",
                                   "t/1/2/3 ",
                                   " t/1/2/x",
                                   "t/1/2/3/",
                                   "t/2147483648/2/3",
                                   "t/1/9223372036854775808/3",
                                   "t/1/2/-0"}) {
        EXPECT_FALSE(parse_origin(text).has_value()) << text;
    }
}

}  // namespace
}  // namespace tocsin::intake
