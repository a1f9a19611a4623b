/// The server over real sockets: what a careless or hostile peer can send, and that it stays alive.

#include "http/server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mutex>
#include <vector>

namespace tocsin::http {
namespace {

class Peer {
public:
    explicit Peer(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const timeval patience{20, 0};
        setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        connected_ = connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
    }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;
    ~Peer() { close(socket_); }

    [[nodiscard]] bool connected() const { return connected_; }
    void send(const std::string& bytes) const {
        for (std::size_t at = 0; at < bytes.size();) {
            const ssize_t n = ::send(socket_, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
            if (n <= 0) return;  // the server has heard enough
            at += static_cast<std::size_t>(n);
        }
    }
    /// Up to the end of the connection.
    std::string read_all() const {
        std::string text;
        char chunk[4096];
        for (ssize_t n = 0; (n = recv(socket_, chunk, sizeof chunk, 0)) > 0;)
            text.append(chunk, static_cast<std::size_t>(n));
        return text;
    }
    /// Until the text has come.
    std::string read_until(const std::string& end) const {
        std::string text;
        char c = 0;
        while (!text.ends_with(end) && recv(socket_, &c, 1, 0) == 1) text.push_back(c);
        return text;
    }

private:
    int socket_;
    bool connected_ = false;
};

class ServerTest : public testing::Test {
protected:
    void SetUp() override {
        auto server = Server::start({"127.0.0.1", 0}, [this](const Request& request, Respond respond) {
            const std::lock_guard lock(mutex_);
            requests_.push_back(request);
            respond({200, "text/plain", request.method + " " + request.path, {{"X-More", "1"}}});
        });
        ASSERT_TRUE(server.ok()) << server.error().message;
        server_ = std::move(*server);
    }
    std::string ask(const std::string& bytes) const {
        const Peer peer(server_->port());
        peer.send(bytes);
        return peer.read_all();
    }
    static std::string get(const std::string& target, const std::string& method = "GET") {
        return method + " " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    }
    static int status_of(const std::string& answer) { return answer.size() > 12 ? std::stoi(answer.substr(9, 3)) : 0; }

