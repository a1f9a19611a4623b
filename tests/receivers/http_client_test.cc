// Against real sockets: what receivers do wrong must cost nobody but themselves.
#include "receivers/http_client.h"

#include <set>

#include "child_process.h"
#include "fixtures.h"
#include "test_server.h"

namespace tocsin::receivers {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using How = TestReply::How;

TestServer::Handler always(TestReply reply) {
    return [reply](const TestRequest&) { return reply; };
}

HttpRequest post(const std::string& url, Duration timeout = 5s) {
    HttpRequest request;
    request.url = url;
    request.body = "{}";
    request.timeout = timeout;
    return request;
}

Cidr cidr(const std::string& text) {
    return Cidr::parse(text).value();
}

TEST(HttpClient, SendsMethodHeadersAndBodyAsGiven) {
    TestServer server(always({200, "", "thank you"}));
    HttpRequest request = post(server.url("/hook?a=b"));
    request.tag = 77;
    request.headers = {{"content-type", "application/json"}, {"webhook-id", "e.1"}};
    request.body = "{\"zh\":\"投诉\"}";
    const HttpResponse response = exchange(request);
    EXPECT_EQ(response.tag, 77u);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.error, "");
    EXPECT_EQ(response.body, "thank you");
    ASSERT_THAT(server.requests(), SizeIs(1));
    const TestRequest got = server.requests()[0];
    EXPECT_EQ(got.line, "POST /hook?a=b HTTP/1.1");
    EXPECT_EQ(got.headers.at("content-type"), "application/json");
    EXPECT_EQ(got.headers.at("webhook-id"), "e.1");
    EXPECT_EQ(got.headers.count("expect"), 0u) << "a receiver that ignores it would cost a second";
    EXPECT_EQ(got.body, request.body);
}

TEST(HttpClient, GetHasNoBody) {
    TestServer server(always({200, "", "[]"}));
    HttpRequest request = post(server.url());
    request.method = "GET";
    EXPECT_EQ(exchange(request).body, "[]");
    EXPECT_TRUE(server.requests()[0].line.starts_with("GET "));
    EXPECT_EQ(server.requests()[0].body, "");
}

TEST(HttpClient, PassesOnEveryStatusWithoutActingOnIt) {
    for (const int status : {200, 204, 301, 400, 401, 404, 408, 410, 429, 500, 503}) {
        TestServer server(always({status, "", ""}));
        const HttpResponse response = exchange(post(server.url()));
        EXPECT_EQ(response.status, status);
        EXPECT_EQ(response.error, "");
        EXPECT_THAT(server.requests(), SizeIs(1));
    }
}

TEST(HttpClient, RedirectIsNotFollowed) {
    TestServer elsewhere(always({200, "", ""}));
    TestServer server(always({302, "location: " + elsewhere.url() + "\r\n", ""}));
    EXPECT_EQ(exchange(post(server.url())).status, 302);
    EXPECT_THAT(elsewhere.requests(), SizeIs(0));
}

TEST(HttpClient, RetryAfterIsReadInSecondsOnly) {
    struct Case {
        const char* header;
        std::optional<Duration> expected;
    };
    for (const Case& c :
         {Case{"Retry-After: 7\r\n", 7s}, Case{"retry-after:120\r\n", 120s}, Case{"RETRY-AFTER: 0\r\n", 0s},
          Case{"Retry-After: 99999999999\r\n", 24h}, Case{"Retry-After: -1\r\n", std::nullopt},
          Case{"Retry-After: 7x\r\n", std::nullopt}, Case{"Retry-After: \r\n", std::nullopt},
          Case{"Retry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\n", std::nullopt},
          Case{"X-Retry-After: 7\r\n", std::nullopt}, Case{"", std::nullopt}}) {
        TestServer server(always({429, c.header, ""}));
        const HttpResponse response = exchange(post(server.url()));
        EXPECT_EQ(response.status, 429);
        EXPECT_EQ(response.retry_after, c.expected) << c.header;
    }
}

TEST(HttpClient, SilentReceiverCostsItsTimeoutAndNoMore) {
    TestServer server(always({.how = How::kHang}));
    const auto begun = std::chrono::steady_clock::now();
    const HttpResponse response = exchange(post(server.url(), 300ms));
    EXPECT_EQ(response.status, 0);
    EXPECT_THAT(response.error, HasSubstr("Timeout"));
    EXPECT_GE(std::chrono::steady_clock::now() - begun, 250ms);
}

