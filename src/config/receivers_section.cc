#include <algorithm>
#include <array>
#include <set>

#include "config/names.h"
#include "config/reading.h"

namespace tocsin::config {

namespace {

constexpr std::size_t kTargetsMax = 20;  ///< webhooks, or Alertmanagers, of one receiver
constexpr std::size_t kCidrsMax = 50;
constexpr Duration kTimeoutMin = std::chrono::seconds(1);
constexpr Duration kTimeoutMax = std::chrono::minutes(2);

/// What Alertmanager knows beside webhooks, and what the words of its own that we cannot obey are.
constexpr std::array<std::string_view, 18> kOtherReceivers = {
    "discord_configs",  "email_configs",     "jira_configs",      "msteams_configs",    "msteamsv2_configs",
    "opsgenie_configs", "pagerduty_configs", "pushover_configs",  "rocketchat_configs", "slack_configs",
    "sns_configs",      "telegram_configs",  "victorops_configs", "webex_configs",      "wechat_configs",
    "dingtalk_configs", "feishu_configs",    "ntfy_configs"};

/// `url` or `url_file`, exactly one. Sets url; empty if it is wrong or not read for this purpose.
template <typename Target>
void read_url(yaml::MapReader& map, const Reading& reading, Target& target) {
    const auto plain = map.get("url");
    const auto file = map.get("url_file");
    if (plain && file) return map.error("url_file", "give either url or url_file");
    if (!plain && !file) {
        if (map.node().is_map())
            reading.diagnostics.error(map.node().position(), "missing field \"url\" or \"url_file\" in " + map.what());
        return;
    }
    const auto url = plain ? yaml::as_string(*plain, "url", reading.diagnostics) : reading.secret(*file, "url_file");
    target.url_is_secret = file.has_value();
    if (!url) return;
    if (const std::string problem = url_problem(*url); !problem.empty()) {
        const yaml::Position position = (plain ? plain : file)->position();
        reading.diagnostics.hide_line(position);  // it may hold a password
        return reading.diagnostics.error(position, (plain ? "url: " : "url_file: ") + problem);
    }
    target.url = *url;
}

std::string read_webhook_secret(yaml::MapReader& map, std::string_view key, const Reading& reading) {
    const auto node = map.get(key);
    const auto secret = node ? reading.secret(*node, key) : std::nullopt;
    if (!secret) return {};
    const std::string problem = webhook_secret_problem(*secret);
    if (!problem.empty()) reading.secret_fault(node->position(), std::string(key) + ": " + problem);
    return problem.empty() ? *secret : std::string();
}

Webhook read_webhook(const yaml::Node& node, const Reading& reading) {
    yaml::MapReader map(node, "webhook_configs", reading.diagnostics);
    Webhook webhook;
    read_url(map, reading, webhook);
    refuse_inline_secret(map, "secret", "secret_file");
    webhook.secret = read_webhook_secret(map, "secret_file", reading);
    webhook.old_secret = read_webhook_secret(map, "old_secret_file", reading);
    if (map.get("old_secret_file") && !map.get("secret_file"))
        map.error("old_secret_file", "signs beside secret_file, which is missing");
    assign(bounded_duration(map, "timeout", kTimeoutMin, kTimeoutMax), webhook.timeout);
    if (const auto cidrs = map.get("allow_cidrs")) {
        const auto given = yaml::as_scalars(*cidrs, "allow_cidrs", reading.diagnostics);
        for (const yaml::Node& cidr : given.value_or(std::vector<yaml::Node>())) {
            const std::string problem = cidr_problem(cidr.text());
            if (!problem.empty())
                reading.diagnostics.error(cidr.position(), "allow_cidrs: " + problem + ", found " + cidr.describe());
            webhook.allow_cidrs.push_back(cidr.text());
        }
        if (webhook.allow_cidrs.size() > kCidrsMax) map.error("allow_cidrs", "more than " + std::to_string(kCidrsMax));
    }
    for (const std::string_view key : {"send_resolved", "http_config", "max_alerts"}) map.not_supported(key);
    map.finish();
    return webhook;
}

Alertmanager read_alertmanager(const yaml::Node& node, const Reading& reading) {
    yaml::MapReader map(node, "alertmanager_configs", reading.diagnostics);
    Alertmanager alertmanager;
    read_url(map, reading, alertmanager);
    while (alertmanager.url.ends_with('/')) alertmanager.url.pop_back();
    if (alertmanager.url.ends_with("/api/v2/alerts"))
        map.error("url", "give the address only; /api/v2/alerts is appended");
    assign(bounded_duration(map, "timeout", kTimeoutMin, kTimeoutMax), alertmanager.timeout);
    assign(bounded_duration(map, "resend_interval", std::chrono::seconds(10), std::chrono::hours(1)),
           alertmanager.resend_interval);
    map.not_supported("http_config");
    map.finish();
    return alertmanager;
}

Receiver read_receiver(const yaml::Node& node, const Reading& reading) {
    yaml::MapReader map(node, "receiver", reading.diagnostics);
    Receiver receiver;
    receiver.name = map.require_string("name").value_or("");
    for (const yaml::Node& entry : list_of(map, "webhook_configs", kTargetsMax))
        receiver.webhooks.push_back(read_webhook(entry, reading));
    for (const yaml::Node& entry : list_of(map, "alertmanager_configs", kTargetsMax))
        receiver.alertmanagers.push_back(read_alertmanager(entry, reading));
    for (const std::string_view key : kOtherReceivers) map.not_supported(key);
    map.finish();
    return receiver;
}

/// Reads a tree of routes.
class RouteReader {
public:
    RouteReader(const std::vector<Receiver>& receivers, yaml::Diagnostics& diagnostics)
        : receivers_(receivers), diagnostics_(diagnostics) {}

