// Annotations as the task prints them: which event `$last` is, and that no number comes out.
#include "task/recorder.h"

#include <gtest/gtest.h>

#include "rule_text.h"
#include "task/task_group.h"

namespace tocsin::task {
namespace {

constexpr const char* kNumber = "13800138000";

class RecorderTest : public testing::Test {
protected:
    RecorderTest() {
        std::string problem;
        KindDef call;
        call.name = "call";
        call.fields = {{"contact", FieldType::kString, {}, "", 0}, {"promised_by", FieldType::kTime, {}, "", 0}};
        EXPECT_TRUE(schema_.add(call, problem)) << problem;
    }

    void use(const std::string& rule) {
        tasks_.adopt(rules_of(schema_, "groups:\n- name: g\n  rules:\n  - alert: R\n" + rule));
    }
    void give(const std::string& id, int minute, const std::string& kind, const std::string& contact = "",
              std::optional<int> promised = {}) {
        Event event;
        event.kind = *schema_.kind(kind);
        event.time = at(minute);
        event.id = id;
        event.customer = event.subscriber = kNumber;
        std::vector<FieldValue> fields;
        if (!contact.empty()) fields.push_back({*schema_.field("contact"), Value::of_string(contact)});
        if (promised) fields.push_back({*schema_.field("promised_by"), Value::of_time(at(*promised))});
        event.fields = fields;
        tasks_.task(0).advance(event.time);
        tasks_.apply(0, event);
    }
    /// "transition: summary" of each since the last call.
    std::vector<std::string> told() {
        std::vector<std::string> all;
        for (const Transition& t : tasks_.task(0).take_transitions()) {
            all.push_back(std::string(transition_name(t.kind)) + ": " + t.annotations.at(0).second);
        }
        return all;
    }
    static Instant at(int minute) { return from_millis(1'458'561'600'000 + minute * 60'000LL); }

    EventSchema schema_ = EventSchema::builtin();
    AreaTree areas_;
    Pseudonymizer pseudonyms_ = Pseudonymizer::fixed();
    Setting setting_{schema_, areas_, pseudonyms_, {}, 1};
    TaskGroup tasks_{setting_};
};

using Told = std::vector<std::string>;

TEST_F(RecorderTest, LastIsTheNewestEventOfTheWindowByEventTime) {
    use("    on: [complaint, call]\n    by: [customer]\n    within: 1h\n    levels: {yellow: count() >= 2}\n"
        "    annotations: {s: '{{ $last.id }} {{ $last.kind }} {{ $value }} {{ $labels.level }}'}\n");
    give("a", 0, "complaint");
    give("b", 10, "call");
    EXPECT_EQ(told(), Told{"opened: b call 2 yellow"});
    give("late", 5, "complaint");
    EXPECT_EQ(told(), Told{"updated: b call 3 yellow"});
    tasks_.task(0).advance(at(200));
    EXPECT_EQ(told(), Told{"closed: b call 1 yellow"});
}

TEST_F(RecorderTest, LastOfAPromiseIsTheEventThatStatedIt) {
    use("    expect: {after: call, event: reconnection, due: promised_by}\n    by: [customer]\n"
        "    levels: {yellow: overdue >= 0s, red: overdue >= 1h}\n"
        "    annotations: {s: '{{ $last.id }} {{ $last.promised_by }} {{ $overdue | humanizeDuration }}'}\n");
    give("a", 0, "call", "", 30);
    give("b", 5, "call", "", 60);
    give("c", 130, "complaint");
    EXPECT_EQ(told(), (Told{"opened: b 2016-03-21T13:00:00Z 0s", "raised: b 2016-03-21T13:00:00Z 1h 0m 0s"}));
}

TEST_F(RecorderTest, ANumberInAnotherFieldComesOutAsThePseudonym) {
    use("    on: call\n    by: [customer]\n    within: 1h\n    levels: {yellow: count() >= 1}\n"
        "    annotations: {s: '{{ $last.contact | reReplaceAll \"-\" \"\" }} of {{ $labels.customer }}'}\n");
    const std::string shown = pseudonyms_('c', kNumber);
    give("a", 0, "call", "+86 138-0013-8000");
    EXPECT_EQ(told(), Told{"opened: +86 " + shown + " of " + shown});
    give("b", 2, "call", "10086");
    EXPECT_EQ(told(), Told{"updated: 10086 of " + shown}) << "other numbers are the author's business";
}

}  // namespace
}  // namespace tocsin::task
