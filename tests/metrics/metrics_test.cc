#include "metrics/metrics.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <set>
#include <sstream>

namespace tocsin::metrics {
namespace {

bool has_line(const std::string& text, const std::string& line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(Families, NamesFollowTheConventionsOfTheirTypes) {
    std::set<std::string_view> names;
    for (const Family& f : families()) {
        EXPECT_TRUE(names.insert(f.name).second) << f.name << " twice";
        EXPECT_EQ(f.type == Type::kCounter, f.name.ends_with("_total")) << f.name;
        EXPECT_EQ(f.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos) << f.name;
        EXPECT_EQ(f.help.find('\n'), std::string_view::npos) << f.name << ": the library does not escape line breaks";
        EXPECT_TRUE(f.help.ends_with(".") || f.name == "build_info") << f.name << ": " << f.help;
        for (const std::string_view label : f.labels) {
            EXPECT_TRUE(label != "customer" && label != "subscriber" && label != "id")
                << f.name << ": no series per person";
        }
    }
}

TEST(Metrics, WhatHasNoLabelsIsThereFromTheStart) {
    Metrics metrics;
    EXPECT_TRUE(has_line(metrics.render(), "tocsin_config_reloads_total 0"));
    EXPECT_TRUE(has_line(metrics.render(), "tocsin_ready 0"));
}

TEST(Metrics, CountersAddUpAndGaugesAreSet) {
    Metrics metrics;
    metrics.add("events_processed_total", {"complaint"}, 2);
    metrics.add("events_processed_total", {"complaint"});
    metrics.add("events_processed_total", {"refund"});
    metrics.set("warnings_active", {"Surge", "red"}, 5);
    metrics.set("warnings_active", {"Surge", "red"}, 3);
    const std::string text = metrics.render();
    EXPECT_TRUE(has_line(text, "tocsin_events_processed_total{event=\"complaint\"} 3")) << text;
    EXPECT_TRUE(has_line(text, "tocsin_events_processed_total{event=\"refund\"} 1"));
    EXPECT_TRUE(has_line(text, "tocsin_warnings_active{level=\"red\",rule=\"Surge\"} 3")) << text;
}

TEST(Metrics, HistogramsCountIntoTheirBuckets) {
    Metrics metrics;
    metrics.observe("notification_latency_seconds", {"webhook"}, 0.02);
    metrics.observe("notification_latency_seconds", {"webhook"}, 60);
    const std::string text = metrics.render();
    EXPECT_TRUE(has_line(text, "tocsin_notification_latency_seconds_count{integration=\"webhook\"} 2")) << text;
    EXPECT_TRUE(has_line(text, "tocsin_notification_latency_seconds_bucket{integration=\"webhook\",le=\"0.025\"} 1"));
    EXPECT_TRUE(has_line(text, "tocsin_notification_latency_seconds_bucket{integration=\"webhook\",le=\"+Inf\"} 2"));
}

TEST(Metrics, BeyondTheLimitSeriesAreCountedTogether) {
    Metrics metrics;
    for (std::size_t i = 0; i < Metrics::kSeriesMax + 10; ++i)
        metrics.set("area_warning_level", {"a" + std::to_string(i)}, 1);
    const std::string text = metrics.render();
    EXPECT_TRUE(has_line(text, "tocsin_area_warning_level{area=\"other\"} 1"));
    EXPECT_TRUE(has_line(text, "tocsin_metric_series_refused_total 10"));
    metrics.set("area_warning_level", {"a1"}, 4);
    EXPECT_TRUE(has_line(metrics.render(), "tocsin_area_warning_level{area=\"a1\"} 4")) << "known ones stay";
}

TEST(Metrics, AClearedGaugeHasNoSeriesLeft) {
    Metrics metrics;
    metrics.set("rules_loaded", {"old"}, 1);
    metrics.clear("rules_loaded");
    metrics.set("rules_loaded", {"new"}, 2);
    const std::string text = metrics.render();
    EXPECT_EQ(text.find("group=\"old\""), std::string::npos);
    EXPECT_TRUE(has_line(text, "tocsin_rules_loaded{group=\"new\"} 2"));
}

TEST(Metrics, CollectorsAreAskedAtEachRendering) {
    Metrics metrics;
    double asked = 0;
    metrics.before_rendering([&](Metrics& m) { m.set("kafka_brokers_connected", ++asked); });
    EXPECT_TRUE(has_line(metrics.render(), "tocsin_kafka_brokers_connected 1"));
    EXPECT_TRUE(has_line(metrics.render(), "tocsin_kafka_brokers_connected 2"));
}

TEST(Metrics, ValuesOfLabelsAreEscaped) {
    Metrics metrics;
    metrics.add("log_messages_total", {"a\"b\\c\nd"});
    EXPECT_TRUE(has_line(metrics.render(), R"(tocsin_log_messages_total{level="a\"b\\c\nd"} 1)")) << metrics.render();
}

TEST(Metrics, NoSeriesCanNameAPerson) {
    Metrics metrics;
    metrics.set("area_warning_level", {"13800138000"}, 1);
    metrics.add("notifications_failed_total", {"pager", "webhook", "+8613800138000"});
    metrics.set("area_warning_level", {"140100"}, 2);
    const std::string text = metrics.render();
    EXPECT_EQ(text.find("13800138000"), std::string::npos);
    EXPECT_TRUE(has_line(text, "tocsin_area_warning_level{area=\"other\"} 1")) << text;
    EXPECT_TRUE(has_line(text, "tocsin_area_warning_level{area=\"140100\"} 2"));
    EXPECT_TRUE(has_line(text, "tocsin_metric_series_refused_total 2"));
}

TEST(MayBeLabel, RefusesNumbersOfPeopleBrokenBytesAndNovels) {
    struct Case {
        std::string value;
        bool allowed;
    };
    const Case cases[] = {{"", true},
                          {"太原市", true},
                          {"140105001002", true},
                          {"1400", true},
                          {"12800138000", true},
                          {"1380013800x", true},
                          {std::string(Metrics::kLabelBytesMax, 'a'), true},
                          {std::string(Metrics::kLabelBytesMax + 1, 'a'), false},
                          {"13800138000", false},
                          {"19912345678", false},
                          {"8613800138000", false},
                          {"+8613800138000", false},
                          {"008613800138000", false},
                          {"\xff", false},
                          {"\xc0\xaf", false},
                          {"\xed\xa0\x80", false}};
    for (const Case& c : cases) EXPECT_EQ(may_be_label(c.value), c.allowed) << c.value;
}

TEST(Metrics, ThePageEndsWithTheProcess) {
    Metrics metrics;
    EXPECT_NE(metrics.render().find("\n# TYPE process_cpu_seconds_total counter\n"), std::string::npos);
}

TEST(MetricsDeath, AnUnknownFamilyIsABug) {
    Metrics metrics;
    EXPECT_DEATH(metrics.add("no_such_total"), "families of the table");
    EXPECT_DEATH(metrics.add("ready"), "families of the table") << "a gauge is no counter";
    EXPECT_DEATH(metrics.add("events_processed_total"), "each label");
}

TEST(Metrics, PromtoolFindsNothingToSayAboutThem) {
    Metrics metrics;
    for (const Family& f : families()) {
        const Labels labels(f.labels.size(), "a \\ \"b\"\n投诉");
        if (f.type == Type::kCounter) metrics.add(f.name, labels);
        if (f.type == Type::kGauge) metrics.set(f.name, labels, 1);
        if (f.type == Type::kHistogram) metrics.observe(f.name, labels, 1);
    }
    const auto file =
        std::filesystem::temp_directory_path() / ("tocsin-metrics-" + std::to_string(std::random_device{}()));
    std::ofstream(file) << metrics.render();
    const auto said = file.string() + ".said";
    if (std::system("command -v promtool > /dev/null") != 0) {
        std::cout << "SKIPPED: no promtool (Metrics.PromtoolFindsNothingToSayAboutThem)\n";
        return;
    }
    const int code = std::system(("promtool check metrics < " + file.string() + " > " + said + " 2>&1").c_str());
    std::ostringstream text;
    text << std::ifstream(said).rdbuf();
    EXPECT_EQ(code, 0) << text.str();
    EXPECT_EQ(text.str(), "");
    std::filesystem::remove(file);
    std::filesystem::remove(said);
}

}  // namespace
}  // namespace tocsin::metrics
