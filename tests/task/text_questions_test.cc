/// Rules that look at what people wrote: the text is not kept, what was asked of it is.

#include "rules/text_questions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "disk.h"
#include "rule_text.h"
#include "task/task_group.h"

namespace tocsin::task {
namespace {

using namespace std::chrono_literals;
using Told = std::vector<std::string>;

Instant at(std::int64_t second) {
    return from_millis(1'458'561'600'000 + second * 1000);
}

constexpr const char* kPress = R"(  - alert: Press
    on: complaint
    where: text matches "newspaper|journalist"
    by: [customer]
    within: 7d
    measures: {n: count()}
    levels: {yellow: n >= 2}
)";

class TextRules : public testing::Test {
protected:
    void start(const std::string& body) {
        rules_ = rules_of(schema_, "groups:\n- name: g\n  rules:\n" + body);
        begin();
    }
    void begin() {
        tasks_ = std::make_unique<TaskGroup>(setting_);
        for (const auto& [key, value] : stored_) ASSERT_TRUE(tasks_->task(0).load(key, value).ok());
        tasks_->adopt(rules_);
    }
    void reload(const std::string& body) {
        rules_ = rules_of(schema_, "groups:\n- name: g\n  rules:\n" + body);
        tasks_->adopt(rules_);
        while (tasks_->sweep(1000)) {
        }
    }
    void store() { put_on_disk(tasks_->task(0), stored_); }
    void restart() {
        store();
        begin();
    }
    void give(std::int64_t second, const std::string& id, const char* text, const std::string& kind = "complaint") {
        // The record's buffer is gone when the next one comes.
        auto said = std::make_unique<std::string>(text == nullptr ? "" : text);
        std::vector<FieldValue> fields;
        if (text != nullptr) fields.push_back({*schema_.field("text"), Value::of_string(*said)});
        Event event;
        event.kind = *schema_.kind(kind);
        event.time = at(second);
        event.id = id;
        event.customer = event.subscriber = "anna";
        event.area = "north";
        event.fields = fields;
        tasks_->task(0).advance(event.time - 1h);
        tasks_->apply(0, event);
        said->assign(said->size(), '#');
    }
    Told told() {
        Told all;
        for (const Transition& t : tasks_->task(0).take_transitions()) {
            if (t.kind == TransitionKind::kUpdated) continue;
            all.push_back(t.rule + " " + std::string(transition_name(t.kind)) + " by " + t.trigger);
        }
        return all;
    }

