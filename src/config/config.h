#pragma once
/// `tocsin.yml` (design 8.1) as plain values, read strictly with everything it points at.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/route.h"
#include "decode/mapping.h"
#include "tocsin/areas.h"
#include "tocsin/result.h"
#include "tocsin/rule_set.h"
#include "tocsin/schema.h"
#include "tocsin/time.h"
#include "yaml/diagnostics.h"

namespace tocsin::config {

constexpr std::size_t kTopicsMax = 100;
constexpr std::size_t kReceiversMax = 100;
constexpr std::size_t kRuleFilesMax = 1000;

struct Global {
    std::string timezone = "UTC";                        ///< IANA name
    std::map<std::string, std::string> external_labels;  ///< added to what goes to Alertmanager
    Duration max_notice_age = std::chrono::hours(1);     ///< older transitions reach receivers in a digest
};

/// Where a first start begins to read.
struct Start {
    enum class At { kEarliest, kLatest, kInstant };
    At at = At::kEarliest;
    Instant instant = kBeforeAll;  ///< of kInstant
};

/// An input topic and how its records become events.
struct Topic {
    std::string name;
    decode::TopicMapping mapping;
    Duration disorder = std::chrono::minutes(1);  ///< how far behind its neighbours an event may stand in the log
    Duration delay = std::chrono::seconds(5);     ///< how long an event takes to arrive
    std::int64_t epoch = 0;  ///< raised by the operator when the topic was created anew and is to be read again
};

enum class Intake { kRekey, kDirect };

struct Kafka {
    std::vector<std::string> brokers;  ///< host:port; empty: none given
    std::string group_id = "tocsin";
    /// For librdkafka, secrets_file merged over client_properties. Never printed: it may hold passwords.
    std::map<std::string, std::string> client_properties;
    Intake intake = Intake::kRekey;
    Start start;
    std::vector<Topic> topics;
    std::string dead_letter_topic = "tocsin.dlq";
    std::string events_topic = "tocsin.events";  ///< intake rekey: the log
    std::string actions_topic;                   ///< empty: none
    std::string output_topic;                    ///< empty: transitions are not produced
    int partitions = 12;                         ///< of topics that tocsin creates
    int replication_factor = -1;                 ///< likewise; -1: the broker's default
};

struct Storage {
    std::string path = "./data";
    Duration retention = std::chrono::days(400);
    Duration dedup = std::chrono::days(7);
    std::size_t max_events = 256;  ///< remembered events of one customer
    Duration backlog_commit_interval = std::chrono::seconds(2);
};

/// A POST of the transition, signed after Standard Webhooks if there is a secret.
struct Webhook {
    std::string url;
    bool url_is_secret = false;  ///< it came from url_file: never printed
    std::string secret;          ///< `whsec_…`; empty: not signed
    std::string old_secret;      ///< also signed with, while the secret changes; empty: none
    Duration timeout = std::chrono::seconds(15);
    std::vector<std::string> allow_cidrs;  ///< addresses the host may resolve to; empty: any
};

/// An Alertmanager's address, to which `/api/v2/alerts` is appended. Gets warnings only, never cases.
struct Alertmanager {
    std::string url;
    bool url_is_secret = false;
    Duration timeout = std::chrono::seconds(10);
    Duration resend_interval = std::chrono::minutes(1);  ///< how often what still holds is said again
};

struct Receiver {
    std::string name;
    std::vector<Webhook> webhooks;
    std::vector<Alertmanager> alertmanagers;
};

/// A row of areas_file. Rows stand parents first.
struct AreaRow {
    Area area;                ///< `parent` is not set
    std::string parent_code;  ///< empty: at the top
};

/// Who is behind the identifiers of events; they go into every topic's mapping.
struct IdentitySummary {
    std::size_t identifiers = 0;     ///< linked; 0: no `identity:`
    std::size_t refused_groups = 0;  ///< larger than members_max
    std::size_t largest_group = 0;   ///< identifiers of one group, refused ones included
};

struct Config {
    std::string file;  ///< as it was named
    Global global;
    Kafka kafka;
    Storage storage;
    std::string pseudonym_key_file;               ///< empty: none given
    EventSchema schema = EventSchema::builtin();  ///< with the kinds of events_file
    IdentitySummary identity;
    std::vector<AreaRow> areas;                              ///< empty: no areas_file, an area is a path
    std::vector<std::shared_ptr<const Calendar>> calendars;  ///< of calendars_file
    std::shared_ptr<const PhasePlan> phases;                 ///< of phases_file; null: none
    std::vector<std::string> rule_files;  ///< globs expanded; in the order of the patterns, then of the names
    std::optional<Route> route;
    std::vector<Receiver> receivers;

    [[nodiscard]] const Topic* topic(std::string_view name) const;        ///< null: none of that name
    [[nodiscard]] const Receiver* receiver(std::string_view name) const;  ///< null: none of that name
};

/// What the configuration is read for: which sections it must have, and whether secrets are read.
enum class Purpose {
    kRun,     ///< topics, brokers, rule_files, pseudonym_key_file; secrets are read
    kDemo,    ///< topics, rule_files: the broker is embedded, the pseudonym key fixed
    kReplay,  ///< topics
    kCheck,   ///< as kRun; but a secret that cannot be read here is a warning
    kRules,   ///< nothing: for commands about rules, which need the kinds of event and the areas
};

/// Reads the file and everything it points at but the rules. Every mistake goes to `diagnostics`, with file:line:col.
///
/// Errors: kReject, if there was any mistake; the message is their first lines. Warnings alone do not fail it.
Result<Config> load_config(const std::string& path, yaml::Diagnostics& diagnostics, Purpose purpose);

/// The rules of config.rule_files, or of other files in their place. Errors as load_config.
Result<RuleSet> load_rules(const Config& config, yaml::Diagnostics& diagnostics);
Result<RuleSet> load_rules(const Config& config, const std::vector<std::string>& rule_files,
                           yaml::Diagnostics& diagnostics);

/// A tree of the areas of the configuration. Each thread that resolves areas makes its own.
[[nodiscard]] AreaTree make_areas(const Config& config);

}  // namespace tocsin::config
