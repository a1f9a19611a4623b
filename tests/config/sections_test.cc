// Small texts section by section: what is accepted beyond the complete example, and the faults too small for a file of
// their own.
#include <gtest/gtest.h>

#include "base/times.h"
#include "config/client_properties.h"
#include "folder.h"

namespace tocsin::config {
namespace {

std::string topic(const std::string& rest) {
    return "kafka:\n  topics:\n    - {name: cs, " + rest + "}\n";
}

TEST(KafkaSection, BrokersAreAListOrASentence) {
    const Folder folder;
    const std::vector<std::string> both = {"a:1", "b:2"};
    EXPECT_EQ(folder.loaded("kafka:\n  brokers: a:1,b:2\n  topics: [{name: cs, event: complaint}]\n").kafka.brokers,
              both);
    EXPECT_EQ(folder.loaded("kafka:\n  brokers: [a:1, b:2]\n  topics: [{name: cs, event: complaint}]\n").kafka.brokers,
              both);
}

TEST(KafkaSection, StartIsAWordOrAnInstant) {
    const Folder folder;
    const auto start = [&](const std::string& text) {
        return folder.loaded(kTopics + "  start: " + text + "\n").kafka.start;
    };
    EXPECT_EQ(start("earliest").at, Start::At::kEarliest);
    EXPECT_EQ(start("latest").at, Start::At::kLatest);
    EXPECT_EQ(start("\"2026-01-01T00:00:00Z\"").instant, parse_rfc3339("2026-01-01T00:00:00Z").value());
}

TEST(KafkaSection, FaultsTooSmallForAFile) {
    const Folder folder;
    const struct {
        std::string text, complaint;
    } cases[] = {
        {kTopics + "  group_id: ''\n", "tocsin.yml:4:3: group_id: a group's name is not empty\n"},
        {kTopics + "  client_properties: [a]\n", "tocsin.yml:4:22: client_properties: expected a map, found a list\n"},
        {kTopics + "  client_properties: {fetch.min.bytes: [1]}\n",
         "tocsin.yml:4:40: fetch.min.bytes: expected a string, found a list\n"},
        {kTopics + "  output_topic: ''\n", "tocsin.yml:4:17: output_topic: a topic name is not empty, found \"\"\n"},
        {kTopics + "  events_topic: cs\n", "tocsin.yml:4:17: events_topic: \"cs\" is already an input topic\n"},
        {"kafka:\n  brokers: []\n  topics: [{name: cs, event: complaint}]\n",
         "tocsin.yml:2:3: brokers: the list is empty\n"},
        {"kafka:\n  topics: [cs]\n", "tocsin.yml:2:12: topic: expected a map, found \"cs\"\n"},
        {"kafka:\n  topics: [{event: complaint}]\n", "tocsin.yml:2:12: missing field \"name\" in topic\n"},
        {"kafka: 3\n", "tocsin.yml:1:8: kafka: expected a map, found \"3\"\n"},
        {"kafka:\n  topics: [{name: tocsin.dlq, event: complaint}]\n",
         "tocsin.yml:2:3: dead_letter_topic: \"tocsin.dlq\" is already an input topic\n"},
    };
    for (const auto& c : cases) EXPECT_EQ(folder.complaints(c.text, Purpose::kReplay), c.complaint) << c.text;
}

TEST(ClientProperties, OfTocsinsOwnAreRefusedOthersPass) {
    for (const char* name : {"group.id", "bootstrap.servers", "acks", "retries", "transactional.id", "rebalance_cb",
                             "isolation.level", "enable.idempotence", "statistics.interval.ms", "plugin.library.paths"})
        EXPECT_NE(owned_property_reason(name), "") << name;
    for (const char* name : {"client.id", "security.protocol", "ssl.ca.location", "session.timeout.ms",
                             "fetch.max.bytes", "group.instance.id", "compression.type", "no.such.property"})
        EXPECT_EQ(owned_property_reason(name), "") << name;
    EXPECT_TRUE(is_secret_property("ssl.key.password"));
    EXPECT_FALSE(is_secret_property("ssl.key.location"));
}

TEST(ClientProperties, SecretsFileWins) {
    const Folder folder;
    folder.write("s", "client.id=b\n");
    folder.write("r.yml", "");
    folder.write("key", "0123456789abcdef");
    const Config config =
        folder.loaded(kTopics + "  client_properties: {client.id: a, linger.ms: 5}\n  secrets_file: s\n" +
                          "rule_files: r.yml\nprivacy: {pseudonym_key_file: key}\n",
                      Purpose::kRun);
    EXPECT_EQ(config.kafka.client_properties,
              (std::map<std::string, std::string>{{"client.id", "b"}, {"linger.ms", "5"}}));
}

TEST(ClientProperties, AreBounded) {
    const Folder folder;
    std::string text = kTopics + "  client_properties:\n";
    for (std::size_t i = 0; i <= kClientPropertiesMax; ++i) text += "    p" + std::to_string(i) + ": x\n";
    EXPECT_EQ(folder.complaints(text, Purpose::kReplay),
              "tocsin.yml:4:3: client_properties: more than 200 properties\n");
}

TEST(TopicEntry, WithoutAMapTheValueIsTheKind) {
    const Folder folder;
    const Config config = folder.loaded(topic("event: {field: /type}, fields: {amount: /a, promised: /p}"));
    EXPECT_TRUE(config.kafka.topics[0].mapping.kind.kinds.empty());
    EXPECT_EQ(config.kafka.topics[0].mapping.fields.size(), 2U) << "fields of every kind may be named";
}

TEST(TopicEntry, AFieldMayHaveAFormatAndItsOwnName) {
    const Folder folder;
    const auto fields =
        folder.loaded(topic("event: complaint, fields: {time: {format: epoch_ms}}")).kafka.topics[0].mapping.fields;
    EXPECT_EQ(fields.at("time").pointer, "");
    EXPECT_TRUE(fields.at("time").time_format->is_epoch());
}

TEST(TopicEntry, AWrongKindDoesNotMakeItsFieldsWrong) {
    const Folder folder;
    EXPECT_EQ(folder.complaints(topic("event: refnd, fields: {amount: /a}"), Purpose::kReplay),
              "tocsin.yml:3:25: event: unknown event kind \"refnd\" (did you mean \"refund\"?); kinds are built in or "
              "declared "
              "in events_file\n");
}

TEST(TopicEntry, FaultsTooSmallForAFile) {
    const Folder folder;
    const struct {
        std::string rest, complaint;
    } cases[] = {
        {"event: [a]", "tocsin.yml:3:25: event: expected a map, found a list\n"},
        {"event: {map: {a: complaint}}", "tocsin.yml:3:25: missing field \"field\" in event\n"},
        {"event: {field: /a, map: complaint}",
         "tocsin.yml:3:42: map: expected a map of values to event kinds, found \"complaint\"\n"},
        {"event: complaint, fields: [a]",
         "tocsin.yml:3:44: fields: expected a map of names to JSON pointers, found a list\n"},
        {"event: complaint, fields: {id: {pointre: /a}}",
         "tocsin.yml:3:50: unknown field \"pointre\" in field \"id\" (did you mean \"pointer\"?)\n"},
        {"event: complaint, fields: {id: {zone: UTC}}", "tocsin.yml:3:50: zone: id is not a time\n"},
        {"event: complaint, delay: 2h", "tocsin.yml:3:43: delay: expected 0s to 1h, found 2h\n"},
    };
    for (const auto& c : cases) EXPECT_EQ(folder.complaints(topic(c.rest), Purpose::kReplay), c.complaint) << c.rest;
}

TEST(EventsFile, MayBeEmptyOfKinds) {
    const Folder folder;
    folder.write("e.yml", "events: []\n");
    EXPECT_EQ(folder.loaded(kTopics + "events_file: e.yml\n").schema.kinds().size(),
              EventSchema::builtin().kinds().size());
}

TEST(EventsFile, FaultsTooSmallForAFile) {
    const Folder folder;
    const struct {
        std::string text, complaint;
    } cases[] = {
        {"", "e.yml:1:1: events_file: expected a map, found nothing\n"},
        {"{}", "e.yml:1:1: missing field \"events\" in events_file\n"},
        {"events: {}", "e.yml:1:9: events: expected a list, found a map\n"},
        {"events: [{fields: []}]", "e.yml:1:10: missing field \"kind\" in event\n"},
        {"events: [visit]", "e.yml:1:10: event: expected a map, found \"visit\"\n"},
        {"events: [{kind: v, fields: [{type: int}]}]", "e.yml:1:29: missing field \"name\" in field\n"},
        {"events: [{kind: v, fields: [{name: a b, type: int}]}]",
         "e.yml:1:30: name: a name is made of up to 64 letters, digits and _, and does not begin with a digit\n"},
        {"events: [{kind: v, fields: [{name: a, type: string, values: [x, x]}]}]",
         "e.yml:1:53: values: a value is there twice\n"},
    };
    for (const auto& c : cases) {
        folder.write("e.yml", c.text);
        EXPECT_EQ(folder.complaints(kTopics + "events_file: e.yml\n", Purpose::kReplay), c.complaint) << c.text;
    }
}

TEST(Identity, GoesIntoEveryTopicsMapping) {
    const Folder folder;
    folder.write("l.csv", "identifier,person\nphone,main\ncard,main\n");
    const Config config =
        folder.loaded(kTopics + "identity: {links_file: l.csv, identifiers: [subscriber, case_no]}\n");
    EXPECT_EQ(config.identity.identifiers, 3u);
    EXPECT_EQ(config.identity.largest_group, 3u);
    const auto& identity = config.kafka.topics[0].mapping.identity;
    ASSERT_NE(identity, nullptr);
    EXPECT_EQ(identity->links.person_of("phone"), "card");
    EXPECT_EQ(identity->fields, (std::vector<FieldId>{kFieldSubscriber, *config.schema.field("case_no")}));
    const Config guarded = folder.loaded(kTopics + "identity: {links_file: l.csv, members_max: 2}\n");
    EXPECT_EQ(guarded.identity.refused_groups, 1u);
    EXPECT_EQ(folder.loaded(kTopics).identity.identifiers, 0u);
}

TEST(Identity, Faults) {
    const Folder folder;
    folder.write("l.csv", "identifier,person\nphone,main\n");
    folder.write("empty.csv", "identifier,person\nphone,\n");
    const struct {
        std::string text, complaint;
    } cases[] = {
        {"identity: {}\n", "tocsin.yml:4:11: missing field \"links_file\" in identity\n"},
        {"identity: {links_file: empty.csv}\n", "empty.csv:2:7: an identifier is empty\n"},
        {"identity: {links_file: l.csv, identifiers: [text]}\n",
         "tocsin.yml:4:45: identifiers: expected customer, subscriber or a declared string field, found \"text\"\n"},
        {"identity: {links_file: l.csv, members_max: 1}\n",
         "tocsin.yml:4:44: members_max: expected 2 to 1000, found 1\n"},
        {"identity: {links_file: l.csv, links_topic: t}\n", "tocsin.yml:4:31: links_topic: not supported yet\n"},
        {"  intake: direct\nidentity: {links_file: l.csv}\n",
         "tocsin.yml:5:11: identity: needs intake: rekey; a direct topic is keyed by whom its records name\n"},
    };
    for (const auto& c : cases) EXPECT_EQ(folder.complaints(kTopics + c.text, Purpose::kReplay), c.complaint) << c.text;
}

TEST(AreasFile, NeedsRows) {
    const Folder folder;
    folder.write("a.csv", "code,parent,level\n");
    EXPECT_EQ(folder.complaints(kTopics + "areas_file: a.csv\n", Purpose::kReplay),
              "a.csv:1:1: the table has no rows; without areas_file an area is a path\n");
    folder.write("a.csv", "code,parent,level\n" + std::string(513, 'x') + ",,province\n");
    EXPECT_EQ(folder.complaints(kTopics + "areas_file: a.csv\n", Purpose::kReplay),
              "a.csv:2:1: code: longer than 512 bytes\n");
}

TEST(Receivers, AreBounded) {
    const Folder folder;
    std::string text = kTopics + "route: {receiver: r0}\nreceivers:\n";
    for (std::size_t i = 0; i <= kReceiversMax; ++i) text += "  - name: r" + std::to_string(i) + "\n";
    EXPECT_EQ(folder.complaints(text, Purpose::kReplay),
              "tocsin.yml:4:19: receiver: there is no receiver \"r0\"\ntocsin.yml:5:1: receivers: 101 entries; the "
              "limit is 100\n");
}

TEST(Routes, AreBounded) {
    const Folder folder;
    std::string text = kTopics + "receivers: [{name: r}]\nroute:\n  receiver: r\n  routes:\n";
    const std::string two_hundred = [] {
        std::string list = "    - routes: [";
        for (int i = 0; i < 250; ++i) list += i == 0 ? "{}" : ", {}";
        return list + "]\n";
    }();
    for (int i = 0; i < 4; ++i) text += two_hundred;
    EXPECT_EQ(folder.complaints(text, Purpose::kReplay), "tocsin.yml:11:996: more than 1000 routes\n");
}

TEST(Routes, MatchersMayBeWrittenAsAlertmanagersAre) {
    const Folder folder;
    const Config config =
        folder.loaded(kTopics + "receivers: [{name: r}]\nroute:\n  receiver: r\n  routes:\n" +
                      "    - matchers: [a=b, ' c = \"d e\" ', 'f!=\"\"', g=]\n    - matchers: h=\"=\"\n");
    const auto& matchers = config.route->routes[0].matchers;
    ASSERT_EQ(matchers.size(), 4U);
    EXPECT_EQ(matchers[1].label, "c");
    EXPECT_EQ(matchers[1].value, "d e");
    EXPECT_EQ(matchers[2].op, Matcher::Op::kNotEqual);
    EXPECT_EQ(matchers[2].value, "");
    EXPECT_EQ(matchers[3].value, "");
    EXPECT_EQ(config.route->routes[1].matchers[0].value, "=");
}

}  // namespace
}  // namespace tocsin::config
