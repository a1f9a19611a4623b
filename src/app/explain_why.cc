#include <algorithm>

#include "app/explain.h"
#include "base/times.h"
#include "episodes/promise.h"
#include "rules/judge.h"
#include "rules/reasons.h"
#include "task/persons.h"

namespace tocsin::app {
namespace {

using task::Inspection;

// "2 >= 3" of "n >= 3"; what stands alone is only said to hold or not.
std::string level_line(const Rule& rule, Level level, const Expression& expression, const EvalContext& context,
                       const EventSchema& schema) {
    std::string line = std::string(level_name(level)) + ": " + rules::written(rule, expression, schema) +
                       (expression.holds(context) ? ": holds" : ": does not hold");
    for (const rules::Reason& reason : rules::reasons(rule, expression, context, schema)) {
        line += "; " + reason.text + " is " + (reason.holds ? "true" : "false");
        if (!reason.right.empty()) line += " (" + reason.left + " against " + reason.right + ")";
    }
    return line;
}

// As they are in that phase.
std::vector<std::string> level_lines(const Rule& rule, std::string_view phase, const EvalContext& context,
                                     const EventSchema& schema) {
    std::vector<std::string> lines;
    for (int i = kLevels - 1; i > 0; --i) {
        const auto level = static_cast<Level>(i);
        if (const auto& expression = rules::level_in(rule, level, phase))
            lines.push_back(level_line(rule, level, *expression, context, schema));
    }
    return lines;
}

std::string episode_note(const std::optional<episodes::SubjectState>& state) {
    if (!state || !state->episode.open()) return "no episode is open";
    const episodes::Episode& e = state->episode;
    std::string note =
        "open since " + format_rfc3339(e.opened_at) + ", " + std::string(level_name(e.level)) + ", episode " + e.id;
    if (e.false_since != kNever) note += "; its colour has not held since " + format_rfc3339(e.false_since);
    return note;
}

void explain_window(Past& past, const Rule& rule, Why::Subject& about) {
    const Inspection& seen = about.seen;
    EvalContext context;
    context.measures = seen.measures;
    Thresholds thresholds;
    if (rule.thresholds != nullptr && !seen.rows.empty()) {
        thresholds = rule.thresholds->find(past.areas, past.areas.resolve(seen.rows.back().area));
        context.thresholds = &thresholds;
    }
    about.levels = level_lines(rule, seen.phase, context, past.loaded.config.schema);
    if (seen.ahead) {
        const Inspection::Ahead& ahead = *seen.ahead;
        std::string note = (ahead.more == 1 ? "the next event" : std::to_string(ahead.more) + " more events") +
                           std::string(" like the newest one");
        if (ahead.before != kNever) note += " before " + format_rfc3339(ahead.before);
        about.notes.push_back(note + " would make it " + std::string(level_name(ahead.level)));
    }
    if (rule.hold_for > Duration(0))
        about.notes.push_back("a colour is taken once it has held for " + format_duration(rule.hold_for));
    if (seen.next_change != kNever)
        about.notes.push_back("without an event its windows change next at " + format_rfc3339(seen.next_change));
}

std::string phase_note(const Rule& rule, const Inspection& seen) {
    const bool holds = rules::holds_in(rule, seen.phase);
    const std::string otherwise = rule.expect ? "no promise is made" : "it does not hold";
    if (seen.phase.empty()) return "no phase has begun" + (holds ? std::string() : ": " + otherwise);
    std::string note = "phase " + seen.phase;
    if (seen.before != seen.phase)
        note += ", which settles: what holds must hold in " + (seen.before.empty() ? "no phase" : seen.before) + " too";
    note += holds ? ": matches" : ": not among this rule's phases, " + otherwise;
    const bool overridden = std::any_of(rule.overrides.begin(), rule.overrides.end(),
                                        [&](const PhaseOverride& other) { return other.phase == seen.phase; });
    return overridden ? note + ", with overrides of its own" : note;
}

void explain_promise(const Past& past, const Rule& rule, Why::Subject& about, Instant at) {
    const auto& state = about.seen.state;
    if (!state || !state->promise) {
        about.notes.emplace_back("no promise is open");
        return;
    }
    const episodes::Promise& promise = *state->promise;
    std::vector<FieldValue> fields;
    const Event stating = episodes::stating_event(*rule.expect, promise, fields);
    EvalContext context;
    context.event = &stating;
    context.overdue = episodes::overdue_at(promise, at, episodes::Cause::kTimer);
    about.levels = level_lines(rule, about.seen.phase, context, past.loaded.config.schema);
    about.events.push_back("stated by " + promise.stated_by + " at " + format_rfc3339(promise.stated_at));
    about.notes.push_back("due " + format_rfc3339(promise.due) + ", " +
                          (promise.due > at ? format_duration(promise.due - at) + " to go"
                                            : format_duration(at - promise.due) + " overdue"));
    const Instant next = episodes::next_due(rule, promise, at, episodes::Cause::kTimer);
    const char* changes = rule.overrides.empty() ? "change" : "may change";  // it may be a step of another phase
    if (next != kNever)
        about.notes.push_back(std::string("if nothing ends it, its levels ") + changes + " next at " +
                              format_rfc3339(next));
}

Why::Subject about_subject(Past& past, const Rule& rule, const task::Recorder& recorder, Inspection seen, Instant at) {
    Why::Subject about;
    about.fields = recorder.subject(rule, seen.subject);
    about.seen = std::move(seen);
    for (auto row = about.seen.rows.rbegin(); row != about.seen.rows.rend(); ++row) {
        if (row->time <= at && row->time > rule.counts_after(at) && rules::counts(rule, *row))
            about.events.push_back(event_line(past.loaded.config.schema, *row));
    }
    if (rule.expect)
        explain_promise(past, rule, about, at);
    else
        explain_window(past, rule, about);
    if (rule.plan != nullptr) about.notes.push_back(phase_note(rule, about.seen));
    about.notes.push_back(episode_note(about.seen.state));
    if (rule.experimental) about.notes.emplace_back("status: experimental: nobody is told");
    return about;
}

}  // namespace

std::string event_line(const EventSchema& schema, const Event& event) {
    std::string line =
        format_rfc3339(event.time) + " " + schema.kind_def(event.kind).name + " " + std::string(event.id);
    for (const auto& [name, value] :
         {std::pair{"area", event.area}, {"category", event.category}, {"channel", event.channel}}) {
        if (!value.empty()) line += std::string(" ") + name + "=" + std::string(value);
    }
    return line;
}

Why ask_why(Past& past, pipeline::History& history, const Rule& rule, Instant at) {
    Why why;
    why.rule = &rule;
    why.at = at;
    history.keep();
    pipeline::Course course(past.setting, past.loaded.rules, {.from = {}, .to = at}, [&](const Transition& t) {
        if (t.rule == rule.name) why.transitions.push_back(t);
    });
    history.take([&](const Event& event, Duration disorder) {
        if (event.time <= at) course.apply(event, disorder);
    });
    course.finish();
    task::Recorder recorder(past.setting);
    recorder.use(past.loaded.rules);
    task::PersonJudge judge(course.task().setting(), recorder);  // which knows what events told of areas
    judge.use(*past.loaded.rules);
    course.task().for_each_profile([&](std::string_view, const ledger::Profile& profile, const task::States& states) {
        for (Inspection& seen : judge.inspect(rule, profile, states, at))
            why.subjects.push_back(about_subject(past, rule, recorder, std::move(seen), at));
    });
    // The profile goes with the course, and all views into it.
    for (Why::Subject& about : why.subjects) {
        about.seen.rows.clear();
        about.seen.person.clear();
        about.seen.measures.clear();
    }
    return why;
}

}  // namespace tocsin::app
