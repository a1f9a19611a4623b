#include <algorithm>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/explain.h"
#include "base/times.h"
#include "pipeline/replay.h"
#include "pipeline/why.h"

namespace tocsin::app {
namespace {

using Json = nlohmann::ordered_json;

Subjects subjects_of(const ExplainArguments& arguments) {
    return arguments.show_subjects ? Subjects::kPlain : Subjects::kPseudonyms;
}

int print(const ExplainArguments& arguments, const std::string& members) {
    const std::string answer = "{" + members + "}";
    if (arguments.output == "json")
        std::cout << answer << "\n";
    else
        print_explanation(Json::parse(answer));
    return kExitOk;
}

pipeline::Feed feed_of(pipeline::History& history) {
    return [&history](const std::function<void(const Event&, Duration)>& give) {
        history.keep();
        history.take(give);
    };
}

// The customer of the first event that is this person's, by number or by pseudonym.
std::string customer_behind(const Past& past, pipeline::History& history, const std::string& asked) {
    const bool pseudonym = asked.starts_with("c-") || asked.starts_with("s-");
    std::map<std::string, bool, std::less<>> known;
    const auto is_asked = [&](std::string_view number, char prefix) {
        if (number == asked) return true;
        if (!pseudonym || number.empty() || asked.front() != prefix) return false;
        const auto found = known.find(number);
        if (found != known.end()) return found->second;
        return known[std::string(number)] = past.pseudonyms(prefix, number) == asked;
    };
    std::string customer;
    history.take([&](const Event& event, Duration) {
        if (!customer.empty() || event.customer.empty()) return;
        const std::string_view subscriber = event.subscriber.empty() ? event.customer : event.subscriber;
        if (is_asked(event.customer, 'c') || is_asked(subscriber, 's')) customer = event.customer;
    });
    return customer;
}

// Of all others only what changes the phase of an area.
void keep_only_of(const Past& past, pipeline::History& history, const std::string& customer) {
    const auto phase_change = past.loaded.config.schema.kind("phase_change");
    history.keep_only([&](const Event& event) {
        return event.customer == customer || (event.customer.empty() && event.kind == phase_change);
    });
}

int explain_at(Past& past, const ExplainArguments& arguments, pipeline::History& history) {
    const Rule* rule = past.loaded.rules->find(arguments.rule);
    if (rule == nullptr) {
        complain("there is no rule " + arguments.rule + " among those loaded");
        return kExitFailed;
    }
    if (!rule->person) {
        complain(arguments.rule + " is about places, not persons: explain one of its episodes by its id");
        return kExitFailed;
    }
    const std::string customer = customer_behind(past, history, arguments.customer);
    if (customer.empty()) {
        complain("no event up to then is this customer's" +
                 std::string(arguments.history.keyed ? "" : "; pseudonyms of the daemon need --keyed"));
        return kExitFailed;
    }
    keep_only_of(past, history, customer);
    const pipeline::Answer answer =
        pipeline::ask_why({past.setting, past.loaded.rules}, feed_of(history), {*rule, {*past.to}});
    const Subjects subjects = subjects_of(arguments);
    return print(arguments, pipeline::heading_json(*rule) + "," + pipeline::why_json(answer.whys.front(), subjects) +
                                "," + pipeline::transitions_json(answer.transitions, subjects));
}

std::vector<Transition> transitions_of(Past& past, pipeline::History& history, const std::string& id) {
    std::vector<Transition> transitions;
    std::vector<std::unique_ptr<pipeline::Course>> courses;
    courses.push_back(std::make_unique<pipeline::Course>(past.setting, past.loaded.rules, pipeline::ReplayOptions{},
                                                         [&](const Transition& t) {
                                                             if (t.episode_id == id) transitions.push_back(t);
                                                         }));
    pipeline::run_history(history, pipeline::ReplayOrder::kTime, courses);
    return transitions;
}

// Of the event that opened it; empty: nobody's.
std::string customer_of(pipeline::History& history, const std::string& trigger) {
    std::string customer;
    history.take([&](const Event& event, Duration) {
        if (event.id == trigger) customer = event.customer;
    });
    return customer;
}

int explain_id(Past& past, const ExplainArguments& arguments, pipeline::History& history) {
    const std::string id = arguments.id.substr(0, arguments.id.find('.'));
    pipeline::Story story;
    story.transitions = transitions_of(past, history, id);
    if (story.transitions.empty()) {
        complain("these rules open no episode " + id + " in this history" +
                 (arguments.history.keyed ? "" : "; ids of the daemon need --keyed"));
        return kExitFailed;
    }
    const Rule& rule = *past.loaded.rules->find(story.transitions.front().rule);
    const pipeline::Feed feed = feed_of(history);
    story.events = pipeline::lines_of(past.loaded.config.schema, feed, story.transitions);
    if (rule.person) {
        // Of a person everything can be judged again from that person's events alone, at each instant.
        keep_only_of(past, history, customer_of(history, story.transitions.front().trigger));
        story.judged = pipeline::judge_steps({past.setting, past.loaded.rules}, feed, story.transitions);
    }
    return print(arguments, pipeline::heading_json(rule) + "," + pipeline::story_json(story, subjects_of(arguments)));
}

}  // namespace

int explain(const ExplainArguments& arguments) {
    const bool by_daemon = arguments.history.events.empty() && !arguments.history.from_kafka;
    const bool person = !arguments.rule.empty() && !arguments.customer.empty() && (by_daemon || !arguments.at.empty());
    const bool none = arguments.rule.empty() && arguments.customer.empty() && arguments.at.empty();
    if (arguments.id.empty() ? !person : !none) {
        complain(by_daemon ? "explain what? An id, or --rule and --customer, and --at if it is not about now"
                           : "explain what? An id, or --rule, --customer and --at together");
        return kExitUsage;
    }
    if (!arguments.at.empty() && !parse_rfc3339(arguments.at)) {
        complain("--at: \"" + arguments.at + "\" is not RFC 3339, for instance 2016-11-07T00:00:00Z");
        return kExitUsage;
    }
    if (by_daemon) return explain_by_daemon(arguments);
    if (arguments.history.config_file.empty()) {
        complain("--config.file is required with --events and --from-kafka: it says how they are read");
        return kExitUsage;
    }
    HistoryArguments source = arguments.history;
    source.to = arguments.at;
    int code = kExitOk;
    const auto past = load_past(source, code);
    if (!past) return code;
    pipeline::History history(past->loaded.config.schema, past->to, tell_unreadable);
    history.keep();
    if (!read_events(*past, source, history)) return kExitFailed;
    history.sort();
    return arguments.id.empty() ? explain_at(*past, arguments, history) : explain_id(*past, arguments, history);
}

}  // namespace tocsin::app
