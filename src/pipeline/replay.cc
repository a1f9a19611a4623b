#include "pipeline/replay.h"

#include <algorithm>

namespace tocsin::pipeline {
namespace {

void count(ReplayCounts& counts, const task::Applied& applied) {
    switch (applied.outcome) {
        case task::Outcome::kCounted:
            ++counts.counted;
            break;
        case task::Outcome::kLate:
            ++counts.late;
            break;
        case task::Outcome::kDuplicate:
            ++counts.duplicate;
            break;
        case task::Outcome::kTooLate:
            ++counts.too_late;
            break;
    }
    if (applied.area == AreaTree::kUnknown) ++counts.unknown_area;
}

bool before(const Transition& a, const Transition& b) {
    if (a.at != b.at) return a.at < b.at;
    if (a.rule_order != b.rule_order) return a.rule_order < b.rule_order;
    return std::lexicographical_compare(a.subject.begin(), a.subject.end(), b.subject.begin(), b.subject.end(),
                                        [](const auto& x, const auto& y) { return x.shown < y.shown; });
}

}  // namespace

Course::Course(const task::Setting& setting, const std::shared_ptr<const RuleSet>& rules, ReplayOptions options,
               Output output)
    : options_(options), output_(std::move(output)), group_(setting) {
    group_.adopt(rules);
}

void Course::apply(const Event& event, Duration disorder) {
    const bool by_time = options_.order == ReplayOrder::kTime;
    task().advance(by_time ? event.time : event.time - disorder);
    count(counts_, group_.apply(0, event));
    counts_.first = std::min(counts_.first, event.time);
    counts_.last = std::max(counts_.last, event.time);
    if (!by_time) give();
}

void Course::finish() {
    const Instant end = options_.to.value_or(std::max(group_.highest(), options_.until));
    if (end != kBeforeAll) group_.finish(end);
    give();
}

void Course::give() {
    std::vector<Transition> made = task().take_transitions();
    // A subject's own transitions keep the order in which they happened: a close stands before a new opening.
    if (options_.order == ReplayOrder::kTime) std::stable_sort(made.begin(), made.end(), before);
    for (const Transition& t : made) {
        if (!options_.from || t.at >= *options_.from) output_(t);
    }
}

void run_history(History& history, ReplayOrder order, std::span<const std::unique_ptr<Course>> courses) {
    order == ReplayOrder::kTime ? history.sort() : history.merge();
    history.take([&](const Event& event, Duration disorder) {
        for (const auto& course : courses) course->apply(event, disorder);
    });
    for (const auto& course : courses) course->finish();
}

Result<ReplayCounts> Replay::run(const std::vector<ReplayInput>& inputs, const Trouble& trouble, const Output& output) {
    History history(setting_.schema, options_.to, trouble);
    for (const ReplayInput& input : inputs) {
        auto added = input.lines ? history.add_lines(input.path, *input.lines, *input.mapping, input.disorder)
                                 : history.add_file(input.path, *input.mapping, input.disorder);
        if (!added) return std::move(added).error();
    }
    const std::unique_ptr<Course> course = std::make_unique<Course>(setting_, rules_, options_, output);
    run_history(history, options_.order, {&course, 1});
    ReplayCounts counts = course->counts();
    counts.lines = history.records();
    counts.unreadable = history.unreadable();
    return counts;
}

}  // namespace tocsin::pipeline
