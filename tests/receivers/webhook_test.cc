// The signed webhook, checked as its receiver would check it.
#include "receivers/webhook.h"

#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "fixtures.h"
#include "test_server.h"

namespace tocsin::receivers {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using outbox::Attempt;

constexpr const char* kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr const char* kOldSecret = "whsec_c2VjcmV0IG9mIGxhc3QgeWVhcg==";

WebhookTarget target(const std::string& url = "http://127.0.0.1/hook") {
    WebhookTarget t;
    t.url = url;
    t.secret = kSecret;
    return t;
}

std::string header(const HttpRequest& request, const std::string& name) {
    for (const auto& [known, value] : request.headers) {
        if (known == name) return value;
    }
    return "(none)";
}

TEST(Webhook, SignatureIsThatOfTheStandardsOwnVector) {
    const auto text = shared_file("data/conformance/standard-webhooks/vectors.json");
    if (!text) return;
    const json vectors = json::parse(*text)["vectors"];
    ASSERT_GE(vectors.size(), 1u);
    for (const json& v : vectors) {
        EXPECT_EQ(webhook_signature(v["secret"].get<std::string>(), v["id"].get<std::string>(),
                                    v["timestamp"].get<std::int64_t>(), v["payload"].get<std::string>()),
                  v["signature"].get<std::string>());
    }
}

TEST(Webhook, SecretThatIsNoneSignsNothing) {
    for (const char* secret : {"", "whsec_", "whsec_***", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "WHSEC_c2VjcmV0"}) {
        EXPECT_EQ(webhook_signature(secret, "id", 1, "{}"), "") << secret;
    }
    WebhookTarget unsigned_target = target();
    unsigned_target.secret = "";
    EXPECT_EQ(header(webhook_request(unsigned_target, *notice_of(Story{}), kNow), "webhook-signature"), "(none)");
}

TEST(Webhook, CarriesTheRecordUnderTheTransitionsId) {
    const Transition t = transition_of({"ep1", 2, TransitionKind::kRaised, Level::kOrange, Level::kYellow});
    const HttpRequest request = webhook_request(target(), *notice_of(t), kNow + 5s);
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(header(request, "content-type"), "application/json");
    EXPECT_EQ(header(request, "webhook-id"), "ep1.2");
    EXPECT_EQ(header(request, "webhook-timestamp"), "1772366405");
    const json body = json::parse(request.body);
    EXPECT_EQ(body["type"], "warning.raised");
    EXPECT_EQ(body["timestamp"], "2026-03-01T12:00:00Z");
    const json record = json::parse(to_json(t));
    for (const auto& [name, value] : record.items()) EXPECT_EQ(body["data"][name], value) << name;
    EXPECT_EQ(body["data"]["annotations"]["summary_zh"], "12 起投诉");
    EXPECT_EQ(body["data"]["labels"]["team"], "ops");
    EXPECT_EQ(body["data"]["group"], "mass-incident");
}

TEST(Webhook, TypeSaysWhatHappenedToWhat) {
    struct Case {
        TransitionKind kind;
        bool is_case;
        const char* type;
    };
    for (const Case& c :
         {Case{TransitionKind::kOpened, false, "warning.opened"}, Case{TransitionKind::kRaised, true, "case.raised"},
          Case{TransitionKind::kLowered, false, "warning.lowered"}, Case{TransitionKind::kClosed, true, "case.closed"},
          Case{TransitionKind::kAcknowledged, true, "case.acknowledged"}}) {
        Transition t = transition_of({.kind = c.kind});
        t.is_case = c.is_case;
        EXPECT_EQ(json::parse(webhook_request(target(), *notice_of(t), kNow).body)["type"], c.type);
    }
}

TEST(Webhook, LabelNamedRaisesDoesNotMakeACase) {
    Transition t = transition_of(Story{});
    t.rule = R"(","raises":"case)";
    t.labels = {{"raises", "case"}};
    EXPECT_EQ(json::parse(webhook_request(target(), *notice_of(t), kNow).body)["type"], "warning.opened");
}

TEST(Webhook, DigestSaysSoInItsType) {
    outbox::Notice digest;
    digest.kind = outbox::NoticeKind::kDigest;
    digest.id = "digest.abc";
    digest.at = kNow;
    digest.body = R"({"rule":"R","raises":"case","open":1})";
    const HttpRequest request = webhook_request(target(), digest, kNow);
    EXPECT_EQ(json::parse(request.body)["type"], "case.digest");
    EXPECT_EQ(header(request, "webhook-id"), "digest.abc");
}

TEST(Webhook, RetryHasTheSameContentAndANewSignature) {
    const auto notice = notice_of(Story{});
    const HttpRequest first = webhook_request(target(), *notice, kNow),
                      again = webhook_request(target(), *notice, kNow + 1h);
    EXPECT_EQ(first.body, again.body);
    EXPECT_EQ(header(first, "webhook-id"), header(again, "webhook-id"));
    EXPECT_NE(header(first, "webhook-signature"), header(again, "webhook-signature"));
}

TEST(Webhook, WhileTheSecretChangesBothSign) {
    WebhookTarget rotating = target();
    rotating.old_secret = kOldSecret;
    const HttpRequest request = webhook_request(rotating, *notice_of(Story{}), kNow);
    const std::int64_t stamp = std::stoll(header(request, "webhook-timestamp"));
    EXPECT_EQ(header(request, "webhook-signature"), webhook_signature(kSecret, "ep1.1", stamp, request.body) + " " +
                                                        webhook_signature(kOldSecret, "ep1.1", stamp, request.body));
}

TEST(Webhook, LongPayloadLosesEventsFirst) {
    Transition t = transition_of(Story{});
    for (int i = 0; i < 20; ++i) t.events.push_back(std::string(1500, 'e') + std::to_string(i));
    const HttpRequest request = webhook_request(target(), *notice_of(t), kNow);
    EXPECT_LE(request.body.size(), kWebhookBytesMax);
    EXPECT_GT(request.body.size(), kWebhookBytesMax - 1600) << "no more than needed";
    const json data = json::parse(request.body)["data"];
    EXPECT_EQ(data["shortened"], true);
    EXPECT_EQ(data["events"][0], t.events[0]) << "the newest stay";
    EXPECT_EQ(data["annotations"]["summary"], "12 complaints");
    EXPECT_EQ(request.body, webhook_request(target(), *notice_of(t), kNow).body);
}

TEST(Webhook, LongTextsAreLeftOutWhenEventsWereNotEnough) {
    Transition t = transition_of(Story{});
    t.annotations = {{"summary", std::string(30'000, 's')}};
    const HttpRequest request = webhook_request(target(), *notice_of(t), kNow);
    EXPECT_LE(request.body.size(), kWebhookBytesMax);
    const json data = json::parse(request.body)["data"];
    EXPECT_EQ(data["id"], "ep1.1");
    EXPECT_EQ(data["events"], json::array());
    EXPECT_EQ(data["annotations"], json::object());
    EXPECT_EQ(data["labels"]["team"], "ops");
}

TEST(Webhook, PayloadOfJustTheLimitIsWhole) {
    Transition t = transition_of(Story{});
    const std::size_t used = webhook_request(target(), *notice_of(t), kNow).body.size();
    t.annotations[0].second += std::string(kWebhookBytesMax - used, 's');
    const HttpRequest request = webhook_request(target(), *notice_of(t), kNow);
    EXPECT_EQ(request.body.size(), kWebhookBytesMax);
    EXPECT_FALSE(json::parse(request.body)["data"].contains("shortened"));
}

TEST(Webhook, StatusDecidesWhatBecomesOfTheNotice) {
    struct Case {
        int status;
        Attempt attempt;
        const char* reason;
    };
    for (const Case& c : {Case{200, Attempt::kDelivered, ""}, Case{204, Attempt::kDelivered, ""},
                          Case{0, Attempt::kBusy, "contextDeadlineExceeded"}, Case{301, Attempt::kBusy, "clientError"},
                          Case{408, Attempt::kBusy, "clientError"}, Case{425, Attempt::kBusy, "clientError"},
                          Case{429, Attempt::kBusy, "rateLimited"}, Case{500, Attempt::kBusy, "serverError"},
                          Case{503, Attempt::kBusy, "serverError"}, Case{400, Attempt::kRefused, "clientError"},
                          Case{401, Attempt::kRefused, "authError"}, Case{403, Attempt::kRefused, "authError"},
                          Case{404, Attempt::kRefused, "clientError"}, Case{410, Attempt::kGone, "clientError"}}) {
        HttpResponse response;
        response.status = c.status;
        EXPECT_EQ(attempt_of(response), c.attempt) << c.status;
        if (c.attempt != Attempt::kDelivered) {
            EXPECT_EQ(reason_of(response), c.reason) << c.status;
        }
    }
}

TEST(Webhook, ArrivesWithASignatureThatItsReceiverCanVerify) {
    TestServer server([](const TestRequest&) { return TestReply{}; });
    const HttpResponse response = exchange(webhook_request(target(server.url()), *notice_of(Story{}), kNow));
    EXPECT_EQ(attempt_of(response), Attempt::kDelivered);
    ASSERT_EQ(server.requests().size(), 1u);
    const TestRequest got = server.requests()[0];
    const std::string text = got.headers.at("webhook-id") + "." + got.headers.at("webhook-timestamp") + "." + got.body;
    const Sha256 mac = hmac_sha256(base64_decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").value(), text);
    EXPECT_EQ(got.headers.at("webhook-signature"), "v1," + base64(as_text(mac)));
}

TEST(Webhook, ReceiversThatMisbehaveAreTriedAgainOrNotAsTheySay) {
    struct Case {
        TestReply reply;
        Attempt attempt;
    };
    for (const Case& c :
         {Case{{.status = 500}, Attempt::kBusy}, Case{{.status = 410}, Attempt::kGone},
          Case{{.status = 422}, Attempt::kRefused}, Case{{.how = TestReply::How::kClose}, Attempt::kBusy},
          Case{{.how = TestReply::How::kHang}, Attempt::kBusy},
          Case{{.status = 302, .headers = "location: http://127.0.0.1:1/\r\n"}, Attempt::kBusy},
          Case{{.how = TestReply::How::kEndless}, Attempt::kDelivered}}) {
        TestServer server([&c](const TestRequest&) { return c.reply; });
        WebhookTarget t = target(server.url());
        t.timeout = c.reply.how == TestReply::How::kHang ? Duration(200) : Duration(10s);
        EXPECT_EQ(attempt_of(exchange(webhook_request(t, *notice_of(Story{}), kNow))), c.attempt) << c.reply.status;
    }
}

}  // namespace
}  // namespace tocsin::receivers
