// A real Alertmanager on a port of its own choice: after each step it shows the one alert there should be.
#include <nlohmann/json.hpp>

#include "child_process.h"
#include "fixtures.h"
#include "receivers/alertmanager.h"
#include "receivers/webhook.h"

namespace tocsin::receivers {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Instant wall_now() {
    return std::chrono::floor<Duration>(std::chrono::system_clock::now());
}

class Alertmanager {
public:
    static constexpr const char* kProgram = "/usr/bin/prometheus-alertmanager";

    Alertmanager() {
        std::string pattern = (std::filesystem::temp_directory_path() / "alertmanager-XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr) return;
        folder_ = pattern;
        std::ofstream(folder_ / "config.yml") << "route: {receiver: none}\nreceivers: [{name: none}]\n";
        process_ = std::make_unique<ChildProcess>(
            std::vector<std::string>{kProgram, "--config.file=" + (folder_ / "config.yml").string(),
                                     "--storage.path=" + (folder_ / "data").string(),
                                     "--web.listen-address=127.0.0.1:0", "--cluster.listen-address="});
        const std::string address = process_->word_after("msg=\"Listening on\" address=");
        EXPECT_NE(address, "") << process_->log();
        if (!address.empty()) url_ = "http://" + address;
        const auto until = std::chrono::steady_clock::now() + 30s;
        while (!url_.empty() && !is_ready() && std::chrono::steady_clock::now() < until) continue;
    }
    Alertmanager(const Alertmanager&) = delete;
    Alertmanager& operator=(const Alertmanager&) = delete;
    ~Alertmanager() {
        process_.reset();
        std::filesystem::remove_all(folder_);
    }

    /// Empty if it did not come up; its log is then part of the failure.
    [[nodiscard]] const std::string& url() const { return url_; }

    HttpResponse post(const std::string& body) const {
        HttpRequest request;
        request.url = url_ + "/api/v2/alerts";
        request.headers = {{"content-type", "application/json"}};
        request.body = body;
        return exchange(request);
    }
    /// "area level state" of every alert it shows, in order.
    std::vector<std::string> shown() const {
        HttpRequest request;
        request.method = "GET";
        request.url = url_ + "/api/v2/alerts";
        const HttpResponse response = exchange(request);
        std::vector<std::string> alerts;
        for (const json& alert : json::parse(response.body, nullptr, false)) {
            alerts.push_back(alert["labels"].value("area", "") + " " + alert["labels"].value("level", "") + " " +
                             alert["status"].value("state", ""));
        }
        std::sort(alerts.begin(), alerts.end());
        return alerts;
    }

private:
    bool is_ready() const {
        HttpRequest request;
        request.method = "GET";
        request.url = url_ + "/-/ready";
        return exchange(request).status == 200;
    }

    std::filesystem::path folder_;
    std::unique_ptr<ChildProcess> process_;
    std::string url_;
};

class AlertmanagerLive : public ::testing::Test {
protected:
    void SetUp() override {
        if (access(Alertmanager::kProgram, X_OK) == 0) {
            real_ = std::make_unique<Alertmanager>();
            has_real_ = !real_->url().empty();
        } else {
            skipped("alertmanager");
        }
    }
    /// Posts what happened, as the dispatcher does, and says what Alertmanager shows then.
    std::vector<std::string> tell(Story story) {
        story.at = wall_now() - 10min;
        const auto notice = notice_of(story);
        const HttpResponse response = real_->post(state_.body({notice}, wall_now()));
        EXPECT_EQ(attempt_of(response), outbox::Attempt::kDelivered) << response.status << response.body;
        state_.delivered(*notice, wall_now());
        return real_->shown();
    }
    /// The next round of saying again, a minute ahead of its time.
    std::vector<std::string> resend(AlertmanagerState& state) {
        const Instant now = wall_now();
        for (const std::string& body : state.resend(std::max(state.next_resend(), now)))
            EXPECT_EQ(real_->post(body).status, 200);
        return real_->shown();
    }