    std::mutex mutex_;
    std::vector<Request> requests_;
    std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, AnswersWithTheHandlersWords) {
    const std::string answer = ask(get("/api/v1/x%20y?a=1+2&b=%26&c"));
    EXPECT_EQ(status_of(answer), 200) << answer;
    EXPECT_TRUE(answer.ends_with("\r\n\r\nGET /api/v1/x y")) << answer;
    EXPECT_NE(answer.find("X-More: 1\r\n"), std::string::npos);
    EXPECT_NE(answer.find("X-Content-Type-Options: nosniff\r\n"), std::string::npos);
    ASSERT_EQ(requests_.size(), 1u);
    EXPECT_EQ(requests_[0].query, (std::map<std::string, std::string>{{"a", "1 2"}, {"b", "&"}, {"c", ""}}));
}

TEST_F(ServerTest, HeadIsGetWithoutABody) {
    const std::string answer = ask(get("/m", "HEAD"));
    EXPECT_EQ(status_of(answer), 200);
    EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
    EXPECT_NE(answer.find("Content-Length: 6\r\n"), std::string::npos) << answer;
}

TEST_F(ServerTest, OneConnectionCarriesManyRequests) {
    const Peer peer(server_->port());
    for (int i = 0; i < 3; ++i) {
        peer.send("GET /n" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_TRUE(peer.read_until("/n" + std::to_string(i)).starts_with("HTTP/1.1 200"));
    }
}

TEST_F(ServerTest, BodiesArriveWhole) {
    const std::string body(Server::kBodyBytesMax, 'x');
    const std::string answer =
        ask("POST /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
            "\r\n\r\n" + body);
    EXPECT_EQ(status_of(answer), 200);
    ASSERT_EQ(requests_.size(), 1u);
    EXPECT_EQ(requests_[0].body, body);
}

TEST_F(ServerTest, WhatIsNoRequestIsRefusedAndTheNextOneAnswered) {
    const std::pair<std::string, int> cases[] = {
        {"not http at all\r\n\r\n", 400},
        {get("/%zz"), 400},
        {get("/%2"), 400},
        {get("/?a=%g1"), 400},
        {get("*"), 400},
        {get("http://elsewhere/"), 400},
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n", 413},
        {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(Server::kHeaderBytesMax, 'y') + "\r\n\r\n", 431},
    };
    for (const auto& [bytes, status] : cases) {
        EXPECT_EQ(status_of(ask(bytes)), status) << bytes.substr(0, 60);
        EXPECT_EQ(status_of(ask(get("/"))), 200) << "after " << bytes.substr(0, 60);
    }
    EXPECT_EQ(requests_.size(), std::size(cases)) << "none of them reached the handler";
}

TEST_F(ServerTest, BeyondTheLimitConnectionsAreClosedAtOnce) {
    std::vector<std::unique_ptr<Peer>> idle;
    for (std::size_t i = 0; i < Server::kConnectionsMax; ++i) {
        idle.push_back(std::make_unique<Peer>(server_->port()));
        ASSERT_TRUE(idle.back()->connected()) << i;
    }
    EXPECT_EQ(ask(get("/")), "") << "one too many";
    EXPECT_EQ(server_->refused_connections(), 1u);
    EXPECT_EQ(server_->connections(), Server::kConnectionsMax);
    idle[0]->send(get("/"));
    EXPECT_EQ(status_of(idle[0]->read_all()), 200) << "those inside are served";
}

TEST(Server, AnAnswerMayComeLaterFromAnotherThread) {
    std::mutex mutex;
    std::vector<Respond> waiting;
    auto server = Server::start({"127.0.0.1", 0}, [&](const Request&, Respond respond) {
        const std::lock_guard lock(mutex);
        waiting.push_back(std::move(respond));
    });
    ASSERT_TRUE(server.ok());
    const Peer peer((*server)->port());
    peer.send("GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    for (bool answered = false; !answered;) {
        const std::lock_guard lock(mutex);
        if (waiting.empty()) continue;
        waiting[0]({200, "text/plain", "late", {}});
        waiting[0]({500, "text/plain", "twice", {}});  // the first word counts
        answered = true;
    }
    const std::string answer = peer.read_all();
    EXPECT_TRUE(answer.ends_with("late")) << answer;
}

TEST(Server, ATakenPortIsRefusedWithTheRemedy) {
    auto first = Server::start({"127.0.0.1", 0}, [](const Request&, const Respond&) {});
    ASSERT_TRUE(first.ok());
    const auto second = Server::start({"127.0.0.1", (*first)->port()}, [](const Request&, const Respond&) {});
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().kind, ErrorKind::kReject);
    EXPECT_NE(second.error().message.find("choose another --web.listen-address"), std::string::npos)
        << second.error().message;
}

TEST(ListenAddress, IsHostAndPort) {
    struct Case {
        const char* text;
        const char* host;
        int port;
        bool loopback;
    };
    const Case cases[] = {{"127.0.0.1:9477", "127.0.0.1", 9477, true}, {"localhost:0", "127.0.0.1", 0, true},
                          {":9477", "0.0.0.0", 9477, false},           {"0.0.0.0:1", "0.0.0.0", 1, false},
                          {"[::1]:65535", "::1", 65535, true},         {"127.9.9.9:5", "127.9.9.9", 5, true}};
    for (const Case& c : cases) {
        const auto address = ListenAddress::parse(c.text);
        ASSERT_TRUE(address.ok()) << c.text;
        EXPECT_EQ(address->host, c.host) << c.text;
        EXPECT_EQ(address->port, c.port) << c.text;
        EXPECT_EQ(address->loopback(), c.loopback) << c.text;
    }
    for (const char* text :
         {"", "9477", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:1x", "somewhere:1"}) {
        const auto address = ListenAddress::parse(text);
        ASSERT_FALSE(address.ok()) << text;
        EXPECT_NE(address.error().message.find("write host:port"), std::string::npos);
    }
}

TEST(DecodePercent, IsStrict) {
    std::string out;
    EXPECT_TRUE(decode_percent("a%2Fb+c%C3%a9", true, out));
    EXPECT_EQ(out, "a/b c\xC3\xA9");
    EXPECT_TRUE(decode_percent("a+b", false, out));
    EXPECT_EQ(out, "a+b");
    for (const char* bad : {"%", "%1", "%g0", "%0g", "x%"}) EXPECT_FALSE(decode_percent(bad, true, out)) << bad;
}

}  // namespace
}  // namespace tocsin::http
