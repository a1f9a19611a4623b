/// /api/v1/explain over tasks in memory: each answer is compared with what the same events say when they are taken
/// through the rules by themselves, as `tocsin explain` takes a history.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/phases.h"
#include "base/times.h"
#include "pipeline/api.h"
#include "pipeline/why.h"
#include "rules/loader.h"

namespace tocsin::pipeline {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kRules = R"(groups:
- name: g
  labels: {team: cs}
  rules:
  - alert: Often
    on: complaint
    by: [customer]
    within: 7d
    measures: {n: count()}
    levels: {yellow: n >= 3, red: n >= 5}
    keep_firing_for: 1d
    raises: case
  - alert: Phased
    on: complaint
    by: [customer]
    within: 7d
    measures: {n: count()}
    levels: {yellow: n >= 4}
    phases: [suspension]
    overrides: {suspension: {levels: {yellow: n >= 9}}}
    raises: case
  - alert: Press
    on: complaint
    where: text matches "journalist"
    by: [customer]
    within: 7d
    measures: {n: count()}
    levels: {yellow: n >= 2}
    raises: case
  - alert: StillOff
    expect: {after: suspension, event: reconnection, within: 1h}
    by: [subscriber]
    levels: {yellow: overdue >= 0s}
    raises: case
  - alert: Place
    on: complaint
    by: [area]
    within: 1d
    measures: {n: count()}
    levels: {red: n >= 3}
    phases: [reminder]
)";

struct Given {
    std::string id, customer, kind = "complaint";
    int hour;
};

class ApiExplain : public testing::Test {
protected:
    explicit ApiExplain(task::Limits limits = {})
        : setting_{schema_, areas_, pseudonyms_, limits, 2}, tasks_(setting_), api_(tasks_, setting_, [this](auto& t) {
              told_ = t;
              return std::vector<std::string>{t.is_case ? "webhook/worklist/0" : "alertmanager/pager/0"};
          }) {
        plan_->names = {"reminder", "suspension"};
        plan_->settle = Duration(0);
        plan_->areas[""].push_back({at(0), "reminder"});
        yaml::Diagnostics diagnostics;
        rules::RuleSources sources;
        sources.files = {{"r.yml", kRules}};
        sources.phases = plan_;
        sources.read = [](const std::string& path) -> Result<std::string> { return reject("no file " + path); };
        auto set = rules::load_rules(sources, schema_, {}, diagnostics);
        EXPECT_TRUE(set.ok()) << diagnostics.text();
        rules_ = std::make_shared<const RuleSet>(set.ok() ? std::move(*set) : RuleSet{});
        tasks_.adopt(rules_);
        api_.use(rules_);
    }
    static Instant at(int hour) { return *parse_rfc3339("2016-01-01T00:00:00Z") + std::chrono::hours(hour); }
    /// Looks into `given`.
    Event event(const Given& given) const {
        Event e;
        e.id = given.id;
        e.customer = e.subscriber = given.customer;
        e.kind = *schema_.kind(given.kind);
        e.time = at(given.hour);
        e.area = "north";
        return e;
    }
    /// What happened to one person goes to one task.
    void happen(const std::vector<Given>& events) {
        for (const Given& given : events) {
            happened_.push_back(given);
            tasks_.task(given.customer.back() % 2).advance(at(given.hour));
            tasks_.apply(given.customer.back() % 2, event(happened_.back()));
        }
        for (std::uint32_t i = 0; i < 2; ++i) {
            for (Transition& t : tasks_.task(i).take_transitions()) made_.push_back(std::move(t));
        }
    }
    http::Response ask(std::map<std::string, std::string> query) {
        const http::Response answer = api_.answer({"GET", "/api/v1/explain", std::move(query), ""});
        EXPECT_EQ(answer.body.find("13900"), std::string::npos) << "a customer's number: " << answer.body;
        return answer;
    }
    Json data(std::map<std::string, std::string> query) {
        const http::Response answer = ask(std::move(query));
        EXPECT_EQ(answer.status, 200) << answer.body;
        return Json::parse(answer.body).value("data", Json::object());
    }
    std::string problem(int status, std::map<std::string, std::string> query) {
        const http::Response answer = ask(std::move(query));
        EXPECT_EQ(answer.status, status) << answer.body;
        return Json::parse(answer.body).value("error", "");
    }
    std::string episode(const std::string& rule) const {
        for (const Transition& t : made_) {
            if (t.rule == rule) return t.episode_id;
        }
        ADD_FAILURE() << rule << " opened nothing";
        return "";
    }
    Feed history(const std::string& customer) const {
        return [this, customer](const std::function<void(const Event&, Duration)>& give) {
            for (const Given& given : happened_) {
                if (given.customer == customer) give(event(given), {});
            }
        };
    }
    static bool notes(const Json& why, const std::string& part) {
        for (const Json& about : why["subjects"]) {
            for (const char* list : {"notes", "levels"}) {
                for (const Json& line : about[list]) {
                    if (line.get<std::string>().find(part) != std::string::npos) return true;
                }
            }
        }
        return false;
    }
    static const std::vector<Given>& three_complaints() {
        static const std::vector<Given> events{{"e1", "13900000001", "complaint", 1},
                                               {"e2", "13900000001", "complaint", 30},
                                               {"e3", "13900000001", "complaint", 31}};
        return events;
    }

