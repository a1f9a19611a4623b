#include "config/names.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace tocsin::config {

namespace {

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_word(char c) {
    return is_letter(c) || is_digit(c) || c == '_';
}

template <typename Predicate>
bool all(std::string_view text, Predicate predicate) {
    return std::all_of(text.begin(), text.end(), predicate);
}

std::optional<int> number(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !is_digit(text.front())) return std::nullopt;
    return value;
}

/// Splits `host:port`; the port is empty if there is none. False: neither form.
bool split_host(std::string_view text, std::string_view& host, std::string_view& port) {
    const bool is_bracketed = !text.empty() && text[0] == '[';
    const std::size_t end = is_bracketed ? text.find(']') : text.find(':');
    if (is_bracketed && end == std::string_view::npos) return false;
    const std::size_t host_end = is_bracketed ? end + 1 : std::min(end, text.size());
    host = text.substr(0, host_end);
    const std::string_view rest = text.substr(host_end);
    port = rest.empty() ? rest : rest.substr(1);
    return rest.empty() || (rest[0] == ':' && !port.empty());
}

bool is_host_and_port(std::string_view text) {
    std::string_view host, port;
    if (!split_host(text, host, port) || host.empty()) return false;
    const bool is_bracketed = host[0] == '[';
    const auto fits = [&](char c) { return is_word(c) || c == '.' || c == '-' || (is_bracketed && c == ':'); };
    if (!all(is_bracketed ? host.substr(1, host.size() - 2) : host, fits)) return false;
    const auto value = port.empty() ? std::optional(1) : number(port);
    return value && *value >= 1 && *value <= 65535;
}

}  // namespace

std::string topic_name_problem(std::string_view name) {
    constexpr std::size_t kBytesMax = 249;
    if (name.empty()) return "a topic name is not empty";
    if (name.size() > kBytesMax) return "a topic name has at most 249 characters";
    if (name == "." || name == "..") return "a topic cannot be called . or ..";
    if (!all(name, [](char c) { return is_word(c) || c == '.' || c == '-'; }))
        return "a topic name is made of letters, digits and . _ -";
    return {};
}

std::string label_name_problem(std::string_view name) {
    if (name.empty() || is_digit(name[0]) || !all(name, is_word))
        return "a label name is made of letters, digits and _, and does not begin with a digit";
    return {};
}

std::string broker_problem(std::string_view broker) {
    if (is_host_and_port(broker)) return {};
    return "expected host:port";
}

std::string url_problem(std::string_view url) {
    const bool is_plain = url.starts_with("http://");
    if (!is_plain && !url.starts_with("https://")) return "expected a URL that begins with http:// or https://";
    const std::string_view rest = url.substr(is_plain ? 7 : 8);
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
    if (authority.find('@') != std::string_view::npos)
        return "a URL with user and password; put the whole URL into a file and name it with url_file";
    if (!is_host_and_port(authority)) return "expected http(s)://host or http(s)://host:port and a path";
    if (rest.find('#') != std::string_view::npos) return "a URL for messages has no #fragment";
    if (!all(rest, [](char c) { return c > ' ' && c != 0x7F; })) return "a URL has no blanks or control characters";
    return {};
}

std::string cidr_problem(std::string_view cidr) {
    constexpr const char* kProblem = "expected a network such as 10.0.0.0/8 or fd00::/8";
    const std::size_t slash = cidr.find('/');
    if (slash == std::string_view::npos || slash + 1 == cidr.size()) return kProblem;
    const std::string address(cidr.substr(0, slash));
    const auto bits = number(cidr.substr(slash + 1));
    unsigned char bytes[16];
    const bool is_v4 = inet_pton(AF_INET, address.c_str(), bytes) == 1;
    const bool is_v6 = !is_v4 && inet_pton(AF_INET6, address.c_str(), bytes) == 1;
    if (!bits || (!is_v4 && !is_v6) || *bits < 0 || *bits > (is_v4 ? 32 : 128)) return kProblem;
    return {};
}

std::string webhook_secret_problem(std::string_view secret) {
    constexpr std::string_view kPrefix = "whsec_";
    constexpr std::size_t kBytesMin = 24, kBytesMax = 64;
    if (!secret.starts_with(kPrefix)) return "a webhook secret begins with whsec_";
    std::string_view body = secret.substr(kPrefix.size());
    const std::size_t whole = body.size();
    while (!body.empty() && body.back() == '=' && whole - body.size() < 2) body.remove_suffix(1);
    const auto fits = [](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '/'; };
    if (whole % 4 != 0 || !all(body, fits)) return "behind whsec_ a webhook secret is base64";
    const std::size_t bytes = body.size() * 3 / 4;
    if (bytes < kBytesMin || bytes > kBytesMax) return "a webhook secret has 24 to 64 bytes before base64";
    return {};
}

std::string identifier_problem(std::string_view name) {
    constexpr std::size_t kBytesMax = 64;
    if (name.empty() || name.size() > kBytesMax || is_digit(name[0]) || !all(name, is_word))
        return "a name is made of up to 64 letters, digits and _, and does not begin with a digit";
    return {};
}

}  // namespace tocsin::config
