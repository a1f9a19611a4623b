#pragma once
/// The daemon's HTTP server: one thread, asynchronous, so that half-open connections cost nothing. The only user of
/// Boost.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "tocsin/result.h"
#include "tocsin/time.h"

namespace tocsin::http {

struct Request {
    std::string method;                        ///< "GET", "HEAD" (answered as GET, without the body), "POST", …
    std::string path;                          ///< decoded, without the query
    std::map<std::string, std::string> query;  ///< decoded
    std::string body;
};

struct Response {
    int status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::map<std::string, std::string> headers;
};

/// Answers a request, once, from any thread, now or later, but not after the server is gone. Not answering within
/// kAnswerTimeout gives 503.
using Respond = std::function<void(Response)>;
/// Called on the server's thread: it must not wait.
using Handler = std::function<void(const Request&, Respond)>;

/// `host:port`; port 0 takes a free one. IPv6 in brackets.
struct ListenAddress {
    static Result<ListenAddress> parse(std::string_view text);
    std::string host;
    std::uint16_t port = 0;
    [[nodiscard]] bool loopback() const;
};

class Server {
public:
    static constexpr std::size_t kHeaderBytesMax = 16 << 10;
    static constexpr std::size_t kBodyBytesMax = 64 << 10;
    static constexpr std::size_t kConnectionsMax = 512;  ///< more are closed at once
    static constexpr Duration kReadTimeout = std::chrono::seconds(10);
    static constexpr Duration kAnswerTimeout = std::chrono::seconds(10);

    /// Listens from now on. Errors: kReject, the address cannot be had.
    static Result<std::unique_ptr<Server>> start(const ListenAddress& address, Handler handler);
    /// Stops accepting, closes what is open, joins the thread.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] std::size_t connections() const;            ///< open now
    [[nodiscard]] std::uint64_t refused_connections() const;  ///< at kConnectionsMax

private:
    struct State;
    explicit Server(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// Strict: %XX with two hexadecimal digits, '+' is a space in a query. Empty optional elsewhere: malformed.
bool decode_percent(std::string_view text, bool plus_is_space, std::string& out);

}  // namespace tocsin::http
