#include "receivers/webhook.h"

#include "base/digest.h"
#include "base/json_text.h"
#include "base/times.h"

namespace tocsin::receivers {
namespace {

std::string type_of(const outbox::Notice& notice) {
    if (notice.kind == outbox::NoticeKind::kDigest) return "digest";
    const bool is_case = notice.body.find("\"raises\":\"case\"") != std::string::npos;
    return (is_case ? "case." : "warning.") + std::string(transition_name(notice.transition));
}

}  // namespace

std::string webhook_signature(std::string_view secret, std::string_view id, std::int64_t timestamp_s, std::string_view body) {
    constexpr std::string_view kPrefix = "whsec_";
    if (!secret.starts_with(kPrefix)) return {};
    const auto key = base64_decode(secret.substr(kPrefix.size()));
    if (!key || key->empty()) return {};
    std::string signed_text(id);
    signed_text += "." + std::to_string(timestamp_s) + ".";
    signed_text += body;
    const Sha256 mac = hmac_sha256(*key, signed_text);
    return "v1," + base64(as_text(mac));
}

HttpRequest webhook_request(const WebhookTarget& target, const outbox::Notice& notice, Instant now) {
    HttpRequest request;
    request.url = target.url;
    request.timeout = target.timeout;
    request.allowed = target.allowed;
    request.body = "{\"type\":";
    append_json_string(request.body, type_of(notice));
    request.body += ",\"timestamp\":";
    append_json_string(request.body, format_rfc3339(notice.at));
    request.body += ",\"data\":" + notice.body + "}";
    const std::int64_t seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    request.headers = {{"content-type", "application/json"}, {"webhook-id", notice.id}, {"webhook-timestamp", std::to_string(seconds)}};
    std::string signatures = webhook_signature(target.secret, notice.id, seconds, request.body);
    if (!target.old_secret.empty()) signatures += " " + webhook_signature(target.old_secret, notice.id, seconds, request.body);
    if (!signatures.empty()) request.headers.emplace_back("webhook-signature", signatures);
    return request;
}

outbox::Attempt attempt_of(const HttpResponse& response) {
    const int s = response.status;
    if (s >= 200 && s < 300) return outbox::Attempt::kDelivered;
    if (s == 410) return outbox::Attempt::kGone;
    if (s == 0 || s == 408 || s == 425 || s == 429 || s >= 500) return outbox::Attempt::kBusy;
    return outbox::Attempt::kRefused;
}

std::string_view reason_of(const HttpResponse& response) {
    const int s = response.status;
    if (s == 0) return "contextDeadlineExceeded";
    if (s == 429) return "rateLimited";
    if (s == 401 || s == 403) return "authError";
    return s >= 500 ? "serverError" : "clientError";
}

}  // namespace tocsin::receivers
