#include "http/server.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <thread>

namespace tocsin::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using error_code = boost::system::error_code;

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool parse_target(std::string_view target, Request& out) {
    const std::size_t mark = target.find('?');
    if (target.empty() || target.front() != '/' || !decode_percent(target.substr(0, mark), false, out.path))
        return false;
    if (mark == std::string_view::npos) return true;
    std::string_view rest = target.substr(mark + 1);
    while (!rest.empty()) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
        const std::size_t equals = pair.find('=');
        std::string name, value;
        if (!decode_percent(pair.substr(0, equals), true, name)) return false;
        if (equals != std::string_view::npos && !decode_percent(pair.substr(equals + 1), true, value)) return false;
        out.query[name] = value;
    }
    return true;
}

}  // namespace

bool decode_percent(std::string_view text, bool plus_is_space, std::string& out) {
    out.clear();
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus_is_space) {
            out.push_back(' ');
        } else if (text[i] != '%') {
            out.push_back(text[i]);
        } else {
            if (i + 2 >= text.size()) return false;
            const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
            if (high < 0 || low < 0) return false;
            out.push_back(static_cast<char>(high * 16 + low));
            i += 2;
        }
    }
    return true;
}

Result<ListenAddress> ListenAddress::parse(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    const Error wrong =
        reject("\"" + std::string(text) + "\" is no listen address; write host:port, for instance 127.0.0.1:9477");
    if (colon == std::string_view::npos) return wrong;
    ListenAddress address;
    address.host = text.substr(0, colon);
    if (address.host.size() > 1 && address.host.front() == '[')
        address.host = address.host.substr(1, address.host.size() - 2);
    const auto [end, error] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), address.port);
    if (error != std::errc() || end != text.data() + text.size()) return wrong;
    if (address.host.empty()) address.host = "0.0.0.0";
    if (address.host == "localhost") address.host = "127.0.0.1";
    error_code bad;
    asio::ip::make_address(address.host, bad);
    return bad ? Result<ListenAddress>(wrong) : Result<ListenAddress>(address);
}

bool ListenAddress::loopback() const {
    error_code bad;
    const auto a = asio::ip::make_address(host, bad);
    return !bad && a.is_loopback();
}

// In this order, because connections that are still open go with the io_context and count themselves out.
struct Server::State {
    explicit State(Handler h) : handler(std::move(h)) {}
    Handler handler;
    std::atomic<std::size_t> connections{0};
    std::atomic<std::uint64_t> refused{0};
    asio::io_context io{1};
    tcp::acceptor acceptor{io};
    std::thread thread;
    void accept();
};

namespace {

template <typename S>
class Connection : public std::enable_shared_from_this<Connection<S>> {
public:
    Connection(tcp::socket socket, S& server)
        : stream_(std::move(socket)), answer_timer_(stream_.get_executor()), server_(server) {
        ++server_.connections;
    }
    ~Connection() { --server_.connections; }

    void read() {
        parser_.emplace();
        parser_->header_limit(static_cast<std::uint32_t>(Server::kHeaderBytesMax));
        parser_->body_limit(Server::kBodyBytesMax);
        stream_.expires_after(Server::kReadTimeout);
        beast::http::async_read(
            stream_, buffer_, *parser_,
            [self = this->shared_from_this()](error_code failed, std::size_t) { self->on_read(failed); });
    }

private:
    void on_read(error_code failed) {
        namespace bhttp = beast::http;
        if (failed == bhttp::error::end_of_stream) return close();
        if (failed == bhttp::error::body_limit) return refuse(413, "the body is too long");
        if (failed == bhttp::error::header_limit) return refuse(431, "the headers are too long");
        if (failed.category() == bhttp::make_error_code(bhttp::error::bad_method).category())
            return refuse(400, "not an HTTP request");
        if (failed) return;
        const auto& message = parser_->get();
        // Two ways to say where a body ends are one too many: that is how requests are smuggled past proxies.
        if (message.find(bhttp::field::transfer_encoding) != message.end())
            return refuse(400, "Transfer-Encoding is not accepted; send Content-Length");
        Request request;
        request.method = std::string(message.method_string());
        request.body = message.body();
        if (!parse_target(std::string_view(message.target().data(), message.target().size()), request)) {
            return refuse(400, "the request target is malformed");
        }
        head_ = request.method == "HEAD";
        if (head_) request.method = "GET";
        keep_alive_ = message.keep_alive();
        answer(request);
    }

