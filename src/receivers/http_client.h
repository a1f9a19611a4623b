#pragma once
/// Requests to receivers, many at once on one thread. The only user of libcurl.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tocsin/result.h"
#include "tocsin/time.h"

namespace tocsin::receivers {

/// An address range, `10.0.0.0/8` or `fd00::/8`.
struct Cidr {
    static Result<Cidr> parse(std::string_view text);
    [[nodiscard]] bool contains(const std::array<std::uint8_t, 16>& address) const;
    std::array<std::uint8_t, 16> network{};  ///< IPv4 as ::ffff:a.b.c.d
    int bits = 0;
};

struct HttpRequest {
    std::uint64_t tag = 0;  ///< comes back with the response
    std::string method = "POST";
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    Duration timeout = std::chrono::seconds(15);
    static constexpr std::size_t kResponseBytesMax = 64 << 10;
    std::size_t response_bytes_max = kResponseBytesMax;  ///< a longer response is broken off there
    /// The only addresses that may be connected to; empty: any. Unspecified, link-local and multicast addresses and the
    /// clouds' metadata services are refused in either case.
    std::vector<Cidr> allowed;
};

struct HttpResponse {
    std::uint64_t tag = 0;
    int status = 0;  ///< 0: none came; `error` says why, without the URL (it may be the secret)
    std::string error;
    std::string body;                     ///< the first response_bytes_max bytes
    std::optional<Duration> retry_after;  ///< at most kRetryAfterMax; only the form in seconds is read
};

/// No redirects, no proxy from the environment, TLS verified, http and https only. One thread; wake() from any.
class HttpClient {
public:
    static constexpr Duration kConnectTimeout = std::chrono::seconds(3);
    static constexpr std::size_t kInFlightMax = 256;
    static constexpr Duration kRetryAfterMax = std::chrono::hours(24);

    HttpClient();
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    /// Starts a request. Precondition: in_flight() < kInFlightMax.
    void start(HttpRequest request);
    /// Works on all exchanges until a response is there, wake() is called or `at_most` has passed, and answers what has
    /// come back. It may return early with nothing.
    std::vector<HttpResponse> wait(Duration at_most);
    void wake();
    [[nodiscard]] std::size_t in_flight() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace tocsin::receivers
