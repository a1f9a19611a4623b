#include "receivers/http_client.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <map>

namespace tocsin::receivers {
namespace {

using Address = std::array<std::uint8_t, 16>;

std::optional<Address> parse_address(const std::string& text) {
    Address a{};
    if (inet_pton(AF_INET6, text.c_str(), a.data()) == 1) return a;
    a = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0};
    if (inet_pton(AF_INET, text.c_str(), a.data() + 12) == 1) return a;
    return std::nullopt;
}

Address address_of(const sockaddr* from) {
    Address a{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0};
    if (from->sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, from, sizeof v4);
        std::memcpy(a.data() + 12, &v4.sin_addr, 4);
    } else {
        sockaddr_in6 v6{};
        std::memcpy(&v6, from, sizeof v6);
        std::memcpy(a.data(), &v6.sin6_addr, 16);
    }
    return a;
}

// What no receiver lives at: nothing, everybody, and the metadata services of the clouds, which hand out credentials.
bool is_forbidden(const Address& a) {
    static const std::vector<Cidr> kForbidden = [] {
        std::vector<Cidr> list;
        for (const char* text : {"0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32",
                                 "100.100.100.200/32", "192.0.0.192/32", "::/128", "fe80::/10", "ff00::/8",
                                 "fd00:ec2::254/128", "64:ff9b::a9fe:0/112", "2002:a9fe::/32"}) {
            list.push_back(Cidr::parse(text).value());
        }
        return list;
    }();
    return std::any_of(kForbidden.begin(), kForbidden.end(), [&](const Cidr& range) { return range.contains(a); });
}

struct Exchange {
    HttpRequest request;
    HttpResponse response;
    CURL* easy = nullptr;
    curl_slist* headers = nullptr;
    bool refused_address = false;
    bool cut = false;  // the response was longer than what is read of it
    Exchange() = default;
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    ~Exchange() {
        curl_easy_cleanup(easy);
        curl_slist_free_all(headers);
    }
};

// A longer response is broken off: its status is what counts, and reading on would let a receiver keep us busy.
std::size_t on_body(char* data, std::size_t, std::size_t n, void* self) {
    auto& exchange = *static_cast<Exchange*>(self);
    std::string& body = exchange.response.body;
    const std::size_t room = exchange.request.response_bytes_max - body.size();
    body.append(data, std::min(n, room));
    exchange.cut = n > room;
    return exchange.cut ? CURL_WRITEFUNC_ERROR : n;
}

bool is_retry_after(std::string_view name) {
    constexpr std::string_view kName = "retry-after";
    return std::equal(name.begin(), name.end(), kName.begin(), kName.end(),
                      [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b; });
}

std::size_t on_header(char* data, std::size_t, std::size_t n, void* self) {
    const std::string_view line(data, n);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_retry_after(line.substr(0, colon))) return n;
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    std::int64_t seconds = 0;
    // Only the form in seconds: a date would need trust in the receiver's clock.
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    const bool is_number = error == std::errc() && (end == value.data() + value.size() || *end == '\r' || *end == '\n');
    if (is_number && seconds >= 0) {
        const Duration asked = std::chrono::seconds(std::min<std::int64_t>(seconds, 1'000'000));
        static_cast<Exchange*>(self)->response.retry_after = std::min(asked, HttpClient::kRetryAfterMax);
    }
    return n;
}

// Checked where the connection is made, after the name was resolved: a name that changes its address gains nothing.
curl_socket_t on_socket(void* self, curlsocktype, curl_sockaddr* to) {
    auto& exchange = *static_cast<Exchange*>(self);
    const Address address = address_of(&to->addr);
    const std::vector<Cidr>& allowed = exchange.request.allowed;
    const bool named = std::any_of(allowed.begin(), allowed.end(), [&](const Cidr& c) { return c.contains(address); });
    if (is_forbidden(address) || (!named && !allowed.empty())) {
        exchange.refused_address = true;
        return CURL_SOCKET_BAD;
    }
    exchange.refused_address = false;  // of several addresses, one will do
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

void configure(Exchange& x) {
    const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(x.easy, option, value); };
    set(CURLOPT_URL, x.request.url.c_str());
    set(CURLOPT_CUSTOMREQUEST, x.request.method.c_str());
    if (x.request.method != "GET") {
        set(CURLOPT_POSTFIELDS, x.request.body.c_str());
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(x.request.body.size()));
    }
    for (const auto& [name, value] : x.request.headers)
        x.headers = curl_slist_append(x.headers, (name + ": " + value).c_str());
    x.headers = curl_slist_append(x.headers, "Expect:");
    set(CURLOPT_HTTPHEADER, x.headers);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_PROXY, "");
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_USERAGENT, "tocsin");
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(HttpClient::kConnectTimeout.count()));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(x.request.timeout.count()));
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    // A name server that does not answer must not hold up the other exchanges when this one's time is up.
    set(CURLOPT_QUICK_EXIT, 1L);
    set(CURLOPT_WRITEFUNCTION, on_body);
    set(CURLOPT_WRITEDATA, &x);
    set(CURLOPT_HEADERFUNCTION, on_header);
    set(CURLOPT_HEADERDATA, &x);
    set(CURLOPT_OPENSOCKETFUNCTION, on_socket);
    set(CURLOPT_OPENSOCKETDATA, &x);
    set(CURLOPT_PRIVATE, &x);
}

}  // namespace

