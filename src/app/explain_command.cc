#include <algorithm>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/explain.h"
#include "base/times.h"

namespace tocsin::app {
namespace {

using Json = nlohmann::ordered_json;

std::string shown(const std::vector<Transition::SubjectField>& fields, bool plain) {
    std::string text;
    for (const auto& field : fields)
        text += (text.empty() ? "" : " ") + field.name + "=" + (plain ? field.plain : field.shown);
    return text;
}

std::string heading(const Rule& rule) {
    return rule.name + " (" + rule.file + ":" + std::to_string(rule.line) + ", raises a " +
           (rule.raises_case ? "case" : "warning") + ")\n";
}

void print_text(const Why& why, bool plain) {
    std::cout << heading(*why.rule) << "at " << format_rfc3339(why.at) << "\n";
    if (why.subjects.empty()) std::cout << "  no event of this person counts, and no promise is known\n";
    for (const Why::Subject& about : why.subjects) {
        std::cout << "\n  " << shown(about.fields, plain) << "\n";
        for (const std::string& level : about.levels) std::cout << "    " << level << "\n";
        for (const std::string& note : about.notes) std::cout << "    " << note << "\n";
        std::cout << "    events that count: " << about.events.size() << "\n";
        for (const std::string& event : about.events) std::cout << "      " << event << "\n";
    }
    if (!why.transitions.empty()) std::cout << "\n  until then\n";
    for (const Transition& t : why.transitions) {
        std::cout << "    " << format_rfc3339(t.at) << " " << transition_name(t.kind) << " " << level_name(t.level)
                  << close_reason_name(t.reason) << " " << t.id() << "\n";
    }
}

// Transitions are copied as they are: byte for byte what replay and the daemon give.
std::string records(const std::vector<Transition>& transitions, Subjects subjects) {
    std::string list;
    for (const Transition& t : transitions) list += (list.empty() ? "" : ",") + to_json(t, subjects);
    return "[" + list + "]";
}

Json json_of(const Why& why, bool plain) {
    Json subjects = Json::array();
    for (const Why::Subject& about : why.subjects) {
        Json subject{{"subject", shown(about.fields, plain)},
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
        subjects.push_back(std::move(subject));
    }
    return {{"rule", why.rule->name}, {"at", format_rfc3339(why.at)}, {"subjects", std::move(subjects)}};
}

void print_json(const Why& why, Subjects subjects) {
    std::string text = json_of(why, subjects == Subjects::kPlain).dump(-1, ' ', false, Json::error_handler_t::replace);
    text.pop_back();
    std::cout << text << ",\"transitions\":" << records(why.transitions, subjects) << "}\n";
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
    const Why why = ask_why(past, history, *rule, *past.to);
    if (arguments.output == "json")
        print_json(why, arguments.show_subjects ? Subjects::kPlain : Subjects::kPseudonyms);
    else
        print_text(why, arguments.show_subjects);
    return kExitOk;
}

struct Episode {
    std::vector<Transition> transitions;
    std::map<std::string, std::string> events;  // id -> line
    std::string customer;                       // of the event that opened it; empty: nobody's
};

Episode find_episode(Past& past, pipeline::History& history, const std::string& id) {
    Episode episode;
    std::vector<std::unique_ptr<pipeline::Course>> courses;
    courses.push_back(std::make_unique<pipeline::Course>(past.setting, past.loaded.rules, pipeline::ReplayOptions{},
                                                         [&](const Transition& t) {
                                                             if (t.episode_id == id) episode.transitions.push_back(t);
                                                         }));
    pipeline::run_history(history, pipeline::ReplayOrder::kTime, courses);
    std::set<std::string, std::less<>> wanted;
    for (const Transition& t : episode.transitions) wanted.insert(t.events.begin(), t.events.end());
    if (episode.transitions.empty()) return episode;
    const std::string& trigger = episode.transitions.front().trigger;
    history.take([&](const Event& event, Duration) {
        if (event.id == trigger) episode.customer = event.customer;
        if (wanted.contains(event.id)) episode.events.emplace(event.id, event_line(past.loaded.config.schema, event));
    });
    return episode;
}

void print_transition(const Transition& t, const std::map<std::string, std::string>& events) {
    std::cout << "\n  " << format_rfc3339(t.at) << " " << transition_name(t.kind) << " " << level_name(t.level)
              << close_reason_name(t.reason) << "\n";
    const Json record = Json::parse(to_json(t));
    for (const auto& [name, value] : record["measures"].items())
        std::cout << "    " << name << " = " << value.dump() << "\n";
    std::cout << "    " << t.events.size() << " events behind it, newest first\n";
    for (const std::string& id : t.events) {
        const auto found = events.find(id);
        std::cout << "      " << (found == events.end() ? id : found->second) << "\n";
    }
}

int explain_id(Past& past, const ExplainArguments& arguments, pipeline::History& history) {
    const std::string id = arguments.id.substr(0, arguments.id.find('.'));
    const Episode episode = find_episode(past, history, id);
    if (episode.transitions.empty()) {
        complain("these rules open no episode " + id + " in this history" +
                 (arguments.history.keyed ? "" : "; ids of the daemon need --keyed"));
        return kExitFailed;
    }
    const Rule& rule = *past.loaded.rules->find(episode.transitions.front().rule);
    const Subjects subjects = arguments.show_subjects ? Subjects::kPlain : Subjects::kPseudonyms;
    // Of a person everything can be judged again from that person's events alone, at each instant.
    std::vector<Why> whys;
    if (rule.person) {
        keep_only_of(past, history, episode.customer);
        for (const Transition& t : episode.transitions) {
            if (t.kind != TransitionKind::kUpdated) whys.push_back(ask_why(past, history, rule, t.at));
        }
    }
    if (arguments.output == "json") {
        Json steps = Json::array(), events = Json::object();
        for (const Why& why : whys) steps.push_back(json_of(why, arguments.show_subjects));
        for (const auto& [event, line] : episode.events) events[event] = line;
        std::cout << "{\"transitions\":" << records(episode.transitions, subjects) << ",\"events\":" << events.dump()
                  << ",\"judged\":" << steps.dump(-1, ' ', false, Json::error_handler_t::replace) << "}\n";
        return kExitOk;
    }
    std::cout << heading(rule) << shown(episode.transitions.front().subject, arguments.show_subjects) << "\n";
    auto why = whys.begin();
    for (const Transition& t : episode.transitions) {
        print_transition(t, episode.events);
        if (t.kind == TransitionKind::kUpdated || why == whys.end()) continue;
        for (const Why::Subject& about : why->subjects) {
            if (shown(about.fields, true) != shown(t.subject, true)) continue;
            for (const std::string& level : about.levels) std::cout << "    " << level << "\n";
        }
        ++why;
    }
    return kExitOk;
}

}  // namespace

int explain(const ExplainArguments& arguments) {
    const bool all = !arguments.rule.empty() && !arguments.customer.empty() && !arguments.at.empty();
    const bool none = arguments.rule.empty() && arguments.customer.empty() && arguments.at.empty();
    if (arguments.id.empty() ? !all : !none) {
        complain("explain what? An id, or --rule, --customer and --at together");
        return kExitUsage;
    }
    if (all && !parse_rfc3339(arguments.at)) {
        complain("--at: \"" + arguments.at + "\" is not RFC 3339, for instance 2016-11-07T00:00:00Z");
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
