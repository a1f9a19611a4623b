// Whole files: what a complete one means, what the least one means, and which section which purpose needs.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/times.h"
#include "config/config.h"
#include "folder.h"

namespace tocsin::config {
namespace {

namespace fs = std::filesystem;
const std::string kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// The files of tests/config/good, and beside them the secrets, which no repository holds.
class Complete : public testing::Test {
protected:
    Complete() {
        fs::copy(TOCSIN_SOURCE_DIR "/tests/config/good", folder_ / "", fs::copy_options::recursive);
        folder_.write("client.properties", "# for librdkafka\n\nsasl.password = a=b c \r\nsasl.mechanism=PLAIN\n");
        folder_.write("pseudonym.key", "0123456789abcdef0123456789abcdef\n");
        folder_.write("webhook.secret", kSecret + "\n");
        folder_.write("webhook.old", kSecret);
        folder_.write("alertmanager.url", "https://am.example/key-1\n");
    }
    Config load(const std::string& name, Purpose purpose) {
        auto config = load_config(folder_ / name, diagnostics_, purpose);
        EXPECT_EQ(diagnostics_.text(), "");
        return std::move(config).value();
    }
    Folder folder_;
    yaml::Diagnostics diagnostics_;
};

TEST_F(Complete, FileGivesEachValueItsPlace) {
    const Config config = load("full.yml", Purpose::kRun);
    EXPECT_EQ(config.file, folder_ / "full.yml");
    EXPECT_EQ(config.global.timezone, "Asia/Shanghai");
    EXPECT_EQ(config.global.external_labels, (std::map<std::string, std::string>{{"site", "north"}}));
    EXPECT_EQ(config.global.max_notice_age, std::chrono::hours(1));
    EXPECT_EQ(config.storage.path, "/var/lib/tocsin");
    EXPECT_EQ(config.storage.retention, std::chrono::days(400));
    EXPECT_EQ(config.storage.dedup, std::chrono::days(7));
    EXPECT_EQ(config.storage.max_events, 256U);
    EXPECT_EQ(config.storage.backlog_commit_interval, std::chrono::milliseconds(500));
    EXPECT_EQ(config.pseudonym_key_file, folder_ / "pseudonym.key");
    EXPECT_EQ(config.rule_files,
              (std::vector<std::string>{folder_ / "rules/outages.yml", folder_ / "rules/repeat.yml"}));
}

TEST_F(Complete, KafkaIsReadWithItsSecrets) {
    const Kafka kafka = load("full.yml", Purpose::kRun).kafka;
    EXPECT_EQ(kafka.brokers, (std::vector<std::string>{"kafka-1.example:9093", "kafka-2.example:9093"}));
    EXPECT_EQ(kafka.group_id, "tocsin");
    EXPECT_EQ(kafka.client_properties.size(), 6U);
    EXPECT_EQ(kafka.client_properties.at("sasl.password"), "a=b c");
    EXPECT_EQ(kafka.client_properties.at("client.id"), "tocsin-north");
    EXPECT_EQ(kafka.intake, Intake::kRekey);
    EXPECT_EQ(kafka.start.at, Start::At::kInstant);
    EXPECT_EQ(kafka.start.instant, parse_rfc3339("2026-10-31T16:00:00Z").value());
    EXPECT_EQ(kafka.dead_letter_topic, "tocsin.dlq");
    EXPECT_EQ(kafka.events_topic, "tocsin.events");
    EXPECT_EQ(kafka.actions_topic, "tocsin.actions");
    EXPECT_EQ(kafka.output_topic, "tocsin.transitions");
    EXPECT_EQ(kafka.partitions, 24);
    EXPECT_EQ(kafka.replication_factor, 3);
}

TEST_F(Complete, TopicsBecomeMappings) {
    const Config config = load("full.yml", Purpose::kReplay);
    ASSERT_EQ(config.kafka.topics.size(), 3U);
    const Topic& complaints = *config.topic("cs.complaints");
    EXPECT_EQ(complaints.mapping.topic, "cs.complaints");
    EXPECT_EQ(complaints.mapping.kind.fixed, "");
    EXPECT_EQ(complaints.mapping.kind.pointer, "/type");
    EXPECT_EQ(complaints.mapping.kind.kinds.at("02"), "urge");
    EXPECT_EQ(complaints.mapping.fields.at("customer").pointer, "/parties/0/number");
    EXPECT_EQ(complaints.mapping.fields.at("time").time_format->parse("2026-11-01 08:00:00"),
              parse_rfc3339("2026-11-01T00:00:00Z"));
    EXPECT_FALSE(complaints.mapping.fields.at("area").time_format.has_value());
    EXPECT_EQ(complaints.disorder, std::chrono::minutes(2));
    EXPECT_EQ(complaints.delay, std::chrono::seconds(10));
    EXPECT_EQ(complaints.epoch, 2);
    const Topic& suspensions = *config.topic("crm.suspensions");
    EXPECT_EQ(suspensions.mapping.kind.fixed, "suspension");
    EXPECT_TRUE(suspensions.mapping.fields.at("promised").time_format->is_epoch());
    EXPECT_EQ(suspensions.disorder, std::chrono::minutes(1));
    EXPECT_EQ(config.topic("unheard.of"), nullptr);
}

TEST_F(Complete, EventsFileAddsAndReplacesKinds) {
    const EventSchema schema = load("full.yml", Purpose::kReplay).schema;
    const KindDef& update = schema.kind_def(schema.kind("outage_update").value());
    ASSERT_EQ(update.fields.size(), 4U);
    EXPECT_EQ(update.fields[0].type, FieldType::kTime);
    EXPECT_EQ(update.fields[1].values, (std::vector<std::string>{"assigned", "on_site"}));
    EXPECT_EQ(update.fields[2].unit, "subscribers");
    EXPECT_EQ(update.fields[3].type, FieldType::kDuration);
    EXPECT_EQ(schema.kind_def(schema.kind("walk_in").value()).fields.size(), 1U) << "a kind named again is replaced";
    EXPECT_TRUE(schema.kind_def(schema.kind("heartbeat").value()).fields.empty());
}

TEST_F(Complete, AreasBecomeATree) {
    const Config config = load("full.yml", Purpose::kReplay);
    ASSERT_EQ(config.areas.size(), 4U);
    AreaTree tree = make_areas(config);
    EXPECT_TRUE(tree.from_file());
    const AreaId hall = tree.resolve("140105-7");
    EXPECT_EQ(tree.lineage(hall).size(), 4U);
    EXPECT_EQ(tree.area(hall).level, AreaLevel::kHall);
    EXPECT_EQ(tree.area(tree.resolve("140105")).name, "Xiaodian, the south");
    EXPECT_EQ(tree.area(tree.resolve("140100")).name_zh, "太原");
    EXPECT_EQ(tree.area(tree.resolve("140100")).subscribers, 5'300'000);
    EXPECT_EQ(tree.resolve("140999"), AreaTree::kUnknown);
}

TEST_F(Complete, ReceiversHoldTheContentOfTheirSecretFiles) {
    const Config config = load("full.yml", Purpose::kRun);
    const Webhook& webhook = config.receiver("worklist")->webhooks.at(0);
    EXPECT_EQ(webhook.url, "https://worklist.example/tocsin");
    EXPECT_FALSE(webhook.url_is_secret);
    EXPECT_EQ(webhook.secret, kSecret);
    EXPECT_EQ(webhook.old_secret, kSecret);
    EXPECT_EQ(webhook.timeout, std::chrono::seconds(20));
    EXPECT_EQ(webhook.allow_cidrs, (std::vector<std::string>{"10.0.0.0/8", "fd00::/8"}));
    const auto& alertmanagers = config.receiver("pager")->alertmanagers;
    ASSERT_EQ(alertmanagers.size(), 2U);
    EXPECT_EQ(alertmanagers[0].url, "http://alertmanager-1.example:9093") << "without the slash at the end";
    EXPECT_EQ(alertmanagers[0].timeout, std::chrono::seconds(5));
    EXPECT_EQ(alertmanagers[0].resend_interval, std::chrono::seconds(30));
    EXPECT_EQ(alertmanagers[1].url, "https://am.example/key-1");
    EXPECT_TRUE(alertmanagers[1].url_is_secret);
    EXPECT_EQ(config.receiver("nobody"), nullptr);
}

TEST_F(Complete, RouteInheritsItsReceiver) {
    const Route route = load("full.yml", Purpose::kReplay).route.value();
    ASSERT_EQ(route.routes.size(), 2U);
    EXPECT_TRUE(route.routes[0].continues);
    EXPECT_EQ(route.routes[1].receiver, "worklist");
    EXPECT_EQ(receivers_of(route, {{"team", "network"}, {"level", "red"}}),
              (std::vector<std::string>{"pager", "worklist"}));
    EXPECT_EQ(receivers_of(route, {{"team", "network"}, {"level", "blue"}, {"raises", "case"}}),
              (std::vector<std::string>{"pager"}));
    EXPECT_EQ(receivers_of(route, {}), (std::vector<std::string>{"worklist"}));
}

TEST_F(Complete, ReplayNeedsNoSecrets) {
    for (const char* name : {"client.properties", "pseudonym.key", "webhook.secret", "webhook.old", "alertmanager.url"})
        fs::remove(folder_ / name);
    for (const Purpose purpose : {Purpose::kReplay, Purpose::kDemo, Purpose::kRules}) {
        const Config config = load("full.yml", purpose);
        EXPECT_EQ(config.kafka.client_properties.count("sasl.password"), 0U);
        EXPECT_EQ(config.receiver("worklist")->webhooks[0].secret, "");
        EXPECT_EQ(config.receiver("pager")->alertmanagers[1].url, "");
    }
}

TEST_F(Complete, CheckWarnsOfSecretsThatAreNotHere) {
    fs::remove(folder_ / "pseudonym.key");
    fs::remove(folder_ / "client.properties");
    folder_.write("webhook.old", "\n");
    EXPECT_TRUE(load_config(folder_ / "full.yml", diagnostics_, Purpose::kCheck).ok());
    EXPECT_EQ(diagnostics_.warnings(), 3U) << diagnostics_.text();
    EXPECT_FALSE(load_config(folder_ / "full.yml", diagnostics_, Purpose::kRun).ok());
    EXPECT_EQ(diagnostics_.errors(), 3U) << diagnostics_.text();
}

TEST_F(Complete, RulesAreLoadedAgainstTheKindsAndLimitsOfTheConfiguration) {
    const Config config = load("full.yml", Purpose::kRules);
    const auto rules = load_rules(config, diagnostics_);
    ASSERT_TRUE(rules.ok()) << diagnostics_.text();
    ASSERT_EQ(rules->rules.size(), 2U);
    EXPECT_EQ(rules->rules[0].name, "ManyOutages");
    Config narrow = config;
    narrow.storage.retention = std::chrono::hours(2);
    EXPECT_FALSE(load_rules(narrow, diagnostics_).ok()) << "a window of 7d is beyond the retention";
}

TEST_F(Complete, OtherRuleFilesMayTakeTheirPlace) {
    const Config config = load("full.yml", Purpose::kReplay);
    EXPECT_EQ(load_rules(config, {folder_ / "rules/repeat.yml"}, diagnostics_)->rules.size(), 1U);
    const auto missing = load_rules(config, {folder_ / "none.yml"}, diagnostics_);
    ASSERT_FALSE(missing.ok());
    EXPECT_EQ(missing.error().message, (folder_ / "none.yml") + ": cannot be read: No such file or directory\n");
}

TEST_F(Complete, TheLeastFileLeavesEverythingAtItsDefault) {
    const Config config = load("minimal.yml", Purpose::kReplay);
    EXPECT_EQ(config.global.timezone, "UTC");
    EXPECT_EQ(config.global.max_notice_age, std::chrono::hours(1));
    EXPECT_EQ(config.kafka.group_id, "tocsin");
    EXPECT_EQ(config.kafka.intake, Intake::kRekey);
    EXPECT_EQ(config.kafka.start.at, Start::At::kEarliest);
    EXPECT_EQ(config.kafka.dead_letter_topic, "tocsin.dlq");
    EXPECT_EQ(config.kafka.events_topic, "tocsin.events");
    EXPECT_EQ(config.kafka.output_topic, "");
    EXPECT_EQ(config.kafka.partitions, 12);
    EXPECT_EQ(config.kafka.replication_factor, -1);
    EXPECT_EQ(config.storage.path, "./data");
    EXPECT_EQ(config.kafka.topics[0].delay, std::chrono::seconds(5));
    EXPECT_TRUE(config.kafka.topics[0].mapping.fields.empty());
    EXPECT_FALSE(config.route.has_value());
    EXPECT_TRUE(config.areas.empty());
    EXPECT_FALSE(make_areas(config).from_file());
}

TEST(Loader, EachPurposeNeedsItsSections) {
    const Folder folder;
    const std::string rules = folder.write("r.yml", "groups: []\n");
    const std::string key = folder.write("key", "0123456789abcdef");
    const struct {
        Purpose purpose;
        std::string text, complaint;
    } cases[] = {
        {Purpose::kRules, "{}\n", ""},
        {Purpose::kRules, "kafka: {}\n", ""},
        {Purpose::kReplay, "{}\n", "tocsin.yml:1:1: missing field \"kafka\" in the configuration\n"},
        {Purpose::kReplay, "kafka: {}\n", "tocsin.yml:1:8: missing field \"topics\" in kafka\n"},
        {Purpose::kReplay, kTopics, ""},
        {Purpose::kDemo, kTopics, "tocsin.yml:1:1: missing field \"rule_files\" in the configuration\n"},
        {Purpose::kDemo, kTopics + "rule_files: r.yml\n", ""},
        {Purpose::kRun, kTopics + "rule_files: r.yml\nprivacy: {pseudonym_key_file: key}\n", ""},
        {Purpose::kCheck, kTopics + "rule_files: r.yml\nprivacy: {pseudonym_key_file: key}\n", ""},
        {Purpose::kRun, kTopics + "rule_files: r.yml\nprivacy: {}\n",
         "tocsin.yml:5:10: missing field \"pseudonym_key_file\" in privacy\n"},
    };
    for (const auto& c : cases) EXPECT_EQ(folder.complaints(c.text, c.purpose), c.complaint) << c.text;
}

TEST(Loader, AnEmptyPathNextToTheFileIsItsFolder) {
    const Folder folder;
    folder.write("sub/areas.csv", "code,parent,level\n1,,province\n");
    EXPECT_EQ(folder.loaded(kTopics + "areas_file: ./sub/../sub/areas.csv\nstorage: {path: state}\n").storage.path,
              folder / "state");
}

TEST(Loader, AMissingFileIsAnErrorOfTheFileAsAWhole) {
    yaml::Diagnostics diagnostics;
    const auto config = load_config("/nonexistent/tocsin.yml", diagnostics, Purpose::kRun);
    ASSERT_FALSE(config.ok());
    EXPECT_EQ(config.error().message, "/nonexistent/tocsin.yml: cannot be read: No such file or directory\n");
}

TEST(Loader, WarningsAloneDoNotFailIt) {
    const Folder folder;
    EXPECT_EQ(folder.complaints(kTopics + "rule_files: ['none/*.yml']\n", Purpose::kReplay),
              "tocsin.yml:4:14: warning: rule_files: no file fits none/*.yml\n");
}

TEST(Loader, DirectWithItsOneTopicNeedsNoEventsTopic) {
    const Folder folder;
    const Config config =
        folder.loaded("kafka:\n  intake: direct\n  topics: [{name: tocsin.events, event: complaint}]\n");
    EXPECT_EQ(config.kafka.intake, Intake::kDirect);
}

TEST(Loader, ANumberOfEntriesIsBounded) {
    const Folder folder;
    std::string many = "kafka:\n  topics:\n";
    for (std::size_t i = 0; i <= kTopicsMax; ++i)
        many += "    - {name: t" + std::to_string(i) + ", event: complaint}\n";
    EXPECT_EQ(folder.complaints(many, Purpose::kReplay), "tocsin.yml:2:3: topics: 101 entries; the limit is 100\n");
    std::string labels = kTopics + "global:\n  external_labels:\n";
    for (int i = 0; i <= 30; ++i) labels += "    l" + std::to_string(i) + ": x\n";
    EXPECT_EQ(folder.complaints(labels, Purpose::kReplay), "tocsin.yml:6:5: external_labels: more than 30\n");
}

}  // namespace
}  // namespace tocsin::config
