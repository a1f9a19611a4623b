/// The daemon's pages, and the reload they can ask for.

#include "base/log.h"
#include "base/times.h"
#include "pipeline/daemon.h"
#include "service/notify.h"

namespace tocsin::pipeline {
namespace {

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

http::Response text(int status, const std::string& body) { return {status, "text/plain; charset=utf-8", body + "\n", {}}; }

}  // namespace

Result<void> Daemon::start_http() {
    metrics_.set("build_info", {options_.version, "g++ " __VERSION__}, 1);
    metrics_.set("config_last_reload_successful", 1);
    metrics_.set("config_last_reload_success_timestamp_seconds", static_cast<double>(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())));
    for (const RuleGroup& group : rules_->groups) metrics_.set("rules_loaded", {group.name}, static_cast<double>(group.rules));
    for (const std::string& listen : options_.listen) {
        const http::ListenAddress address = TOCSIN_TRY(http::ListenAddress::parse(listen).context("--web.listen-address"));
        const bool exposed = !address.loopback();
        servers_.push_back(TOCSIN_TRY(http::Server::start(address, [this, exposed](const http::Request& request, http::Respond respond) {
            on_request(request, std::move(respond), exposed);
        })));
        log_info("http", "listening", {{"address", address.host + ":" + std::to_string(servers_.back()->port())}});
    }
    return {};
}

void Daemon::on_request(const http::Request& request, http::Respond respond, bool exposed) {
    std::string handler = request.path.starts_with("/api/v1/") ? "/api/v1" : request.path;
    const auto answer = [this, respond, &request, &handler](http::Response response) {
        if (response.status == 404) handler = "unknown";
        static const std::vector<std::string> kMethods{"GET", "POST", "PUT"};
        const bool known = std::find(kMethods.begin(), kMethods.end(), request.method) != kMethods.end();
        metrics_.add("http_requests_total", {handler, known ? request.method : "other", std::to_string(response.status)});
        respond(std::move(response));
    };
    const bool reads = request.method == "GET";
    if (request.path == "/-/healthy") return answer(reads ? text(200, "tocsin is alive") : text(405, "only GET"));
    if (request.path == "/-/ready") {
        const std::string reason = reason_not_ready();
        return answer(reason.empty() ? text(200, "tocsin is ready" + remark_when_ready()) : text(503, reason));
    }
    if (request.path == "/metrics") return answer({200, "text/plain; version=0.0.4; charset=utf-8", metrics_.render(), {}});
    if (exposed) return answer(text(403, "only /metrics, /-/healthy and /-/ready answer here: this address is reachable from other machines and has neither TLS nor authentication"));
    if (request.path == "/") return answer({200, "text/html; charset=utf-8", std::string(kLanding), {}});
    if (request.path == "/-/reload") {
        if (request.method != "POST" && request.method != "PUT") return answer(text(405, "only POST and PUT"));
        if (!options_.enable_lifecycle) return answer(text(403, "reloading over HTTP is off; start with --web.enable-lifecycle, or send SIGHUP"));
        metrics_.add("http_requests_total", {handler, request.method, "202"});
        return reload([respond](const std::string& problem) { respond(problem.empty() ? text(200, "reloaded") : text(400, problem)); });
    }
    if (!request.path.starts_with("/api/v1/")) return answer(text(404, "no such page"));
    metrics_.add("http_requests_total", {handler, reads ? "GET" : "other", "200"});
    const bool posted = api_ != nullptr && mailbox_.post([this, request, respond] { respond(api_->answer(request)); });
    if (!posted) respond(Api::error(503, "unavailable", "the daemon is starting or too many questions wait; try again"));
}

std::string Daemon::remark_when_ready() const {
    const std::lock_guard lock(mutex_);
    if (unverified_.empty()) return {};
    return "; an input has been silent for half a minute, so no promise of these rules is said to be broken: " + unverified_;
}

void Daemon::reload(std::function<void(const std::string&)> done) {
    const bool posted = mailbox_.post([this, done] { done(try_reload()); });
    if (!posted) done("too many requests wait; try again");
}

std::string Daemon::try_reload() {
    service::reloading();
    metrics_.add("config_reloads_total");
    yaml::Diagnostics diagnostics;
    auto config = config::load_config(config_.file, diagnostics, config::Purpose::kRun);
    std::string problem;
    if (!config) problem = diagnostics.has_errors() ? diagnostics.text() : config.error().message;
    std::shared_ptr<const RuleSet> fresh;
    if (problem.empty()) {
        // Typed against the kinds, fields and limits the tasks run with: a changed events_file needs a restart.
        auto rules = config::load_rules(config_, config->rule_files, diagnostics);
        if (rules) fresh = std::make_shared<const RuleSet>(std::move(rules).value());
        else problem = diagnostics.has_errors() ? diagnostics.text() : rules.error().message;
    }
    if (fresh == nullptr) {
        metrics_.add("config_reloads_failed_total");
        metrics_.set("config_last_reload_successful", 0);
        log_error("daemon", "the rules were not reloaded; those before are still in force", {{"problem", problem}});
        service::ready("reload refused");
        return problem;
    }
    // Between two records: every task takes the new rules at one point of the log.
    rules_ = fresh;
    outlet_->use(fresh);
    api_->use(fresh);
    engine_->wait_on(topics_waited_on());
    engine_->adopt(fresh);
    metrics_.clear("rule_unverified");
    metrics_.clear("rules_loaded");
    for (const RuleGroup& group : rules_->groups) metrics_.set("rules_loaded", {group.name}, static_cast<double>(group.rules));
    metrics_.set("config_last_reload_successful", 1);
    metrics_.set("config_last_reload_success_timestamp_seconds", static_cast<double>(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())));
    log_info("daemon", "rules reloaded", {{"rules", fresh->rules.size()}, {"hash", fresh->hash}});
    service::ready(std::to_string(fresh->rules.size()) + " rules");
    return {};
}

}  // namespace tocsin::pipeline