TEST(HttpClient, ClosedConnectionAndClosedPortAreFailuresWithoutTheUrl) {
    TestServer server(always({.how = How::kClose}));
    const HttpResponse closed = exchange(post(server.url("/secret-path")));
    EXPECT_EQ(closed.status, 0);
    EXPECT_NE(closed.error, "");
    std::string nobody;
    {
        TestServer gone(always({}));
        nobody = gone.url("/secret-path");
    }
    const HttpResponse refused = exchange(post(nobody));
    EXPECT_EQ(refused.status, 0);
    EXPECT_THAT(refused.error, HasSubstr("connect"));
    for (const HttpResponse& r : {closed, refused}) EXPECT_EQ(r.error.find("secret"), std::string::npos);
}

TEST(HttpClient, EndlessAnswerIsBrokenOffAndItsStatusCounts) {
    TestServer server(always({.status = 200, .how = How::kEndless}));
    const HttpResponse response = exchange(post(server.url(), 60s));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.error, "");
    EXPECT_EQ(response.body.size(), HttpRequest::kResponseBytesMax);
}

TEST(HttpClient, AnswerOfJustTheLimitIsWhole) {
    TestServer server(always({200, "", std::string(HttpRequest::kResponseBytesMax, 'y')}));
    EXPECT_EQ(exchange(post(server.url())).body, std::string(HttpRequest::kResponseBytesMax, 'y'));
}

TEST(HttpClient, SlowReceiversDoNotHoldUpOthers) {
    TestServer slow(always({.how = How::kHang}));
    TestServer quick(always({200, "", ""}));
    HttpClient client;
    for (std::size_t i = 0; i + 1 < HttpClient::kInFlightMax; ++i) client.start(post(slow.url(), 20s));
    HttpRequest request = post(quick.url());
    request.tag = 1;
    client.start(std::move(request));
    EXPECT_EQ(client.in_flight(), HttpClient::kInFlightMax);
    const auto first = responses(client, 1);
    ASSERT_THAT(first, SizeIs(1));
    EXPECT_EQ(first[0].tag, 1u);
    EXPECT_EQ(first[0].status, 200);
    EXPECT_EQ(client.in_flight(), HttpClient::kInFlightMax - 1);
}

TEST(HttpClient, ManyAtOnceEachGetTheirOwnAnswer) {
    TestServer server([](const TestRequest& request) { return TestReply{200, "", request.body}; });
    HttpClient client;
    for (std::uint64_t tag = 1; tag <= 200; ++tag) {
        HttpRequest request = post(server.url());
        request.tag = tag;
        request.body = std::to_string(tag);
        client.start(std::move(request));
    }
    std::set<std::uint64_t> tags;
    for (const HttpResponse& response : responses(client, 200)) {
        EXPECT_EQ(response.body, std::to_string(response.tag));
        tags.insert(response.tag);
    }
    EXPECT_THAT(tags, SizeIs(200));
}

TEST(HttpClient, WakeEndsTheWait) {
    HttpClient client;
    const auto begun = std::chrono::steady_clock::now();
    std::thread waker([&] { client.wake(); });
    while (!client.wait(60s).empty()) continue;
    waker.join();
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 30s);
}

TEST(HttpClient, MetadataServicesAndAddressesOfNobodyAreNeverConnectedTo) {
    for (const char* host :
         {"169.254.169.254", "[::ffff:169.254.169.254]", "[fe80::1]", "100.100.100.200", "224.0.0.1", "[ff02::1]",
          "255.255.255.255", "0.0.0.0", "[::]", "[fd00:ec2::254]", "2852039166", "[64:ff9b::169.254.169.254]"}) {
        for (const bool all_allowed : {false, true}) {
            HttpRequest request = post(std::string("http://") + host + ":1/latest/meta-data");
            if (all_allowed) request.allowed = {cidr("0.0.0.0/0"), cidr("::/0")};
            const HttpResponse response = exchange(request);
            EXPECT_EQ(response.status, 0) << host;
            EXPECT_THAT(response.error, HasSubstr("allow_cidrs")) << host;
        }
    }
}

