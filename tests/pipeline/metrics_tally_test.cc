/// What the tally makes of open cases.
#include "pipeline/metrics_tally.h"

#include <gtest/gtest.h>

namespace tocsin::pipeline {
namespace {

TEST(MetricsTally, OnlyCasesOfPromisesAreOverdue) {
    metrics::Metrics metrics;
    const EventSchema schema = EventSchema::builtin();
    AreaTree areas;
    MetricsTally tally(metrics, schema, areas, "log");
    tally.open_at_start("NotReconnected", Level::kYellow, true, "north/east");
    tally.open_at_start("Often", Level::kYellow, true, "north/east");
    tally.promises({"NotReconnected"});
    tally.publish();
    const std::string page = metrics.render();
    EXPECT_NE(page.find("tocsin_cases_overdue{area=\"north/east\",rule=\"NotReconnected\"} 1"), std::string::npos)
        << page;
    EXPECT_EQ(page.find("tocsin_cases_overdue{area=\"north/east\",rule=\"Often\""), std::string::npos) << page;
    EXPECT_NE(page.find("tocsin_cases_open{area=\"north/east\",rule=\"Often\"} 1"), std::string::npos) << page;
}

}  // namespace
}  // namespace tocsin::pipeline
