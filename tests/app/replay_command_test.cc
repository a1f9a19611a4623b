/// `tocsin replay`: files in, transitions out.

#include <algorithm>

#include "fixtures.h"

namespace tocsin::app {
namespace {

class ReplayCommand : public testing::Test {
protected:
    ReplayCommand() {
        config_ = scratch_.write(
            "t.yml", "kafka:\n  topics:\n    - name: complaints\n      event: complaint\nrule_files: [r.yml]\n");
        scratch_.write("r.yml", rule("Three", 3));
        std::string lines;
        for (int day = 1; day <= 4; ++day) lines += line(day);
        events_ = scratch_.write("e.jsonl", lines);
    }
    static std::string rule(const std::string& name, int n) {
        return "groups:\n- name: g\n  rules:\n  - alert: " + name +
               "\n    on: complaint\n    by: [customer]\n    within: 7d\n    measures: {n: count()}\n    levels: "
               "{yellow: n >= " +
               std::to_string(n) + "}\n    keep_firing_for: 1d\n    raises: case\n";
    }
    static std::string line(int day) {
        return "{\"id\":\"e" + std::to_string(day) + "\",\"time\":\"2016-01-0" + std::to_string(day) +
               "T00:00:00Z\",\"customer\":\"13900000001\",\"area\":\"north\"}\n";
    }
    Ran replay(std::vector<std::string> more) const {
        more.insert(more.begin(), {"replay", "--config.file", config_, "--events", events_});
        return tocsin(more);
    }
    static auto lines_of(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

    Scratch scratch_;
    std::string config_, events_;
};

TEST_F(ReplayCommand, GivesTheTransitionsAsLinesOfJson) {
    const Ran ran = replay({});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_TRUE(says(ran.out, "\"transition\":\"opened\"")) << ran.out;
    EXPECT_TRUE(says(ran.out, "2016-01-03T00:00:00Z")) << "at the third complaint";
    EXPECT_TRUE(says(ran.err, "4 lines: 4 counted, 0 of them late, 0 duplicates, 0 too late, 0 unreadable")) << ran.err;
}

TEST_F(ReplayCommand, TheSameInputGivesTheSameBytes) {
    EXPECT_EQ(replay({}).out, replay({}).out);
}

TEST_F(ReplayCommand, NumbersAreShownOnRequestOnly) {
    EXPECT_FALSE(says(replay({}).out, "13900000001"));
    EXPECT_TRUE(says(replay({"--show-subjects"}).out, "13900000001"));
    const Ran table = replay({"-o", "table"});
    EXPECT_FALSE(says(table.out + table.err, "13900000001"));
    EXPECT_TRUE(says(table.out, "Three")) << table.out;
}

TEST_F(ReplayCommand, ASummaryCountsByRule) {
    const Ran ran = replay({"-o", "summary"});
    EXPECT_TRUE(says(ran.out, "Three\n  opened yellow: 1\n")) << ran.out;
}

TEST_F(ReplayCommand, BeforeFromNothingIsGivenAndAfterToNothingIsRead) {
    EXPECT_FALSE(says(replay({"--from=2016-01-03T00:00:01Z"}).out, "\"opened\"")) << "it opened before";
    EXPECT_TRUE(says(replay({"--from=2016-01-03T00:00:00Z"}).out, "\"opened\"")) << "the state is filled all the same";
    EXPECT_TRUE(says(replay({"--to=2016-01-03T00:00:00Z"}).out, "\"opened\"")) << "inclusive";
    EXPECT_EQ(replay({"--to=2016-01-02T23:59:59Z"}).out, "");
}

TEST_F(ReplayCommand, OtherRulesTakeThePlaceOfTheConfigured) {
    const Ran ran = replay({"--rules", scratch_.write("other.yml", rule("Two", 2))});
    EXPECT_TRUE(says(ran.out, "\"Two\"")) << ran.out;
    EXPECT_FALSE(says(ran.out, "\"Three\""));
}

TEST_F(ReplayCommand, InputOrderIsWhatTheDaemonRead) {
    events_ = scratch_.write("shuffled.jsonl", line(4) + line(1) + line(3) + line(2));
    const Ran by_time = replay({});
    const Ran as_read = replay({"--order=input"});
    EXPECT_TRUE(says(by_time.err, "0 of them late")) << by_time.err;
    EXPECT_TRUE(says(as_read.err, "3 of them late")) << as_read.err;
    EXPECT_NE(by_time.out, as_read.out);
}

TEST_F(ReplayCommand, UnreadableLinesAreToldAndFailOnlyWhenStrict) {
    events_ = scratch_.write("broken.jsonl", line(1) + "{\n" + line(2) + line(3));
    Ran ran = replay({});
    EXPECT_EQ(ran.code, 0);
    EXPECT_TRUE(says(ran.err, events_ + ":2: json_invalid: ")) << ran.err;
    EXPECT_TRUE(says(ran.out, "\"opened\"")) << "the others count";
    ran = replay({"--strict"});
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(says(ran.out, "\"opened\"")) << "even then";
}

TEST_F(ReplayCommand, EventsComeFromFilesOrFromKafka) {
    EXPECT_EQ(replay({"--from-kafka"}).code, 2) << "not from both";
    const Ran none = tocsin({"replay", "--config.file", config_});
    EXPECT_EQ(none.code, 2);
    EXPECT_TRUE(says(none.err, "--from-kafka")) << none.err;
}

TEST_F(ReplayCommand, ABrokenRuleFileFailsBeforeAnythingIsRead) {
    const Ran ran = replay({"--rules", scratch_.write("bad.yml", "groups: 7\n")});
    EXPECT_EQ(ran.code, 1);
    EXPECT_EQ(ran.out, "");
    EXPECT_TRUE(says(ran.err, "bad.yml:1:")) << ran.err;
    EXPECT_GE(lines_of(ran.err), 1);
}

}  // namespace
}  // namespace tocsin::app
