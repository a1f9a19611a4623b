#pragma once
/// Rules told as short stories: events of seconds and customers in, lines of what was said out. Every story is told
/// twice: in one go, and with a restart after each event. Both must say the same.

#include <gtest/gtest.h>

#include <map>

#include "disk.h"
#include "rule_text.h"
#include "rules/loader.h"
#include "task/task_group.h"

namespace tocsin::task {

using Lines = std::vector<std::string>;

class Story : public testing::Test {
protected:
    struct Given {
        std::int64_t second = 0;
        std::string kind = "complaint", customer = "anna", area = "north/city";
        std::vector<std::pair<std::string, Value>> fields{};
        std::string id{};  ///< empty: e1, e2, … in the order given
    };
    static Instant at(std::int64_t second) { return from_millis(1'458'561'600'000 + second * 1000); }

    /// What the rules say of the events, up to `end`: "rule what level second trigger".
    Lines tell(const std::string& body, const std::vector<Given>& events, std::int64_t end) {
        const auto set = loaded(body);
        const Lines once = told(set, events, end, /*restarts=*/false);
        EXPECT_EQ(told(set, events, end, /*restarts=*/true), once) << "with a restart after each event";
        return once;
    }
    std::shared_ptr<const RuleSet> loaded(const std::string& body) {
        return rules_of(schema_, "groups:\n- name: g\n" + group_ + "  rules:\n" + body, sources_, limits_);
    }

    EventSchema schema_ = EventSchema::builtin();
    rules::RuleSources sources_;
    rules::RuleLimits limits_;
    std::string group_;  ///< lines of the group
    std::uint32_t tasks_ = 1;
    std::vector<Transition> made_;  ///< what the last telling made

private:
    void take(TaskGroup& group) {
        for (std::uint32_t i = 0; i < group.size(); ++i) {
            for (Transition& t : group.task(i).take_transitions()) made_.push_back(std::move(t));
        }
    }
    static std::string line(const Transition& t) {
        const bool closed = t.kind == TransitionKind::kClosed;
        std::string out = t.rule + " " + std::string(transition_name(t.kind)) + " " +
                          std::string(level_name(closed ? t.previous_level : t.level)) + " " +
                          std::to_string((t.at - at(0)) / std::chrono::seconds(1));
        return t.kind == TransitionKind::kOpened ? out + " " + t.trigger : out;
    }
    Lines told(const std::shared_ptr<const RuleSet>& set, const std::vector<Given>& events, std::int64_t end,
               bool restarts) {
        AreaTree areas;
        const Setting setting{schema_, areas, pseudonyms_, {}, tasks_};
        std::vector<Rows> stored(tasks_);
        auto group = std::make_unique<TaskGroup>(setting);
        group->adopt(set);
        made_.clear();
        int number = 0;
        for (const Given& given : events) {
            give(*group, given, given.id.empty() ? "e" + std::to_string(++number) : given.id);
            take(*group);
            if (!restarts) continue;
            auto next = std::make_unique<TaskGroup>(setting);
            for (std::uint32_t i = 0; i < tasks_; ++i) {
                put_on_disk(group->task(i), stored[i]);
                for (const auto& [key, value] : stored[i]) EXPECT_TRUE(next->task(i).load(key, value).ok());
            }
            group = std::move(next);
            group->adopt(set);
            take(*group);
        }
        group->finish(at(end));
        take(*group);
        Lines lines;
        for (const Transition& t : made_) {
            if (t.kind != TransitionKind::kUpdated) lines.push_back(line(t));
        }
        return lines;
    }
    void give(TaskGroup& group, const Given& given, const std::string& id) {
        std::vector<FieldValue> fields;
        for (const auto& [name, value] : given.fields) fields.push_back({*schema_.field(name), value});
        std::sort(fields.begin(), fields.end(), [](const auto& a, const auto& b) { return a.field < b.field; });
        Event event;
        event.kind = *schema_.kind(given.kind);
        event.time = at(given.second);
        event.id = id;
        event.customer = event.subscriber = given.customer;
        event.area = given.area;
        event.fields = fields;
        for (std::uint32_t i = 0; i < tasks_; ++i) group.task(i).advance(event.time);
        const auto task = given.customer.empty() ? 0 : static_cast<std::uint32_t>(given.customer.back()) % tasks_;
        group.apply(task, event);
    }

    Pseudonymizer pseudonyms_ = Pseudonymizer::fixed();
};

}  // namespace tocsin::task
