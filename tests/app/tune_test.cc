/// `tocsin tune`: a table of thresholds.

#include <nlohmann/json.hpp>

#include "fixtures.h"

namespace tocsin::app {
namespace {

using nlohmann::json;

class Tune : public testing::Test {
protected:
    Tune() {
        config_ =
            scratch_.write("t.yml", "kafka:\n  topics:\n    - {name: all, event: complaint}\nrule_files: [r.yml]\n");
        scratch_.write("r.yml", rules("n >= 3"));
        scratch_.write("table.csv", "area,red\n*,2\n");
        // Persons 1 to 6 complain as many times, on following days.
        std::string lines;
        for (int person = 1; person <= 6; ++person) {
            for (int day = 1; day <= person; ++day)
                lines += line(day, "1390000000" + std::to_string(person), person % 2 == 0 ? "north" : "south");
        }
        events_ = scratch_.write("e.jsonl", lines);
    }
    static std::string rules(const std::string& yellow) {
        return "groups:\n- name: g\n  thresholds_file: table.csv\n  rules:\n  - alert: Often\n    on: complaint\n    "
               "by: [customer]\n    within: "
               "7d\n    measures: {n: count()}\n    levels: {yellow: " +
               yellow +
               ", red: n >= 5}\n    clear: 70%\n    keep_firing_for: 1d\n    raises: case\n  - alert: Place\n    on: "
               "complaint\n    by: "
               "[area]\n    within: 1h\n    measures: {people: distinct(customer)}\n    levels: {red: people >= "
               "threshold.red}\n    keep_firing_for: "
               "2h\n";
    }
    static std::string line(int day, const std::string& customer, const std::string& area) {
        return "{\"id\":\"" + customer.substr(10) + "-" + std::to_string(day) + "\",\"time\":\"2016-01-0" +
               std::to_string(day) + "T00:00:00Z\",\"customer\":\"" + customer + "\",\"area\":\"" + area + "\"}\n";
    }
    Ran tune(std::vector<std::string> more) const {
        more.insert(more.begin(), {"tune", "--config.file", config_, "--events", events_});
        return tocsin(more);
    }
    json document(std::vector<std::string> more) const {
        more.insert(more.end(), {"-o", "json"});
        const Ran ran = tune(more);
        EXPECT_EQ(ran.code, 0) << ran.err;
        return json::parse(ran.out);
    }
    std::size_t openings(const std::string& rule) const {
        const std::string out = tocsin({"replay", "--config.file", config_, "--events", events_}).out;
        std::istringstream lines(out);
        std::size_t n = 0;
        for (std::string text; std::getline(lines, text);)
            n += says(text, "\"rule\":\"" + rule + "\"") && says(text, "\"opened\"");
        return n;
    }

