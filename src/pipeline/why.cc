#include "pipeline/why.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "base/times.h"
#include "episodes/promise.h"
#include "pipeline/replay.h"
#include "rules/judge.h"
#include "rules/reasons.h"

namespace tocsin::pipeline {
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

void explain_window(const task::Setting& setting, const Rule& rule, Why::Subject& about) {
    const Inspection& seen = about.seen;
    EvalContext context;
    context.measures = seen.measures;
    Thresholds thresholds;
    if (rule.thresholds != nullptr && !seen.rows.empty()) {
        thresholds = rule.thresholds->find(setting.areas, setting.areas.resolve(seen.rows.back().area));
        context.thresholds = &thresholds;
    }
    about.levels = level_lines(rule, about.seen.phase, context, setting.schema);
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

void explain_promise(const task::Setting& setting, const Rule& rule, Why::Subject& about, Instant at) {
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
    context.open = about.seen.open;
    about.levels = level_lines(rule, about.seen.phase, context, setting.schema);
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

Why::Subject about_subject(const task::Setting& setting, const task::Recorder& recorder, const Rule& rule,
                           Inspection seen, Instant at) {
    Why::Subject about;
    about.fields = recorder.subject(rule, seen.subject);
    about.seen = std::move(seen);
    for (auto row = about.seen.rows.rbegin(); row != about.seen.rows.rend(); ++row) {
        if (row->time <= at && row->time > rule.counts_after(at) && rules::counts(rule, *row))
            about.events.push_back(event_line(setting.schema, *row));
    }
    if (rule.expect)
        explain_promise(setting, rule, about, at);
    else
        explain_window(setting, rule, about);
    if (rule.plan != nullptr) about.notes.push_back(phase_note(rule, about.seen.phase, about.seen.before));
    about.notes.push_back(episode_note(about.seen.state));
    if (rule.experimental) about.notes.emplace_back("status: experimental: nobody is told");
    about.notes.emplace_back("not silenced: silences are Alertmanager's, and nothing about a person goes there");
    return about;
}

// "customer=c-…"
std::string shown(const std::vector<Transition::SubjectField>& fields, Subjects subjects) {
    std::string text;
    for (const auto& field : fields) {
        if (!text.empty()) text.push_back(' ');
        text += field.name + "=" + (subjects == Subjects::kPlain ? field.plain : field.shown);
    }
    return text;
}

using Json = nlohmann::ordered_json;

std::string dumped(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Without its braces.
std::string members(const Json& object) {
    const std::string text = dumped(object);
    return text.substr(1, text.size() - 2);
}

Json json_of(const Why::Subject& about, Subjects subjects) {
    Json subject{{"subject", shown(about.fields, subjects)},
                 {"level", level_name(about.seen.level)},
                 {"levels", about.levels},
                 {"notes", about.notes},
                 {"events", about.events}};
    if (about.seen.ahead) {
        const auto& ahead = *about.seen.ahead;
        subject["ahead"] = {{"more", ahead.more},
                            {"level", level_name(ahead.level)},
                            {"before", ahead.before == kNever ? Json() : Json(format_rfc3339(ahead.before))}};
    }
    return subject;
}

Json json_of(const Why& why, Subjects subjects) {
    Json list = Json::array();
    for (const Why::Subject& about : why.subjects) list.push_back(json_of(about, subjects));
    return {{"at", format_rfc3339(why.at)}, {"subjects", std::move(list)}};
}

bool same_subject(const std::vector<Transition::SubjectField>& a, const std::vector<Transition::SubjectField>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const auto& x, const auto& y) { return x.name == y.name && x.plain == y.plain; });
}

}  // namespace

std::string phase_note(const Rule& rule, std::string_view phase, std::string_view before) {
    const bool holds = rules::holds_in(rule, phase);
    const std::string otherwise = rule.expect ? "no promise is made" : "it does not hold";
    if (phase.empty()) return "no phase has begun" + (holds ? std::string() : ": " + otherwise);
    std::string note = "phase " + std::string(phase);
    if (before != phase)
        note +=
            ", which settles: what holds must hold in " + std::string(before.empty() ? "no phase" : before) + " too";
    note += holds ? ": matches" : ": not among this rule's phases, " + otherwise;
    const bool overridden = std::any_of(rule.overrides.begin(), rule.overrides.end(),
                                        [&](const PhaseOverride& other) { return other.phase == phase; });
    return overridden ? note + ", with overrides of its own" : note;
}

std::string event_line(const EventSchema& schema, const Event& event) {
    std::string line =
        format_rfc3339(event.time) + " " + schema.kind_def(event.kind).name + " " + std::string(event.id);
    for (const auto& [name, value] :
         {std::pair{"area", event.area}, {"category", event.category}, {"channel", event.channel}}) {
        if (!value.empty()) line += std::string(" ") + name + "=" + std::string(value);
    }
    return line;
}

Why look_at(const Basis& basis, const Rule& rule, const Person& person, Instant at) {
    task::Recorder recorder(basis.setting);
    recorder.use(basis.rules);
    task::PersonJudge judge(basis.setting, recorder);  // which knows what events told of areas
    judge.use(*basis.rules);
    Why why;
    why.at = at;
    for (Inspection& seen : judge.inspect(rule, person.profile, person.states, at))
        why.subjects.push_back(about_subject(basis.setting, recorder, rule, std::move(seen), at));
    for (Why::Subject& about : why.subjects) {  // views into the profile
        about.seen.rows.clear();
        about.seen.person.clear();
        about.seen.measures.clear();
    }
    return why;
}

Answer ask_why(const Basis& basis, const Feed& feed, const Question& question) {
    Answer answer;
    const Instant last = question.at.back();
    Course course(basis.setting, basis.rules, {.from = {}, .to = last}, [&](const Transition& t) {
        if (t.rule == question.rule.name) answer.transitions.push_back(t);
    });
    task::Task& task = course.task();
    if (basis.told != nullptr) *task.setting().phases = *basis.told;
    auto next = question.at.begin();
    const auto look = [&] {
        course.reach(*next);
        Why& why = answer.whys.emplace_back();
        why.at = *next++;
        task.for_each_profile([&](std::string_view, const ledger::Profile& profile, const task::States& states) {
            Why one = look_at({task.setting(), basis.rules}, question.rule, {profile, states}, why.at);
            std::move(one.subjects.begin(), one.subjects.end(), std::back_inserter(why.subjects));
        });
    };
    feed([&](const Event& event, Duration disorder) {
        while (next != question.at.end() && *next < event.time) look();
        if (event.time <= last) course.apply(event, disorder);
    });
    while (next != question.at.end()) look();
    course.finish();
    return answer;
}

std::map<std::string, std::string> lines_of(const EventSchema& schema, const Feed& feed,
                                            const std::vector<Transition>& transitions) {
    std::set<std::string, std::less<>> wanted;
    for (const Transition& t : transitions) wanted.insert(t.events.begin(), t.events.end());
    std::map<std::string, std::string> lines;
    feed([&](const Event& event, Duration) {
        if (wanted.contains(event.id)) lines.emplace(event.id, event_line(schema, event));
    });
    return lines;
}

std::vector<std::pair<std::string, Why>> judge_steps(const Basis& basis, const Feed& feed,
                                                     const std::vector<Transition>& transitions,
                                                     std::size_t steps_max) {
    std::vector<const Transition*> steps;
    for (const Transition& t : transitions) {
        if (t.kind != TransitionKind::kUpdated) steps.push_back(&t);
    }
    if (steps.size() > steps_max)
        steps.erase(steps.begin() + 1, steps.begin() + static_cast<std::ptrdiff_t>(steps.size() - steps_max + 1));
    if (steps.empty()) return {};
    Question question{*basis.rules->find(steps.front()->rule), {}};
    for (const Transition* t : steps) question.at.push_back(t->at);
    Answer answer = ask_why(basis, feed, question);
    std::vector<std::pair<std::string, Why>> judged;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        Why& why = judged.emplace_back(steps[i]->id(), std::move(answer.whys[i])).second;
        std::erase_if(why.subjects,
                      [&](const Why::Subject& about) { return !same_subject(about.fields, steps[i]->subject); });
    }
    return judged;
}

std::string heading_json(const Rule& rule) {
    return members({{"rule", rule.name},
                    {"place", rule.file + ":" + std::to_string(rule.line)},
                    {"raises", rule.raises_case ? "case" : "warning"}});
}

std::string why_json(const Why& why, Subjects subjects) {
    return members(json_of(why, subjects));
}

std::string transitions_json(const std::vector<Transition>& transitions, Subjects subjects) {
    std::string list;
    for (const Transition& t : transitions) list += (list.empty() ? "" : ",") + to_json(t, subjects);
    return "\"transitions\":[" + list + "]";
}

std::string story_json(const Story& story, Subjects subjects) {
    Json judged = Json::array();
    for (const auto& [id, why] : story.judged) {
        Json& step = judged.emplace_back(Json{{"id", id}});
        step.update(json_of(why, subjects));
    }
    return transitions_json(story.transitions, subjects) + "," +
           members({{"events", story.events}, {"judged", judged}});
}

}  // namespace tocsin::pipeline
