#include <algorithm>
#include <cctype>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/ask.h"
#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/loading.h"

namespace tocsin::app {

using json = nlohmann::ordered_json;

namespace {

constexpr std::size_t kAnswerBytesMax = 64 << 20;  ///< ten thousand cases, or all that is remembered of a person

}  // namespace

receivers::HttpResponse http_get(const std::string& url) {
    receivers::HttpClient client;
    receivers::HttpRequest request;
    request.method = "GET";
    request.url = url;
    request.allowed = {receivers::Cidr{}};  // the operator's own, wherever it listens
    request.response_bytes_max = kAnswerBytesMax;
    client.start(request);
    std::vector<receivers::HttpResponse> responses;
    while (responses.empty()) responses = client.wait(std::chrono::seconds(1));
    return std::move(responses.front());
}

std::optional<json> ask(const std::string& url, const std::string& path) {
    const receivers::HttpResponse response = http_get(url + path);
    if (response.status == 0) {
        complain("cannot ask " + url + ": " + response.error + "; is the daemon running? (--url names another)");
        return std::nullopt;
    }
    json body = json::parse(response.body, nullptr, false);
    if (response.status == 200 && body.is_object() && body.contains("data")) return std::move(body["data"]);
    if (body.is_object() && body.contains("error") && body["error"].is_string())
        complain(body["error"].get<std::string>());
    else if (response.status != 200)  // a page for people says why in its first line
        complain(url + " answered " + std::to_string(response.status) + ": " +
                 response.body.substr(0, std::min<std::size_t>(response.body.find('\n'), 500)));
    else
        complain(url + " answered " + std::to_string(response.body.size()) +
                 " bytes that tocsin cannot read: is it another program?");
    return std::nullopt;
}

std::string text_of(const json& object, const char* name) {
    const auto found = object.is_object() ? object.find(name) : object.end();
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

json list_of(const json& object, const char* name) {
    const auto found = object.is_object() ? object.find(name) : object.end();
    return found != object.end() && found->is_array() ? *found : json::array();
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0 || c == '-' || c == '_')
            out += c;
        else
            out += {'%', "0123456789ABCDEF"[byte >> 4], "0123456789ABCDEF"[byte & 15]};
    }
    return out;
}

namespace {

std::string text(const json& object, const char* name) {
    const auto it = object.find(name);
    if (it == object.end()) return "";
    return it->is_string() ? it->get<std::string>() : it->dump();
}

std::string subject_of(const json& episode) {
    std::string out;
    const json subject = episode.value("subject", json::object());  // items() only looks into it
    for (const auto& [name, value] : subject.items()) {
        out += (out.empty() ? "" : " ") + (value.is_string() ? value.get<std::string>() : value.dump());
    }
    return out;
}

int print(const AskArguments& arguments, const json& data) {
    if (arguments.output == "json") {
        std::cout << data.dump(2) << "\n";
        return kExitOk;
    }
    if (data.is_object()) {
        for (const auto& [name, value] : data.items()) {
            std::cout << name << ": " << (value.is_string() ? value.get<std::string>() : value.dump()) << "\n";
        }
        return kExitOk;
    }
    for (const json& e : data) {
        std::printf("%-26s %-6s %-20s %-28s %-24s %s\n", text(e, "id").c_str(), text(e, "level").c_str(),
                    text(e, "opened_at").c_str(), text(e, "rule").c_str(), subject_of(e).c_str(),
                    text(e, "area").c_str());
    }
    return kExitOk;
}

int list_or_show(const AskArguments& arguments, const std::string& kind) {
    const std::string id = arguments.id.substr(0, arguments.id.find('.'));  // a transition's id names its episode, too
    const auto data = ask(arguments.url, "/api/v1/" + kind + (arguments.what == "show" ? "/" + escaped(id) : ""));
    return data ? print(arguments, *data) : kExitFailed;
}

}  // namespace

int ask_cases(const AskArguments& arguments) {
    return list_or_show(arguments, "cases");
}
int ask_warnings(const AskArguments& arguments) {
    return list_or_show(arguments, "warnings");
}

int lookup(const AskArguments& arguments) {
    const auto data =
        ask(arguments.url, "/api/v1/lookup?id=" + escaped(arguments.id) + (arguments.reveal ? "&reveal=true" : ""));
    return data ? print(arguments, *data) : kExitFailed;
}

}  // namespace tocsin::app
