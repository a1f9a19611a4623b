/// The daemon's pages, and the reload they can ask for.

#include "base/log.h"
#include "base/times.h"
#include "pipeline/daemon.h"
#include "service/notify.h"

namespace tocsin::pipeline {

Result<void> Daemon::start_http() {
    metrics_.set("build_info", {options_.version, "g++ " __VERSION__}, 1);
    tell_rules();
    metrics_.set("identity_identifiers", static_cast<double>(config_.identity.identifiers));
    metrics_.set("identity_groups_refused", static_cast<double>(config_.identity.refused_groups));
    for (const std::string& listen : options_.listen) {
        const http::ListenAddress address =
            TOCSIN_TRY(http::ListenAddress::parse(listen).context("--web.listen-address"));
        const bool exposed = !address.loopback();
        servers_.push_back(TOCSIN_TRY(
            http::Server::start(address, [this, exposed](const http::Request& request, http::Respond respond) {
                pages_.answer(request, std::move(respond), exposed);
            })));
        log_info("http", "listening", {{"address", address.host + ":" + std::to_string(servers_.back()->port())}});
    }
    return {};
}

Pages::Sources Daemon::page_sources() {
    Pages::Sources sources;
    sources.not_ready = [this] { return reason_not_ready(); };
    sources.remarks = [this] { return remark_when_ready(); };
    sources.reload = [this](std::function<void(const std::string&)> done) { reload(std::move(done)); };
    sources.api = [this](const http::Request& request, http::Respond respond) {
        return mailbox_.post([this, request, respond = std::move(respond)] { respond(api_->answer(request)); });
    };
    sources.enable_lifecycle = options_.enable_lifecycle;
    return sources;
}

std::string Daemon::remark_when_ready() const {
    const std::lock_guard lock(mutex_);
    if (unverified_.empty()) return {};
    return "an input has been silent for half a minute, so no promise of these rules is said to be broken: " +
           unverified_;
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
        if (rules)
            fresh = std::make_shared<const RuleSet>(std::move(rules).value());
        else
            problem = diagnostics.has_errors() ? diagnostics.text() : rules.error().message;
    }
    if (fresh == nullptr) {
        metrics_.add("config_reloads_failed_total");
        metrics_.set("config_last_reload_successful", 0);
        log_error("daemon", "the rules were not reloaded; those before are still in force", {{"problem", problem}});
        service::ready("reload refused");
        return problem;
    }
    tell_evaluations();  // of the rules that end here
    evaluations_told_.clear();
    // Between two records: every task takes the new rules at one point of the log.
    rules_ = fresh;
    outlet_->use(fresh);
    api_->use(fresh);
    engine_->wait_on(topics_waited_on());
    engine_->adopt(fresh);
    metrics_.clear("rule_unverified");
    metrics_.clear("rule_warming");
    tell_rules();
    log_info("daemon", "rules reloaded", {{"rules", fresh->rules.size()}, {"hash", fresh->hash}});
    service::ready(std::to_string(fresh->rules.size()) + " rules");
    return {};
}

}  // namespace tocsin::pipeline
