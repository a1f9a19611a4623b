#include "rules/keys.h"

namespace tocsin::rules {

using yaml::Need;
using yaml::Shape;

namespace {

yaml::Table rule_keys() {
    return {
        "rule",
        "A window over events (on, within, measures) or a promise (expect), and four levels.",
        {{"alert", Shape::kText, "The rule's name: HighFrequencyComplainant.", Need::kRequired},
         {"on", Shape::kTexts, "The kind of event, or a list of kinds.", Need::kRequired, {}, {}, "expect"},
         {"where", Shape::kText, "Which of these events count: a predicate over their fields."},
         {"by", Shape::kTexts, "What the rule is about: customer, subscriber, area or other fields.", Need::kRequired},
         {"within", Shape::kDuration, "How far the rule looks back.", Need::kRequired, {}, {}, "expect window"},
         {"window",
          Shape::kChoice,
          "Instead of within: since the day, the week or the month began.",
          Need::kOptional,
          {"calendar day", "calendar week", "calendar month"}},
         {"measures", Shape::kTextMap, "Names for count(), distinct(field), sum(field), any(predicate); over 30d."},
         {"levels", Shape::kMap, "When each colour holds.", Need::kRequired, {}, "levels"},
         {"clear", Shape::kText, "Percentage of the bounds that keeps an episode at its level: 70%."},
         {"for", Shape::kDuration, "Up only after so long of holding."},
         {"keep_firing_for", Shape::kDuration, "Down one colour after so long of not holding."},
         {"dwell", Shape::kDuration, "A colour stays at least so long."},
         {"interval", Shape::kDuration, "Judged at its multiples only. Default: at every event."},
         {"limit", Shape::kInt, "Of how many open episodes receivers are told; 0: of all."},
         {"rollup_areas",
          Shape::kChoices,
          "Levels of the area tree at which the rule counts.",
          Need::kOptional,
          {"province", "city", "county", "hall"}},
         {"phases", Shape::kTexts, "Phases of phases_file in which the rule holds; without it in all."},
         {"overrides", Shape::kNamedMaps, "Other levels during a phase.", Need::kOptional, {}, "override"},
         {"expect", Shape::kMap, "A promise: what must happen, and by when.", Need::kOptional, {}, "expect"},
         {"rollup",
          Shape::kMap,
          "A warning when many promises are broken in one place.",
          Need::kOptional,
          {},
          "rollup"},
         {"raises",
          Shape::kChoice,
          "A case for somebody's worklist, or a warning.",
          Need::kOptional,
          {"case", "warning"}},
         {"status",
          Shape::kChoice,
          "experimental: judged and shown, never notified.",
          Need::kOptional,
          {"stable", "experimental"}},
         {"id", Shape::kText, "The author's own id."},
         {"owner", Shape::kText, "Who answers for the rule."},
         {"source", Shape::kText, "Where the thresholds come from."},
         {"labels", Shape::kTextMap, "What alerts are known and routed by."},
         {"annotations", Shape::kTextMap, "Texts for people: {{ $n }}, {{ $labels.area }}, {{ $value | humanize }}."}}};
}

yaml::Table rollup_keys() {
    return {"rollup",
            "A second rule, about the promises of the one it stands in.",
            {{"alert", Shape::kText, "Its name; default: the rule's and Rollup."},
             {"by", Shape::kTexts, "[area].", Need::kRequired},
             {"within", Shape::kDuration, "The window of `broken`. Default 30m."},
             {"levels", Shape::kMap, "Over `open` and `broken`.", Need::kRequired, {}, "levels"},
             {"clear", Shape::kText, "Percentage of the bounds that keeps an episode at its level: 70%."},
             {"for", Shape::kDuration, "Up only after so long of holding."},
             {"keep_firing_for", Shape::kDuration, "Down one colour after so long of not holding."},
             {"dwell", Shape::kDuration, "A colour stays at least so long."},
             {"interval", Shape::kDuration, "Judged at its multiples only. Default: at every event."},
             {"limit", Shape::kInt, "Of how many open episodes receivers are told; 0: of all."},
             {"rollup_areas",
              Shape::kChoices,
              "Levels of the area tree at which it counts.",
              Need::kOptional,
              {"province", "city", "county", "hall"}},
             {"status",
              Shape::kChoice,
              "experimental: judged and shown, never notified.",
              Need::kOptional,
              {"stable", "experimental"}},
             {"id", Shape::kText, "The author's own id."},
             {"owner", Shape::kText, "Who answers for it; default: the rule's."},
             {"source", Shape::kText, "Where the thresholds come from; default: the rule's."},
             {"labels", Shape::kTextMap, "Over the rule's labels."},
             {"annotations", Shape::kTextMap, "Texts for people: {{ $open }}, {{ $broken }}, {{ $labels.area }}."}}};
}

}  // namespace

const std::vector<yaml::Table>& rule_tables() {
    static const std::vector<yaml::Table> tables = {
        {"rule file",
         "Rules of tocsin: docs/rules.md.",
         {{"groups", Shape::kMaps, "Rules that belong together.", Need::kRequired, {}, "group"}}},
        {"group",
         "Rules with common labels and thresholds.",
         {{"name", Shape::kText, "Unique in the file.", Need::kRequired},
          {"labels", Shape::kTextMap, "Labels of all its rules."},
          {"interval", Shape::kDuration, "Of rules that have none of their own."},
          {"limit", Shape::kInt, "Of rules that have none of their own."},
          {"thresholds_file", Shape::kText, "CSV area,blue,yellow,orange,red: what threshold.red is in an area."},
          {"rules", Shape::kMaps, "The rules, in the order they are shown.", Need::kRequired, {}, "rule"}}},
        rule_keys(),
        rollup_keys(),
        {"override",
         "What replaces the rule's own while a phase lasts.",
         {{"levels", Shape::kMap, "Colours of the rule with another condition.", Need::kRequired, {}, "levels"}}},
        {"levels",
         "The highest colour that holds is the level.",
         {{"blue", Shape::kText, "An expression over the measures, or over overdue."},
          {"yellow", Shape::kText, "An expression over the measures, or over overdue."},
          {"orange", Shape::kText, "An expression over the measures, or over overdue."},
          {"red", Shape::kText, "An expression over the measures, or over overdue."}}},
        {"expect",
         "A promise opens at `after` and ends at `event` or `cancel_on`.",
         {{"after", Shape::kTexts, "Kinds of event that open it: registration where result == \"ok\".",
           Need::kRequired},
          {"event", Shape::kTexts, "Kinds of event that keep it.", Need::kRequired},
          {"cancel_on", Shape::kTexts, "Kinds of event that end it without a breach."},
          {"within",
           Shape::kText,
           "Due so long after the event that opened it: 1h, 5 workdays, 8 working hours.",
           Need::kRequired,
           {},
           {},
           "due"},
          {"calendar", Shape::kText, "Which calendar of calendars_file counts workdays and working hours."},
          {"due", Shape::kText, "Or: due at the time that this field of the event states."},
          {"restart", Shape::kBool, "A further `after` event begins the time anew."}}}};
    return tables;
}

}  // namespace tocsin::rules
