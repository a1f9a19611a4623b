#include "receivers/webhook.h"

#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/json_text.h"
#include "base/times.h"

namespace tocsin::receivers {
namespace {

// The record's own field comes before everything an author may name: labels, measures. A quote inside a string is
// escaped, so no value can look like it.
bool raises_case(std::string_view body) {
    constexpr std::string_view kField = "\"raises\":\"";
    const std::size_t at = body.find(kField);
    return at != std::string_view::npos && body.substr(at + kField.size()).starts_with("case\"");
}

std::string type_of(const outbox::Notice& notice) {
    const std::string what = raises_case(notice.body) ? "case." : "warning.";
    if (notice.kind == outbox::NoticeKind::kDigest) return what + "digest";
    return what + std::string(transition_name(notice.transition));
}

// What can be asked for elsewhere goes first: ids of events, then texts for people, then the author's labels.
std::string shortened(const std::string& data, std::size_t bytes_max) {
    using Json = nlohmann::ordered_json;
    Json record = Json::parse(data, nullptr, /*allow_exceptions=*/false);
    if (!record.is_object()) return data;
    const auto text = [&] { return record.dump(-1, ' ', false, Json::error_handler_t::replace); };
    record["shortened"] = true;
    if (const auto events = record.find("events"); events != record.end() && events->is_array()) {
        while (!events->empty() && text().size() > bytes_max) events->erase(events->size() - 1);
    }
    for (const char* field : {"annotations", "labels", "measures"}) {
        if (text().size() <= bytes_max) break;
        if (record.contains(field)) record[field] = Json::object();
    }
    return text();
}

std::string body_of(const outbox::Notice& notice) {
    std::string body = "{\"type\":";
    append_json_string(body, type_of(notice));
    body += ",\"timestamp\":";
    append_json_string(body, format_rfc3339(notice.at));
    body += ",\"data\":";
    const std::size_t room = kWebhookBytesMax - body.size() - 1;
    body += notice.body.size() <= room ? notice.body : shortened(notice.body, room);
    body.push_back('}');
    return body;
}

}  // namespace

std::string webhook_signature(std::string_view secret, std::string_view id, std::int64_t timestamp_s,
                              std::string_view body) {
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
    request.body = body_of(notice);
    const std::int64_t seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    request.headers = {{"content-type", "application/json"},
                       {"webhook-id", notice.id},
                       {"webhook-timestamp", std::to_string(seconds)}};
    std::string signatures = webhook_signature(target.secret, notice.id, seconds, request.body);
    if (!target.old_secret.empty())
        signatures += " " + webhook_signature(target.old_secret, notice.id, seconds, request.body);
    if (!signatures.empty()) request.headers.emplace_back("webhook-signature", signatures);
    return request;
}

outbox::Attempt attempt_of(const HttpResponse& response) {
    const int s = response.status;
    if (s >= 200 && s < 300) return outbox::Attempt::kDelivered;
    if (s == 410) return outbox::Attempt::kGone;
    // A redirect is not followed: it leads where nobody allowed. Whoever moved the receiver can correct the URL in
    // time.
    const bool redirected = s >= 300 && s < 400;
    if (s == 0 || redirected || s == 408 || s == 425 || s == 429 || s >= 500) return outbox::Attempt::kBusy;
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