    void answer(const Request& request) {
        const auto once = std::make_shared<std::atomic<bool>>(false);
        answer_timer_.expires_after(Server::kAnswerTimeout);
        answer_timer_.async_wait([self = this->shared_from_this(), once](error_code cancelled) {
            if (!cancelled && !once->exchange(true))
                self->write({503, "text/plain", "no answer in time; the daemon is busy, try again\n", {}});
        });
        // Weak: until the answer comes the timer keeps the connection, and whoever still holds `respond` when the
        // server is gone holds nothing of it.
        server_.handler(request, [weak = this->weak_from_this(), once](Response response) {
            const auto self = weak.lock();
            if (self == nullptr || once->exchange(true)) return;
            asio::post(self->stream_.get_executor(), [self, r = std::move(response)]() mutable {
                self->answer_timer_.cancel();
                self->write(std::move(r));
            });
        });
    }

    void refuse(int status, const char* why) {
        keep_alive_ = false;
        head_ = false;
        write({status, "text/plain", std::string(why) + "\n", {}});
    }

    void write(Response response) {
        namespace bhttp = beast::http;
        message_ = {};
        message_.version(11);
        message_.result(static_cast<unsigned>(response.status));
        message_.set(bhttp::field::content_type, response.content_type);
        message_.set("X-Content-Type-Options", "nosniff");
        message_.set(bhttp::field::cache_control, "no-store");
        for (const auto& [name, value] : response.headers) message_.set(name, value);
        message_.keep_alive(keep_alive_);
        const std::size_t size = response.body.size();
        if (!head_) message_.body() = std::move(response.body);
        message_.content_length(size);
        stream_.expires_after(Server::kReadTimeout);
        serializer_.emplace(message_);
        bhttp::async_write(stream_, *serializer_, [self = this->shared_from_this()](error_code failed, std::size_t) {
            if (failed || !self->keep_alive_) return self->close();
            self->read();
        });
    }

    void close() {
        error_code ignored;
        stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    }

    beast::tcp_stream stream_;
    asio::steady_timer answer_timer_;
    beast::flat_buffer buffer_;
    std::optional<beast::http::request_parser<beast::http::string_body>> parser_;
    beast::http::response<beast::http::string_body> message_;
    std::optional<beast::http::response_serializer<beast::http::string_body>> serializer_;
    S& server_;
    bool head_ = false;
    bool keep_alive_ = false;
};

}  // namespace

void Server::State::accept() {
    acceptor.async_accept([this](error_code failed, tcp::socket socket) {
        if (failed == asio::error::operation_aborted) return;
        if (!failed) {
            if (connections >= kConnectionsMax)
                ++refused;  // the socket closes as it goes out of scope
            else
                std::make_shared<Connection<State>>(std::move(socket), *this)->read();
        }
        accept();
    });
}

Result<std::unique_ptr<Server>> Server::start(const ListenAddress& address, Handler handler) {
    auto state = std::make_unique<State>(std::move(handler));
    const tcp::endpoint endpoint(asio::ip::make_address(address.host), address.port);
    error_code failed;
    state->acceptor.open(endpoint.protocol(), failed);
    if (!failed) state->acceptor.set_option(asio::socket_base::reuse_address(true), failed);
    if (!failed) state->acceptor.bind(endpoint, failed);
    if (!failed) state->acceptor.listen(asio::socket_base::max_listen_connections, failed);
    if (failed) {
        return reject("cannot listen on " + address.host + ":" + std::to_string(address.port) + ": " +
                      failed.message() + "; choose another --web.listen-address");
    }
    state->accept();
    state->thread = std::thread([&io = state->io] { io.run(); });
    return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() {
    state_->io.stop();
    state_->thread.join();
}

std::uint16_t Server::port() const {
    return state_->acceptor.local_endpoint().port();
}
std::size_t Server::connections() const {
    return state_->connections;
}
std::uint64_t Server::refused_connections() const {
    return state_->refused;
}

}  // namespace tocsin::http
