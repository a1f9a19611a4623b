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

/// Body: {"type":"warning.opened","timestamp":<at>,"data":<the notice's body>}; headers webhook-id, webhook-timestamp and
/// webhook-signature. Only the time of sending and the signature differ between attempts.
HttpRequest webhook_request(const WebhookTarget& target, const outbox::Notice& notice, Instant now);

/// `v1,<base64 of HMAC-SHA-256(secret, id.timestamp.body)>`; empty if the secret is not `whsec_` and base64.
std::string webhook_signature(std::string_view secret, std::string_view id, std::int64_t timestamp_s, std::string_view body);

/// What the response means: 2xx delivered; 408 425 429 5xx and silence: busy; 410: gone; all else, redirects too: refused.
outbox::Attempt attempt_of(const HttpResponse& response);
/// Short, finite words for the metric label `reason`.
std::string_view reason_of(const HttpResponse& response);

}  // namespace tocsin::receivers
