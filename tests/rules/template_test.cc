// Annotations as two tables: what they print, and how they are refused when loaded.
#include "rules/template.h"

#include "fixtures.h"
#include "rules/pattern.h"

namespace tocsin::rules {
namespace {

/// Measures n (3), spent (2.5), hot (any …, true); an order that came last; labels of an ordinary rule.
class TemplateTest : public ::testing::Test {
protected:
    TemplateTest() : measures_(4), values_{Value::of_int(3), Value::of_number(2.5), Value::of(true)} {
        const std::pair<const char*, MeasureFn> named[] = {
            {"n", MeasureFn::kCount}, {"spent", MeasureFn::kSum}, {"hot", MeasureFn::kAny}};
        for (std::size_t i = 0; i < 3; ++i) {
            measures_[i].name = named[i].first;
            measures_[i].fn = named[i].second;
            measures_[i].type = values_[i].type;
        }
        last_.with("note", Value::of_string("back soon")).with("pieces", Value::of_int(1234567));
        last_.with("price", Value::of_number(0.1234567)).with("urgent", Value::of(false));
        last_.with("wanted", Value::of_time(from_millis(1435065584128)));
        last_.with("took", Value::of_duration(std::chrono::seconds(3661)));
        last_.event.area = "340100";
    }

    TemplateNames names() const {
        return {test_schema(),
                measures_,
                {"area", "level", "team", "gone"},
                promise_,
                is_person_ ? std::vector<KindId>{kind("order"), kind("complaint")} : std::vector<KindId>()};
    }
    std::optional<Template> compile(std::string_view text) { return compile_template(text, names(), fault_); }
    std::string printed(std::string_view text) {
        const auto made = compile(text);
        if (!made) return "refused: " + shown(fault_);
        TemplateContext context;
        context.measures = values_;
        if (promise_) context.overdue = std::chrono::minutes(90);
        context.labels = {{"area", "340100"}, {"level", "red"}, {"team", "cs follow-up"}};
        context.last = &last_.get();
        return made->render(context);
    }
    std::string fault_of(std::string_view text) { return compile(text) ? "accepted" : shown(fault_); }

