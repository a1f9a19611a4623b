#pragma once
/// What names and addresses in a configuration may look like. Each answers what is wrong, empty: nothing.

#include <string>
#include <string_view>

namespace tocsin::config {

/// Kafka's rule: 1 to 249 of a-z A-Z 0-9 . _ -, not "." or "..".
[[nodiscard]] std::string topic_name_problem(std::string_view name);
/// Prometheus' rule: a-z A-Z 0-9 _, not beginning with a digit.
[[nodiscard]] std::string label_name_problem(std::string_view name);
/// `host` or `host:port`, IPv6 addresses in brackets.
[[nodiscard]] std::string broker_problem(std::string_view broker);
/// http or https with a host, without user, password, blanks or fragment. The text itself is in no answer.
[[nodiscard]] std::string url_problem(std::string_view url);
/// `10.0.0.0/8`, `fd00::/8`.
[[nodiscard]] std::string cidr_problem(std::string_view cidr);
/// `whsec_` and base64 of 24 to 64 bytes (Standard Webhooks). The text itself is in no answer.
[[nodiscard]] std::string webhook_secret_problem(std::string_view secret);
/// The name of an event kind or a declared field: a-z A-Z 0-9 _, not beginning with a digit, at most 64.
[[nodiscard]] std::string identifier_problem(std::string_view name);

}  // namespace tocsin::config
