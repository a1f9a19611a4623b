/// /api/v1/explain: why a rule fired, or why it did not, from what the daemon remembers.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/times.h"
#include "pipeline/api.h"
#include "pipeline/why.h"
#include "task/phase_of.h"

namespace tocsin::pipeline {
namespace {

using Json = nlohmann::ordered_json;

std::string asked_for(const http::Request& request, const char* name) {
    const auto found = request.query.find(name);
    return found == request.query.end() ? std::string() : found->second;
}

std::string dumped(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// The labels under which Alertmanager knows the warning (design 8.5), but for those that the configuration adds.
Json alert_of(const Transition& t) {
    Json labels = Json::object();
    for (const auto& [name, value] : t.labels) labels[name] = value;
    for (const auto& field : t.subject) labels[field.name] = field.shown;
    labels["alertname"] = t.rule;
    labels["level"] = level_name(t.level);
    return labels;
}

// A place as the record of its open warning tells it: what was counted stands in cells, not in events.
Json about_place(const task::Setting& setting, const Rule& rule, const Transition& t, Instant at) {
    Json notes = Json::array();
    const Json record = Json::parse(to_json(t));
    for (const auto& [name, value] : record["measures"].items()) notes.push_back(name + " = " + value.dump());
    if (rule.plan != nullptr) {
        task::PhaseOf phases(setting);
        const rules::InPhase in = phases.at(*rule.plan, {t.area}, at);
        notes.push_back(phase_note(rule, in.phase, in.before));
    }
    notes.push_back("open since " + format_rfc3339(t.opened_at) + ", " + std::string(level_name(t.level)) +
                    ", episode " + t.episode_id);
    if (t.experimental) notes.push_back("status: experimental: nobody is told");
    if (t.withheld) notes.push_back("withheld: its rule has as many open as its limit lets through");
    std::string subject;
    for (const auto& field : t.subject) subject += (subject.empty() ? "" : " ") + field.name + "=" + field.shown;
    return {{"subject", subject}, {"level", level_name(t.level)}, {"levels", Json::array()},
            {"notes", notes},     {"events", Json::array()},      {"alert", alert_of(t)}};
}

// Later than the clock: an event is judged when it is read, not when its time is up.
Instant present(const task::Task& task, const ledger::Profile& profile) {
    return profile.rows().empty() ? task.clock() : std::max(task.clock(), profile.rows().back().event.time);
}

// The events that are remembered one by one. What has been rolled up into days cannot be taken through the rules again.
Feed remembered(const ledger::Profile& profile) {
    return [&profile](const std::function<void(const Event&, Duration)>& give) {
        for (const ledger::Row& row : profile.rows()) {
            if (!row.rolled && row.event.kind != ledger::Profile::kUndeclaredKind) give(row.event, {});
        }
    };
}

std::string remembered_json(const Feed& feed) {
    std::size_t events = 0;
    Json since;
    feed([&](const Event& event, Duration) {
        if (events++ == 0) since = format_rfc3339(event.time);
    });
    return "\"remembered\":" + dumped({{"events", events}, {"since", since}});
}

Level level_now(const Person& person, const std::string& id) {
    const auto found = std::find_if(person.states.begin(), person.states.end(),
                                    [&](const episodes::SubjectState& s) { return s.episode.id == id; });
    return found == person.states.end() ? Level::kNone : found->episode.level;
}

// The tasks' own setting: it knows what events have told of areas.
task::Setting alone(const task::Setting& setting) {
    task::Setting one = setting;
    one.task_count = 1;
    return one;
}

}  // namespace

// What the rule sees of the person now; `id`: of the one episode that is asked for, or empty.
std::string Api::now_json(const task::Task& task, const Rule& rule, const Person& person, const std::string& id) const {
    Why why = look_at({task.setting(), rules_}, rule, person, present(task, person.profile));
    std::erase_if(why.subjects, [&](const Why::Subject& about) {
        return !id.empty() && (!about.seen.state || about.seen.state->episode.id != id);
    });
    Json now = Json::parse("{" + why_json(why) + "}");
    for (std::size_t i = 0; i < why.subjects.size(); ++i) {
        const auto& state = why.subjects[i].seen.state;
        if (state && state->episode.open())
            now["subjects"][i]["told"] = told_(task.recorder().describe(rule, *state, {}));
    }
    return "\"now\":" + dumped(now);
}

// The episode again from the events that are remembered.
std::string Api::story_of(const task::Task& task, const Rule& rule, const Person& person, const std::string& id) const {
    const task::Setting setting = alone(task.setting());
    const Basis basis{setting, rules_, setting.phases.get()};
    const Feed feed = remembered(person.profile);
    Story story;
    for (Transition& t : ask_why(basis, feed, {rule, {present(task, person.profile)}}).transitions) {
        if (t.episode_id == id) story.transitions.push_back(std::move(t));
    }
    story.events = lines_of(setting.schema, feed, story.transitions);
    story.judged = judge_steps(basis, feed, story.transitions, kStepsMax);
    std::string out = story_json(story) + "," + remembered_json(feed);
    const bool opens = !story.transitions.empty();
    if (!opens || story.transitions.back().level != level_now(person, id))
        out += ",\"remark\":" +
               dumped(std::string("the events that are remembered do not ") +
                      (opens ? "lead to the level that it has" : "open it again") +
                      " under the rules in force: some have been forgotten or corrected, or came late, or the rules "
                      "were others; history may: --from-kafka --keyed");
    return out;
}

std::string Api::then_json(const task::Task& task, const Rule& rule, const Person& person, Instant at) const {
    const task::Setting setting = alone(task.setting());
    const Feed feed = remembered(person.profile);
    const Answer answer = ask_why({setting, rules_, setting.phases.get()}, feed, {rule, {at}});
    return why_json(answer.whys.front()) + "," + transitions_json(answer.transitions) + "," + remembered_json(feed);
}

http::Response Api::explain_place(task::Task& task, const Rule& rule, const std::string& id) const {
    const Instant at = std::max(task.clock(), tasks_.highest());  // events of any task count in a place
    Json subjects = Json::array();
    for (const Transition& t : task.open_warnings()) {
        if (t.episode_id != id) continue;
        subjects.push_back(about_place(task.setting(), rule, t, at));
        subjects.back()["told"] = told_(t);
    }
    const Json now{{"at", format_rfc3339(at)}, {"subjects", std::move(subjects)}};
    return success("{" + heading_json(rule) + ",\"now\":" + dumped(now) + "}");
}

http::Response Api::explain_episode(const std::string& id) const {
    const Rule* rule = nullptr;
    std::string customer;
    std::uint32_t owner = 0;
    for (std::uint32_t i = 0; i < tasks_.size() && rule == nullptr; ++i) {
        tasks_.task(i).for_each_open([&](const task::OpenEpisode& open) {
            if (open.state.episode.id != id) return;
            rule = rules_->find(open.state.rule);
            customer = open.customer;
            owner = i;
        });
    }
    if (rule == nullptr)
        return error(404, "not_found",
                     "no open case or warning has the id " + id +
                         "; of one that is closed history tells: --from-kafka --keyed, or --events=FILE --keyed");
    task::Task& task = tasks_.task(owner);
    if (!rule->person) return explain_place(task, *rule, id);
    std::string body = "{" + heading_json(*rule);
    task.visit_profile(customer, [&](const ledger::Profile& profile, const task::States& states) {
        const Person person{profile, states};
        body += "," + story_of(task, *rule, person, id) + "," + now_json(task, *rule, person, id);
    });
    return success(body + "}");
}

http::Response Api::explain_person(const http::Request& request) const {
    const std::string name = asked_for(request, "rule"), when = asked_for(request, "at");
    std::string customer = asked_for(request, "customer");
    const auto at = parse_rfc3339(when);
    if (name.empty() || customer.empty() || (!when.empty() && !at))
        return error(400, "bad_data", "explain needs ?id=…, or ?rule=…&customer=… and, if not now, &at=RFC 3339");
    const Rule* rule = rules_->find(name);
    if (rule == nullptr) return error(404, "not_found", "there is no rule " + name + " among those in force");
    if (!rule->person)
        return error(400, "bad_data", name + " is about places, not persons: explain one of its warnings by its id");
    if (customer.starts_with("c-") || customer.starts_with("s-")) {
        std::string plain;
        for (std::uint32_t i = 0; i < tasks_.size() && plain.empty(); ++i) plain = tasks_.task(i).customer_of(customer);
        if (!plain.empty()) customer = plain;
    }
    std::string body = "{" + heading_json(*rule);
    for (std::uint32_t i = 0; i < tasks_.size(); ++i) {
        task::Task& task = tasks_.task(i);
        const bool known =
            task.visit_profile(customer, [&](const ledger::Profile& profile, const task::States& states) {
                const Person person{profile, states};
                body += "," + (at ? then_json(task, *rule, person, *at) : now_json(task, *rule, person, {})) + "}";
            });
        if (known) return success(body);
    }
    return error(404, "not_found",
                 "nothing is remembered of this customer; history may know more: --from-kafka --keyed, or "
                 "--events=FILE --keyed, with --at");
}

http::Response Api::explain(const http::Request& request) const {
    const std::string id = asked_for(request, "id");
    return id.empty() ? explain_person(request) : explain_episode(id.substr(0, id.find('.')));
}

}  // namespace tocsin::pipeline
