#include <iostream>

#include "app/against.h"
#include "app/exit_codes.h"

namespace tocsin::app {
namespace {

std::map<std::string, compare::RuleFate> fates_of(const RuleSet& old, const RuleSet& present) {
    std::map<std::string, compare::RuleFate> fates;
    for (const Rule& rule : old.rules) fates[rule.name] = compare::RuleFate::kGone;
    for (const Rule& rule : present.rules) {
        const Rule* before = old.find(rule.name);
        fates[rule.name] = before == nullptr                                 ? compare::RuleFate::kNew
                           : before->definition_hash != rule.definition_hash ? compare::RuleFate::kChanged
                                                                             : compare::RuleFate::kSame;
    }
    return fates;
}

std::string print_as(const std::string& form, const compare::Comparison& comparison) {
    if (form == "json") return against_json(comparison);
    if (form == "markdown") return against_markdown(comparison);
    if (form == "html") return against_html(comparison);
    return against_text(comparison);
}

}  // namespace

int replay_against(Past& past, const ReplayArguments& arguments, pipeline::ReplayOptions options,
                   const std::string& form) {
    const auto old = load_other_rules(past.loaded.config, arguments.against);
    if (!old) return kExitFailed;
    pipeline::History history(past.loaded.config.schema, past.to, tell_unreadable);
    if (!read_events(past, arguments.history, history)) return kExitFailed;

    compare::Terms terms;
    terms.from = past.from.value_or(history.earliest().value_or(kBeforeAll));
    terms.to = past.to.value_or(history.latest().value_or(terms.from));
    auto zone = Zone::make(past.loaded.config.global.timezone);
    if (zone) terms.zone = *zone;
    terms.minutes_per_case = arguments.minutes_per_case;
    terms.rules = fates_of(*old, *past.loaded.rules);

    // What opened before `from` may be what the other side opens after it: both sides are gathered from the beginning.
    options.from.reset();
    compare::FlagCollector before, after;
    std::vector<std::unique_ptr<pipeline::Course>> courses;
    courses.push_back(
        std::make_unique<pipeline::Course>(past.setting, old, options, [&](const Transition& t) { before.add(t); }));
    courses.push_back(std::make_unique<pipeline::Course>(past.setting, past.loaded.rules, options,
                                                         [&](const Transition& t) { after.add(t); }));
    pipeline::run_history(history, options.order, courses);

    const compare::Comparison comparison = compare::compare(before.take(), after.take(), std::move(terms));
    std::cout << print_as(form, comparison) << std::flush;
    std::cerr << "tocsin: " << history.records() << " lines, " << history.unreadable() << " unreadable; "
              << comparison.changes.size() << (comparison.changes.size() == 1 ? " flag differs\n" : " flags differ\n");
    if (arguments.max_new_pages && comparison.total.new_pages > *arguments.max_new_pages) {
        complain("--max-new-pages=" + std::to_string(*arguments.max_new_pages) + ": the present rules make " +
                 std::to_string(comparison.total.new_pages) + " pages that the old ones do not");
        return kExitFailed;
    }
    return arguments.strict && history.unreadable() > 0 ? kExitFailed : kExitOk;
}

}  // namespace tocsin::app
