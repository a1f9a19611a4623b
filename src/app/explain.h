#pragma once
/// `tocsin explain`: why a rule fired, or why it did not.

#include <string>
#include <vector>

#include "app/history.h"
#include "pipeline/replay.h"
#include "task/inspection.h"
#include "tocsin/transition.h"

namespace tocsin::app {

struct ExplainArguments {
    HistoryArguments history;
    std::string id;                  ///< of an episode or a transition; empty: the other three
    std::string rule, customer, at;  ///< customer: the number, or its pseudonym
    std::string output = "text";
    bool show_subjects = false;
};
int explain(const ExplainArguments& arguments);

/// A rule, a person and an instant: what the rule sees of that person then.
struct Why {
    const Rule* rule = nullptr;
    Instant at = kBeforeAll;
    std::vector<Transition> transitions;  ///< of the rule, up to then
    struct Subject {
        std::vector<Transition::SubjectField> fields;
        std::vector<std::string> events;  ///< those that count, newest first: time, kind, id …
        task::Inspection seen;            ///< its views are gone: only what owns its memory may be used
        std::vector<std::string> levels;  ///< "yellow: n >= 3: no, 2 >= 3"
        std::vector<std::string> notes;   ///< "1 more before … would open yellow"
    };
    std::vector<Subject> subjects;  ///< empty: no event of this person counts under the rule
};

/// The history holds that person's events, those that told phases of areas, and no others; what is after `at` is left
/// out.
Why ask_why(Past& past, pipeline::History& history, const Rule& rule, Instant at);

/// One event in a line, without a number.
std::string event_line(const EventSchema& schema, const Event& event);

}  // namespace tocsin::app
