#include "pipeline/pages.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>

#include "pipeline/api.h"

namespace tocsin::pipeline {
namespace {

constexpr std::string_view kApi = "/api/v1/";

constexpr std::string_view kLanding = R"(<!doctype html><meta charset="utf-8"><title>tocsin</title>
<h1>tocsin</h1>
<p>Complaints, promises and mass incidents. 投诉、承诺与群体事件预警。</p>
<ul>
<li><a href="/api/v1/warnings">Open warnings 当前预警</a></li>
<li><a href="/api/v1/cases">Open cases 跟进个案</a></li>
<li><a href="/api/v1/rules">Rules 规则</a></li>
<li><a href="/metrics">Metrics 指标</a></li>
<li><a href="/-/ready">Ready? 就绪状态</a></li>
</ul>
)";

http::Response text(int status, const std::string& body) {
    return {status, "text/plain; charset=utf-8", body + "\n", {}};
}

// Labels come from a list and never from the request: whoever asks for a thousand pages must not make a thousand
// series.
std::string handler_of(std::string_view path) {
    static constexpr std::array<std::string_view, 5> kPages{"/", "/metrics", "/-/healthy", "/-/ready", "/-/reload"};
    if (path.starts_with(kApi)) return "/api/v1";
    return std::find(kPages.begin(), kPages.end(), path) == kPages.end() ? "other" : std::string(path);
}

std::string method_of(std::string_view method) {
    return method == "GET" || method == "POST" || method == "PUT" ? std::string(method) : "other";
}

}  // namespace

http::Respond Pages::counted(const http::Request& request, http::Respond respond) {
    ++in_flight_;
    // Goes with the last copy of the answer's function, whether or not an answer was given.
    const std::shared_ptr<void> waiting(nullptr, [this](void*) { --in_flight_; });
    return [this, waiting, respond = std::move(respond), handler = handler_of(request.path),
            method = method_of(request.method), begun = std::chrono::steady_clock::now()](http::Response response) {
        metrics_.add("http_requests_total", {handler, method, std::to_string(response.status)});
        metrics_.observe("http_request_duration_seconds", {handler},
                         std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
        respond(std::move(response));
    };
}

void Pages::answer(const http::Request& request, http::Respond asked, bool exposed) {
    const http::Respond respond = counted(request, std::move(asked));
    const bool reads = request.method == "GET";
    if (request.path == "/-/healthy") return respond(reads ? text(200, "tocsin is alive") : text(405, "only GET"));
    if (request.path == "/-/ready") {
        const std::string reason = sources_.not_ready();
        if (!reason.empty()) return respond(text(503, reason));
        const std::string remarks = sources_.remarks();
        return respond(text(200, "tocsin is ready" + (remarks.empty() ? "" : "; " + remarks)));
    }
    if (request.path == "/metrics")
        return respond({200, "text/plain; version=0.0.4; charset=utf-8", metrics_.render(), {}});
    if (exposed)
        return respond(text(403,
                            "only /metrics, /-/healthy and /-/ready answer here: this address is reachable from other "
                            "machines and has neither TLS nor authentication"));
    if (request.path == "/") return respond({200, "text/html; charset=utf-8", std::string(kLanding), {}});
    if (request.path == "/-/reload") return reload(request, respond);
    if (!request.path.starts_with(kApi)) return respond(text(404, "no such page"));
    if (!sources_.api(request, respond))
        respond(Api::error(503, "unavailable", "the daemon is starting or too many questions wait; try again"));
}

void Pages::reload(const http::Request& request, const http::Respond& respond) {
    if (request.method != "POST" && request.method != "PUT") return respond(text(405, "only POST and PUT"));
    if (!sources_.enable_lifecycle)
        return respond(text(403, "reloading over HTTP is off; start with --web.enable-lifecycle, or send SIGHUP"));
    sources_.reload([respond](const std::string& problem) {
        respond(problem.empty() ? text(200, "reloaded") : text(400, problem));
    });
}

}  // namespace tocsin::pipeline
