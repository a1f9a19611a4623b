/// What leaves the process as text: log lines, JSON, transition records.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/json_text.h"
#include "base/log.h"
#include "base/times.h"
#include "tocsin/transition.h"

namespace tocsin {
namespace {

TEST(LogLine, LogfmtQuotesWhatIsNoPlainWord) {
    EXPECT_EQ(
        format_log_line(LogFormat::kLogfmt, "T", LogLevel::kWarn, "a.cc:1", "kafka", "two words",
                        {{"n", 7}, {"topic", "cs.events"}, {"odd", "a=b"}, {"empty", ""}, {"broken", "x\ny\"z"}}),
        R"(ts=T level=warn caller=a.cc:1 component=kafka msg="two words" n=7 topic=cs.events odd="a=b" empty="" broken="x\ny\"z")");
}

TEST(LogLine, JsonIsOneObject) {
    EXPECT_EQ(format_log_line(LogFormat::kJson, "T", LogLevel::kError, "a.cc:1", "c", "m\"", {{"k", "v"}}),
              R"({"ts":"T","level":"error","caller":"a.cc:1","component":"c","msg":"m\"","k":"v"})");
}

TEST(Log, CountsLinesThatAreNotWrittenToo) {
    set_log(LogLevel::kError, LogFormat::kLogfmt);
    const auto before = log_lines(LogLevel::kDebug);
    log_debug("test", "nobody sees this");
    EXPECT_EQ(log_lines(LogLevel::kDebug), before + 1);
}

std::string json(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}
std::string json(double number) {
    std::string out;
    append_json_number(out, number);
    return out;
}

TEST(JsonText, StringsAreEscapedAndAlwaysUtf8) {
    EXPECT_EQ(json("a\"b\\c\n\t"), R"("a\"b\\c\n\t")");
    EXPECT_EQ(json("云山"), "\"云山\"");
    EXPECT_EQ(json("a\xff"
                   "b"),
              "\"a\xEF\xBF\xBD"
              "b\"");
    EXPECT_EQ(json(std::string_view("\x01\0", 2)), R"("\u0001\u0000")");
}

TEST(JsonText, NumbersAreTheShortestThatReadBack) {
    EXPECT_EQ(json(3.0), "3");
    EXPECT_EQ(json(0.1), "0.1");
    EXPECT_EQ(json(-2.5), "-2.5");
    EXPECT_EQ(json(std::numeric_limits<double>::infinity()), "null");
    EXPECT_EQ(json(std::nan("")), "null");
    for (const double d : {1e300, 5e-324, 123456789.123456, -0.0001})
        EXPECT_EQ(std::strtod(json(d).c_str(), nullptr), d);
}

Transition sample() {
    Transition t;
    t.at = *parse_rfc3339("2016-11-07T00:00:00Z");
    t.rule = "Three";
    t.is_case = true;
    t.episode_id = "pjd5eifh774anplkqpjsxllb72";
    t.number = 2;
    t.subject = {{"customer", "c-x", "13900000001"}};
    t.kind = TransitionKind::kRaised;
    t.level = Level::kOrange;
    t.previous_level = Level::kYellow;
    OwnedValue n;
    n.value = Value::of_int(5);
    t.measures = {{"n", n}};
    t.trigger = "e3";
    t.events = {"e5", "e4"};
    t.rules_hash = "0123456789abcdef";
    return t;
}

// Design 8.2: these bytes are the contract with everybody who reads output_topic.
TEST(TransitionJson, IsTheRecordOfTheDesign) {
    EXPECT_EQ(
        to_json(sample()),
        R"({"at":"2016-11-07T00:00:00Z","rule":"Three","raises":"case","id":"pjd5eifh774anplkqpjsxllb72.2",)"
        R"("subject":{"customer":"c-x"},"area":null,"transition":"raised","level":"orange","previous_level":"yellow",)"
        R"("measures":{"n":5},"trigger":"e3","events":["e5","e4"],"rules_hash":"0123456789abcdef"})");
}

TEST(TransitionJson, TheNumberIsShownOnRequestOnly) {
    EXPECT_EQ(to_json(sample()).find("13900000001"), std::string::npos);
    EXPECT_NE(to_json(sample(), Subjects::kPlain).find("\"customer\":\"13900000001\""), std::string::npos);
}

TEST(TransitionJson, AClosingSaysWhyAndHasNoLevel) {
    Transition t = sample();
    t.kind = TransitionKind::kClosed;
    t.reason = CloseReason::kQuiet;
    t.level = Level::kNone;
    EXPECT_NE(to_json(t).find(R"("transition":"closed","level":null,"previous_level":"yellow","reason":"quiet")"),
              std::string::npos)
        << to_json(t);
}

}  // namespace
}  // namespace tocsin
