#include <fmt/format.h>

#include <algorithm>

#include "app/against.h"
#include "base/times.h"

namespace tocsin::app {
namespace {

using compare::Change;
using compare::Comparison;
using compare::Tally;

std::string from_to(std::uint64_t before, std::uint64_t after) {
    return fmt::format("{} -> {}", before, after);
}
std::string from_to(double before, double after) {
    return fmt::format("{:.1f} -> {:.1f}", before, after);
}

std::uint64_t differences(const Tally& t) {
    return t.added + t.removed + t.earlier + t.later + t.raised + t.lowered + t.new_pages + t.lost_pages;
}

// A day is added up as it was; over the whole time only rates compare.
enum class Unit { kPerWeek, kInAll };

std::vector<Words> headings(std::vector<Words> first, Unit unit) {
    const std::vector<Words> counts{{"flags", "触发"}, {"added", "新增"},  {"removed", "消失"}, {"earlier", "提前"},
                                    {"later", "推迟"}, {"raised", "升级"}, {"lowered", "降级"}};
    first.insert(first.end(), counts.begin(), counts.end());
    const bool rates = unit == Unit::kPerWeek;
    first.push_back(rates ? Words{"pages/week", "每周呼叫"} : Words{"pages", "呼叫"});
    first.push_back(rates ? Words{"cases/week", "每周个案"} : Words{"cases", "个案"});
    first.push_back(rates ? Words{"hours/week", "每周跟进工时"} : Words{"hours", "跟进工时"});
    return first;
}

std::vector<std::string> tally_cells(const Comparison& c, const Tally& t, Unit unit) {
    std::vector<std::string> cells{from_to(t.before.flags, t.after.flags)};
    for (const std::uint64_t n : {t.added, t.removed, t.earlier, t.later, t.raised, t.lowered})
        cells.push_back(std::to_string(n));
    if (unit == Unit::kPerWeek) {
        cells.push_back(from_to(c.per_week(t.before.pages), c.per_week(t.after.pages)));
        cells.push_back(from_to(c.per_week(t.before.cases), c.per_week(t.after.cases)));
        cells.push_back(from_to(c.hours_per_week(t.before), c.hours_per_week(t.after)));
    } else {
        cells.push_back(from_to(t.before.pages, t.after.pages));
        cells.push_back(from_to(t.before.cases, t.after.cases));
        cells.push_back(from_to(c.hours(t.before), c.hours(t.after)));
    }
    return cells;
}

void add_row(Grid& grid, std::vector<std::string> first, const std::vector<std::string>& cells) {
    first.insert(first.end(), cells.begin(), cells.end());
    grid.rows.push_back(std::move(first));
}

Grid by_rule(const Comparison& c) {
    Grid grid{{"By rule", "按规则"}, headings({{"rule", "规则"}, {"text", "改动"}}, Unit::kPerWeek), {}};
    for (const auto& [rule, tally] : c.rules) {
        const auto fate = c.terms.rules.find(rule);
        const auto name = fate == c.terms.rules.end() ? "" : compare::fate_name(fate->second);
        add_row(grid, {rule, std::string(name)}, tally_cells(c, tally, Unit::kPerWeek));
    }
    add_row(grid, {"total 合计", ""}, tally_cells(c, c.total, Unit::kPerWeek));
    return grid;
}

struct Row {
    std::string name;
    const Tally* tally;
};

// Where nothing differs there is nothing to say.
std::vector<Row> rows_that_differ(const std::map<std::string, Tally>& tallies) {
    std::vector<Row> rows;
    for (const auto& [name, tally] : tallies) {
        if (differences(tally) > 0) rows.push_back({name.empty() ? "-" : name, &tally});
    }
    return rows;
}

Grid grid_of(const Comparison& c, Grid grid, const std::vector<Row>& rows, Unit unit, std::size_t rows_max) {
    for (const Row& row : rows) {
        if (grid.rows.size() == rows_max) break;
        add_row(grid, {row.name}, tally_cells(c, *row.tally, unit));
    }
    grid.left_out = rows.size() - grid.rows.size();
    return grid;
}

Grid by_area(const Comparison& c, std::size_t rows_max) {
    std::vector<Row> rows = rows_that_differ(c.areas);
    std::stable_sort(rows.begin(), rows.end(),
                     [](const Row& a, const Row& b) { return differences(*a.tally) > differences(*b.tally); });
    return grid_of(c, {{"By area", "按地区"}, headings({{"area", "地区"}}, Unit::kPerWeek), {}}, rows, Unit::kPerWeek,
                   rows_max);
}

Grid by_day(const Comparison& c, std::size_t rows_max) {
    return grid_of(c, {{"By day", "按日期"}, headings({{"day", "日期"}}, Unit::kInAll), {}}, rows_that_differ(c.days),
                   Unit::kInAll, rows_max);
}

std::string what_differs(const Change& c) {
    std::string words;
    const auto add = [&](bool is, const char* word) {
        if (is) words += (words.empty() ? "" : ", ") + std::string(word);
    };
    add(c.added(), "added 新增");
    add(c.removed(), "removed 消失");
    add(c.earlier, "earlier 提前");
    add(c.later, "later 推迟");
    add(c.raised, "raised 升级");
    add(c.lowered, "lowered 降级");
    return words.empty() ? "pages 呼叫" : words;
}

std::string opening(const std::optional<compare::Flag>& flag) {
    return flag ? format_rfc3339(flag->opened_at) + " " + std::string(level_name(flag->highest)) : "-";
}

Grid flags_that_differ(const Comparison& c, std::size_t rows_max) {
    Grid grid{{"Flags that differ", "有差异的触发"},
              {{"change", "变化"},
               {"rule", "规则"},
               {"subject", "对象"},
               {"area", "地区"},
               {"before", "原规则"},
               {"after", "现规则"}},
              {}};
    for (const Change& change : c.changes) {
        if (grid.rows.size() == rows_max) break;
        const compare::Flag& flag = change.shown();
        grid.rows.push_back(
            {what_differs(change), flag.rule, flag.subject, flag.area, opening(change.before), opening(change.after)});
    }
    grid.left_out = c.changes.size() - grid.rows.size();
    return grid;
}

}  // namespace

std::vector<Grid> grids_of(const Comparison& comparison, std::size_t rows_max) {
    return {by_rule(comparison), by_area(comparison, rows_max), by_day(comparison, rows_max),
            flags_that_differ(comparison, rows_max)};
}

Words headline_of(const Comparison& c) {
    const Tally& t = c.total;
    const std::string from = format_rfc3339(c.terms.from), to = format_rfc3339(c.terms.to);
    const std::string pages = from_to(c.per_week(t.before.pages), c.per_week(t.after.pages));
    const std::string hours = from_to(c.hours_per_week(t.before), c.hours_per_week(t.after));
    return {fmt::format("{} to {}: {} flags added, {} removed, {} earlier, {} later, {} raised, {} lowered. Pages per "
                        "week {} ({} new, {} gone "
                        "in all). Follow-up hours per week {} at {:g} min a case.",
                        from, to, t.added, t.removed, t.earlier, t.later, t.raised, t.lowered, pages, t.new_pages,
                        t.lost_pages, hours, c.terms.minutes_per_case),
            fmt::format("{} 至 {}：触发新增 {}，消失 {}，提前 {}，推迟 {}，升级 {}，降级 {}。每周呼叫 {}（合计新增 "
                        "{}，减少 {}）。每周跟进工时 "
                        "{}（每个案 {:g} 分钟）。",
                        from, to, t.added, t.removed, t.earlier, t.later, t.raised, t.lowered, pages, t.new_pages,
                        t.lost_pages, hours, c.terms.minutes_per_case)};
}

}  // namespace tocsin::app