TEST(HttpClient, OnlyAllowedAddressesAreConnectedToWhateverTheNameSays) {
    TestServer server(always({200, "", ""}));
    struct Case {
        const char* host;
        std::vector<Cidr> allowed;
        bool reached;
    };
    for (const Case& c :
         {Case{"127.0.0.1", {cidr("10.0.0.0/8")}, false}, Case{"localhost", {cidr("10.0.0.0/8")}, false},
          Case{"127.0.0.1", {cidr("10.0.0.0/8"), cidr("127.0.0.0/8")}, true},
          Case{"localhost", {cidr("127.0.0.1")}, true}, Case{"127.0.0.1", {}, true}}) {
        HttpRequest request = post(server.url("/", c.host));
        request.allowed = c.allowed;
        const HttpResponse response = exchange(request);
        EXPECT_EQ(response.status, c.reached ? 200 : 0) << c.host;
        EXPECT_EQ(response.error.empty(), c.reached) << response.error;
    }
    EXPECT_THAT(server.requests(), SizeIs(3));
}

TEST(HttpClient, OnlyHttpAndHttpsAreSpoken) {
    for (const char* url : {"file:///etc/hostname", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "dict://127.0.0.1/"}) {
        const HttpResponse response = exchange(post(url));
        EXPECT_EQ(response.status, 0) << url;
        EXPECT_THAT(response.error, HasSubstr("protocol")) << url;
        EXPECT_EQ(response.body, "") << url;
    }
}

TEST(HttpClient, ProxyOfTheEnvironmentIsIgnored) {
    TestServer proxy(always({200, "", "proxied"}));
    TestServer server(always({200, "", "direct"}));
    setenv("http_proxy", proxy.url("").c_str(), 1);
    setenv("all_proxy", proxy.url("").c_str(), 1);
    const HttpResponse response = exchange(post(server.url()));
    unsetenv("http_proxy");
    unsetenv("all_proxy");
    EXPECT_EQ(response.body, "direct");
    EXPECT_THAT(proxy.requests(), SizeIs(0));
}

TEST(HttpClient, CertificateThatNobodyVouchesForIsRefused) {
    constexpr const char* kProgram = "/usr/bin/openssl";
    if (access(kProgram, X_OK) != 0) return skipped("openssl");
    std::string folder = (std::filesystem::temp_directory_path() / "certificate-XXXXXX").string();
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    const std::string key = folder + "/key.pem", certificate = folder + "/certificate.pem";
    ChildProcess maker({kProgram, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=IP:127.0.0.1"});
    EXPECT_EQ(maker.wait(), 0);
    {
        ChildProcess server(
            {kProgram, "s_server", "-accept", "127.0.0.1:0", "-key", key, "-cert", certificate, "-www"});
        const std::string address = server.word_after("ACCEPT ");
        EXPECT_NE(address, "") << server.log();
        const HttpResponse response = exchange(post("https://" + address + "/"));
        EXPECT_EQ(response.status, 0);
        EXPECT_THAT(response.error, HasSubstr("certificate"));
    }
    std::filesystem::remove_all(folder);
}

TEST(Cidr, ReadsRangesOfBothFamilies) {
    struct Case {
        const char* range;
        const char* address;
        bool inside;
    };
    for (const Case& c :
         {Case{"10.0.0.0/8", "10.255.0.1", true}, Case{"10.0.0.0/8", "11.0.0.1", false},
          Case{"192.168.4.0/22", "192.168.7.255", true}, Case{"192.168.4.0/22", "192.168.8.0", false},
          Case{"127.0.0.1", "127.0.0.1", true}, Case{"127.0.0.1", "127.0.0.2", false},
          Case{"0.0.0.0/0", "8.8.8.8", true}, Case{"0.0.0.0/0", "::1", false}, Case{"fd00::/8", "fdff::1", true},
          Case{"fd00::/8", "fe00::1", false}, Case{"::1", "::1", true}, Case{"::/0", "10.0.0.1", true}}) {
        EXPECT_EQ(cidr(c.range).contains(cidr(c.address).network), c.inside) << c.range << " " << c.address;
    }
}

TEST(Cidr, WhatIsNoRangeIsRefusedWithTheRemedy) {
    for (const char* text : {"", "/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8x", "10.0.0/8",
                             "fd00::/129", "example.com", "10.0.0.0/8/8"}) {
        const auto range = Cidr::parse(text);
        ASSERT_FALSE(range.ok()) << text;
        EXPECT_THAT(range.error().message, HasSubstr("write it as 10.0.0.0/8 or fd00::/8"));
    }
}

}  // namespace
}  // namespace tocsin::receivers
