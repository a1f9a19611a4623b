#pragma once
/// The signed webhook (Standard Webhooks): every transition of cases and warnings, the same content in every attempt.

#include <string>

#include "outbox/notice.h"
#include "outbox/queue.h"
#include "receivers/http_client.h"

namespace tocsin::receivers {

struct WebhookTarget {
    std::string url;
    std::string secret;      ///< `whsec_` and base64; empty: not signed
    std::string old_secret;  ///< signed with as well while the secret changes; empty: none
    Duration timeout = std::chrono::seconds(15);
    std::vector<Cidr> allowed;
};

/// Longest body sent (Standard Webhooks). A longer one loses events first, then annotations, labels, measures, and says
/// `"shortened":true` in `data`.
constexpr std::size_t kWebhookBytesMax = 20'000;

/// Body: {"type":"warning.opened","timestamp":<at>,"data":<the notice's body>}, type being warning or case, a dot, and
/// the transition or `digest`. Headers webhook-id, webhook-timestamp and webhook-signature. Only the time of sending
/// and the signature differ between attempts.
HttpRequest webhook_request(const WebhookTarget& target, const outbox::Notice& notice, Instant now);

/// `v1,<base64 of HMAC-SHA-256(secret, id.timestamp.body)>`; empty if the secret is not `whsec_` and base64.
std::string webhook_signature(std::string_view secret, std::string_view id, std::int64_t timestamp_s,
                              std::string_view body);

/// What the response means: 2xx delivered; 3xx 408 425 429 5xx and silence: busy; 410: gone; all else: refused.
outbox::Attempt attempt_of(const HttpResponse& response);
/// Short, finite words for the metric label `reason`.
std::string_view reason_of(const HttpResponse& response);

}  // namespace tocsin::receivers
