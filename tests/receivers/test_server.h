#pragma once
/// A receiver's end for the tests: real sockets on a port of the system's choice, a thread per connection.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace tocsin::receivers {

struct TestRequest {
    std::string line;                            ///< "POST /hook HTTP/1.1"
    std::map<std::string, std::string> headers;  ///< names in lower case
    std::string body;
};

struct TestReply {
    enum class How {
        kAnswer,
        kHang,     ///< keeps the connection open and says nothing
        kClose,    ///< closes it without a word
        kEndless,  ///< a body that does not end
    };
    int status = 200;
    std::string headers = {};  ///< further lines, each with its line break
    std::string body = {};
    How how = How::kAnswer;
};

/// Answers each request with handler(request), which is called on several threads. Stops in its destructor.
class TestServer {
public:
    using Handler = std::function<TestReply(const TestRequest&)>;

    explicit TestServer(Handler handler) : handler_(std::move(handler)) {
        listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (bind(listener_, as_generic(address), size) != 0 || listen(listener_, 1024) != 0 ||
            getsockname(listener_, as_generic(address), &size) != 0)
            throw std::runtime_error("no port to listen on");
        port_ = ntohs(address.sin_port);
        acceptor_ = std::thread([this] { accept_all(); });
    }
    TestServer(const TestServer&) = delete;
    TestServer& operator=(const TestServer&) = delete;

    ~TestServer() {
        stopping_ = true;
        shutdown(listener_, SHUT_RDWR);
        acceptor_.join();
        close(listener_);
        {
            const std::lock_guard lock(mutex_);
            for (const int fd : open_) shutdown(fd, SHUT_RDWR);
        }
        for (std::thread& thread : connections_) thread.join();
    }

    [[nodiscard]] int port() const { return port_; }
    [[nodiscard]] std::string url(const std::string& path = "/hook", const std::string& host = "127.0.0.1") const {
        return "http://" + host + ":" + std::to_string(port_) + path;
    }
    [[nodiscard]] std::vector<TestRequest> requests() const {
        const std::lock_guard lock(mutex_);
        return requests_;
    }

private:
    static sockaddr* as_generic(sockaddr_in& address) { return reinterpret_cast<sockaddr*>(&address); }

    void accept_all() {
        while (!stopping_) {
            const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (fd < 0) continue;
            const std::lock_guard lock(mutex_);
            open_.push_back(fd);
            connections_.emplace_back([this, fd] { serve(fd); });
        }
    }

    void serve(int fd) {
        std::string buffer;
        TestRequest request;
        while (!stopping_ && read_request(fd, buffer, request)) {
            {
                const std::lock_guard lock(mutex_);
                requests_.push_back(request);
            }
            if (!reply(fd, handler_(request))) break;
        }
        const std::lock_guard lock(mutex_);
        std::erase(open_, fd);
        close(fd);
    }

    bool reply(int fd, const TestReply& r) {
        if (r.how == TestReply::How::kClose) return false;
        if (r.how == TestReply::How::kHang) {
            char byte = 0;
            while (recv(fd, &byte, 1, 0) > 0) continue;
            return false;
        }
        const bool endless = r.how == TestReply::How::kEndless;
        std::string head = "HTTP/1.1 " + std::to_string(r.status) + " x\r\n" + r.headers;
        head += endless ? "\r\n" : "content-length: " + std::to_string(r.body.size()) + "\r\n\r\n";
        if (!send_all(fd, head + r.body)) return false;
        const std::string more(1 << 16, 'x');
        while (endless && send_all(fd, more)) continue;
        return !endless;
    }

    static bool send_all(int fd, const std::string& bytes) {
        for (std::size_t sent = 0; sent < bytes.size();) {
            const ssize_t n = send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
            if (n <= 0) return false;
            sent += static_cast<std::size_t>(n);
        }
        return true;
    }

    static bool read_more(int fd, std::string& buffer) {
        char chunk[4096];
        const ssize_t n = recv(fd, chunk, sizeof chunk, 0);
        if (n > 0) buffer.append(chunk, static_cast<std::size_t>(n));
        return n > 0;
    }

    static bool read_request(int fd, std::string& buffer, TestRequest& request) {
        std::size_t end = 0;
        while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
            if (!read_more(fd, buffer)) return false;
        }
        request = {};
        std::size_t at = buffer.find("\r\n");
        request.line = buffer.substr(0, at);
        while (at < end) {
            const std::size_t next = buffer.find("\r\n", at + 2);
            const std::string line = buffer.substr(at + 2, next - at - 2);
            const std::size_t colon = line.find(": ");
            std::string name = line.substr(0, colon);
            for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
            if (colon != std::string::npos) request.headers[name] = line.substr(colon + 2);
            at = next;
        }
        buffer.erase(0, end + 4);
        const auto length = request.headers.find("content-length");
        const std::size_t bytes = length == request.headers.end() ? 0 : std::stoul(length->second);
        while (buffer.size() < bytes) {
            if (!read_more(fd, buffer)) return false;
        }
        request.body = buffer.substr(0, bytes);
        buffer.erase(0, bytes);
        return true;
    }

    Handler handler_;
    int listener_ = -1;
    int port_ = 0;
    std::atomic<bool> stopping_{false};
    std::thread acceptor_;
    mutable std::mutex mutex_;  // guards the three below
    std::vector<int> open_;
    std::vector<std::thread> connections_;
    std::vector<TestRequest> requests_;
};

}  // namespace tocsin::receivers
