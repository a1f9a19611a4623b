/// The demonstration's table: what a duty officer sees.

#include "app/board.h"

#include <gtest/gtest.h>

#include <sstream>

#include "yaml/source.h"

namespace tocsin::app {
namespace {

AreaTree tree() {
    AreaTree areas;
    std::string problem;
    Area county;
    county.code = "900502";
    county.level = AreaLevel::kCounty;
    county.name = "Hongxi 2";
    county.name_zh = "虹溪第2县";
    EXPECT_TRUE(areas.add(county, "", problem)) << problem;
    return areas;
}

Transition transition(std::int64_t minute, TransitionKind kind, Level from, Level to, bool is_case) {
    Transition t;
    t.at = from_millis(1'772'418'000'000 + minute * 60'000);  // 2026-03-02T02:20Z
    t.rule = is_case ? "HighFrequencyComplainant" : "AreaComplaintSurge";
    t.is_case = is_case;
    t.kind = kind;
    t.previous_level = from;
    t.level = to;
    t.area = "900502";
    if (is_case)
        t.subject = {{"customer", "c-xm2rovz76kqznuf2g6qs", "10012345678"}};
    else
        t.subject = {{"area", "900502", "900502"}};
    return t;
}

TEST(Board, CountsWhatIsOpenAndWhatWasOpened) {
    Board board(tree());
    board.add(transition(1, TransitionKind::kOpened, Level::kNone, Level::kYellow, true));
    board.add(transition(2, TransitionKind::kRaised, Level::kYellow, Level::kRed, true));
    board.add(transition(3, TransitionKind::kOpened, Level::kNone, Level::kBlue, false));
    board.add(transition(4, TransitionKind::kClosed, Level::kBlue, Level::kNone, false));
    const std::string text = board.text(5, 9, {});
    EXPECT_NE(text.find("5 of 9 events, it is 2026-03-02 02:24 UTC"), std::string::npos) << text;
    EXPECT_NE(text.find("AreaComplaintSurge          0       0       0       0       1\n"), std::string::npos) << text;
    EXPECT_NE(text.find("HighFrequencyComplainant    0       0       0       1       1\n"), std::string::npos) << text;
}

TEST(Board, ShowsPlacesByNameAndPeopleByPseudonym) {
    Board board(tree());
    board.add(transition(1, TransitionKind::kOpened, Level::kNone, Level::kYellow, true));
    const std::string text = board.text(1, 1, {});
    EXPECT_NE(
        text.find("03-02 02:21  opened  yellow HighFrequencyComplainant 900502 虹溪第2县     c-xm2rovz76kqznuf2g6qs\n"),
        std::string::npos)
        << text;
    EXPECT_EQ(text.find("10012345678"), std::string::npos) << text;
}

TEST(Board, TransitionsOfSeveralTasksStandInTheOrderOfTheirTime) {
    Board board(tree());
    for (const int minute : {9, 2, 30, 5})
        board.add(transition(minute, TransitionKind::kOpened, Level::kNone, Level::kBlue, false));
    const std::string text = board.warnings();
    EXPECT_LT(text.find("02:22"), text.find("02:25"));
    EXPECT_LT(text.find("02:25"), text.find("02:29"));
    EXPECT_LT(text.find("02:29"), text.find("02:50")) << text;
}

TEST(Board, NoLineIsWiderThanTheTerminal) {
    Board board(tree());
    for (int minute = 0; minute < 20; ++minute) {
        board.add(transition(minute, TransitionKind::kOpened, Level::kNone, Level::kRed, minute % 2 == 0));
    }
    for (const int columns : {20, 61, 62, 63, 64, 80, 200}) {
        std::istringstream lines(board.text(1, 1, {columns, false}));
        int transitions = 0;
        for (std::string line; std::getline(lines, line);) {
            if (line.find("opened  red") == std::string::npos && line.find("03-02") == std::string::npos) continue;
            ++transitions;
            EXPECT_LE(yaml::terminal_columns(line), columns) << line;
            EXPECT_TRUE(yaml::is_text(line)) << "cut inside a character: " << line;
        }
        EXPECT_GE(transitions, 12);
    }
}

TEST(Board, ColoursAreOnlyForTerminals) {
    Board board(tree());
    board.add(transition(1, TransitionKind::kOpened, Level::kNone, Level::kRed, false));
    EXPECT_EQ(board.text(1, 1, {80, false}).find('\x1b'), std::string::npos);
    EXPECT_NE(board.text(1, 1, {80, true}).find("\x1b[31m"), std::string::npos);
}

}  // namespace
}  // namespace tocsin::app