    EventSchema schema_ = EventSchema::builtin();
    AreaTree areas_;
    Pseudonymizer pseudonyms_ = Pseudonymizer::fixed();
    task::Setting setting_;
    task::TaskGroup tasks_;
    Transition told_;
    Api api_;
    std::shared_ptr<PhasePlan> plan_ = std::make_shared<PhasePlan>();
    std::shared_ptr<const RuleSet> rules_;
    std::vector<Given> happened_;
    std::vector<Transition> made_;
};

TEST_F(ApiExplain, AnEpisodeIsToldFromWhatIsRememberedAsItsEventsTellItToTheByte) {
    happen(three_complaints());
    happen({{"x1", "13900000002", "complaint", 32},
            {"e4", "13900000001", "complaint", 33},
            {"e5", "13900000001", "complaint", 34}});
    const std::string id = episode("Often");
    const std::string body = ask({{"id", id + ".2"}}).body;

    task::Setting one = setting_;
    one.task_count = 1;
    Story story;
    for (Transition& t : ask_why({one, rules_}, history("13900000001"), {*rules_->find("Often"), {at(40)}}).transitions)
        story.transitions.push_back(std::move(t));
    ASSERT_EQ(story.transitions.size(), 3u) << "opened, updated, raised";
    story.events = lines_of(schema_, history("13900000001"), story.transitions);
    story.judged = judge_steps({one, rules_}, history("13900000001"), story.transitions);
    EXPECT_NE(body.find(story_json(story)), std::string::npos) << body << "\n\n" << story_json(story);

    const Json said = Json::parse(body)["data"];
    std::vector<std::string> records;
    for (const Transition& t : made_) {
        if (t.episode_id == id) records.push_back(to_json(t));
    }
    ASSERT_EQ(said["transitions"].size(), records.size());
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(said["transitions"][i].dump(), records[i]) << "what was told then";
    EXPECT_EQ(said["judged"].size(), 2u);
    EXPECT_EQ(said["judged"][0]["id"], id + ".1");
    EXPECT_EQ(said["judged"][0]["at"], "2016-01-02T07:00:00Z");
    EXPECT_TRUE(notes(said["judged"][0], "yellow: n >= 3: holds")) << said["judged"];
    EXPECT_EQ(said["remembered"].dump(), R"({"events":5,"since":"2016-01-01T01:00:00Z"})");
    EXPECT_EQ(said["now"]["at"], "2016-01-02T10:00:00Z") << "the last event, though the clock is behind it";
    EXPECT_EQ(said["now"]["subjects"][0]["level"], "red");
    EXPECT_EQ(said["now"]["subjects"][0]["told"].dump(), R"(["webhook/worklist/0"])");
    EXPECT_EQ(told_.level, Level::kRed) << "asked of the colour it has";
    EXPECT_TRUE(notes(said["now"], "not silenced")) << said["now"];
    EXPECT_FALSE(said.contains("remark"));
}

TEST_F(ApiExplain, WhatDidNotFireSaysWhatIsMissingAndUntilWhen) {
    happen({{"e1", "13900000001", "complaint", 1}, {"e2", "13900000001", "complaint", 30}});
    for (const std::string& customer :
         {std::string("13900000001"), pseudonyms_('c', "13900000001"), pseudonyms_('s', "13900000001")}) {
        const Json said = data({{"rule", "Often"}, {"customer", customer}});
        EXPECT_EQ(said["place"], "r.yml:5");
        ASSERT_EQ(said["now"]["subjects"].size(), 1u) << said;
        const Json& about = said["now"]["subjects"][0];
        EXPECT_EQ(about["subject"], "customer=" + pseudonyms_('c', "13900000001"));
        EXPECT_EQ(about["ahead"].dump(), R"({"more":1,"level":"yellow","before":"2016-01-08T01:00:00Z"})");
        EXPECT_TRUE(notes(said["now"], "(2 against 3)")) << said;
        EXPECT_TRUE(
            notes(said["now"], "the next event like the newest one before 2016-01-08T01:00:00Z would make it yellow"));
        EXPECT_TRUE(notes(said["now"], "no episode is open"));
        EXPECT_FALSE(about.contains("told")) << "nothing is open that anybody could be told of";
    }
}

