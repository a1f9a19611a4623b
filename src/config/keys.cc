#include "config/keys.h"

namespace tocsin::config {

using yaml::Need;
using yaml::Shape;
using yaml::Table;

namespace {

Table sections() {
    return {
        "the configuration",
        "tocsin.yml: docs/configuration.md. Paths are relative to the file.",
        {{"global", Shape::kMap, "The zone, labels for what is sent.", Need::kOptional, {}, "global"},
         {"kafka", Shape::kMap, "Where events come from.", Need::kRequired, {}, "kafka"},
         {"storage", Shape::kMap, "Where the state lies, and how much is remembered.", Need::kOptional, {}, "storage"},
         {"privacy", Shape::kMap, "The key of the pseudonyms; run needs it.", Need::kOptional, {}, "privacy"},
         {"identity", Shape::kMap, "Which identifiers are one person.", Need::kOptional, {}, "identity"},
         {"areas_file", Shape::kText, "CSV code,parent,level,name,name_zh,subscribers: the tree of places."},
         {"events_file", Shape::kText, "Kinds of event of your own."},
         {"calendars_file", Shape::kText, "Holidays, make-up working days and opening hours."},
         {"phases_file", Shape::kText, "Phases of a campaign, and when they begin where."},
         {"rule_files", Shape::kTexts, "Rule files; * and ? in the last part of a path."},
         {"route", Shape::kMap, "Who is told.", Need::kOptional, {}, "route"},
         {"receivers", Shape::kMaps, "How they are told.", Need::kOptional, {}, "receiver"}}};
}

Table global() {
    return {"global",
            "What concerns all of it.",
            {{"timezone", Shape::kText, "IANA name, for people: Asia/Shanghai. Default UTC."},
             {"external_labels", Shape::kTextMap, "Added to what goes to Alertmanager."},
             {"max_notice_age", Shape::kDuration, "Older transitions reach receivers in a digest. Default 1h."}}};
}

Table kafka() {
    return {"kafka",
            "The cluster and the topics.",
            {{"brokers", Shape::kTexts, "host:port, one or several."},
             {"group_id", Shape::kText, "Default tocsin."},
             {"client_properties", Shape::kTextMap, "Properties of librdkafka, as they are."},
             {"secrets_file", Shape::kText, "Lines name=value over client_properties: sasl.password=…"},
             {"intake",
              Shape::kChoice,
              "rekey: any topics; direct: exactly one, keyed by customer. Default rekey.",
              Need::kOptional,
              {"rekey", "direct"}},
             {"start", Shape::kText, "earliest, latest or a time; for the first start only."},
             {"topics", Shape::kMaps, "What is read.", Need::kRequired, {}, "topic"},
             {"dead_letter_topic", Shape::kText, "What could not be read. Default tocsin.dlq."},
             {"events_topic", Shape::kText, "With rekey: the log. Default tocsin.events."},
             {"actions_topic", Shape::kText, "With direct: what people did."},
             {"output_topic", Shape::kText, "Every transition; none by default."},
             {"partitions", Shape::kInt, "Of the topics that tocsin creates. Default 12."},
             {"replication_factor", Shape::kInt, "Of the topics that tocsin creates."}}};
}

std::vector<Table> topics() {
    return {{"topic",
             "One input topic, and how its records become events.",
             {{"name", Shape::kText, "The topic.", Need::kRequired},
              {"event",
               Shape::kTextOrMap,
               "The kind of all its events, or where the kind stands.",
               Need::kRequired,
               {},
               "event"},
              {"format", Shape::kChoice, "What the records are.", Need::kOptional, {"json", "cloudevents"}},
              {"fields",
               Shape::kNamedMaps,
               "Field: JSON pointer. One without an entry stands under its own name.",
               Need::kOptional,
               {},
               "field"},
              {"disorder", Shape::kDuration, "How far behind its neighbours an event may stand. Default 1m."},
              {"delay", Shape::kDuration, "How long an event takes to arrive. Default 5s."},
              {"epoch", Shape::kInt, "Raised when the topic was created anew: it is read from its beginning."}}},
            {"event",
             "A field of the record that tells its kind.",
             {{"field", Shape::kText, "JSON pointer.", Need::kRequired},
              {"map", Shape::kTextMap, "Its values, and the kinds they mean."}}},
            {"field",
             "Where a field stands, and how a time is written.",
             {{"pointer", Shape::kText, "JSON pointer."},
              {"format", Shape::kText, "rfc3339 (default), epoch_s, epoch_ms, or as strptime: %Y-%m-%d %H:%M:%S."},
              {"zone", Shape::kText, "IANA name, for a format that states none."}}}};
}

std::vector<Table> state() {
    return {
        {"storage",
         "The state.",
         {{"path", Shape::kText, "Default ./data; only one process may have it open."},
          {"retention", Shape::kDuration, "How far back anything is remembered. Default 400d."},
          {"dedup", Shape::kDuration, "How long an event's id is known. Default 7d."},
          {"max_events", Shape::kInt, "Remembered events of one customer. Default 256."},
          {"backlog_commit_interval", Shape::kDuration, "Time between commits while there is a backlog. Default 2s."}}},
        {"identity",
         "Which identifiers are one person; with intake: rekey.",
         {{"links_file", Shape::kText, "CSV identifier,person: both columns hold identifiers.", Need::kRequired},
          {"identifiers", Shape::kTexts, "Fields of events, asked in this order. Default customer, subscriber."},
          {"members_max", Shape::kInt, "A larger group is an agent and no person. Default 20."}}},
        {"privacy",
         "What keeps people's numbers inside.",
         {{"pseudonym_key_file", Shape::kText, "openssl rand -hex 32 > pseudonym.key"}}}};
}

std::vector<Table> receivers() {
    const yaml::Key url{"url", Shape::kText, "Its address.", Need::kRequired, {}, {}, "url_file"};
    const yaml::Key url_file{"url_file", Shape::kText, "A file with the address."};
    const yaml::Key timeout{"timeout", Shape::kDuration, "Of one request."};
    return {{"route",
             "The deepest route that matches; the first one takes everything.",
             {{"receiver", Shape::kText, "Its name; below the first one inherited where none is written."},
              {"matchers", Shape::kTexts, "label=\"value\" or label!=\"value\"; not in the first route."},
              {"continue", Shape::kBool, "Whether the next one is tried too; not in the first route."},
              {"routes", Shape::kMaps, "Tried in their order.", Need::kOptional, {}, "route"}}},
            {"receiver",
             "Somebody who is told.",
             {{"name", Shape::kText, "What routes call it.", Need::kRequired},
              {"webhook_configs", Shape::kMaps, "A POST of the transition.", Need::kOptional, {}, "webhook_configs"},
              {"alertmanager_configs",
               Shape::kMaps,
               "An Alertmanager: warnings only, never cases.",
               Need::kOptional,
               {},
               "alertmanager_configs"}}},
            {"webhook_configs",
             "A POST of the transition, signed after Standard Webhooks if there is a secret.",
             {url,
              url_file,
              {"secret_file", Shape::kText, "A file with whsec_…"},
              {"old_secret_file", Shape::kText, "Also signed with, while the secret changes."},
              timeout,
              {"allow_cidrs", Shape::kTexts, "Addresses the host may resolve to; any by default."}}},
            {"alertmanager_configs",
             "An Alertmanager's address; /api/v2/alerts is appended.",
             {url,
              url_file,
              timeout,
              {"resend_interval", Shape::kDuration, "How often what still holds is said again. Default 1m."}}}};
}

}  // namespace

const std::vector<Table>& config_tables() {
    static const std::vector<Table> tables = [] {
        std::vector<Table> all = {sections(), global(), kafka()};
        for (const auto& some : {topics(), state(), receivers()}) all.insert(all.end(), some.begin(), some.end());
        return all;
    }();
    return tables;
}

}  // namespace tocsin::config