    EventSchema schema_ = EventSchema::builtin();
    AreaTree areas_;
    Pseudonymizer pseudonyms_ = Pseudonymizer::fixed();
    Limits limits_;
    std::shared_ptr<const RuleSet> rules_;
    Setting setting_{schema_, areas_, pseudonyms_, limits_, 1};
    std::unique_ptr<TaskGroup> tasks_;
    Rows stored_;
};

TEST_F(TextRules, WhatWasAskedWhenTheEventCameCountsLater) {
    start(kPress);
    give(10, "e1", "I told a journalist");
    give(20, "e2", "nobody calls me back");
    give(30, "e3", nullptr);
    EXPECT_EQ(told(), Told{});
    give(40, "e4", "it will be in the newspaper");
    EXPECT_EQ(told(), Told{"Press opened by e4"});
}

TEST_F(TextRules, TheAnswersOutliveTheProcessAndTheTextIsNotStored) {
    start(kPress);
    give(10, "e1", "I told a journalist");
    restart();
    for (const auto& [key, value] : stored_) EXPECT_EQ(value.find("I told"), std::string::npos) << key;
    give(40, "e4", "it will be in the newspaper");
    EXPECT_EQ(told(), Told{"Press opened by e4"});
}

TEST_F(TextRules, APersonWithManyEventsIsAskedAboutAsOneWithFew) {
    start(kPress);
    give(1, "e1", "a journalist");
    for (int i = 2; i < 60; ++i) give(i, "e" + std::to_string(i), i % 2 == 0 ? "when?" : nullptr);
    restart();
    EXPECT_EQ(told(), Told{});
    give(60, "e60", "a newspaper");
    EXPECT_EQ(told(), Told{"Press opened by e60"});
}

TEST_F(TextRules, AnEventThatComesLateIsAskedInItsOwnPlace) {
    start(kPress);
    give(100, "e1", "a journalist");
    give(50, "e0", "a newspaper");
    EXPECT_EQ(told(), Told{"Press opened by e1"});
}

TEST_F(TextRules, ANewRuleKnowsNothingOfWhatWasSaidBefore) {
    start(
        "  - {alert: All, on: complaint, by: [customer], within: 7d, measures: {n: count()}, levels: {red: n >= "
        "99}}\n");
    give(10, "e1", "a journalist");
    give(20, "e2", "a newspaper");
    reload(kPress);
    EXPECT_EQ(told(), Told{});
    give(30, "e3", "a journalist");
    EXPECT_EQ(told(), Told{});
    give(40, "e4", "a newspaper");
    EXPECT_EQ(told(), Told{"Press opened by e4"});
}

TEST_F(TextRules, AnotherThresholdOnTheSameQuestionKeepsTheAnswers) {
    start(kPress);
    give(10, "e1", "a journalist");
    std::string other = kPress;
    other.replace(other.find("n >= 2"), 6, "n >= 1");
    reload(other);
    EXPECT_EQ(told(), Told{"Press opened by e1"});
}

TEST_F(TextRules, WhatIsMissingAnswersAsDesigned) {
    // `!=` and `not in` hold for a text that is not there; equal, in and an order do not.
    const struct {
        const char* condition;
        int counted;  // of "yes", "no", and nothing
    } cases[] = {
        {R"(text == "yes")", 1},       {R"("yes" == text)", 1},         {R"(text != "yes")", 2},
        {R"(not (text == "yes"))", 2}, {R"(text in ["yes", "no"])", 2}, {R"(text not in ["yes", "no"])", 1},
        {R"(text < "p")", 1},          {R"(text matches "^")", 2},      {R"(not (text matches "^"))", 1},
    };
    for (const auto& c : cases) {
        for (const bool stored : {false, true}) {
            stored_.clear();
            start(std::string("  - alert: X\n    on: complaint\n    where: '") + c.condition +
                  "'\n    by: [customer]\n    within: 7d\n    measures: {n: count()}\n    levels: {yellow: n >= " +
                  std::to_string(c.counted) + ", red: n >= " + std::to_string(c.counted + 1) + "}\n");
            give(10, "e1", "yes");
            give(20, "e2", "no");
            Told all = told();
            if (stored) restart();
            give(30, "e3", nullptr);
            for (std::string& one : told()) all.push_back(std::move(one));
            ASSERT_EQ(all.size(), 1U) << c.condition << stored;
            EXPECT_TRUE(all[0].starts_with("X opened")) << c.condition << stored;
        }
    }
}

TEST_F(TextRules, ConditionsInsideMeasuresAndPromisesAreAsked) {
    start(R"(  - alert: Share
    on: complaint
    by: [customer]
    within: 7d
    measures: {n: count(), angry: ratio(text matches "!")}
    levels: {red: n >= 2 and angry >= 100%}
  - alert: Asked
    expect: {after: 'appeal where text matches "deadline"', event: 'urge where text == "done"', within: 1h}
    by: [customer]
    levels: {red: overdue >= 0s}
)");
    give(10, "e1", "now!");
    give(20, "a1", "there is a deadline", "appeal");
    give(30, "a2", "take your time", "appeal");
    give(40, "u1", "not yet", "urge");
    restart();
    give(50, "e2", "really!");
    EXPECT_EQ(told(), Told{"Share opened by e2"});
    tasks_->finish(at(7200));
    EXPECT_EQ(told(), Told{"Asked opened by a1"});
}

TEST_F(TextRules, AReclassifiedEventKeepsItsAnswersAndGetsNoOthers) {
    std::string problem;
    KindDef kind{"event_reclassified",
                 {{"corrects", FieldType::kString, {}, "", 0}, {"text", FieldType::kText, {}, "", 0}}};
    ASSERT_TRUE(schema_.add(std::move(kind), problem)) << problem;
    start(kPress);
    give(10, "e1", "a journalist");
    give(11, "e2", "when?");
    for (const char* id : {"e1", "e2"}) {
        Event said;
        said.kind = *schema_.kind("event_reclassified");
        said.time = at(15);
        const std::string own = std::string("of ") + id;
        said.id = own;
        said.customer = said.subscriber = "anna";
        said.category = "billing";
        std::vector<FieldValue> fields{{*schema_.field("corrects"), Value::of_string(id)},
                                       {*schema_.field("text"), Value::of_string("a journalist")}};
        std::sort(fields.begin(), fields.end(), [](const auto& a, const auto& b) { return a.field < b.field; });
        said.fields = fields;
        tasks_->apply(0, said);
    }
    restart();
    EXPECT_EQ(told(), Told{}) << "what the correction says in words counts for nobody";
    give(20, "e3", "a newspaper");
    EXPECT_EQ(told(), Told{"Press opened by e3"});
}

TEST_F(TextRules, ManyQuestionsAreRefusedAndEqualOnesAreOne) {
    const auto body = [](std::size_t questions) {
        std::string text;
        for (std::size_t i = 0; i < 70; ++i) {
            text += "  - {alert: R" + std::to_string(i) + ", on: complaint, where: 'text matches \"q" +
                    std::to_string(i % questions) +
                    "\"', by: [customer], within: 7d, measures: {n: count()}, levels: {red: n >= 2}}\n";
        }
        return "groups:\n- name: g\n  rules:\n" + text;
    };
    EXPECT_EQ(rules_of(schema_, body(rules::kTextQuestionsMax))->rules.size(), 70U);
    yaml::Diagnostics diagnostics;
    rules::RuleSources sources;
    sources.files = {{"r.yml", body(rules::kTextQuestionsMax + 1)}};
    EXPECT_FALSE(rules::load_rules(sources, schema_, {}, diagnostics).ok());
    EXPECT_NE(diagnostics.text().find("r.yml:68:5: all rules together ask more than 64 different questions"),
              std::string::npos)
        << diagnostics.text();
    EXPECT_EQ(diagnostics.text().find("r.yml:69"), std::string::npos) << "one rule is too many, not those behind it";
}

// Stored with each event: another number for the same question would lose all answers.
TEST_F(TextRules, TheNumberOfAQuestionIsPinned) {
    start(kPress);
    const auto questions = rules::text_questions(rules_->rules[0]);
    ASSERT_EQ(questions.size(), 1U);
    EXPECT_EQ(questions[0].hash, 3'426'310'142'804'273'215U);
}

}  // namespace
}  // namespace tocsin::task
