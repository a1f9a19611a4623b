// The posts to Alertmanager, checked against its own API description; the real one is in alertmanager_live_test.cc.
#include "receivers/alertmanager.h"

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "fixtures.h"

namespace tocsin::receivers {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr auto kOpened = TransitionKind::kOpened;
constexpr auto kRaised = TransitionKind::kRaised;
constexpr auto kLowered = TransitionKind::kLowered;
constexpr auto kClosed = TransitionKind::kClosed;

AlertmanagerState state() {
    return AlertmanagerState({{{"cluster", "north"}, {"team", "nobody"}}, 1min});
}

Story opened(Level level = Level::kYellow) {
    return {"ep1", 1, kOpened, level, Level::kNone};
}
Story raised() {
    return {"ep1", 2, kRaised, Level::kOrange, Level::kYellow};
}
Story lowered() {
    return {"ep1", 3, kLowered, Level::kYellow, Level::kOrange};
}
Story closed(Level from = Level::kYellow) {
    return {"ep1", 4, kClosed, Level::kNone, from};
}

/// "level firing|resolved" of each alert of a body posted at `now`.
std::vector<std::string> told(const std::string& body, Instant now) {
    std::vector<std::string> alerts;
    for (const json& alert : json::parse(body)) {
        const bool fires = at(alert["endsAt"].get<std::string>()) > now;
        alerts.push_back(alert["labels"]["level"].get<std::string>() + (fires ? " firing" : " resolved"));
    }
    return alerts;
}

std::vector<std::string> resent(AlertmanagerState& s, Instant now) {
    std::vector<std::string> all;
    for (const std::string& body : s.resend(now)) {
        for (std::string& alert : told(body, now)) all.push_back(std::move(alert));
    }
    return all;
}

/// Posts a story and has it accepted.
std::vector<std::string> post(AlertmanagerState& s, const Story& story, Instant now) {
    const auto notice = notice_of(story);
    const std::string body = s.body({notice}, now);
    s.delivered(*notice, now);
    return told(body, now);
}

TEST(Alertmanager, AlertHasTheLabelsOfItsPlaceAndLevelAndNothingElse) {
    const json alerts = json::parse(state().body({notice_of(opened(Level::kRed))}, kNow));
    ASSERT_THAT(alerts, SizeIs(1));
    EXPECT_EQ(alerts[0]["labels"], json::parse(R"({"alertname":"AreaComplaintSurge","rule_group":"mass-incident",
        "level":"red","severity":"critical","area":"140100","team":"ops","cluster":"north"})"))
        << "a rule's own label wins over an external one";
    EXPECT_EQ(alerts[0]["annotations"], json::parse(R"({"summary":"12 complaints","summary_zh":"12 起投诉"})"));
    EXPECT_EQ(alerts[0]["startsAt"], "2026-03-01T11:00:00Z") << "since the episode opened";
    EXPECT_EQ(alerts[0]["endsAt"], "2026-03-01T12:04:00Z") << "four resends ahead";
}

TEST(Alertmanager, SeverityFollowsTheLevel) {
    for (const auto& [level, severity] : std::vector<std::pair<Level, std::string>>{{Level::kBlue, "info"},
                                                                                    {Level::kYellow, "warning"},
                                                                                    {Level::kOrange, "critical"},
                                                                                    {Level::kRed, "critical"}}) {
        EXPECT_EQ(json::parse(state().body({notice_of(opened(level))}, kNow))[0]["labels"]["severity"], severity);
    }
}

TEST(Alertmanager, ChangeOfLevelPostsTheNewFiringAndTheOldResolvedTogether) {
    AlertmanagerState s = state();
    EXPECT_THAT(post(s, opened(), kNow), ElementsAre("yellow firing"));
    EXPECT_THAT(post(s, raised(), kNow + 1s), ElementsAre("orange firing", "yellow resolved"));
    EXPECT_THAT(post(s, lowered(), kNow + 2s), ElementsAre("yellow firing", "orange resolved"));
    EXPECT_THAT(post(s, closed(), kNow + 3s), ElementsAre("yellow resolved"));
    EXPECT_EQ(s.firing(), 0u);
}

TEST(Alertmanager, FiringIsSaidAgainEachMinuteWithALaterEnd) {
    AlertmanagerState s = state();
    EXPECT_EQ(s.next_resend(), kNever);
    post(s, opened(), kNow);
    EXPECT_EQ(s.next_resend(), kNow + 1min);
    EXPECT_THAT(s.resend(kNow + 59s), IsEmpty());
    for (int minute = 1; minute <= 30; ++minute) {
        const Instant now = kNow + std::chrono::minutes(minute);
        const auto bodies = s.resend(now);
        ASSERT_THAT(bodies, SizeIs(1));
        EXPECT_EQ(at(json::parse(bodies[0])[0]["endsAt"].get<std::string>()), now + 4min);
        EXPECT_THAT(s.resend(now + 1s), IsEmpty());
    }
}

TEST(Alertmanager, ResolvedIsSaidAgainForFifteenMinutes) {
    AlertmanagerState s = state();
    post(s, opened(), kNow);
    post(s, closed(), kNow + 1s);
    int times = 0;
    for (int minute = 1; minute <= 30; ++minute) {
        const auto again = resent(s, kNow + 2s + std::chrono::minutes(minute));
        if (again.empty()) continue;
        EXPECT_THAT(again, ElementsAre("yellow resolved"));
        ++times;
    }
    EXPECT_EQ(times, 14);
    EXPECT_EQ(s.next_resend(), kNever) << "nothing is left to say";
}

TEST(Alertmanager, LevelThatFiresAgainIsNotEndedByItsOlderEnd) {
    AlertmanagerState s = state();
    post(s, opened(), kNow);
    post(s, raised(), kNow + 1s);
    post(s, lowered(), kNow + 2s);
    EXPECT_THAT(resent(s, kNow + 2min), ElementsAre("orange resolved", "yellow firing"));
}

TEST(Alertmanager, LateEndOfAnEpisodeDoesNotPutOutItsSuccessor) {
    AlertmanagerState s = state();
    post(s, opened(), kNow);
    Story second = opened();
    second.episode = "ep2";
    EXPECT_THAT(post(s, second, kNow + 1s), ElementsAre("yellow firing"));
    EXPECT_THAT(post(s, closed(), kNow + 2s), IsEmpty());
    EXPECT_THAT(resent(s, kNow + 2min), ElementsAre("yellow firing"));
    EXPECT_EQ(s.firing(), 1u);
}

TEST(Alertmanager, FailedPostChangesNothing) {
    AlertmanagerState s = state();
    EXPECT_THAT(told(s.body({notice_of(opened())}, kNow), kNow), ElementsAre("yellow firing"));
    EXPECT_EQ(s.firing(), 0u);
    EXPECT_EQ(s.next_resend(), kNever);
}

TEST(Alertmanager, AfterARestartOpenWarningsAreSaidAtOnce) {
    AlertmanagerState s = state();
    s.restore(notice_of(raised())->body);
    s.restore(notice_of(closed())->body);
    s.restore("{");
    EXPECT_LE(s.next_resend(), kNow);
    EXPECT_THAT(resent(s, kNow), ElementsAre("orange firing"));
    EXPECT_THAT(post(s, {"ep1", 3, kClosed, Level::kNone, Level::kOrange}, kNow + 1s), ElementsAre("orange resolved"));
    EXPECT_THAT(resent(s, kNow + 2min), ElementsAre("orange resolved"));
}

TEST(Alertmanager, BacklogFromTheFutureOrThePastIsStillAValidInterval) {
    for (const Duration shift : {Duration(-24h * 3650), Duration(-1h), Duration(0), Duration(2h)}) {
        for (Story story : {opened(), raised(), closed()}) {
            story.at = kNow + shift;
            for (const json& alert : json::parse(state().body({notice_of(story)}, kNow))) {
                EXPECT_LE(at(alert["startsAt"].get<std::string>()), at(alert["endsAt"].get<std::string>()));
            }
        }
        Story ended = closed();
        ended.at = kNow + shift;
        EXPECT_THAT(told(state().body({notice_of(ended)}, kNow), kNow), ElementsAre("yellow resolved"));
    }
}

TEST(Alertmanager, BatchesHoldNoMoreThanTheirLimit) {
    AlertmanagerState s = state();
    std::vector<std::shared_ptr<const outbox::Notice>> notices;
    for (std::size_t i = 0; i < 600; ++i) {
        Story story = raised();
        story.episode = "ep" + std::to_string(i);
        story.area = std::to_string(i);
        if (notices.size() < AlertmanagerState::kBatchMax) notices.push_back(notice_of(story));
        s.restore(notice_of(story)->body);
    }
    EXPECT_THAT(json::parse(s.body(notices, kNow)), SizeIs(AlertmanagerState::kAlertsMax));
    const auto bodies = s.resend(kNow);
    ASSERT_THAT(bodies, SizeIs(3));
    std::set<std::string> areas;
    for (const std::string& body : bodies) {
        const json alerts = json::parse(body);
        EXPECT_LE(alerts.size(), AlertmanagerState::kAlertsMax);
        for (const json& alert : alerts) areas.insert(alert["labels"]["area"]);
    }
    EXPECT_THAT(areas, SizeIs(600));
}

TEST(Alertmanager, PersonsNeverReachIt) {
    Transition a_case = transition_of(opened());
    a_case.is_case = true;
    a_case.subject = {{"customer", "c-abcdefghij", "13800000000"}};
    Transition by_customer = transition_of(opened());
    by_customer.subject = {{"area", "140100", "140100"}, {"customer", "c-abcdefghij", "13800000000"}};
    Transition by_subscriber = transition_of(opened());
    by_subscriber.subject = {{"subscriber", "s-abcdefghij", "13800000000"}};
    for (const Transition& t : {a_case, by_customer, by_subscriber}) {
        AlertmanagerState s = state();
        const auto notice = notice_of(t);
        EXPECT_FALSE(AlertmanagerState::concerns(*notice));
        EXPECT_EQ(s.body({notice}, kNow), "[]");
        s.delivered(*notice, kNow);
        s.restore(notice->body);
        EXPECT_EQ(s.firing(), 0u);
        EXPECT_THAT(s.resend(kNow + 1h), IsEmpty());
    }
}

TEST(Alertmanager, EventIdsStayBehind) {
    const std::string body = state().body({notice_of(opened())}, kNow);
    for (const char* field : {"events", "trigger", "e1", "rules_hash"}) {
        EXPECT_EQ(body.find(std::string("\"") + field + "\""), std::string::npos) << field;
    }
}

TEST(Alertmanager, OnlyWhatChangesAnAlertConcernsIt) {
    for (const auto& [kind, concerned] :
         std::vector<std::pair<TransitionKind, bool>>{{kOpened, true},
                                                      {kRaised, true},
                                                      {kLowered, true},
                                                      {kClosed, true},
                                                      {TransitionKind::kUpdated, false},
                                                      {TransitionKind::kAcknowledged, false}}) {
        Story story = opened();
        story.kind = kind;
        EXPECT_EQ(AlertmanagerState::concerns(*notice_of(story)), concerned) << static_cast<int>(kind);
    }
    outbox::Notice digest = *notice_of(opened());
    digest.kind = outbox::NoticeKind::kDigest;
    EXPECT_FALSE(AlertmanagerState::concerns(digest));
    outbox::Notice damaged = *notice_of(opened());
    damaged.body = "{\"raises\":\"warning\"";
    EXPECT_FALSE(AlertmanagerState::concerns(damaged));
}

TEST(Alertmanager, LabelsOfTheRuleCannotPretendToBeOurs) {
    Transition t = transition_of(opened());
    t.labels = {{"level", "red"}, {"severity", "none"}, {"alertname", "other"}, {"rule_group", "x"}, {"area", "9"}};
    const json labels = json::parse(state().body({notice_of(t)}, kNow))[0]["labels"];
    EXPECT_EQ(labels["level"], "yellow");
    EXPECT_EQ(labels["severity"], "warning");
    EXPECT_EQ(labels["alertname"], "AreaComplaintSurge");
    EXPECT_EQ(labels["rule_group"], "mass-incident");
    EXPECT_EQ(labels["area"], "140100");
}

/// What a definition of the API description requires and knows: enough of YAML for a file that is indented by twos.
struct Definition {
    std::set<std::string> required, properties;
};

Definition definition(const std::string& yaml, const std::string& name) {
    Definition found;
    std::istringstream in(yaml);
    std::string line, section;
    std::size_t section_indent = 0;
    bool inside = false;
    while (std::getline(in, line)) {
        const std::size_t indent = line.find_first_not_of(' ');
        if (indent == std::string::npos) continue;
        if (indent == 2) inside = line == "  " + name + ":";
        if (!inside || indent == 2) continue;
        const std::string word = line.substr(indent);
        if (word == "required:" || word == "properties:") {
            section = word;
            section_indent = indent;
        } else if (section == "required:" && word.starts_with("- ")) {
            found.required.insert(word.substr(2));
        } else if (section == "properties:" && indent == section_indent + 2) {
            found.properties.insert(word.substr(0, word.find(':')));
        }
    }
    return found;
}

TEST(Alertmanager, PostsAreWhatItsApiDescribes) {
    const auto yaml = shared_file("data/conformance/alertmanager/openapi.yaml");
    if (!yaml) return;
    const Definition alert = definition(*yaml, "alert"), postable = definition(*yaml, "postableAlert");
    ASSERT_THAT(alert.required, ElementsAre("labels"));
    ASSERT_THAT(postable.properties, ElementsAre("annotations", "endsAt", "startsAt"));
    AlertmanagerState s = state();
    const json alerts = json::parse(s.body({notice_of(opened()), notice_of(raised()), notice_of(closed())}, kNow));
    ASSERT_THAT(alerts, SizeIs(4));
    for (const json& one : alerts) {
        for (const std::string& field : alert.required) EXPECT_TRUE(one.contains(field)) << field;
        for (const auto& [field, value] : one.items()) {
            EXPECT_TRUE(alert.properties.contains(field) || postable.properties.contains(field)) << field;
        }
        for (const char* set : {"labels", "annotations"}) {
            for (const auto& [name, value] : one[set].items()) EXPECT_TRUE(value.is_string()) << name;
        }
        for (const char* time : {"startsAt", "endsAt"})
            EXPECT_TRUE(parse_rfc3339(one[time].get<std::string>())) << time;
    }
}

}  // namespace
}  // namespace tocsin::receivers
