/// Which receivers a transition becomes a row for.

#include "pipeline/notice_outlet.h"

#include <gtest/gtest.h>

namespace tocsin::pipeline {
namespace {

using Keys = std::vector<std::string>;

config::Route to(std::string receiver, std::vector<config::Matcher> matchers = {},
                 std::vector<config::Route> routes = {}) {
    config::Route route;
    route.receiver = std::move(receiver);
    route.matchers = std::move(matchers);
    route.routes = std::move(routes);
    return route;
}

// Reds to the pager (an Alertmanager), the rest to the desk (an Alertmanager and a webhook).
config::Config configuration() {
    config::Config config;
    config.receivers = {{"desk", {{}}, {{}}}, {"pager", {}, {{}}}};
    config.receivers[0].webhooks[0].url = "http://127.0.0.1:1/";
    for (config::Receiver& receiver : config.receivers) receiver.alertmanagers[0].url = "http://127.0.0.1:1/";
    config.route = to("desk", {}, {to("pager", {{"level", config::Matcher::Op::kEqual, "red"}})});
    config.kafka.output_topic = "out";
    return config;
}

Transition transition(Level level, Level previous = Level::kNone) {
    Transition t;
    t.rule = "R";
    t.episode_id = "abcdefghijklmnopqrstuvwxyz";
    t.number = 1;
    t.area = "north";
    t.subject = {{"area", "north", "north"}};
    t.level = level;
    t.previous_level = previous;
    return t;
}

class NoticeOutletTest : public testing::Test {
protected:
    NoticeOutletTest()
        : dispatcher_({make_routing(configuration()).value().all, {}, true, std::chrono::hours(1)}, nullptr, metrics_,
                      [] {}),
          outlet_(make_routing(configuration()).value(), dispatcher_) {}
    metrics::Metrics metrics_;
    Dispatcher dispatcher_;
    NoticeOutlet outlet_;
};

TEST_F(NoticeOutletTest, ARouteDecidesByTheLevel) {
    EXPECT_EQ(outlet_.keys_of(transition(Level::kOrange)), (Keys{"webhook/desk/0", "alertmanager/desk/0"}));
    EXPECT_EQ(outlet_.keys_of(transition(Level::kRed)), Keys{"alertmanager/pager/0"});
}

TEST_F(NoticeOutletTest, WhoeverWasToldOfTheOldLevelHearsThatItIsOver) {
    Transition raised = transition(Level::kRed, Level::kOrange);
    raised.kind = TransitionKind::kRaised;
    EXPECT_EQ(outlet_.keys_of(raised), (Keys{"alertmanager/pager/0", "webhook/desk/0", "alertmanager/desk/0"}));
    Transition closed = transition(Level::kNone, Level::kRed);
    closed.kind = TransitionKind::kClosed;
    EXPECT_EQ(outlet_.keys_of(closed), Keys{"alertmanager/pager/0"});
}

TEST_F(NoticeOutletTest, WhatIsOpenAtAStartIsToldAlertmanagerAgain) {
    Transition open = transition(Level::kRed, Level::kRed);
    open.kind = TransitionKind::kUpdated;  // as Task::open_warnings() gives it
    EXPECT_EQ(outlet_.keys_of(open), Keys{});
    EXPECT_EQ(outlet_.keys_of_open(open), Keys{"alertmanager/pager/0"});
}

TEST_F(NoticeOutletTest, PeopleNeverBecomeAlertsAndExperimentsNobodysBusiness) {
    Transition person = transition(Level::kOrange);
    person.is_case = true;
    EXPECT_EQ(outlet_.keys_of(person), Keys{"webhook/desk/0"});
    person.is_case = false;
    person.subject = {{"customer", "c-1", "13900000001"}};
    EXPECT_EQ(outlet_.keys_of(person), Keys{"webhook/desk/0"}) << "a warning about a person";
    Transition experiment = transition(Level::kOrange);
    experiment.experimental = true;
    EXPECT_EQ(outlet_.keys_of(experiment), Keys{});
    Transition withheld = transition(Level::kOrange);
    withheld.withheld = true;
    EXPECT_EQ(outlet_.keys_of(withheld), Keys{}) << "the warning about the limit tells of it";
    Transition updated = transition(Level::kOrange, Level::kOrange);
    updated.kind = TransitionKind::kUpdated;
    EXPECT_EQ(outlet_.keys_of(updated), Keys{}) << "for the output topic only";
}

TEST_F(NoticeOutletTest, TheOutputTopicGetsEveryTransition) {
    Lane lane;
    Transition updated = transition(Level::kOrange, Level::kOrange);
    updated.kind = TransitionKind::kUpdated;
    outlet_.add(lane, updated, false);
    EXPECT_EQ(lane.next_row, 2u) << "one row";
    outlet_.add(lane, transition(Level::kOrange), true);
    EXPECT_EQ(lane.next_row, 5u) << "topic, webhook and Alertmanager";
    EXPECT_TRUE(lane.has_rows);
}

}  // namespace
}  // namespace tocsin::pipeline
