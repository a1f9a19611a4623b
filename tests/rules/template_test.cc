// Annotations: what they print, and what is refused when loaded.
#include "rules/template.h"

#include "fixtures.h"

namespace tocsin::rules {
namespace {

class TemplateTest : public ::testing::Test {
protected:
    TemplateTest() : measures_(2) {
        measures_[0].name = "n";
        measures_[1].name = "spent";
    }

    std::optional<Template> compile(std::string_view text) {
        return compile_template(text, {measures_, {"area", "level", "team"}}, fault_);
    }
    std::string printed(std::string_view text, std::vector<Value> values) {
        const auto made = compile(text);
        EXPECT_TRUE(made) << shown(fault_);
        return made ? made->render(values, {{"area", "340100"}, {"level", "red"}}) : "";
    }
    std::string fault_of(std::string_view text) { return compile(text) ? "accepted" : shown(fault_); }

    std::vector<Measure> measures_;
    Fault fault_;
};

TEST_F(TemplateTest, PrintsMeasuresAndLabels) {
    const std::vector<Value> values = {Value::of_int(3), Value::of_number(2.50)};
    EXPECT_EQ(printed("{{ $n }} times, {{$spent}} yuan in {{ $labels.area }}: {{ $value }}", values),
              "3 times, 2.5 yuan in 340100: 3");
    EXPECT_EQ(printed("客户7天内投诉{{ $n }}次。", values), "客户7天内投诉3次。");
    EXPECT_EQ(printed("plain { } }} text", values), "plain { } }} text");
    EXPECT_EQ(printed("", values), "");
    EXPECT_EQ(printed("{{ $labels.team }}", values), "") << "a label that is not there this time";
    EXPECT_EQ(Template().render(values, {}), "");
}

TEST_F(TemplateTest, NumbersHaveNoTrailingZeros) {
    const auto one = [this](Value v) { return printed("{{ $n }}", {v}); };
    EXPECT_EQ(one(Value::of_number(3)), "3");
    EXPECT_EQ(one(Value::of_number(0.1)), "0.1");
    EXPECT_EQ(one(Value::of_number(-12.25)), "-12.25");
    EXPECT_EQ(one(Value::of_int(INT64_MIN)), "-9223372036854775808");
    EXPECT_EQ(one(Value::of(true)), "true");
    EXPECT_EQ(one(Value::of(false)), "false");
    EXPECT_EQ(one(Value::of_duration(std::chrono::minutes(90))), "1h30m");
    EXPECT_EQ(one(Value::of_time(at(0))), "1970-01-01T00:00:00Z");
    EXPECT_EQ(one(Value::of_string("x")), "x");
    EXPECT_EQ(one(Value::missing()), "");
    EXPECT_EQ(printed("[{{ $spent }}]", {}), "[]");
}

TEST_F(TemplateTest, RefusesWhatItDoesNotKnow) {
    EXPECT_EQ(fault_of("x {{ $m }}"), "5-7: unknown measure \"$m\" (did you mean \"n\"?)");
    EXPECT_EQ(fault_of("{{ $labels.aera }}"), "3-15: unknown label \"aera\" (did you mean \"area\"?)");
    EXPECT_EQ(fault_of("{{ $n | humanize }}"), "6-16: | humanize: not supported yet");
    EXPECT_EQ(fault_of("{{ if $n }}"),
              "3-8: `{{ if $n }}`: not supported yet; there are {{ $measure }}, {{ $value }} and {{ $labels.name }}");
    EXPECT_EQ(fault_of("{{ }}"),
              "3-4: `{{  }}`: not supported yet; there are {{ $measure }}, {{ $value }} and {{ $labels.name }}");
    EXPECT_EQ(fault_of("a {{ $n "), "2-4: `{{` is not closed: `}}` is missing");
    EXPECT_EQ(fault_of(std::string(kTemplateBytesMax, 'x')), "accepted");
    EXPECT_EQ(fault_of(std::string(kTemplateBytesMax + 1, 'x')), "0-1: the template has 4097 bytes, at most 4096");
}

TEST_F(TemplateTest, ValueNeedsAMeasure) {
    measures_.clear();
    EXPECT_EQ(fault_of("{{ $value }}"), "3-9: `$value` is the first measure, and the rule has none");
}

}  // namespace
}  // namespace tocsin::rules