Result<Cidr> Cidr::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    const std::string host(text.substr(0, slash));
    const auto address = parse_address(host);
    const bool v4 = host.find(':') == std::string::npos;
    int bits = v4 ? 32 : 128;
    bool ok = address.has_value();
    if (slash != std::string_view::npos) {
        const auto [end, error] = std::from_chars(text.data() + slash + 1, text.data() + text.size(), bits);
        ok = ok && error == std::errc() && end == text.data() + text.size() && bits >= 0 && bits <= (v4 ? 32 : 128);
    }
    if (!ok) return reject("\"" + std::string(text) + "\" is no address range; write it as 10.0.0.0/8 or fd00::/8");
    return Cidr{*address, v4 ? bits + 96 : bits};
}

bool Cidr::contains(const std::array<std::uint8_t, 16>& address) const {
    const int whole = bits / 8, rest = bits % 8;
    if (std::memcmp(network.data(), address.data(), static_cast<std::size_t>(whole)) != 0) return false;
    if (rest == 0) return true;
    const auto mask = static_cast<std::uint8_t>(0xFF << (8 - rest));
    const auto at = static_cast<std::size_t>(whole);
    return (network[at] & mask) == (address[at] & mask);
}

struct HttpClient::State {
    CURLM* multi = nullptr;
    std::map<CURL*, std::unique_ptr<Exchange>> exchanges;
    void collect(std::vector<HttpResponse>& done);
};

HttpClient::HttpClient() : state_(std::make_unique<State>()) {
    static const CURLcode once = curl_global_init(CURL_GLOBAL_DEFAULT);
    static_cast<void>(once);
    state_->multi = curl_multi_init();
}

HttpClient::~HttpClient() {
    for (auto& [easy, exchange] : state_->exchanges) curl_multi_remove_handle(state_->multi, easy);
    state_->exchanges.clear();
    curl_multi_cleanup(state_->multi);
}

void HttpClient::start(HttpRequest request) {
    auto x = std::make_unique<Exchange>();
    x->response.tag = request.tag;
    x->request = std::move(request);
    x->easy = curl_easy_init();
    configure(*x);
    curl_multi_add_handle(state_->multi, x->easy);
    state_->exchanges[x->easy] = std::move(x);
}

void HttpClient::State::collect(std::vector<HttpResponse>& done) {
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        const CURLcode result = message->data.result;
        const auto it = exchanges.find(message->easy_handle);
        Exchange& x = *it->second;
        long status = 0;
        curl_easy_getinfo(x.easy, CURLINFO_RESPONSE_CODE, &status);
        const bool answered = result == CURLE_OK || (result == CURLE_WRITE_ERROR && x.cut);
        x.response.status = answered ? static_cast<int>(status) : 0;
        if (!answered) {
            x.response.error = x.refused_address
                                   ? "the host has no address that may be connected to (link-local, multicast, "
                                     "metadata service, or not in allow_cidrs)"
                                   : curl_easy_strerror(result);
        }
        done.push_back(std::move(x.response));
        curl_multi_remove_handle(multi, x.easy);
        exchanges.erase(it);
    }
}

std::vector<HttpResponse> HttpClient::wait(Duration at_most) {
    std::vector<HttpResponse> done;
    int running = 0;
    curl_multi_perform(state_->multi, &running);
    state_->collect(done);
    if (!done.empty() || at_most <= Duration(0)) return done;
    curl_multi_poll(state_->multi, nullptr, 0, static_cast<int>(at_most.count()), nullptr);
    curl_multi_perform(state_->multi, &running);
    state_->collect(done);
    return done;
}

void HttpClient::wake() {
    curl_multi_wakeup(state_->multi);
}
std::size_t HttpClient::in_flight() const {
    return state_->exchanges.size();
}

}  // namespace tocsin::receivers
