#include <algorithm>
#include <cstdio>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/tune.h"
#include "app/tune_labels.h"
#include "base/times.h"
#include "base/zone.h"
#include "pipeline/replay.h"
#include "rules/code.h"
#include "rules/reasons.h"
#include "rules/vary.h"

namespace tocsin::app {
namespace {

using Json = nlohmann::ordered_json;

// One setting, and what it would have given.
struct Row {
    Value setting;
    bool is_present = false, fits = false;
    std::size_t flags = 0;
    std::size_t calls = 0;  // pages of a warning, openings of a case
    std::size_t busiest = 0;
    std::optional<Fit> fit;
};

struct Table {
    const Rule* rule = nullptr;
    rules::Dial dial;
    double days = 1;
    std::vector<Row> rows;
    [[nodiscard]] double per_day(std::size_t n) const { return static_cast<double>(n) / days; }
};

std::optional<std::vector<Value>> settings_of(const rules::Dial& dial, const TuneArguments& arguments) {
    if (arguments.values.empty()) return rules::settings_around(dial);
    std::vector<Value> settings;
    for (const std::string& text : arguments.values) {
        const auto setting = rules::parse_setting(dial, text);
        if (!setting) {
            complain("--values: \"" + text + "\" cannot be put in place of " + rules::value_text(dial.present) +
                     " in " + dial.text);
            return std::nullopt;
        }
        settings.push_back(*setting);
    }
    std::sort(settings.begin(), settings.end(),
              [](const Value& a, const Value& b) { return rules::compare(a, b) < 0; });
    return settings;
}

// The rule alone: no other decides about it.
std::shared_ptr<const RuleSet> alone(Rule rule) {
    auto set = std::make_shared<RuleSet>();
    rule.order = 0;
    set->rules.push_back(std::move(rule));
    return set;
}

std::vector<compare::Flag> flags_of(Past& past, pipeline::History& history, Rule rule) {
    compare::FlagCollector collector;
    std::vector<std::unique_ptr<pipeline::Course>> courses;
    // What opened before --from belongs to no day that is looked at.
    const pipeline::ReplayOptions options{.from = past.from, .to = past.to};
    courses.push_back(std::make_unique<pipeline::Course>(past.setting, alone(std::move(rule)), options,
                                                         [&](const Transition& t) { collector.add(t); }));
    pipeline::run_history(history, options.order, courses);
    return collector.take();
}

Row row_of(const Past& past, const Rule& rule, const std::vector<compare::Flag>& flags) {
    Row row;
    row.flags = flags.size();
    const auto zone = Zone::make(past.loaded.config.global.timezone);
    std::map<std::chrono::local_days, std::size_t> by_day;
    const auto call = [&](Instant at) {
        const LocalTime local = zone ? zone->local(at) : Zone().local(at);
        row.busiest = std::max(row.busiest, ++by_day[std::chrono::floor<std::chrono::days>(local)]);
        ++row.calls;
    };
    for (const compare::Flag& flag : flags) {
        if (rule.raises_case)
            call(flag.opened_at);
        else
            std::for_each(flag.pages.begin(), flag.pages.end(), call);
    }
    return row;
}

std::string signed_duration(Duration d) {
    return (d < Duration(0) ? "-" : "") + format_duration(d < Duration(0) ? -d : d);
}

std::string turned_text(const rules::Dial& dial) {
    return dial.is_factor ? "thresholds from " + std::string(level_name(dial.level)) + " up times" : dial.text;
}

void print_table(const Table& table) {
    std::printf("%s (%s:%d), %s, over %.1f days\n", table.rule->name.c_str(), table.rule->file.c_str(),
                table.rule->line, turned_text(table.dial).c_str(), table.days);
    const char* calls = table.rule->raises_case ? "cases/day" : "pages/day";
    const bool labelled = !table.rows.empty() && table.rows.front().fit;
    std::printf("%-10s %8s %10s %12s%s\n", "setting", "flags", calls, "busiest day",
                labelled ? "   caught   missed    right    wrong  lead" : "");
    for (const Row& row : table.rows) {
        std::printf("%-10s %8zu %10.2f %12zu", rules::value_text(row.setting).c_str(), row.flags,
                    table.per_day(row.calls), row.busiest);
        if (row.fit) {
            std::printf(" %8zu %8zu %8zu %8zu  %s", row.fit->caught, row.fit->missed, row.fit->right, row.fit->wrong,
                        row.fit->lead ? signed_duration(*row.fit->lead).c_str() : "-");
        }
        std::printf("%s%s\n", row.is_present ? "  <- present" : "", row.fits ? "  <- fits" : "");
    }
}

void print_json(const Table& table) {
    Json rows = Json::array();
    for (const Row& row : table.rows) {
        Json entry{{"setting", rules::value_text(row.setting)},
                   {"present", row.is_present},
                   {"fits", row.fits},
                   {"flags", row.flags},
                   {"calls", row.calls},
                   {"calls_per_day", table.per_day(row.calls)},
                   {"busiest_day", row.busiest}};
        if (row.fit) {
            entry["labels"] = {{"caught", row.fit->caught},
                               {"missed", row.fit->missed},
                               {"right", row.fit->right},
                               {"wrong", row.fit->wrong},
                               {"lead_seconds", row.fit->lead ? Json(row.fit->lead->count() / 1000) : Json()}};
        }
        rows.push_back(std::move(entry));
    }
    const Json document{{"rule", table.rule->name},
                        {"dial", table.dial.text},
                        {"factor", table.dial.is_factor},
                        {"days", table.days},
                        {"calls", table.rule->raises_case ? "cases" : "pages"},
                        {"settings", std::move(rows)}};
    std::cout << document.dump(2) << "\n";
}

// The lowest setting that calls no more often than wanted: it misses least.
void mark_fitting(Table& table, double per_day) {
    for (Row& row : table.rows) {
        if (table.per_day(row.calls) > per_day) continue;
        row.fits = true;
        return;
    }
    std::cerr << "tocsin: none of these settings calls at most " << per_day << " times a day; try higher --values\n";
}

std::string joined(const std::vector<rules::Dial>& dials) {
    std::string all;
    for (const rules::Dial& dial : dials) all += (all.empty() ? "" : ", ") + ("`" + dial.text + "`");
    return all;
}

// The one that was asked for. Empty: there is none, and what there is is said.
std::optional<rules::Dial> chosen(const Rule& rule, const std::vector<rules::Dial>& dials,
                                  const TuneArguments& arguments) {
    std::string level = arguments.level;
    for (std::size_t lowest = 1; lowest < kLevels && level.empty(); ++lowest) {
        if (rule.levels[lowest]) level = level_name(static_cast<Level>(lowest));
    }
    std::vector<rules::Dial> found;
    std::copy_if(dials.begin(), dials.end(), std::back_inserter(found),
                 [&](const rules::Dial& d) { return level_name(d.level) == level; });
    const bool any = !found.empty();
    if (!arguments.measure.empty())
        std::erase_if(found, [&](const rules::Dial& d) { return d.left != arguments.measure; });
    if (found.size() > 1) {
        std::cerr << "tocsin: " << level << " compares several things: turned is " << joined({found.front()})
                  << ", what else it compares stays; --measure can turn " << joined({found.begin() + 1, found.end()})
                  << "\n";
    }
    if (!found.empty()) return found.front();
    complain(rule.name + ": " + level + " compares " +
             (any ? "no `" + arguments.measure + "` with a number" : std::string("nothing with a number")) +
             " by > or >=; " +
             (dials.empty() ? "nor does another colour" : "--level and --measure can turn " + joined(dials)));
    return std::nullopt;
}

const Rule* tunable(const Past& past, const TuneArguments& arguments, rules::Dial& dial) {
    const std::string& name = arguments.rule;
    const Rule* rule = past.loaded.rules->find(name);
    if (rule == nullptr)
        complain("there is no rule " + name + " among those loaded");
    else if (rule->rolls_up || rule->limits)
        complain(name + ": rollups and warnings about a limit cannot be tuned; they follow the rule they belong to");
    else if (const auto found = chosen(*rule, rules::dials_of(*rule, past.loaded.config.schema), arguments))
        return dial = *found, rule;
    return nullptr;
}

}  // namespace

int tune(const TuneArguments& arguments) {
    const auto lead = parse_duration(arguments.lead);
    if (!lead || (!arguments.pages_per_day && arguments.labels.empty() && arguments.values.empty())) {
        complain(lead ? "tune to what? --pages-per-day, --labels or --values"
                      : "--lead: \"" + arguments.lead + "\" is no duration");
        return kExitUsage;
    }
    int code = kExitOk;
    const auto past = load_past(arguments.history, code);
    if (!past) return code;
    Table table;
    table.rule = tunable(*past, arguments, table.dial);
    if (table.rule == nullptr) return kExitFailed;
    const auto settings = settings_of(table.dial, arguments);
    if (!settings) return kExitUsage;
    std::vector<Incident> incidents;
    if (!arguments.labels.empty()) {
        auto read = read_incidents(*past, arguments.labels);
        if (!read) return kExitFailed;
        incidents = std::move(*read);
    }
    pipeline::History history(past->loaded.config.schema, past->to, tell_unreadable);
    history.keep();
    if (!read_events(*past, arguments.history, history)) return kExitFailed;
    if (!past->to) past->to = history.latest();
    const Instant from = past->from.value_or(history.earliest().value_or(kBeforeAll));
    table.days =
        std::max(1.0, std::chrono::duration<double, std::chrono::days::period>(past->to.value_or(from) - from).count());
    const auto phase_change = past->loaded.config.schema.kind("phase_change");
    history.keep_only([&](const Event& event) {
        return table.rule->listens_to(event.kind) || (table.rule->plan != nullptr && event.kind == phase_change);
    });
    for (const Value& setting : *settings) {
        const auto flags =
            flags_of(*past, history, rules::turned(*table.rule, table.dial, setting, past->loaded.config.schema));
        Row row = row_of(*past, *table.rule, flags);
        row.setting = setting;
        row.is_present = rules::value_text(setting) == rules::value_text(table.dial.present);
        if (!arguments.labels.empty()) row.fit = fit_of(*past, incidents, flags, *lead);
        table.rows.push_back(row);
    }
    if (arguments.pages_per_day) mark_fitting(table, *arguments.pages_per_day);
    if (arguments.output == "json")
        print_json(table);
    else
        print_table(table);
    return kExitOk;
}

}  // namespace tocsin::app
