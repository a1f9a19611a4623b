// One tree, many label sets: who is told.
#include "config/route.h"

#include <gtest/gtest.h>

namespace tocsin::config {
namespace {

using Labels = std::map<std::string, std::string>;
using Names = std::vector<std::string>;

Route route(std::string receiver, std::vector<Matcher> matchers, bool continues = false,
            std::vector<Route> routes = {}) {
    return {std::move(receiver), std::move(matchers), continues, std::move(routes)};
}

TEST(Matcher, AMissingLabelCountsAsEmpty) {
    const struct {
        Matcher matcher;
        Labels labels;
        bool matches;
    } cases[] = {
        {{"team", Matcher::Op::kEqual, "cs"}, {{"team", "cs"}}, true},
        {{"team", Matcher::Op::kEqual, "cs"}, {{"team", "ops"}}, false},
        {{"team", Matcher::Op::kEqual, "cs"}, {}, false},
        {{"team", Matcher::Op::kEqual, ""}, {}, true},
        {{"team", Matcher::Op::kNotEqual, "cs"}, {{"team", "cs"}}, false},
        {{"team", Matcher::Op::kNotEqual, "cs"}, {{"team", "ops"}}, true},
        {{"team", Matcher::Op::kNotEqual, "cs"}, {}, true},
        {{"team", Matcher::Op::kNotEqual, ""}, {}, false},
    };
    for (const auto& c : cases) EXPECT_EQ(c.matcher.matches(c.labels), c.matches) << c.matcher.value;
}

TEST(Route, TheDeepestMatchOfEachPathIsTold) {
    const Matcher cs{"team", Matcher::Op::kEqual, "cs"}, red{"level", Matcher::Op::kEqual, "red"};
    const Matcher not_blue{"level", Matcher::Op::kNotEqual, "blue"};
    const Route root = route("default", {}, false,
                             {
                                 route("archive", {}, true),
                                 route("cs", {cs, not_blue}, false, {route("cs-pager", {red}), route("cs-day", {})}),
                                 route("pager", {red}, true),
                                 route("pager", {red}),
                                 route("never", {}),
                             });
    const struct {
        Labels labels;
        Names told;
    } cases[] = {
        {{{"team", "cs"}, {"level", "red"}}, {"archive", "cs-pager"}},
        {{{"team", "cs"}, {"level", "yellow"}}, {"archive", "cs-day"}},
        {{{"team", "cs"}, {"level", "blue"}}, {"archive", "never"}},
        {{{"level", "red"}}, {"archive", "pager"}},
        {{}, {"archive", "never"}},
    };
    for (const auto& c : cases) EXPECT_EQ(receivers_of(root, c.labels), c.told);
}

TEST(Route, WithoutAMatchBelowTheRootIsTold) {
    const Route root = route("default", {}, false, {route("cs", {{"team", Matcher::Op::kEqual, "cs"}})});
    EXPECT_EQ(receivers_of(root, {{"team", "ops"}}), Names{"default"});
    EXPECT_EQ(receivers_of(route("only", {}), {}), Names{"only"});
}

}  // namespace
}  // namespace tocsin::config
