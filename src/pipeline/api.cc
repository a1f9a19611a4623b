#include "pipeline/api.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "base/log.h"
#include "base/times.h"

namespace tocsin::pipeline {
namespace {

using nlohmann::json;

constexpr std::size_t kListedMax = 10'000;

http::Response json_response(int status, const json& body) {
    return {status, "application/json", body.dump(-1, ' ', false, json::error_handler_t::replace) + "\n", {}};
}

json describe(const task::Task& task, const Rule& rule, const task::OpenEpisode& open) {
    const episodes::Episode& e = open.state.episode;
    json subject = json::object();
    for (const auto& field : task.recorder().subject(rule, open.state.subject)) subject[field.name] = field.shown;
    json out = {{"id", e.id},
                {"rule", rule.name},
                {"group", rule.group},
                {"raises", rule.raises_case ? "case" : "warning"},
                {"level", level_name(e.level)},
                {"opened_at", format_rfc3339(e.opened_at)},
                {"subject", subject},
                {"area", e.area},
                {"trigger", e.trigger}};
    if (open.state.promise) out["due"] = format_rfc3339(open.state.promise->due);
    return out;
}

}  // namespace

http::Response Api::success(const std::string& data_json) {
    return {200, "application/json", "{\"status\":\"success\",\"data\":" + data_json + "}\n", {}};
}

http::Response Api::error(int status, const std::string& type, const std::string& message) {
    return json_response(status, {{"status", "error"}, {"errorType", type}, {"error", message}});
}

http::Response Api::episodes(bool cases, const std::string& id) {
    json list = json::array();
    bool cut = false;
    for (std::uint32_t i = 0; i < tasks_.size(); ++i) {
        task::Task& task = tasks_.task(i);
        task.for_each_open([&](const task::OpenEpisode& open) {
            const Rule* rule = rules_->find(open.state.rule);
            if (rule == nullptr || rule->raises_case != cases) return;
            if (!id.empty() && open.state.episode.id != id) return;
            if (list.size() >= kListedMax)
                cut = true;
            else
                list.push_back(describe(task, *rule, open));
        });
    }
    if (!id.empty()) {
        if (list.empty())
            return error(404, "not_found", "no open " + std::string(cases ? "case" : "warning") + " has the id " + id);
        return json_response(200, {{"status", "success"}, {"data", list.front()}});
    }
    std::sort(list.begin(), list.end(), [](const json& a, const json& b) {
        return std::tie(a["opened_at"].get_ref<const std::string&>(), a["id"].get_ref<const std::string&>()) <
               std::tie(b["opened_at"].get_ref<const std::string&>(), b["id"].get_ref<const std::string&>());
    });
    json answer = {{"status", "success"}, {"data", list}};
    if (cut) answer["warnings"] = {"only the first " + std::to_string(kListedMax) + " are listed"};
    return json_response(200, answer);
}

http::Response Api::lookup(const http::Request& request) {
    const auto id = request.query.find("id");
    if (id == request.query.end() || id->second.empty())
        return error(400, "bad_data", "lookup needs ?id=c-… or the id of a case");
    std::string asked = id->second, plain;
    json found = json::object();
    for (std::uint32_t i = 0; i < tasks_.size() && plain.empty(); ++i) {
        task::Task& task = tasks_.task(i);
        if (asked.starts_with("c-")) {
            plain = task.customer_of(asked);
            continue;
        }
        task.for_each_open([&](const task::OpenEpisode& open) {
            if (open.state.episode.id != asked.substr(0, asked.find('.'))) return;
            const Rule* rule = rules_->find(open.state.rule);
            if (rule == nullptr || open.customer.empty()) return;
            plain = open.customer;
            found = describe(task, *rule, open);
        });
    }
    if (plain.empty()) return error(404, "not_found", "nobody is known under " + asked);
    found["customer_ref"] = setting_.pseudonyms('c', plain);
    const auto reveal = request.query.find("reveal");
    if (reveal != request.query.end() && reveal->second == "true") {
        found["customer"] = plain;
        log_warn("audit", "a customer was revealed",
                 {{"id", asked}, {"customer_ref", found["customer_ref"].get<std::string>()}});
    }
    return json_response(200, {{"status", "success"}, {"data", found}});
}

// Warnings that are open, as Prometheus lists alerts. Persons are not listed: /api/v1/cases has them.
nlohmann::json Api::alerts_of(const Rule& rule) {
    json alerts = json::array();
    for (std::uint32_t i = 0; i < tasks_.size() && !rule.raises_case; ++i) {
        task::Task& task = tasks_.task(i);
        task.for_each_open([&](const task::OpenEpisode& open) {
            if (open.state.rule != rule.name || alerts.size() >= kListedMax) return;
            json labels = rule.labels;
            labels["alertname"] = rule.name;
            labels["level"] = level_name(open.state.episode.level);
            for (const auto& field : task.recorder().subject(rule, open.state.subject))
                labels[field.name] = field.shown;
            alerts.push_back(
                {{"state", "firing"}, {"activeAt", format_rfc3339(open.state.episode.opened_at)}, {"labels", labels}});
        });
    }
    return alerts;
}

nlohmann::json Api::describe_rule(const Rule& rule) {
    std::uint64_t evaluations = 0, open = 0;
    for (std::uint32_t i = 0; i < tasks_.size(); ++i) {
        task::Task& task = tasks_.task(i);
        evaluations += task.recorder().evaluations()[rule.order];
        task.for_each_open([&](const task::OpenEpisode& episode) { open += episode.state.rule == rule.name ? 1 : 0; });
    }
    json described = {{"name", rule.name},
                      {"type", "alerting"},
                      {"health", "ok"},
                      {"state", open > 0 ? "firing" : "inactive"},
                      {"query", rule.file + ":" + std::to_string(rule.line)},
                      {"duration", static_cast<double>(rule.hold_for.count()) / 1000},
                      {"keepFiringFor", static_cast<double>(rule.keep_firing_for.count()) / 1000},
                      {"labels", rule.labels},
                      {"raises", rule.raises_case ? "case" : "warning"},
                      {"open", open},
                      {"evaluations", evaluations},
                      {"warming", static_cast<bool>(tasks_.warming_rules()[rule.order])},
                      {"alerts", alerts_of(rule)}};
    if (const auto until = tasks_.incomplete_until(rule)) described["incompleteUntil"] = format_rfc3339(*until);
    return described;
}

http::Response Api::rules() {
    json groups = json::array();
    for (const RuleGroup& group : rules_->groups) {
        json rules = json::array();
        for (const Rule& rule : rules_->rules) {
            if (rule.group == group.name && rule.file == group.file) rules.push_back(describe_rule(rule));
        }
        groups.push_back({{"name", group.name}, {"file", group.file}, {"rules", rules}});
    }
    return json_response(200, {{"status", "success"}, {"data", {{"groups", groups}}}});
}

http::Response Api::answer(const http::Request& request) {
    constexpr std::string_view kRoot = "/api/v1/";
    std::string_view path = request.path;
    if (!path.starts_with(kRoot)) return error(404, "not_found", "no such page");
    path.remove_prefix(kRoot.size());
    if (request.method != "GET") return error(405, "bad_data", "only GET");
    const auto after = [&](std::string_view prefix) { return std::string(path.substr(prefix.size())); };
    if (path == "cases") return episodes(true, {});
    if (path.starts_with("cases/")) return episodes(true, after("cases/"));
    if (path == "warnings") return episodes(false, {});
    if (path.starts_with("warnings/")) return episodes(false, after("warnings/"));
    if (path == "lookup") return lookup(request);
    if (path == "rules") return rules();
    if (path == "explain") return explain(request);
    return error(404, "not_found", "no such page under /api/v1");
}

}  // namespace tocsin::pipeline
