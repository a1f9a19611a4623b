#pragma once
/// What the tests of receivers share: notices as the outbox renders them, one exchange at a time, the test data.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>

#include "base/times.h"
#include "outbox/notice.h"
#include "receivers/http_client.h"

namespace tocsin::receivers {

inline Instant at(const std::string& text) {
    return parse_rfc3339(text).value();
}

const Instant kNow = at("2026-03-01T12:00:00Z");

/// What happened to the warning of an area.
struct Story {
    std::string episode = "ep1";
    std::uint64_t number = 1;
    TransitionKind kind = TransitionKind::kOpened;
    Level level = Level::kYellow;
    Level previous = Level::kNone;
    std::string area = "140100";
    Instant at = kNow;
};

inline Transition transition_of(const Story& story) {
    Transition t;
    t.at = story.at;
    t.rule = "AreaComplaintSurge";
    t.episode_id = story.episode;
    t.number = story.number;
    t.subject = {{"area", story.area, story.area}};
    t.area = story.area;
    t.kind = story.kind;
    t.level = story.level;
    t.previous_level = story.previous;
    t.measures = {{"n", {Value::of_int(12), ""}}};
    t.trigger = "e1";
    t.events = {"e3", "e2", "e1"};
    t.rules_hash = "0123456789abcdef";
    t.opened_at = story.at - std::chrono::hours(1);
    t.labels = {{"team", "ops"}};
    t.annotations = {{"summary", "12 complaints"}, {"summary_zh", "12 起投诉"}};
    if (story.kind == TransitionKind::kClosed) t.reason = CloseReason::kQuiet;
    return t;
}

inline std::shared_ptr<const outbox::Notice> notice_of(const Transition& t) {
    outbox::Notice n;
    n.key = {0, t.number};
    n.receiver = "webhook/ops/0";
    n.id = t.id();
    n.episode = t.episode_id;
    n.rule = t.rule;
    n.transition = t.kind;
    n.at = t.at;
    n.body = outbox::transition_body(t, "mass-incident");
    return std::make_shared<const outbox::Notice>(std::move(n));
}
inline std::shared_ptr<const outbox::Notice> notice_of(const Story& story) {
    return notice_of(transition_of(story));
}

/// Works until `count` responses are there; each request has its own time limit, so this ends.
inline std::vector<HttpResponse> responses(HttpClient& client, std::size_t count) {
    std::vector<HttpResponse> all;
    while (all.size() < count && client.in_flight() > 0) {
        for (HttpResponse& response : client.wait(std::chrono::seconds(1))) all.push_back(std::move(response));
    }
    EXPECT_EQ(all.size(), count);
    return all;
}

inline HttpResponse exchange(HttpRequest request) {
    HttpClient client;
    client.start(std::move(request));
    std::vector<HttpResponse> all = responses(client, 1);
    return all.empty() ? HttpResponse{} : std::move(all.front());
}

/// Says that the test needs what is not there. With TOCSIN_REQUIRE_DATA=1 that fails it.
inline void skipped(const std::string& what) {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    std::cout << "SKIPPED: no " << what << " (" << test->test_suite_name() << "." << test->name() << ")\n";
    const char* required = std::getenv("TOCSIN_REQUIRE_DATA");
    if (required != nullptr && std::string(required) == "1") ADD_FAILURE() << what << " is required";
}

/// The text of a file of the test data that is not part of the project; empty, after saying so, where it is missing.
inline std::optional<std::string> shared_file(const std::string& path) {
    const char* given = std::getenv("TOCSIN_SHARED");
    const std::filesystem::path root =
        given != nullptr ? std::filesystem::path(given) : std::filesystem::path(TOCSIN_SOURCE_DIR) / ".." / "shared";
    std::ifstream in(root / path, std::ios::binary);
    if (in) return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    skipped("data");
    return std::nullopt;
}

}  // namespace tocsin::receivers