    Route read_root(const yaml::Node& node) {
        yaml::MapReader map(node, "route", diagnostics_);
        Route route;
        if (const auto name = map.require_string("receiver")) route.receiver = known(map, *name);
        for (const std::string_view key : {"matchers", "continue"})
            if (map.get(key)) map.error(key, "the first route takes everything; write it in one below it");
        read_rest(map, route);
        return route;
    }

    [[nodiscard]] bool is_used(const std::string& receiver) const { return used_.contains(receiver); }

private:
    Route read_child(const yaml::Node& node, const std::string& inherited) {
        yaml::MapReader map(node, "route", diagnostics_);
        Route route;
        const auto name = map.string("receiver");
        route.receiver = name ? known(map, *name) : inherited;
        if (const auto matchers = map.get("matchers")) {
            const auto given = yaml::as_scalars(*matchers, "matchers", diagnostics_);
            for (const yaml::Node& matcher : given.value_or(std::vector<yaml::Node>())) read_matcher(matcher, route);
            if (route.matchers.size() > kMatchersMax)
                map.error("matchers", "more than " + std::to_string(kMatchersMax));
        }
        assign(map.boolean("continue"), route.continues);
        read_rest(map, route);
        return route;
    }

    void read_rest(yaml::MapReader& map, Route& route) {
        if (++count_ > kRoutesMax && count_ == kRoutesMax + 1)
            diagnostics_.error(map.node().position(), "more than " + std::to_string(kRoutesMax) + " routes");
        for (const yaml::Node& entry : list_of(map, "routes", kRoutesMax))
            route.routes.push_back(read_child(entry, route.receiver));
        for (const std::string_view key :
             {"match", "match_re", "group_by", "group_wait", "group_interval", "repeat_interval", "mute_time_intervals",
              "active_time_intervals", "escalate"})
            map.not_supported(key);
        map.finish();
    }

    std::string known(yaml::MapReader& map, const std::string& name) {
        std::vector<std::string> names;
        for (const Receiver& receiver : receivers_) names.push_back(receiver.name);
        used_.insert(name);
        if (std::find(names.begin(), names.end(), name) == names.end())
            diagnostics_.error(map.get("receiver")->position(),
                               "receiver: there is no receiver " + yaml::quote(name) + yaml::did_you_mean(name, names));
        return name;
    }

    void read_matcher(const yaml::Node& node, Route& route) {
        const std::string_view text = node.text();
        const std::size_t op = text.find_first_of("=!");
        const std::string_view sign = op == std::string_view::npos ? std::string_view() : text.substr(op, 2);
        if (sign == "=~" || sign == "!~")
            return diagnostics_.error(node.position_at(op, 2),
                                      "matchers: " + std::string(sign) + " is not supported yet; use = or !=");
        const bool is_negated = sign == "!=";
        if (sign.empty() || (!is_negated && sign[0] != '='))
            return diagnostics_.error(
                node.position(), "matchers: expected label=\"value\" or label!=\"value\", found " + node.describe());
        Matcher matcher;
        matcher.op = is_negated ? Matcher::Op::kNotEqual : Matcher::Op::kEqual;
        matcher.label = trimmed(text.substr(0, op));
        std::string_view value = trimmed(text.substr(op + (is_negated ? 2 : 1)));
        const bool opens = value.starts_with('"');
        const bool closes = value.size() >= 2 && value.ends_with('"');
        if (opens && closes) value = value.substr(1, value.size() - 2);
        if (opens != closes || value.find_first_of("\"\\") != std::string_view::npos)
            return diagnostics_.error(
                node.position_at(op),
                "matchers: the value stands in double quotes or in none, without \" and \\ inside");
        if (const std::string problem = label_name_problem(matcher.label); !problem.empty())
            return diagnostics_.error(node.position(),
                                      "matchers: " + problem + ", found " + yaml::quote(matcher.label));
        matcher.value = value;
        route.matchers.push_back(std::move(matcher));
    }

    static std::string_view trimmed(std::string_view text) {
        while (text.starts_with(' ')) text.remove_prefix(1);
        while (text.ends_with(' ')) text.remove_suffix(1);
        return text;
    }

    const std::vector<Receiver>& receivers_;
    yaml::Diagnostics& diagnostics_;
    std::set<std::string> used_;
    std::size_t count_ = 0;
};

}  // namespace

std::vector<Receiver> read_receivers(yaml::MapReader& root, const Reading& reading) {
    std::vector<Receiver> receivers;
    std::set<std::string> names;
    for (const yaml::Node& node : list_of(root, "receivers", kReceiversMax)) {
        receivers.push_back(read_receiver(node, reading));
        const std::string& name = receivers.back().name;
        if (!name.empty() && !names.insert(name).second)
            reading.diagnostics.error(node.find("name")->position(),
                                      "name: receiver " + yaml::quote(name) + " is there twice");
    }
    return receivers;
}

std::optional<Route> read_route(yaml::MapReader& root, const std::vector<Receiver>& receivers) {
    const auto node = root.get("route");
    if (!node) {
        if (!receivers.empty()) root.error("receivers", "no route says when they are told; add one");
        return std::nullopt;
    }
    RouteReader reader(receivers, root.diagnostics());
    Route route = reader.read_root(*node);
    for (const Receiver& receiver : receivers)
        if (!receiver.name.empty() && !reader.is_used(receiver.name))
            root.diagnostics().warning(root.position("receivers"),
                                       "receivers: no route leads to " + yaml::quote(receiver.name));
    return route;
}

}  // namespace tocsin::config
