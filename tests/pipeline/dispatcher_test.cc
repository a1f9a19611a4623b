/// Receivers that hang or are gone, beside one that answers: real sockets on the loopback, the topics in memory.

#include "pipeline/dispatcher.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>

#include "http/server.h"

namespace tocsin::pipeline {
namespace {

using namespace std::chrono_literals;

/// Takes every record at once.
class Topics : public TopicWriter {
public:
    void produce(const TopicRecord& record) override {
        reports_.push_back({record.tag, TopicReport::Outcome::kDelivered, {}});
    }
    std::vector<TopicReport> reports() override { return std::exchange(reports_, {}); }

private:
    std::vector<TopicReport> reports_;
};

/// A port where connections are made and nobody ever answers.
class SilentPort {
public:
    SilentPort() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        EXPECT_EQ(bind(socket_, generic, size), 0);
        EXPECT_EQ(listen(socket_, 1024), 0);
        EXPECT_EQ(getsockname(socket_, generic, &size), 0);
        url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/hook";
    }
    ~SilentPort() { close(socket_); }
    SilentPort(const SilentPort&) = delete;
    SilentPort& operator=(const SilentPort&) = delete;
    [[nodiscard]] const std::string& url() const { return url_; }

private:
    int socket_;
    std::string url_;
};

/// The engine's end: waits until enough rows were given back.
class Bell {
public:
    void ring() {
        const std::lock_guard lock(mutex_);
        rang_ = true;
        rings_.notify_one();
    }
    std::vector<std::uint64_t> wait_for(Dispatcher& dispatcher, std::size_t rows) {
        std::vector<std::uint64_t> done;
        const auto deadline = std::chrono::steady_clock::now() + 60s;
        while (done.size() < rows && std::chrono::steady_clock::now() < deadline) {
            for (const std::uint64_t row : dispatcher.take_finished(0)) done.push_back(row);
            std::unique_lock lock(mutex_);
            rings_.wait_for(lock, 100ms, [&] { return std::exchange(rang_, false); });
        }
        std::sort(done.begin(), done.end());
        return done;
    }

private:
    std::mutex mutex_;
    std::condition_variable rings_;
    bool rang_ = false;
};

outbox::Notice notice(const std::string& receiver, std::uint64_t number) {
    outbox::Notice n;
    n.key = {0, number};
    n.receiver = receiver;
    n.id = "e" + std::to_string(number) + ".1";
    n.episode = "e" + std::to_string(number);
    n.body = "{}";
    return n;
}

TEST(Dispatcher, ASilentReceiverHoldsUpNeitherTheEngineNorTheOtherReceivers) {
    constexpr std::uint64_t kNotices = 1'000;
    const SilentPort silent;
    Target hook;
    hook.key = "webhook/silent/0";
    hook.name = "silent";
    hook.integration = "webhook";
    hook.webhook = receivers::WebhookTarget{silent.url(), "", "", 60s, {}};
    Target topic;
    topic.key = "topic";
    topic.name = topic.topic = "out";
    topic.integration = "topic";

    Topics topics;
    metrics::Metrics metrics;
    Bell bell;
    Dispatcher dispatcher({{hook, topic}, {}, /*hold_old=*/false, 1h}, &topics, metrics, [&] { bell.ring(); });
    dispatcher.start();
    std::vector<outbox::Notice> notices;
    std::vector<std::uint64_t> of_the_topic;
    for (std::uint64_t n = 0; n < kNotices; ++n) {
        notices.push_back(notice(hook.key, 2 * n));
        notices.push_back(notice(topic.key, 2 * n + 1));
        of_the_topic.push_back(2 * n + 1);
    }
    dispatcher.enqueue(std::move(notices));
    EXPECT_EQ(bell.wait_for(dispatcher, kNotices), of_the_topic);
    EXPECT_EQ(dispatcher.pending(), kNotices) << "what the silent one has not taken stays in the outbox";
    dispatcher.stop(Duration(0));
}

TEST(Dispatcher, WhatASweepFindsIsOneDigestWhenItHasEnded) {
    std::mutex mutex;
    std::vector<std::string> got;  // the notices' ids
    auto address = http::ListenAddress::parse("127.0.0.1:0");
    auto server = http::Server::start(*address, [&](const http::Request& request, http::Respond respond) {
        {
            const std::lock_guard lock(mutex);
            got.push_back(request.body);
        }
        respond({200, "text/plain", "", {}});
    });
    ASSERT_TRUE(server.ok());
    Target hook;
    hook.key = "webhook/desk/0";
    hook.name = "desk";
    hook.integration = "webhook";
    hook.webhook = receivers::WebhookTarget{
        "http://127.0.0.1:" + std::to_string((*server)->port()) + "/", "", "", 60s, {receivers::Cidr{}}};
    metrics::Metrics metrics;
    Bell bell;
    Dispatcher dispatcher({{hook}, {}, /*hold_old=*/true, 1h}, nullptr, metrics, [&] { bell.ring(); });
    dispatcher.caught_up();
    dispatcher.warming({"New"});
    dispatcher.start();
    const Instant now = std::chrono::floor<Duration>(std::chrono::system_clock::now());
    const auto of = [&](const char* rule, std::uint64_t number, bool found) {
        outbox::Notice n = notice(hook.key, number);
        n.rule = rule;
        n.at = now;
        n.held = found;
        return n;
    };
    outbox::Notice follows = of("New", 3, false);  // an event raises what the sweep had found
    follows.episode = "e1";
    follows.transition = TransitionKind::kRaised;
    dispatcher.enqueue({of("New", 1, true), of("New", 2, true), follows, of("New", 4, false), of("Old", 5, false)});
    EXPECT_EQ(bell.wait_for(dispatcher, 2), (std::vector<std::uint64_t>{4, 5}))
        << "what events bring about is told at once, but not of an episode that nobody knows yet";
    dispatcher.enqueue({of("New", 6, true)});
    dispatcher.warming({});
    EXPECT_EQ(bell.wait_for(dispatcher, 4), (std::vector<std::uint64_t>{1, 2, 3, 6}));
    dispatcher.stop(Duration(0));
    ASSERT_EQ(got.size(), 3u) << "two notices and a digest";
    EXPECT_NE(got[2].find("\"open\":3"), std::string::npos) << got[2];
}

TEST(Dispatcher, NoticesOfAReceiverThatIsConfiguredNoLongerAreGivenBack) {
    Topics topics;
    metrics::Metrics metrics;
    Bell bell;
    Dispatcher dispatcher({{}, {}, /*hold_old=*/false, 1h}, &topics, metrics, [&] { bell.ring(); });
    dispatcher.start();
    dispatcher.enqueue({notice("webhook/gone/0", 7)});
    EXPECT_EQ(bell.wait_for(dispatcher, 1), std::vector<std::uint64_t>{7});
    dispatcher.stop(Duration(0));
}

}  // namespace
}  // namespace tocsin::pipeline
