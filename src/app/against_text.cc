#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/against.h"
#include "base/times.h"

namespace tocsin::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kRowsMax = 31;  // a month of days

// Columns on a terminal: a Chinese character takes two.
std::size_t width_of(std::string_view text) {
    std::size_t width = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte & 0xC0U) != 0x80U) width += byte >= 0xE0U ? 2 : 1;
    }
    return width;
}

std::string markdown_cell(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (std::string_view("\\`*_[]<>|~&").find(c) != std::string_view::npos) out += '\\';
        out += c == '\n' || c == '\r' ? ' ' : c;
    }
    return out;
}

void add_lines(std::string& out, const Grid& grid) {
    std::vector<std::vector<std::string>> lines(1);
    for (const Words& heading : grid.headings) lines.front().push_back(heading.en);
    lines.insert(lines.end(), grid.rows.begin(), grid.rows.end());
    std::vector<std::size_t> widths(grid.headings.size());
    for (const auto& line : lines) {
        for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], width_of(line[i]));
    }
    for (const auto& line : lines) {
        std::string text;
        for (std::size_t i = 0; i < line.size(); ++i)
            text += line[i] + std::string(widths[i] - width_of(line[i]) + 2, ' ');
        out += text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
    }
}

Json json_of(const compare::Comparison& c, const compare::Tally& t) {
    const auto side = [&](const compare::Side& s) {
        return Json{{"flags", s.flags},
                    {"pages", s.pages},
                    {"cases", s.cases},
                    {"pages_per_week", c.per_week(s.pages)},
                    {"hours_per_week", c.hours_per_week(s)}};
    };
    return {{"before", side(t.before)}, {"after", side(t.after)},    {"added", t.added},   {"removed", t.removed},
            {"earlier", t.earlier},     {"later", t.later},          {"raised", t.raised}, {"lowered", t.lowered},
            {"new_pages", t.new_pages}, {"lost_pages", t.lost_pages}};
}

Json json_of(const std::optional<compare::Flag>& flag) {
    if (!flag) return nullptr;
    return {{"id", flag->id},
            {"opened_at", format_rfc3339(flag->opened_at)},
            {"closed_at", flag->closed_at == kNever ? Json() : Json(format_rfc3339(flag->closed_at))},
            {"level", level_name(flag->first)},
            {"highest_level", level_name(flag->highest)},
            {"pages", flag->pages.size()}};
}

Json json_of(const compare::Change& change) {
    Json kinds = Json::array();
    const std::pair<bool, const char*> all[] = {{change.added(), "added"},   {change.removed(), "removed"},
                                                {change.earlier, "earlier"}, {change.later, "later"},
                                                {change.raised, "raised"},   {change.lowered, "lowered"}};
    for (const auto& [is, name] : all) {
        if (is) kinds.push_back(name);
    }
    const compare::Flag& flag = change.shown();
    return {{"changes", kinds},
            {"rule", flag.rule},
            {"raises", flag.is_case ? "case" : "warning"},
            {"subject", flag.subject},
            {"area", flag.area},
            {"before", json_of(change.before)},
            {"after", json_of(change.after)}};
}

}  // namespace

std::string against_text(const compare::Comparison& comparison) {
    std::string out = headline_of(comparison).en + "\n";
    for (const Grid& grid : grids_of(comparison, kRowsMax)) {
        if (grid.rows.empty()) continue;
        out += "\n" + grid.title.en + "\n";
        add_lines(out, grid);
        if (grid.left_out > 0) out += fmt::format("... and {} more: -o json has all\n", grid.left_out);
    }
    return out;
}

std::string against_markdown(const compare::Comparison& comparison) {
    const Words headline = headline_of(comparison);
    std::string out = "## Rules before and after 规则改动前后对比\n\n" + headline.en + "\n\n" + headline.zh + "\n";
    for (const Grid& grid : grids_of(comparison, kRowsMax)) {
        if (grid.rows.empty()) continue;
        out += "\n### " + grid.title.en + " " + grid.title.zh + "\n\n|";
        for (const Words& heading : grid.headings) out += " " + heading.en + " " + heading.zh + " |";
        out += "\n|";
        for (std::size_t i = 0; i < grid.headings.size(); ++i) out += " --- |";
        for (const auto& row : grid.rows) {
            out += "\n|";
            for (const std::string& cell : row) out += " " + markdown_cell(cell) + " |";
        }
        out += "\n";
        if (grid.left_out > 0) out += fmt::format("\n{} more 另有 {} 条\n", grid.left_out, grid.left_out);
    }
    return out;
}

std::string against_json(const compare::Comparison& c) {
    const auto all = [&](const std::map<std::string, compare::Tally>& tallies) {
        Json object = Json::object();
        for (const auto& [name, tally] : tallies) object[name] = json_of(c, tally);
        return object;
    };
    Json rules = all(c.rules);
    for (const auto& [rule, fate] : c.terms.rules) rules[rule]["text"] = compare::fate_name(fate);
    Json changes = Json::array();
    for (const compare::Change& change : c.changes) changes.push_back(json_of(change));
    const Json document{{"from", format_rfc3339(c.terms.from)},
                        {"to", format_rfc3339(c.terms.to)},
                        {"weeks", c.weeks()},
                        {"zone", c.terms.zone.name()},
                        {"minutes_per_case", c.terms.minutes_per_case},
                        {"total", json_of(c, c.total)},
                        {"rules", rules},
                        {"areas", all(c.areas)},
                        {"days", all(c.days)},
                        {"changes", changes}};
    return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tocsin::app
