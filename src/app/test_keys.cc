#include "app/test_file.h"

namespace tocsin::app {

using yaml::Need;
using yaml::Shape;
using yaml::Table;

namespace {

Table file_keys() {
    return {
        "test file",
        "Tests of rules: docs/testing_rules.md. Paths are relative to the file.",
        {{"rule_files", Shape::kTexts, "The rules that are tested.", Need::kRequired},
         {"config_file", Shape::kText, "A tocsin.yml, for its kinds of event, areas, calendars, topics and limits."},
         {"tests", Shape::kMaps, "Each with a state of its own.", Need::kRequired, {}, "test"}}};
}

Table test_keys() {
    return {"test",
            "A timeline of events, and what the rules say about it.",
            {{"name", Shape::kText, "A claim: the third complaint in a week opens yellow.", Need::kRequired},
             {"start", Shape::kText, "What times are counted from. Default 2026-01-05T00:00:00Z, a Monday."},
             {"until", Shape::kText, "How far the clock runs, if nothing below stands later."},
             {"events", Shape::kMaps, "The timeline.", Need::kOptional, {}, "event"},
             {"events_from", Shape::kTexts, "[TOPIC=]FILE with JSON lines; TOPIC is one of config_file."},
             {"alert_rule_test", Shape::kMaps, "What is open at an instant.", Need::kOptional, {}, "alert_rule_test"},
             {"transition_test", Shape::kMaps, "All that happens to a rule.", Need::kOptional, {}, "transition_test"},
             {"golden", Shape::kText, "A file with every transition; --update-golden writes it."}}};
}

std::vector<yaml::Key> wanted_keys() {
    return {{"exp_labels", Shape::kTextMap, "level, area, raises, the fields of `by`, labels of the rule."},
            {"exp_annotations", Shape::kTextMap, "Texts as they are rendered."},
            {"exp_measures", Shape::kTextMap, "Measures of the rule; overdue of promises."}};
}

}  // namespace

const std::vector<Table>& test_tables() {
    static const std::vector<Table> tables = [] {
        std::vector<Table> all = {file_keys(), test_keys()};
        all.push_back(
            {"event",
             "One event, or several of a kind.",
             {{"at", Shape::kTexts, "When: 2d, a time, or 0d+1dx4: one and four more, a day after each other.",
               Need::kRequired},
              {"kind", Shape::kText, "The kind of event.", Need::kRequired},
              {"fields", Shape::kTextMap, "customer, area and so on; {i} in a string is the event's number."}}});
        all.push_back({"alert_rule_test",
                       "The open episodes of one rule at one instant: these and no others.",
                       {{"alertname", Shape::kText, "The rule.", Need::kRequired},
                        {"eval_time", Shape::kText, "When: 2d, or a time.", Need::kRequired},
                        {"exp_alerts", Shape::kMaps, "None: nothing is open.", Need::kOptional, {}, "alert"}}});
        all.push_back({"alert", "What is asked of one; what is not named may be anything.", wanted_keys()});
        all.push_back(
            {"transition_test",
             "All transitions of one rule but `updated`, in order.",
             {{"alertname", Shape::kText, "The rule.", Need::kRequired},
              {"exp_transitions", Shape::kMaps, "None: nothing happens.", Need::kOptional, {}, "transition"}}});
        Table transition{"transition",
                         "What is asked of one; what is not named may be anything.",
                         {{"at", Shape::kText, "When: 2d, or a time.", Need::kRequired},
                          {"transition",
                           Shape::kChoice,
                           "What happens.",
                           Need::kRequired,
                           {"opened", "raised", "lowered", "closed"}},
                          {"reason",
                           Shape::kChoice,
                           "Why it closes.",
                           Need::kOptional,
                           {"quiet", "fulfilled", "moved", "cancelled", "expired", "corrected"}}}};
        for (yaml::Key& key : wanted_keys()) transition.keys.push_back(std::move(key));
        all.push_back(std::move(transition));
        return all;
    }();
    return tables;
}

}  // namespace tocsin::app
