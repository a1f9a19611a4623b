// Which phase is in force where.
#include "base/phases.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

using Codes = std::vector<std::string_view>;

Instant at(std::int64_t hour) {
    return from_millis(hour * 3'600'000);
}

PhasePlan plan() {
    PhasePlan plan;
    plan.names = {"reminder", "suspension", "supplement"};
    plan.areas[""] = {{at(10), "reminder"}, {at(30), "supplement"}};
    plan.areas["city"] = {{at(20), "suspension"}};
    return plan;
}

TEST(Phases, TheNearestAreaThatHasBegunOneDecides) {
    const PhasePlan p = plan();
    const Codes hall{"hall", "county", "city", "province"}, other{"elsewhere", "province"};
    EXPECT_EQ(p.at(hall, at(9)).phase, "");
    EXPECT_EQ(p.at(hall, at(10)).phase, "reminder");
    EXPECT_EQ(p.at(hall, at(19)).phase, "reminder") << "the city's has not begun";
    EXPECT_EQ(p.at(hall, at(20)).phase, "suspension");
    EXPECT_EQ(p.at(hall, at(40)).phase, "suspension") << "what begins everywhere is not for whom has its own";
    EXPECT_EQ(p.at(hall, at(40)).since, at(20));
    EXPECT_EQ(p.at(other, at(40)).phase, "supplement");
    EXPECT_EQ(p.at({}, at(40)).since, at(30));
}

TEST(Phases, NextIsWhenOneBeginsOrHasSettled) {
    const PhasePlan p = plan();
    const Codes city{"city"};
    EXPECT_EQ(p.next(city, at(0)), at(10));
    EXPECT_EQ(p.next(city, at(10)), at(12)) << "two hours to settle";
    EXPECT_EQ(p.next(city, at(12)), at(20));
    EXPECT_EQ(p.next(city, at(22)), at(30));
    EXPECT_EQ(p.next({}, at(31)), at(32));
    EXPECT_EQ(p.next({}, at(32)), kNever);
    EXPECT_TRUE(p.knows("supplement"));
    EXPECT_FALSE(p.knows(""));
}

}  // namespace
}  // namespace tocsin
