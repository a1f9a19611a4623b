/// `tocsin explain`: why a rule fired, and why it did not.

#include <nlohmann/json.hpp>

#include "fixtures.h"

namespace tocsin::app {
namespace {

using nlohmann::json;

constexpr const char* kRules = R"(groups:
- name: g
  rules:
  - alert: Often
    on: complaint
    by: [customer]
    within: 7d
    measures: {n: count()}
    levels: {yellow: n >= 3, red: n >= 5 or any(escalated_to_regulator)}
    keep_firing_for: 1d
    raises: case
  - alert: StillOff
    expect: {after: suspension, event: reconnection, within: 1h}
    by: [subscriber]
    levels: {yellow: overdue >= 0s, orange: overdue >= 3h}
    raises: case
  - alert: Place
    on: complaint
    by: [area]
    within: 1d
    measures: {n: count()}
    levels: {red: n >= 2}
)";

class Explain : public testing::Test {
protected:
    Explain() {
        config_ = scratch_.write("t.yml",
                                 "kafka:\n  topics:\n    - {name: all, event: {field: /kind}}\nrule_files: [r.yml]\n"
                                 "privacy: {pseudonym_key_file: key}\n");
        scratch_.write("r.yml", kRules);
        scratch_.write("key", "a key that is long enough to be one");
        std::filesystem::permissions(scratch_ / "key", std::filesystem::perms::owner_read);
        std::string lines;
        for (const int day : {1, 3, 10, 11, 12}) lines += line("complaint", day, "13900000001");
        lines += line("complaint", 10, "13900000002") + line("suspension", 5, "13900000003");
        events_ = scratch_.write("e.jsonl", lines);
    }
    static std::string line(const std::string& kind, int day, const std::string& customer) {
        const std::string two = (day < 10 ? "0" : "") + std::to_string(day);
        return "{\"kind\":\"" + kind + "\",\"id\":\"" + kind.substr(0, 1) + customer.substr(10) + "-" + two +
               "\",\"time\":\"2016-01-" + two + "T00:00:00Z\",\"customer\":\"" + customer + "\",\"area\":\"north\"}\n";
    }
    Ran explain(std::vector<std::string> more) const {
        more.insert(more.begin(), {"explain", "--config.file", config_, "--events", events_});
        return tocsin(more);
    }
    Ran at(const std::string& rule, const std::string& customer, const std::string& when,
           std::vector<std::string> more = {}) const {
        more.insert(more.begin(), {"--rule=" + rule, "--customer=" + customer, "--at=" + when});
        return explain(more);
    }
    /// The records that replay gives, those of one rule.
    std::vector<std::string> records(const std::string& rule, const std::vector<std::string>& more = {}) const {
        std::vector<std::string> words{"replay", "--config.file", config_, "--events", events_};
        words.insert(words.end(), more.begin(), more.end());
        std::istringstream out(tocsin(words).out);
        std::vector<std::string> found;
        for (std::string text; std::getline(out, text);) {
            if (says(text, "\"rule\":\"" + rule + "\"")) found.push_back(text);
        }
        return found;
    }
    static std::string episode_of(const std::string& record) {
        return json::parse(record)["id"].get<std::string>().substr(0, 26);
    }

