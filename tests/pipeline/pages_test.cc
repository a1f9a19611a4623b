/// Who may ask the daemon what, and what is counted of it.

#include "pipeline/pages.h"

#include <gtest/gtest.h>

namespace tocsin::pipeline {
namespace {

class PagesTest : public testing::Test {
protected:
    Pages::Sources sources() {
        Pages::Sources s;
        s.not_ready = [this] { return not_ready_; };
        s.remarks = [this] { return remarks_; };
        s.reload = [this](const auto& done) {
            ++reloads_;
            done(broken_rules_);
        };
        s.api = [this](const http::Request& request, const http::Respond& respond) {
            asked_ = request.path;
            if (engine_takes_) respond({200, "application/json", R"({"status":"success","data":[]})", {}});
            return engine_takes_;
        };
        s.enable_lifecycle = lifecycle_;
        return s;
    }
    http::Response ask(const std::string& path, const std::string& method = "GET", bool exposed = false) {
        Pages pages(metrics_, sources());
        http::Response answer{0, "", "", {}};
        pages.answer(
            {method, path, {}, ""}, [&](http::Response r) { answer = std::move(r); }, exposed);
        EXPECT_EQ(pages.in_flight(), 0u) << path;
        return answer;
    }
    bool counts(const std::string& line) { return metrics_.render().find(line + "\n") != std::string::npos; }

    metrics::Metrics metrics_;
    std::string not_ready_, remarks_, broken_rules_, asked_;
    bool engine_takes_ = true, lifecycle_ = false;
    int reloads_ = 0;
};

TEST_F(PagesTest, ReadyIsARefusalWithOneLineThatSaysWhy) {
    not_ready_ = "waiting for the partitions to be assigned";
    EXPECT_EQ(ask("/-/ready").status, 503);
    EXPECT_EQ(ask("/-/ready").body, "waiting for the partitions to be assigned\n");
    EXPECT_EQ(ask("/-/healthy").status, 200) << "alive all the same";
    not_ready_.clear();
    EXPECT_EQ(ask("/-/ready").status, 200);
    EXPECT_EQ(ask("/-/ready").body, "tocsin is ready\n");
    remarks_ = "unverified: promises of R do not break while nothing is heard from t";
    EXPECT_EQ(ask("/-/ready").status, 200) << "it counts what does arrive";
    EXPECT_EQ(ask("/-/ready").body,
              "tocsin is ready; unverified: promises of R do not break while nothing is heard from t\n");
}

TEST_F(PagesTest, WhereOthersCanReachItOnlyAMonitorIsAnswered) {
    lifecycle_ = true;
    for (const char* open : {"/metrics", "/-/healthy", "/-/ready"})
        EXPECT_EQ(ask(open, "GET", true).status, 200) << open;
    for (const char* closed : {"/", "/api/v1/cases", "/api/v1/lookup", "/api/v1/rules", "/-/quit", "/x"}) {
        const auto answer = ask(closed, "GET", true);
        EXPECT_EQ(answer.status, 403) << closed;
        EXPECT_NE(answer.body.find("neither TLS nor authentication"), std::string::npos) << closed;
    }
    EXPECT_EQ(ask("/-/reload", "POST", true).status, 403);
    EXPECT_EQ(reloads_, 0);
    EXPECT_EQ(asked_, "") << "the engine was not asked for live state";
}

TEST_F(PagesTest, ReloadIsOffUnlessAskedForAndTellsWhatIsWrong) {
    EXPECT_EQ(ask("/-/reload", "POST").status, 403);
    EXPECT_NE(ask("/-/reload", "POST").body.find("--web.enable-lifecycle"), std::string::npos);
    EXPECT_EQ(reloads_, 0);
    lifecycle_ = true;
    EXPECT_EQ(ask("/-/reload").status, 405) << "a link must not reload";
    EXPECT_EQ(ask("/-/reload", "PUT").status, 200);
    broken_rules_ = "r.yml:3:5: unknown key";
    EXPECT_EQ(ask("/-/reload", "POST").status, 400);
    EXPECT_EQ(ask("/-/reload", "POST").body, "r.yml:3:5: unknown key\n");
}

TEST_F(PagesTest, WithoutAnEngineTheApiSaysSoInItsEnvelope) {
    EXPECT_EQ(ask("/api/v1/cases").status, 200);
    EXPECT_EQ(asked_, "/api/v1/cases");
    engine_takes_ = false;
    const auto answer = ask("/api/v1/cases");
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.content_type, "application/json");
    EXPECT_NE(answer.body.find(R"("errorType":"unavailable")"), std::string::npos) << answer.body;
    EXPECT_NE(answer.body.find(R"("status":"error")"), std::string::npos) << answer.body;
}

TEST_F(PagesTest, EveryAnswerIsCountedAndNoRequestMakesASeriesOfItsOwn) {
    ask("/-/healthy");
    ask("/-/healthy");
    ask("/x1", "BREW");
    ask("/x2", "BREW");
    ask("/13800000000", "GET", true);
    engine_takes_ = false;
    ask("/api/v1/cases/anything");
    EXPECT_TRUE(counts(R"(tocsin_http_requests_total{code="200",handler="/-/healthy",method="GET"} 2)"));
    EXPECT_TRUE(counts(R"(tocsin_http_requests_total{code="404",handler="other",method="other"} 2)"));
    EXPECT_TRUE(counts(R"(tocsin_http_requests_total{code="403",handler="other",method="GET"} 1)"));
    EXPECT_TRUE(counts(R"(tocsin_http_requests_total{code="503",handler="/api/v1",method="GET"} 1)"));
    EXPECT_TRUE(counts(R"(tocsin_http_request_duration_seconds_count{handler="/-/healthy"} 2)")) << metrics_.render();
}

TEST_F(PagesTest, AQuestionThatNobodyAnswersDoesNotStayInFlight) {
    Pages::Sources s = sources();
    std::vector<http::Respond> kept;
    s.api = [&](const http::Request&, http::Respond respond) {
        kept.push_back(std::move(respond));
        return true;
    };
    Pages pages(metrics_, std::move(s));
    pages.answer(
        {"GET", "/api/v1/cases", {}, ""}, [](http::Response) {}, false);
    EXPECT_EQ(pages.in_flight(), 1u);
    kept.clear();
    EXPECT_EQ(pages.in_flight(), 0u);
}

}  // namespace
}  // namespace tocsin::pipeline