TEST_F(ApiExplain, APastInstantIsAskedOfTheEventsThatAreRemembered) {
    happen(three_complaints());
    const Json before = data({{"rule", "Often"}, {"customer", "13900000001"}, {"at", "2016-01-02T06:59:59Z"}});
    EXPECT_EQ(before["subjects"][0]["level"], "");
    EXPECT_EQ(before["transitions"], Json::array());
    EXPECT_EQ(before["remembered"]["events"], 3);
    const std::string body = ask({{"rule", "Often"}, {"customer", "13900000001"}, {"at", "2016-01-02T07:00:00Z"}}).body;
    task::Setting one = setting_;
    one.task_count = 1;
    const Answer answer = ask_why({one, rules_}, history("13900000001"), {*rules_->find("Often"), {at(31)}});
    EXPECT_NE(body.find(why_json(answer.whys[0]) + "," + transitions_json(answer.transitions)), std::string::npos)
        << body;
    EXPECT_EQ(answer.transitions.size(), 1u);
}

TEST_F(ApiExplain, SaysWhetherThePhaseMatchesAlsoOfAPlaceAndAsAnEventToldIt) {
    happen(three_complaints());
    happen({{"e4", "13900000001", "complaint", 32}});
    const std::map<std::string, std::string> question{{"rule", "Phased"}, {"customer", "13900000001"}};
    EXPECT_TRUE(notes(data(question)["now"], "phase reminder: not among this rule's phases, it does not hold"));
    const std::string place = episode("Place");
    EXPECT_TRUE(notes(data({{"id", place}})["now"], "phase reminder: matches"));

    const Given told{"p", "", "phase_change", 33};
    Event change = event(told);
    std::vector<FieldValue> fields{{*schema_.field("phase"), Value::of_string("suspension")}};
    change.fields = fields;
    tasks_.apply(0, change);
    EXPECT_TRUE(notes(data(question)["now"], "phase reminder")) << "not before it begins";
    happen({{"e5", "13900000001", "complaint", 34}});
    const Json said = data(question);
    EXPECT_TRUE(notes(said["now"], "phase suspension")) << said;
    EXPECT_TRUE(notes(said["now"], ": matches, with overrides of its own")) << said;
    EXPECT_TRUE(notes(said["now"], "yellow: n >= 9: does not hold")) << "as the phase has it: " << said;
    auto then = question;
    then["at"] = "2016-01-02T10:00:00Z";
    EXPECT_EQ(data(then)["subjects"][0]["notes"].dump().find("phase reminder"), std::string::npos)
        << "the past knows what was told of the area";
}

TEST_F(ApiExplain, AWarningIsItsRecordAndTheLabelsAlertmanagerKnowsItBy) {
    happen(three_complaints());
    happen({{"x", "13900000002", "complaint", 32}});
    const Json said = data({{"id", episode("Place")}});
    EXPECT_EQ(said["raises"], "warning");
    ASSERT_EQ(said["now"]["subjects"].size(), 1u) << said;
    const Json& about = said["now"]["subjects"][0];
    EXPECT_EQ(about["subject"], "area=north");
    EXPECT_EQ(about["alert"].dump(), R"({"team":"cs","area":"north","alertname":"Place","level":"red"})");
    EXPECT_EQ(about["told"].dump(), R"(["alertmanager/pager/0"])");
    EXPECT_TRUE(notes(said["now"], "n = 3")) << said;
    EXPECT_TRUE(notes(said["now"], "open since 2016-01-02T08:00:00Z, red, episode " + episode("Place"))) << said;
}

TEST_F(ApiExplain, WhatRulesAskedOfATextIsKnownThoughTheTextIsNotKept) {
    for (const int hour : {1, 2}) {
        const Given given{"t" + std::to_string(hour), "13900000001", "complaint", hour};
        Event call = event(given);
        const std::vector<FieldValue> fields{{*schema_.field("text"), Value::of_string("a journalist calls")}};
        call.fields = fields;
        tasks_.apply(1, call);
    }
    happen({{"e", "13900000001", "complaint", 3}});
    const Json said = data({{"id", episode("Press")}});
    ASSERT_EQ(said["transitions"].size(), 1u) << said;
    EXPECT_EQ(said["transitions"][0]["events"].dump(), R"(["t2","t1"])");
    EXPECT_EQ(said["now"]["subjects"][0]["events"].size(), 2u) << said;
}

