#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "app/against.h"
#include "base/calendar.h"

namespace tocsin::app {
namespace {

constexpr std::size_t kRowsMax = 500;

// One file: whoever opens it needs no network, and the page needs no script.
constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Rules before and after 规则改动前后对比</title>
<style>
:root { color-scheme: light dark; --before: #8a8f98; --after: #c2410c; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 75em; margin: 2em auto; padding: 0 1em; }
table { border-collapse: collapse; margin: 0.5em 0; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid #8885; padding: 0.2em 0.7em; text-align: left; vertical-align: top; }
th span { display: block; font-weight: normal; }
.wide { overflow-x: auto; }
svg { max-width: 100%; height: auto; }
svg text { font-size: 11px; fill: currentColor; }
.before { fill: var(--before); } .after { fill: var(--after); }
</style>
</head>
<body>
)";

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

struct Bar {
    std::string day;
    std::uint64_t before = 0, after = 0;
};

using Number = std::function<std::uint64_t(const compare::Side&)>;

// Every day from the first to the last; those without a flag are days, too.
std::vector<Bar> bars_of(const compare::Comparison& c, const Number& number) {
    std::vector<Bar> bars;
    if (c.days.empty()) return bars;
    const auto first = parse_day(c.days.begin()->first), last = parse_day(c.days.rbegin()->first);
    if (!first || !last) return bars;
    for (Day day = *first; day <= *last; day += std::chrono::days(1)) {
        Bar bar{format_day(day)};
        if (const auto found = c.days.find(bar.day); found != c.days.end()) {
            bar.before = number(found->second.before);
            bar.after = number(found->second.after);
        }
        bars.push_back(std::move(bar));
    }
    return bars;
}

std::string rectangle(const char* side, double x, double width, double height, double floor, const std::string& title) {
    return fmt::format(
        "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"><title>{}</title></rect>\n",
        side, x, floor - height, width, height, escaped(title));
}

// Two bars a day: before, after.
std::string chart(const std::vector<Bar>& bars, const Words& title) {
    constexpr double kWidth = 1000, kHeight = 220, kLeft = 50, kFloor = 190, kTop = 15;
    std::uint64_t most = 0;
    for (const Bar& bar : bars) most = std::max({most, bar.before, bar.after});
    if (most == 0) return "";
    std::string out = fmt::format("<h2>{} {}</h2>\n<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{} {}\">\n",
                                  title.en, title.zh, kWidth, kHeight, title.en, title.zh);
    out += fmt::format("<text x=\"0\" y=\"{}\">{}</text><text x=\"0\" y=\"{}\">0</text>\n", kTop + 8, most, kFloor);
    const double step = (kWidth - kLeft) / static_cast<double>(bars.size()), width = step * 0.4;
    const auto height = [&](std::uint64_t n) {
        return (kFloor - kTop) * static_cast<double>(n) / static_cast<double>(most);
    };
    const std::size_t labels_every = std::max<std::size_t>(1, bars.size() / 10);
    for (std::size_t i = 0; i < bars.size(); ++i) {
        const Bar& bar = bars[i];
        const double x = kLeft + static_cast<double>(i) * step;
        out += rectangle("before", x, width, height(bar.before), kFloor,
                         fmt::format("{} before 原规则: {}", bar.day, bar.before));
        out += rectangle("after", x + width, width, height(bar.after), kFloor,
                         fmt::format("{} after 现规则: {}", bar.day, bar.after));
        if (i % labels_every == 0)
            out += fmt::format("<text x=\"{:.1f}\" y=\"{}\">{}</text>\n", x, kFloor + 18, bar.day.substr(5));
    }
    return out + "</svg>\n";
}

std::string table(const Grid& grid) {
    std::string out = fmt::format("<h2>{} {}</h2>\n<div class=\"wide\"><table>\n<tr>", grid.title.en, grid.title.zh);
    for (const Words& heading : grid.headings)
        out += "<th>" + heading.en + "<span lang=\"zh\">" + heading.zh + "</span></th>";
    out += "</tr>\n";
    for (const auto& row : grid.rows) {
        out += "<tr>";
        for (const std::string& cell : row) out += "<td>" + escaped(cell) + "</td>";
        out += "</tr>\n";
    }
    out += "</table></div>\n";
    if (grid.left_out > 0) out += fmt::format("<p>{} more 另有 {} 条</p>\n", grid.left_out, grid.left_out);
    return out;
}

}  // namespace

std::string against_html(const compare::Comparison& comparison) {
    const Words headline = headline_of(comparison);
    std::string out(kHead);
    out += "<h1>Rules before and after <span lang=\"zh\">规则改动前后对比</span></h1>\n<p>" + escaped(headline.en) +
           "</p>\n<p lang=\"zh\">" + escaped(headline.zh) + "</p>\n";
    const std::string pages =
        chart(bars_of(comparison, [](const compare::Side& s) { return s.pages; }), {"Pages per day", "每日呼叫"});
    const std::string flags =
        chart(bars_of(comparison, [](const compare::Side& s) { return s.flags; }), {"Flags per day", "每日触发"});
    if (!pages.empty() || !flags.empty()) {
        out +=
            "<p><svg width=\"12\" height=\"12\"><rect class=\"before\" width=\"12\" height=\"12\"/></svg> before "
            "原规则 "
            "<svg width=\"12\" height=\"12\"><rect class=\"after\" width=\"12\" height=\"12\"/></svg> after "
            "现规则</p>\n";
    }
    out += pages + flags;
    for (const Grid& grid : grids_of(comparison, kRowsMax)) {
        if (!grid.rows.empty()) out += table(grid);
    }
    return out + "</body>\n</html>\n";
}

}  // namespace tocsin::app
