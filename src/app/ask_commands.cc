#include <cctype>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/loading.h"
#include "receivers/http_client.h"

namespace tocsin::app {
namespace {

using nlohmann::json;

// Asks the running daemon. Empty: it could not be asked, or said no; that is printed.
std::optional<json> ask(const std::string& url, const std::string& path) {
    receivers::HttpClient client;
    receivers::HttpRequest request;
    request.method = "GET";
    request.url = url + path;
    request.allowed = {receivers::Cidr{}};  // the operator's own daemon, wherever it listens
    client.start(request);
    std::vector<receivers::HttpResponse> responses;
    while (responses.empty()) responses = client.wait(std::chrono::seconds(1));
    const receivers::HttpResponse& response = responses.front();
    if (response.status == 0) {
        complain("cannot ask " + url + ": " + response.error + "; is the daemon running? (--url names another)");
        return std::nullopt;
    }
    json body = json::parse(response.body, nullptr, false);
    if (response.status != 200 || !body.is_object() || !body.contains("data")) {
        const std::string reason = body.is_object() ? body.value("error", response.body) : response.body;
        complain(reason.empty() ? "the daemon answered " + std::to_string(response.status) : reason);
        return std::nullopt;
    }
    return body["data"];
}

// What somebody typed, as a part of a URL.
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