TEST_F(ApiExplain, APromiseSaysWhenItIsDue) {
    happen({{"s", "13900000001", "suspension", 1}});
    const Json said = data({{"rule", "StillOff"}, {"customer", "13900000001"}});
    EXPECT_TRUE(notes(said["now"], "due 2016-01-01T02:00:00Z, 1h to go")) << said;
}

TEST_F(ApiExplain, WhatCannotBeAnsweredSaysWhyAndWhatHelps) {
    happen(three_complaints());
    const auto has = [](const std::string& text, const char* part) { return text.find(part) != std::string::npos; };
    EXPECT_TRUE(has(problem(400, {}), "explain needs ?id="));
    EXPECT_TRUE(has(problem(400, {{"rule", "Often"}}), "explain needs ?id="));
    EXPECT_TRUE(has(problem(400, {{"rule", "Often"}, {"customer", "c"}, {"at", "noon"}}), "at=RFC 3339"));
    EXPECT_TRUE(has(problem(404, {{"rule", "Nowhere"}, {"customer", "c"}}), "there is no rule Nowhere"));
    EXPECT_TRUE(has(problem(400, {{"rule", "Place"}, {"customer", "c"}}), "is about places"));
    EXPECT_TRUE(has(problem(404, {{"id", "nothing"}}), "no open case or warning has the id nothing"));
    EXPECT_TRUE(has(problem(404, {{"id", "nothing"}}), "--from-kafka --keyed"));
    EXPECT_TRUE(has(problem(404, {{"rule", "Often"}, {"customer", "13900000009"}}), "nothing is remembered"));
    EXPECT_TRUE(has(problem(404, {{"rule", "Often"}, {"customer", "c-0000"}}), "--from-kafka --keyed"));
}

class ApiExplainForgetful : public ApiExplain {
protected:
    ApiExplainForgetful() : ApiExplain(task::Limits{std::chrono::days(400), std::chrono::days(7), 5}) {}
};

TEST_F(ApiExplainForgetful, AnEpisodeWhoseEvidenceIsForgottenIsNotInvented) {
    happen(three_complaints());
    const std::string id = episode("Often");
    for (int i = 0; i < 4; ++i) happen({{"f" + std::to_string(i), "13900000001", "complaint", 32 + i}});
    const Json said = data({{"id", id}});
    EXPECT_EQ(said["transitions"], Json::array()) << said;
    EXPECT_EQ(said["remembered"]["events"], 5);
    EXPECT_NE(said["remark"].get<std::string>().find("history may: --from-kafka --keyed"), std::string::npos);
    EXPECT_EQ(said["now"]["subjects"][0]["level"], "red") << "what it is now is known all the same";
}

TEST_F(ApiExplain, AStoryThatIsNoLongerTheOneThatWasToldIsSaidToBe) {
    happen(three_complaints());
    happen({{"e4", "13900000001", "complaint", 32}, {"e5", "13900000001", "complaint", 33}});
    const std::string id = episode("Often");
    EXPECT_FALSE(data({{"id", id}}).contains("remark"));
    const Given given{"w", "13900000001", "event_withdrawn", 34};
    const FieldValue corrects{*schema_.field("corrects"), Value::of_string("e5")};
    Event withdrawn = event(given);
    withdrawn.fields = {&corrects, 1};
    tasks_.apply(1, withdrawn);
    const Json said = data({{"id", id}});
    EXPECT_EQ(said["transitions"].size(), 2u) << "opened, and an event more: without e5 it was never red";
    EXPECT_NE(said.value("remark", "").find("do not lead to the level that it has"), std::string::npos) << said;
}

TEST_F(ApiExplain, OfManyStepsTheFirstAndTheNewestAreJudged) {
    std::vector<Transition> steps(50);
    for (int i = 0; i < 50; ++i) {
        Transition& t = steps[static_cast<std::size_t>(i)];
        t.rule = "Often";
        t.episode_id = "e";
        t.number = static_cast<std::uint64_t>(i + 1);
        t.at = at(i);
    }
    happen(three_complaints());
    const auto judged = judge_steps({setting_, rules_}, history("13900000001"), steps, Api::kStepsMax);
    ASSERT_EQ(judged.size(), Api::kStepsMax);
    EXPECT_EQ(judged.front().first, "e.1");
    EXPECT_EQ(judged[1].first, "e.32");
    EXPECT_EQ(judged.back().first, "e.50");
}

}  // namespace
}  // namespace tocsin::pipeline