    std::unique_ptr<Alertmanager> real_;
    bool has_real_ = false;
    AlertmanagerState state_{AlertmanagerOptions{}};
};

constexpr auto kRaised = TransitionKind::kRaised;
constexpr auto kLowered = TransitionKind::kLowered;
constexpr auto kClosed = TransitionKind::kClosed;

TEST_F(AlertmanagerLive, ShowsOneAlertAtTheRightLevelAfterEachStep) {
    if (!has_real_) return;
    EXPECT_THAT(tell({}), ElementsAre("140100 yellow active"));
    EXPECT_THAT(resend(state_), ElementsAre("140100 yellow active"));
    EXPECT_THAT(tell({"ep1", 2, kRaised, Level::kRed, Level::kYellow}), ElementsAre("140100 red active"));
    EXPECT_THAT(resend(state_), ElementsAre("140100 red active"));
    EXPECT_THAT(tell({"ep1", 3, kLowered, Level::kYellow, Level::kRed}), ElementsAre("140100 yellow active"));
    EXPECT_THAT(resend(state_), ElementsAre("140100 yellow active"));
    EXPECT_THAT(tell({"ep1", 4, kClosed, Level::kNone, Level::kYellow}), IsEmpty());
    EXPECT_THAT(resend(state_), IsEmpty());
}

TEST_F(AlertmanagerLive, AreasAreAlertsOfTheirOwn) {
    if (!has_real_) return;
    tell({});
    EXPECT_THAT(tell({.episode = "ep2", .level = Level::kOrange, .area = "山西省/太原市"}),
                ElementsAre("140100 yellow active", "山西省/太原市 orange active"));
    EXPECT_THAT(tell({"ep1", 2, kClosed, Level::kNone, Level::kYellow}), ElementsAre("山西省/太原市 orange active"));
}

TEST_F(AlertmanagerLive, RestartInTheMiddleLeavesOneAlert) {
    if (!has_real_) return;
    Story story{"ep1", 2, kRaised, Level::kRed, Level::kYellow};
    tell({});
    tell(story);
    AlertmanagerState restarted{AlertmanagerOptions{}};
    story.at = wall_now() - 10min;
    restarted.restore(notice_of(story)->body);
    EXPECT_THAT(resend(restarted), ElementsAre("140100 red active"));
    state_ = std::move(restarted);
    EXPECT_THAT(tell({"ep1", 3, kClosed, Level::kNone, Level::kRed}), IsEmpty());
}

TEST_F(AlertmanagerLive, NewEpisodeFiresAfterTheOldOneClosed) {
    if (!has_real_) return;
    tell({});
    EXPECT_THAT(tell({"ep1", 2, kClosed, Level::kNone, Level::kYellow}), IsEmpty());
    EXPECT_THAT(tell({.episode = "ep2"}), ElementsAre("140100 yellow active"));
    EXPECT_THAT(resend(state_), ElementsAre("140100 yellow active"));
}

TEST_F(AlertmanagerLive, BadAlertIsRefusedAndFoundByPostingOneByOne) {
    if (!has_real_) return;
    Transition bad = transition_of({.episode = "ep2", .area = "140200", .at = wall_now()});
    bad.labels = {{"", "x"}};  // newer ones take any other name
    const auto good_notice = notice_of(Story{.at = wall_now()}), bad_notice = notice_of(bad);
    const auto post = [&](const std::vector<std::shared_ptr<const outbox::Notice>>& notices) {
        return attempt_of(real_->post(state_.body(notices, wall_now())));
    };
    EXPECT_EQ(post({good_notice, bad_notice}), outbox::Attempt::kRefused);
    EXPECT_EQ(post({bad_notice}), outbox::Attempt::kRefused);
    EXPECT_EQ(post({good_notice}), outbox::Attempt::kDelivered);
    EXPECT_THAT(real_->shown(), ElementsAre("140100 yellow active"));
}

}  // namespace
}  // namespace tocsin::receivers