    Scratch scratch_;
    std::string config_, events_;
};

TEST_F(Explain, SaysWhatIsMissingAndUntilWhen) {
    const Ran ran = at("Often", "13900000001", "2016-01-05T00:00:00Z");
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_TRUE(says(ran.out, "yellow: n >= 3: does not hold")) << ran.out;
    EXPECT_TRUE(says(ran.out, "(2 against 3)")) << ran.out;
    EXPECT_TRUE(says(ran.out, "the next event like the newest one before 2016-01-08T00:00:00Z would make it yellow"))
        << ran.out;
    EXPECT_TRUE(says(ran.out, "no episode is open")) << ran.out;
    EXPECT_TRUE(says(ran.out, "any(escalated_to_regulator)")) << ran.out;
    EXPECT_TRUE(says(ran.out, "events that count: 2")) << ran.out;
}

TEST_F(Explain, WhatItSaysWouldFireDoesAndOneMomentLaterDoesNot) {
    for (const auto& [time, fires] : {std::pair{"2016-01-07T23:59:59Z", true}, {"2016-01-08T00:00:00Z", false}}) {
        std::string more = line("complaint", 9, "13900000001");
        more.replace(more.find("2016-01-09T00:00:00Z"), 20, time);
        const std::string events = scratch_.write(
            "more.jsonl", line("complaint", 1, "13900000001") + line("complaint", 3, "13900000001") + more);
        const Ran ran = tocsin({"replay", "--config.file", config_, "--events", events});
        EXPECT_EQ(says(ran.out, "\"rule\":\"Often\""), fires) << time;
    }
}

TEST_F(Explain, SaysWhichPhaseThePersonIsInAlsoIfAnEventToldItOfTheArea) {
    const std::string config = scratch_.write(
        "p.yml",
        "kafka:\n  topics:\n    - {name: all, event: {field: /kind}}\nrule_files: [p/r.yml]\nphases_file: phases.yml\n"
        "privacy: {pseudonym_key_file: key}\n");
    scratch_.write("phases.yml",
                   "phases: [reminder, suspension]\nsettle: 0s\nchanges:\n"
                   "  - {at: 2016-01-01T00:00:00Z, phase: reminder}\n");
    std::filesystem::create_directories(scratch_ / "p");
    std::string rules(kRules);
    rules.insert(rules.find("    keep_firing_for"),
                 "    phases: [suspension]\n    overrides: {suspension: {levels: {red: n >= 9}}}\n");
    scratch_.write("p/r.yml", rules);
    const auto said = [&](const std::string& events) {
        return tocsin({"explain", "--config.file", config, "--events", scratch_.write("p.jsonl", events),
                       "--rule=Often", "--customer=13900000001", "--at=2016-01-12T00:00:00Z"})
            .out;
    };
    std::string events;
    for (const int day : {10, 11, 12}) events += line("complaint", day, "13900000001");
    EXPECT_TRUE(says(said(events), "phase reminder: not among this rule's phases, it does not hold")) << said(events);
    EXPECT_FALSE(says(said(events), " opened "));
    const std::string change =
        R"({"kind":"phase_change","id":"p","time":"2016-01-09T00:00:00Z","area":"north","phase":"suspension"})";
    const std::string with = said(change + "\n" + events);
    EXPECT_TRUE(says(with, "phase suspension: matches")) << with;
    EXPECT_TRUE(says(with, "2016-01-12T00:00:00Z opened yellow")) << with;
    EXPECT_TRUE(says(with, "red: n >= 9: does not hold")) << "the level of that phase: " << with;
    EXPECT_TRUE(says(said(events), "red: n >= 5")) << said(events);
}

TEST_F(Explain, ShowsTheLevelsThatAPromiseHasInItsPhase) {
    const std::string config = scratch_.write("q.yml",
                                              "kafka:\n  topics:\n    - {name: all, event: {field: "
                                              "/kind}}\nrule_files: [q/r.yml]\nphases_file: q/phases.yml\n"
                                              "privacy: {pseudonym_key_file: key}\n");
    std::filesystem::create_directories(scratch_ / "q");
    scratch_.write(
        "q/phases.yml",
        "phases: [suspension, supplement]\nchanges:\n"
        "  - {at: 2016-01-01T00:00:00Z, phase: suspension}\n  - {at: 2016-01-10T00:00:00Z, phase: supplement}\n");
    scratch_.write("q/r.yml",
                   "groups:\n- name: g\n  rules:\n  - alert: Late\n"
                   "    expect: {after: registration, event: reconnection, within: 1h}\n    by: [customer]\n"
                   "    phases: [suspension]\n    levels: {yellow: overdue >= 0s}\n"
                   "    overrides: {supplement: {levels: {yellow: overdue >= 120h}}}\n");
    const std::string events = scratch_.write("q.jsonl", line("registration", 8, "13900000001"));
    const auto at = [&](const char* time) {
        return tocsin({"explain", "--config.file", config, "--events", events, "--rule=Late", "--customer=13900000001",
                       std::string("--at=") + time})
            .out;
    };
    const std::string before = at("2016-01-09T00:00:00Z"), later = at("2016-01-11T00:00:00Z");
    EXPECT_TRUE(says(before, "yellow: overdue >= 0s: holds")) << before;
    EXPECT_TRUE(says(later, "yellow: overdue >= 5d: does not hold")) << later;
    EXPECT_TRUE(says(later, "phase supplement: not among this rule's phases, no promise is made, with overrides"))
        << later;
    EXPECT_TRUE(says(later, "2016-01-10T02:00:00Z closed")) << later;
}

TEST_F(Explain, SeveralMoreMayBeNeeded) {
    const json said = json::parse(at("Often", "13900000002", "2016-01-10T00:00:00Z", {"-o", "json"}).out);
    EXPECT_EQ(said["subjects"][0]["ahead"]["more"], 2);
    EXPECT_EQ(said["subjects"][0]["ahead"]["level"], "yellow");
}

TEST_F(Explain, SaysWhyItHolds) {
    const Ran ran = at("Often", "13900000001", "2016-01-12T00:00:00Z");
    EXPECT_TRUE(says(ran.out, "yellow: n >= 3: holds")) << ran.out;
    EXPECT_TRUE(says(ran.out, "open since 2016-01-12T00:00:00Z")) << ran.out;
    EXPECT_TRUE(says(ran.out, "2016-01-12T00:00:00Z opened yellow")) << ran.out;
}

TEST_F(Explain, APromiseThatLooksAtOpenIsToldHowManyAre) {
    const std::string config = scratch_.write("o.yml",
                                              "kafka:\n  topics:\n    - {name: all, event: {field: "
                                              "/kind}}\nrule_files: [o/r.yml]\n");
    std::filesystem::create_directories(scratch_ / "o");
    scratch_.write("o/r.yml",
                   "groups:\n- name: g\n  rules:\n  - alert: Both\n"
                   "    expect: {after: registration, event: reconnection, within: 1h}\n    by: [subscriber]\n"
                   "    levels: {yellow: overdue >= 0s, red: overdue >= 2h and open >= 2}\n");
    std::string lines;
    for (const char* number : {"1", "2"})
        lines += std::string(R"({"id":")") + number +
                 R"(","time":"2016-01-05T00:00:00Z","kind":"registration","customer":"c","subscriber":"s)" + number +
                 "\"}\n";
    const Ran ran = tocsin({"explain", "--config.file", config, "--events", scratch_.write("o.jsonl", lines),
                            "--rule=Both", "--customer=c", "--at=2016-01-05T04:00:00Z"});
    EXPECT_TRUE(says(ran.out, "red: overdue >= 2h and open >= 2: holds")) << ran.out << ran.err;
}

TEST_F(Explain, APromiseSaysWhenItIsDue) {
    Ran ran = at("StillOff", "13900000003", "2016-01-05T00:30:00Z");
    EXPECT_TRUE(says(ran.out, "due 2016-01-05T01:00:00Z, 30m to go")) << ran.out << ran.err;
    ran = at("StillOff", "13900000003", "2016-01-05T02:00:00Z");
    EXPECT_TRUE(says(ran.out, "1h overdue")) << ran.out;
    EXPECT_TRUE(says(ran.out, "yellow: overdue >= 0s: holds")) << ran.out;
    EXPECT_TRUE(says(ran.out, "its levels change next at 2016-01-05T04:00:00Z")) << ran.out;
    EXPECT_TRUE(says(at("StillOff", "13900000001", "2016-01-05T02:00:00Z").out, "no promise is known"));
}

TEST_F(Explain, AnEpisodeIsItsRecordsToTheByteAndItsEvents) {
    const auto made = records("Often");
    ASSERT_GE(made.size(), 1U);
    std::string all;
    for (const std::string& record : made) all += (all.empty() ? "" : ",") + record;
    for (const std::string& id : {episode_of(made.front()), json::parse(made.front())["id"].get<std::string>()}) {
        const Ran ran = explain({id, "-o", "json"});
        EXPECT_EQ(ran.code, 0) << ran.err;
        EXPECT_TRUE(says(ran.out, "\"transitions\":[" + all + "]")) << ran.out << "\n" << all;
        EXPECT_TRUE(says(ran.out, "2016-01-10T00:00:00Z complaint c1-10 area=north")) << ran.out;
    }
    const Ran text = explain({episode_of(made.front())});
    EXPECT_TRUE(says(text.out, "n = 3")) << text.out;
    EXPECT_TRUE(says(text.out, "yellow: n >= 3: holds; n >= 3 is true (3 against 3)")) << text.out;
}

TEST_F(Explain, FromThePersonsOwnEventsTheSameRecordsComeAgain) {
    const auto made = records("Often");
    const std::string said = at("Often", "13900000001", "2016-01-12T00:00:00Z", {"-o", "json"}).out;
    ASSERT_FALSE(made.empty());
    EXPECT_TRUE(says(said, made.front())) << said << "\n" << made.front();
}

TEST_F(Explain, AnEpisodeOfAPlaceHasItsEvents) {
    const auto made = records("Place");
    ASSERT_FALSE(made.empty());
    const Ran ran = explain({episode_of(made.front())});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_TRUE(says(ran.out, "complaint c2-10")) << ran.out;
    EXPECT_EQ(at("Place", "13900000001", "2016-01-12T00:00:00Z").code, 1) << "a place is no person";
}

TEST_F(Explain, PersonsAreFoundByPseudonymAndNeverShownUnasked) {
    const std::string pseudonym = json::parse(records("Often").front())["subject"]["customer"];
    const Ran ran = at("Often", pseudonym, "2016-01-05T00:00:00Z");
    EXPECT_TRUE(says(ran.out, "(2 against 3)")) << ran.out << ran.err;
    EXPECT_FALSE(says(ran.out + ran.err, "13900000001"));
    EXPECT_TRUE(says(at("Often", pseudonym, "2016-01-05T00:00:00Z", {"--show-subjects"}).out, "13900000001"));
    const std::string keyed = json::parse(records("Often", {"--keyed"}).front())["subject"]["customer"];
    EXPECT_NE(keyed, pseudonym);
    EXPECT_EQ(at("Often", keyed, "2016-01-05T00:00:00Z").code, 1);
    EXPECT_EQ(at("Often", keyed, "2016-01-05T00:00:00Z", {"--keyed"}).code, 0);
}

TEST_F(Explain, WhatIsNotThereIsSaidToBe) {
    EXPECT_EQ(explain({"aaaaaaaaaaaaaaaaaaaaaaaaaa"}).code, 1);
    EXPECT_EQ(at("Never", "13900000001", "2016-01-05T00:00:00Z").code, 1);
    EXPECT_EQ(at("Often", "13999999999", "2016-01-05T00:00:00Z").code, 1);
    EXPECT_EQ(explain({}).code, 2);
    EXPECT_EQ(explain({"--rule=Often"}).code, 2);
    const Ran ran = at("Often", "13900000001", "monday");
    EXPECT_EQ(ran.code, 2);
    EXPECT_TRUE(says(ran.err, "--at: ")) << ran.err;
}

}  // namespace
}  // namespace tocsin::app