    std::vector<Measure> measures_;
    std::vector<Value> values_;
    TestEvent last_{"order", at(60)};
    bool promise_ = false;
    bool is_person_ = true;
    Fault fault_;
};

struct Row {
    const char* text;
    const char* result;
};

constexpr Row kPrints[] = {
    {"", ""},
    {"plain { } }} text", "plain { } }} text"},
    {"客户7天内投诉{{ $n }}次。", "客户7天内投诉3次。"},
    {"{{ $n }} times, {{$spent}} yuan in {{ $labels.area }}: {{ $value }}", "3 times, 2.5 yuan in 340100: 3"},
    {"[{{ $labels.gone }}]", "[]"},
    {"{{ $hot }}", "true"},
    {"{{ \"a \\\"b\\\"\\t\\\\\" }}{{ `\\d` }}", "a \"b\"\t\\\\d"},
    {"{{ \"}}\" }}", "}}"},
    // $last
    {"{{ $last.id }} {{ $last.kind }} {{ $last.time }} {{ $last.area }}", "e1 order 1970-01-01T00:01:00Z 340100"},
    {"{{ $last.note }}, {{ $last.pieces }}, {{ $last.took }}, {{ $last.urgent }}", "back soon, 1234567, 1h1m1s, false"},
    {"[{{ $last.hall }}]", "[]"},
    // numbers
    {"{{ 0 | humanize }} {{ 1 | humanize }} {{ 1234567 | humanize }}", "0 1 1.235M"},
    {"{{ 0.12 | humanize }} {{ -0.000125 | humanize }} {{ 999 | humanize }}", "120m -125u 999"},
    {"{{ 1000 | humanize }} {{ 123456789012345678 | humanize }}", "1k 123.5P"},
    {"{{ humanize $n }} {{ $spent | humanize }} {{ $last.pieces | humanize }}", "3 2.5 1.235M"},
    {"{{ $last.price | humanizePercentage }}", "12.35%"},
    {"{{ -0.22222 | humanizePercentage }} {{ 0 | humanizePercentage }} {{ 1.23456 | humanizePercentage }}",
     "-22.22% 0% 123.5%"},
    // durations
    {"{{ 0 | humanizeDuration }} {{ 1 | humanizeDuration }} {{ 60 | humanizeDuration }}", "0s 1s 1m 0s"},
    {"{{ 3600 | humanizeDuration }}, {{ 86400 | humanizeDuration }}", "1h 0m 0s, 1d 0h 0m 0s"},
    {"{{ 90000 | humanizeDuration }}, {{ -183845 | humanizeDuration }}", "1d 1h 0m 0s, -2d 3h 4m 5s"},
    {"{{ 899.99 | humanizeDuration }}, {{ 60.1 | humanizeDuration }}", "14m 59s, 1m 0s"},
    {"{{ 1.234567 | humanizeDuration }} {{ -1.5 | humanizeDuration }}", "1.235s -1.5s"},
    {"{{ 0.1 | humanizeDuration }} {{ 0.0001 | humanizeDuration }} {{ 0.12345 | humanizeDuration }}",
     "100ms 100us 123.5ms"},
    {"{{ $last.took | humanizeDuration }}", "1h 1m 1s"},
    // times
    {"{{ 1435065584.128 | humanizeTimestamp }}", "2015-06-23 13:19:44.128 +0000 UTC"},
    {"{{ $last.wanted | humanizeTimestamp }}", "2015-06-23 13:19:44.128 +0000 UTC"},
    {"{{ 1435065584.5 | humanizeTimestamp }}, {{ -1 | humanizeTimestamp }}",
     "2015-06-23 13:19:44.5 +0000 UTC, 1969-12-31 23:59:59 +0000 UTC"},
    {"{{ 253402300800 | humanizeTimestamp }}", "2.534e+11"},
    // texts
    {"{{ \"aa bb-cc it's é\" | title }}", "Aa Bb-Cc It'S é"},
    {"{{ $labels.team | toUpper }} {{ toLower \"AbÉ\" }}", "CS FOLLOW-UP abÉ"},
    {"{{ match \"^34\" $labels.area }} {{ $labels.area | match `^\\d{5}$` }}", "true false"},
    {"{{ match \"\" $labels.gone }}", "false"},
    {"{{ reReplaceAll \"localhost:(.*)\" \"my.domain:$1\" \"localhost:9090\" }}", "my.domain:9090"},
    {"{{ $labels.area | reReplaceAll `(\\d\\d)(?P<city>\\d\\d).*` `${1}-$city:$0$$` | toUpper }}", "34-01:340100$"},
    {"{{ reReplaceAll `x*` `-` \"abxcé\" }}", "-a-b-c-é-"},
    {"{{ reReplaceAll `` `-` \"\" }}|{{ reReplaceAll `b` `$` \"abc\" }}", "-|a$c"},
    {"[{{ $last.hall | reReplaceAll `a` `b` }}]", "[]"},
    {"{{ (match \"a\" (toLower \"A\")) }}", "true"},
    // choices
    {"{{ if $hot }}hot{{ end }}{{ if $last.urgent }}urgent{{ end }}", "hot"},
    {"{{ if $last.hall }}{{ $last.hall }}{{ else }}no hall{{ end }}", "no hall"},
    {"{{ if match `^2` $labels.area }}a{{ else if match `^34` $labels.area }}b{{ else }}c{{ end }}!", "b!"},
    {"{{ if $hot }}{{ if $last.urgent }}1{{ else }}2{{ end }}{{ end }}", "2"},
    {"{{ if 0 }}1{{ else if 0.0 }}2{{ else if \"\" }}3{{ else if $last.time }}4{{ end }}", "4"},
    {"a {{- if $n -}} b {{- end -}} c, {{ $n -}}  \n {{- $n }}", "abc, 33"},
};

TEST_F(TemplateTest, PrintsWhatItSays) {
    for (const Row& row : kPrints) EXPECT_EQ(printed(row.text), row.result) << row.text;
}

constexpr Row kRefused[] = {
    {"x {{ $m }}", "5-7: unknown name \"$m\" (did you mean \"$n\"?)"},
    {"{{ $labels.aera }}", "3-15: unknown label \"aera\" (did you mean \"area\"?)"},
    {"{{ .Value }}", "3-9: `.Value`: write $value"},
    {"{{ .Labels.area }}", "3-15: `.Labels.area`: write $labels.area"},
    {"{{ n }}", "3-4: unknown function \"n\" (did you mean \"$n\"?)"},
    {"{{ $n | humanise }}", "8-16: unknown function \"humanise\" (did you mean \"humanize\"?)"},
    {"{{ $n | printf \"%d\" }}",
     "8-14: `printf` is not part of tocsin's templates: there are if, else, end, humanize, humanizeDuration, "
     "humanizePercentage, humanizeTimestamp, title, toUpper, toLower, match, reReplaceAll"},
    {"{{ range $n }}{{ end }}",
     "3-8: `range` is not part of tocsin's templates: there are if, else, end, humanize, humanizeDuration, "
     "humanizePercentage, humanizeTimestamp, title, toUpper, toLower, match, reReplaceAll"},
    {"{{ xyzzy }}",
     "3-8: unknown function \"xyzzy\": there are humanize, humanizeDuration, humanizePercentage, humanizeTimestamp, "
     "title, toUpper, toLower, match, reReplaceAll"},
    // what would let something personal out
    {"{{ $last.customer }}",
     "3-17: `$last.customer` is a person's number, which does not leave; $labels.customer is the pseudonym, where `by` "
     "names it"},
    {"{{ $last.subscriber | title }}",
     "3-19: `$last.subscriber` is a person's number, which does not leave; $labels.subscriber is the pseudonym, where "
     "`by` names it"},
    {"{{ $last.text }}", "3-13: `text` is of type text: what people wrote is not kept and does not leave"},
    {"{{ $labels.customer }}", "3-19: unknown label \"customer\""},
    {"{{ $last.amount }}", "3-15: `amount` is no field of these events"},
    {"{{ $last.pice }}", "3-13: unknown field \"pice\" (did you mean \"price\"?)"},
    {"{{ $last }}", "3-8: unknown name \"$last\""},
    // arguments
    {"{{ humanize }}", "3-11: `humanize` takes a number, found 0 arguments"},
    {"{{ $n | humanize $n }}", "8-19: `humanize` takes a number, found 2 arguments"},
    {"{{ match $labels.area }}", "3-21: `match` takes a regular expression in quotes and a text, found 1 argument"},
    {"{{ $labels.area | humanize }}", "3-15: `humanize` takes a number, found string"},
    {"{{ $last.took | humanize }}", "3-13: `humanize` takes a number, found duration"},
    {"{{ $last.time | humanizeDuration }}",
     "3-13: `humanizeDuration` takes a duration, or a number of seconds, found time"},
    {"{{ $hot | humanizeTimestamp }}",
     "3-7: `humanizeTimestamp` takes a time, or a number of seconds since 1970, found bool"},
    {"{{ toUpper $n }}", "11-13: `toUpper` takes a text, found int"},
    {"{{ match $labels.area \"x\" }}", "9-21: `match` takes a regular expression in quotes, found something else"},
    {"{{ reReplaceAll \"a\" $labels.area \"x\" }}",
     "20-32: `reReplaceAll` takes a replacement in quotes, found something else"},
    {"{{ match \"(\" \"x\" }}", "9-12: bad regular expression: missing ): ("},
    {"{{ reReplaceAll `(a)` `$2` \"x\" }}", "22-26: the regular expression has no group `2`"},
    {"{{ reReplaceAll `(a)` `$1b` \"x\" }}", "22-27: the regular expression has no group `1b`; write ${1}b"},
    {"{{ reReplaceAll `(?P<a>a)` `${b}` \"x\" }}", "27-33: the regular expression has no group `b`"},
    // form
    {"a {{ $n ", "2-4: `{{` is not closed: `}}` is missing"},
    {"{{ \"a }}", "3-8: the string is not closed: \" is missing"},
    {"{{ \"\\d\" }}", "4-6: a string knows \\\" \\\\ \\n \\t; a regular expression is easier to write in backquotes"},
    {"{{ }}", "3-5: a value is missing: {{ $value }}, {{ $labels.name }} or {{ $measure }}"},
    {"{{ | humanize }}", "3-4: a value is missing before this"},
    {"{{ $n | }}", "8-10: behind `|` stands a function, for example humanize"},
    {"{{ $n | $n }}", "8-10: behind `|` stands a function, for example humanize"},
    {"{{ $n $n }}", "6-8: one value at a time: `|` or `}}` is missing before"},
    {"{{ toUpper toLower \"x\" }}", "11-18: a function among arguments stands in parentheses: (toLower …)"},
    {"{{ (toLower \"x\" }}", "3-4: `(` is not closed: `)` is missing"},
    {"{{ $n ) }}", "6-7: `)` without a `(`"},
    {"{{ $n = 3 }}", "6-7: `=` means nothing in a template"},
    {"{{ 1x }}", "3-5: `1x` is no number"},
    {"{{/* note */}}", "2-3: `/` means nothing in a template"},
    {"{{ if $n }}x", "3-5: `if` without an `end`: {{ end }} is missing"},
    {"{{ if }}x{{ end }}", "6-8: a value is missing: {{ $value }}, {{ $labels.name }} or {{ $measure }}"},
    {"{{ if $n }}x{{ else }}y{{ else }}z{{ end }}", "26-30: a second `else`"},
    {"{{ if $n }}x{{ end $n }}", "19-21: nothing stands behind `end`"},
    {"{{ if $n }}x{{ else $n }}y{{ end }}", "20-22: nothing stands behind `else`"},
    {"{{ end }}", "3-6: `end` without an `if` before it"},
    {"x{{ else }}", "4-8: `else` without an `if` before it"},
};

TEST_F(TemplateTest, RefusesWhatItDoesNotKnow) {
    for (const Row& row : kRefused) EXPECT_EQ(fault_of(row.text), row.result) << row.text;
}

TEST_F(TemplateTest, NumbersHaveNoTrailingZeros) {
    const auto one = [this](Value v) {
        values_ = {v};
        return printed("{{ $n }}");
    };
    EXPECT_EQ(one(Value::of_number(3)), "3");
    EXPECT_EQ(one(Value::of_number(0.1)), "0.1");
    EXPECT_EQ(one(Value::of_number(-12.25)), "-12.25");
    EXPECT_EQ(one(Value::of_int(INT64_MIN)), "-9223372036854775808");
    EXPECT_EQ(one(Value::of_duration(std::chrono::minutes(90))), "1h30m");
    EXPECT_EQ(one(Value::of_time(at(0))), "1970-01-01T00:00:00Z");
    EXPECT_EQ(one(Value::of_string("x")), "x");
    EXPECT_EQ(one(Value::missing()), "");
    values_ = {Value::missing()};
    EXPECT_EQ(printed("[{{ $n | humanize }}{{ $spent }}]"), "[]");
}

TEST_F(TemplateTest, ValueNeedsAMeasure) {
    measures_.clear();
    EXPECT_EQ(fault_of("{{ $value }}"), "3-9: `$value` is the first measure, and the rule has none");
}

TEST_F(TemplateTest, APromisesValueIsHowLongItIsOverdue) {
    EXPECT_EQ(fault_of("{{ $overdue }}"), "3-11: unknown name \"$overdue\"");
    measures_.clear();
    promise_ = true;
    EXPECT_EQ(printed("{{ $value }}, {{ $overdue | humanizeDuration }}"), "1h30m, 1h 30m 0s");
}

TEST_F(TemplateTest, ARuleAboutAreasHasNoLastEvent) {
    is_person_ = false;
    EXPECT_EQ(fault_of("{{ $last.area }}"),
              "3-13: `$last.area`: a rule about areas keeps counts, not events; a field named in `by` is a label: "
              "$labels.field");
}

TEST_F(TemplateTest, AnEventThatIsNotKeptPrintsNothing) {
    const auto made = compile("[{{ $last.area }}{{ $last.kind | toUpper }}]");
    ASSERT_TRUE(made);
    EXPECT_EQ(made->render({}), "[]");
    EXPECT_EQ(Template().render({}), "");
}

TEST_F(TemplateTest, TextsAndWhatTheyPrintHaveALimit) {
    EXPECT_EQ(fault_of(std::string(kTemplateBytesMax, 'x')), "accepted");
    EXPECT_EQ(fault_of(std::string(kTemplateBytesMax + 1, 'x')), "0-1: the template has 4097 bytes, at most 4096");

    const std::string once(3999, 'x');
    last_ = TestEvent("order");
    last_.with("note", Value::of_string(once));
    const std::string twice = printed("{{ $last.note }}é{{ $last.note }}");
    EXPECT_EQ(twice.size(), 8000u) << "within the limit";
    const std::string cut = printed("{{ $last.note }}{{ $last.note }}{{ reReplaceAll `.` `é` $last.note }}");
    EXPECT_LE(cut.size(), Template::kRenderedBytesMax);
    EXPECT_TRUE(cut.ends_with("é…")) << "whole characters";
    const std::string grown =
        printed("{{ $last.note | reReplaceAll `` `" + once + "` | reReplaceAll `x` `xxxxxxxx` }}");
    EXPECT_EQ(grown.size(), Template::kRenderedBytesMax) << "a replacement ends where nothing more would be shown";
}

TEST_F(TemplateTest, AHiddenNumberComesOutNowhereNotEvenInPart) {
    TemplateContext context;
    TestEvent event("order");
    event.with("note", Value::of_string("+86 138-0013-8000"));
    context.last = &event.get();
    context.hidden = {{"13800138000", "c-1"}, {"86", "short"}};
    EXPECT_EQ(compile("{{ $last.note | reReplaceAll `-` `` }}")->render(context), "+86 c-1");
    EXPECT_EQ(compile("call 13800138000")->render(context), "call 13800138000") << "what the author wrote";
    event = TestEvent("order");
    const std::string long_note = "13800138000" + std::string(Template::kRenderedBytesMax - 5, 'x');
    event.with("note", Value::of_string(long_note));
    event.get();
    const std::string cut = compile("{{ $last.note | reReplaceAll `^(.{11})(.*)$` `$2$1` }}")->render(context);
    EXPECT_EQ(cut.find("1380"), std::string::npos) << "hidden before it is cut";
}

TEST_F(TemplateTest, NestingHasALimit) {
    const auto nested = [](int depth, const std::string& open, const std::string& inner, const std::string& close) {
        std::string text = inner;
        for (int i = 0; i < depth; ++i) text = open + text + close;
        return text;
    };
    EXPECT_EQ(fault_of(nested(kTemplateDepthMax, "{{if $n}}", "x", "{{end}}")), "accepted");
    EXPECT_EQ(fault_of(nested(kTemplateDepthMax + 1, "{{if $n}}", "x", "{{end}}")),
              "146-148: more than 16 `if` in one another");
    EXPECT_EQ(fault_of("{{ " + nested(kTemplateDepthMax, "(", "$n", ")") + " }}"), "accepted");
    EXPECT_EQ(fault_of("{{ " + nested(kTemplateDepthMax + 1, "(", "$n", ")") + " }}"),
              "19-20: more than 16 parentheses in one another");
    std::string chain = "{{if $n}}";
    for (int i = 0; i < 100; ++i) chain += "{{else if $n}}";
    EXPECT_EQ(fault_of(chain + "{{end}}"), "accepted") << "one after the other is no nesting";
}

}  // namespace
}  // namespace tocsin::rules
