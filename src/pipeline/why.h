#pragma once
/// Why a rule fired for a person, or why it did not: recomputed from what is remembered or from a history, by the code
/// that judges. The same for `tocsin explain` from files and from the running daemon.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "task/inspection.h"
#include "task/task.h"
#include "tocsin/transition.h"

namespace tocsin::pipeline {

/// What is judged with.
struct Basis {
    const task::Setting& setting;
    std::shared_ptr<const RuleSet> rules;
    const task::AreaPhases* told = nullptr;  ///< phases of areas, where the events that are fed do not tell them
};

/// What a rule sees of one person at an instant.
struct Why {
    Instant at = kBeforeAll;
    struct Subject {
        std::vector<Transition::SubjectField> fields;
        std::vector<std::string> events;  ///< those that count, newest first: time, kind, id …
        task::Inspection seen;            ///< its views are gone: only what owns its memory may be used
        std::vector<std::string> levels;  ///< "yellow: n >= 3: does not hold; …"
        std::vector<std::string> notes;   ///< "the next event … would make it yellow"
    };
    std::vector<Subject> subjects;  ///< empty: no event of this person counts under the rule
};

/// What a task remembers of a person. Views, for one call.
struct Person {
    const ledger::Profile& profile;
    const task::States& states;
};
Why look_at(const Basis& basis, const Rule& rule, const Person& person, Instant at);

/// Gives events in order, each with the disorder of its source; it can be asked again.
using Feed = std::function<void(const std::function<void(const Event&, Duration)>&)>;

struct Question {
    const Rule& rule;
    std::vector<Instant> at;  ///< ascending, at least one; events after the last are left out
};
struct Answer {
    std::vector<Why> whys;                ///< one for each instant
    std::vector<Transition> transitions;  ///< of the rule, up to the last instant
};
/// From events, which are that person's and those that told phases of areas, and no others.
Answer ask_why(const Basis& basis, const Feed& feed, const Question& question);

/// An episode, from its opening on.
struct Story {
    std::vector<Transition> transitions;
    std::map<std::string, std::string> events;  ///< behind them: id -> event_line()
    /// How its rule saw its subject at each step, by the transition's id; of persons only.
    std::vector<std::pair<std::string, Why>> judged;
};
/// Story::events, as far as they are fed.
std::map<std::string, std::string> lines_of(const EventSchema& schema, const Feed& feed,
                                            const std::vector<Transition>& transitions);
/// Story::judged, of that person's events; `updated` is no step. Of more than `steps_max` the first and the newest.
std::vector<std::pair<std::string, Why>> judge_steps(const Basis& basis, const Feed& feed,
                                                     const std::vector<Transition>& transitions,
                                                     std::size_t steps_max = SIZE_MAX);

/// One event in a line, without a number.
std::string event_line(const EventSchema& schema, const Event& event);
/// Whether the rule holds in the phase; `before`: the one it came from while it settles, else the same.
std::string phase_note(const Rule& rule, std::string_view phase, std::string_view before);

/// Members of a JSON object without its braces, so that others can follow: what both ways of asking answer alike.
/// Transitions are their records to the byte.
std::string heading_json(const Rule& rule);
std::string why_json(const Why& why, Subjects subjects = Subjects::kPseudonyms);
std::string story_json(const Story& story, Subjects subjects = Subjects::kPseudonyms);
std::string transitions_json(const std::vector<Transition>& transitions, Subjects subjects = Subjects::kPseudonyms);

}  // namespace tocsin::pipeline