    Scratch scratch_;
    std::string config_, events_;
};

TEST_F(Tune, EachSettingGivesWhatTheRuleWouldIfItWereWrittenSo) {
    const json d = document({"Often", "--values=1,2,3,4,5,6,7"});
    EXPECT_EQ(d["dial"], "yellow: n >= 3");
    ASSERT_EQ(d["settings"].size(), 7U);
    for (const json& row : d["settings"]) {
        const int n = std::stoi(row["setting"].get<std::string>());
        scratch_.write("r.yml", n <= 5 ? rules("n >= " + std::to_string(n)) : rules("n >= 99"));
        EXPECT_EQ(row["flags"], n <= 5 ? openings("Often") : static_cast<std::size_t>(7 - n))
            << "above 5 red asks for no less: " << n;
        EXPECT_EQ(row["present"], n == 3);
    }
}

TEST_F(Tune, TheFileIsNotEdited) {
    const std::string before = scratch_.read("r.yml");
    tune({"Often", "--pages-per-day=1"});
    EXPECT_EQ(scratch_.read("r.yml"), before);
}

TEST_F(Tune, TheLowestSettingThatFitsIsMarked) {
    const json d = document({"Often", "--values=1,2,3,4", "--pages-per-day=0.9"});  // 5 days: at most 4.5 cases
    EXPECT_EQ(d["settings"][0]["fits"], false);
    EXPECT_EQ(d["settings"][1]["fits"], false) << d;
    EXPECT_EQ(d["settings"][2]["fits"], true);
    EXPECT_EQ(d["settings"][3]["fits"], false) << "only one is marked";
    const Ran table = tune({"Often", "--pages-per-day=0.9"});
    EXPECT_TRUE(says(table.out, "<- fits") && says(table.out, "<- present")) << table.out;
}

TEST_F(Tune, AnotherColourMayBeTurned) {
    const json d = document({"Often", "--level=red", "--values=2,4,5,6"});
    EXPECT_EQ(d["dial"], "red: n >= 5");
    // What opens as yellow opens; below it red opens first.
    EXPECT_EQ(d["settings"][0]["flags"], 5);
    for (const std::size_t row : {1U, 2U, 3U}) EXPECT_EQ(d["settings"][row]["flags"], 4) << d;
    EXPECT_EQ(d["settings"][2]["present"], true);
}

TEST_F(Tune, OfSeveralComparisonsTheFirstIsTurnedOrTheOneThatIsNamed) {
    std::string two = rules("n >= 9 or m >= 3");
    two.replace(two.find("{n: count()}"), 12, "{n: count(), m: count() over 3d}");
    scratch_.write("r.yml", two);
    const Ran first = tune({"Often", "--values=9"});
    EXPECT_TRUE(says(first.out, "yellow: n >= 9")) << first.out;
    EXPECT_TRUE(
        says(first.err, "turned is `yellow: n >= 9`, what else it compares stays; --measure can turn `yellow: m >= 3`"))
        << first.err;
    const json d = document({"Often", "--measure=m", "--values=2,3"});
    EXPECT_EQ(d["dial"], "yellow: m >= 3");
    EXPECT_EQ(d["settings"][0]["flags"], 5) << d;
    EXPECT_EQ(d["settings"][1]["flags"], 4) << d;
    EXPECT_FALSE(says(tune({"Often", "--measure=n", "--values=9"}).err, "--measure=")) << "it was chosen";
}

TEST_F(Tune, WhatIsNotThereIsAnErrorThatListsWhatCanBeTurned) {
    const Ran measure = tune({"Often", "--measure=channels", "--values=2"});
    EXPECT_EQ(measure.code, 1);
    EXPECT_TRUE(says(measure.err, "yellow compares no `channels` with a number")) << measure.err;
    EXPECT_TRUE(says(measure.err, "`yellow: n >= 3`, `red: n >= 5`")) << measure.err;
    const Ran level = tune({"Often", "--level=orange", "--values=2"});
    EXPECT_EQ(level.code, 1);
    EXPECT_TRUE(says(level.err, "orange compares nothing")) << level.err;
    EXPECT_TRUE(says(level.err, "`yellow: n >= 3`, `red: n >= 5`")) << level.err;
    EXPECT_EQ(tune({"Often", "--level=purple", "--values=2"}).code, 2);
}

TEST_F(Tune, ThresholdsOfATableAreMultiplied) {
    const json d = document({"Place", "--values=0.5,1,1.5,2"});
    EXPECT_EQ(d["factor"], true);
    for (const json& row : d["settings"]) {
        const double factor = std::stod(row["setting"].get<std::string>());
        std::ostringstream number;
        number << 2 * factor;
        scratch_.write("table.csv", "area,red\n*," + number.str() + "\n");
        EXPECT_EQ(row["flags"], openings("Place")) << factor;
    }
}

TEST_F(Tune, LabelsSayWhatWasCaughtAndWhatWasNot) {
    const std::string labels =
        scratch_.write("labels.csv",
                       "start,customer,end\n2016-01-03T02:00:00Z,13900000003,2016-01-04T00:00:00Z\n"
                       "2016-01-01T00:00:00Z,13900000001,2016-01-02T00:00:00Z\n");
    const json d = document({"Often", "--values=3", "--labels", labels});
    const json& fit = d["settings"][0]["labels"];
    EXPECT_EQ(fit["caught"], 1) << d;
    EXPECT_EQ(fit["missed"], 1);
    EXPECT_EQ(fit["right"], 1);
    EXPECT_EQ(fit["wrong"], 3) << "persons 4, 5 and 6";
    EXPECT_EQ(fit["lead_seconds"], 7200);
    const std::string areas = scratch_.write("areas.csv", "start,area\n2016-01-01T01:00:00Z,north\n");
    EXPECT_EQ(document({"Place", "--values=1", "--labels", areas})["settings"][0]["labels"]["caught"], 1);
}

TEST_F(Tune, WhatCannotBeTunedIsSaid) {
    EXPECT_EQ(tune({"Often"}).code, 2) << "to what?";
    EXPECT_EQ(tune({"Never", "--pages-per-day=1"}).code, 1);
    EXPECT_EQ(tune({"Often", "--values=many"}).code, 2);
    EXPECT_EQ(tune({"Often", "--pages-per-day=1", "--lead=soon"}).code, 2);
    std::string other = rules("n == 3");
    other.erase(other.find("    clear: 70%\n"), 15);
    scratch_.write("r.yml", other);
    const Ran ran = tune({"Often", "--pages-per-day=1"});
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(says(ran.err, "compares nothing")) << ran.err;
    const Ran labels = tune({"Place", "--labels", scratch_.write("l.csv", "start,area\nmonday,north\n")});
    EXPECT_EQ(labels.code, 1);
    EXPECT_TRUE(says(labels.err, "l.csv:2:")) << labels.err;
}

TEST_F(Tune, NumbersOfCustomersAreNotPrinted) {
    const Ran ran = tune({"Often", "--pages-per-day=1"});
    EXPECT_FALSE(says(ran.out + ran.err, "1390000000"));
}

}  // namespace
}  // namespace tocsin::app
