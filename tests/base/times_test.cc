#include "base/times.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

using namespace std::chrono_literals;

TEST(Rfc3339, ReadsWhatTheStandardAllows) {
    struct Case {
        const char* text;
        const char* same;  ///< the instant, as we write it
    };
    const Case cases[] = {{"2016-11-07T00:00:00Z", "2016-11-07T00:00:00Z"},
                          {"2016-11-07t00:00:00z", "2016-11-07T00:00:00Z"},
                          {"2016-11-07T08:00:00+08:00", "2016-11-07T00:00:00Z"},
                          {"2016-11-06T20:30:00-03:30", "2016-11-07T00:00:00Z"},
                          {"2016-11-07T00:00:00.123Z", "2016-11-07T00:00:00.123Z"},
                          {"2016-11-07T00:00:00.123999Z", "2016-11-07T00:00:00.123Z"},
                          {"2016-11-07T00:00:00.1Z", "2016-11-07T00:00:00.100Z"},
                          {"2016-02-29T23:59:59Z", "2016-02-29T23:59:59Z"},
                          {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"},
                          {"2017-01-01T07:59:60+08:00", "2017-01-01T00:00:00Z"},
                          {"1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"}};
    for (const Case& c : cases) {
        const auto read = parse_rfc3339(c.text);
        ASSERT_TRUE(read) << c.text;
        EXPECT_EQ(format_rfc3339(*read), c.same) << c.text;
    }
}

TEST(Rfc3339, RefusesEverythingElse) {
    for (const char* text : {"",
                             "2016-11-07",
                             "2016-11-07T00:00:00",
                             "2016-11-07 00:00:00",
                             " 2016-11-07T00:00:00Z",
                             "2016-11-07T00:00:00Z ",
                             "2016-11-07T00:00Z",
                             "2016-11-07T24:00:00Z",
                             "2016-11-07T00:60:00Z",
                             "2016-11-07T00:00:61Z",
                             "2016-13-01T00:00:00Z",
                             "2015-02-29T00:00:00Z",
                             "2016-11-31T00:00:00Z",
                             "2016-00-10T00:00:00Z",
                             "2016-11-07T12:59:60Z",
                             "2016-11-07T00:00:00.Z",
                             "2016-11-07T00:00:00+8",
                             "2016-11-07T00:00:00+0800",
                             "2016-11-07T00:00:00+24:00",
                             "16-11-07T00:00:00Z",
                             "2016-11-07T00:00:00,5Z",
                             "+2016-11-07T00:00:00Z",
                             "2016-1-07T00:00:00Z"}) {
        EXPECT_FALSE(parse_rfc3339(text)) << text;
    }
}

TEST(Durations, AreReadAndWrittenFromLargeToSmall) {
    const std::pair<const char*, Duration> cases[] = {{"0s", 0s},
                                                      {"90s", 90s},
                                                      {"1h30m", 90min},
                                                      {"7d", 168h},
                                                      {"1w", 168h},
                                                      {"250ms", 250ms},
                                                      {"1d2h3m4s5ms", 26h + 3min + 4s + 5ms}};
    for (const auto& [text, duration] : cases) {
        ASSERT_TRUE(parse_duration(text)) << text;
        EXPECT_EQ(*parse_duration(text), duration) << text;
        EXPECT_EQ(parse_duration(format_duration(duration)), duration) << "written and read again";
    }
    EXPECT_EQ(format_duration(90s), "1m30s");
    EXPECT_EQ(format_duration(168h), "7d");
    for (const char* text : {"", "7", "d", "1m1h", "1h1h", "1.5h", "-1s", "1 h", "1y", "1001w1000d9999999999h",
                             "99999999999999999999s", " 1s"}) {
        EXPECT_FALSE(parse_duration(text)) << text;
    }
}

Instant read(const std::string& format, const std::string& zone, const std::string& text) {
    const auto made = TimeFormat::make(format, zone);
    EXPECT_TRUE(made.ok()) << made.error().message;
    const auto instant = made->parse(text);
    EXPECT_TRUE(instant) << text;
    return instant.value_or(kBeforeAll);
}

TEST(TimeFormat, LocalTimesNeedTheirZone) {
    EXPECT_EQ(read("%Y-%m-%d %H:%M:%S", "Asia/Shanghai", "2016-11-07 08:00:00"),
              *parse_rfc3339("2016-11-07T00:00:00Z"));
    EXPECT_EQ(read("%Y-%m-%d %H:%M:%S", "", "2016-11-07 08:00:00"), *parse_rfc3339("2016-11-07T08:00:00Z"));
    EXPECT_EQ(read("%d.%m.%Y %H:%M", "Europe/Berlin", "07.11.2016 01:00"), *parse_rfc3339("2016-11-07T00:00:00Z"));
}

TEST(TimeFormat, WhereTheClocksChange) {
    const std::string format = "%Y-%m-%d %H:%M:%S";
    EXPECT_EQ(read(format, "America/New_York", "2016-03-13 02:30:00"), *parse_rfc3339("2016-03-13T07:30:00Z"))
        << "skipped: moved forward by the gap";
    EXPECT_EQ(read(format, "America/New_York", "2016-11-06 01:30:00"), *parse_rfc3339("2016-11-06T05:30:00Z"))
        << "comes twice: the first is meant";
}

TEST(TimeFormat, EpochsAreNumbers) {
    EXPECT_EQ(read("epoch_s", "", "1478476800"), *parse_rfc3339("2016-11-07T00:00:00Z"));
    EXPECT_EQ(read("epoch_ms", "", "1478476800123"), *parse_rfc3339("2016-11-07T00:00:00.123Z"));
    EXPECT_TRUE(TimeFormat::make("epoch_s", "")->is_epoch());
    EXPECT_FALSE(TimeFormat::make("rfc3339", "")->is_epoch());
}

TEST(TimeFormat, TheWholeTextMustFit) {
    const auto made = TimeFormat::make("%Y-%m-%d %H:%M:%S", "");
    for (const char* text : {"", "2016-11-07", "2016-11-07 08:00:00Z", "2016-11-07 08:00:00 ", "2016-02-30 08:00:00",
                             "2016-11-07 25:00:00"}) {
        EXPECT_FALSE(made->parse(text)) << text;
    }
}

TEST(TimeFormat, WhatCannotBeUsedIsRefused) {
    EXPECT_FALSE(TimeFormat::make("%Y-%m-%d %H:%M", "Mars/Olympus").ok());
    EXPECT_FALSE(TimeFormat::make("%H:%M", "").ok()) << "no day";
    EXPECT_FALSE(TimeFormat::make("%Y-%m-%d", "").ok()) << "no time";
    EXPECT_FALSE(TimeFormat::make("sundial", "").ok());
}

}  // namespace
}  // namespace tocsin
