#pragma once
/// Alertmanager's API v2: warnings only, never a person. A level in the labels makes another alert of it, so a change
/// of level posts the new level firing and the old one resolved, together.

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "outbox/notice.h"

namespace tocsin::receivers {

struct AlertmanagerOptions {
    std::map<std::string, std::string> external_labels;  ///< a rule's own labels win over them
    Duration resend = std::chrono::minutes(1);
};

/// What is firing at one Alertmanager, and the bodies to post. Pure; used by one thread.
///
/// Bodies of body() and of resend() must not be under way at the same time: a resend that overtakes a change of level
/// would make the old level fire again until the next one.
class AlertmanagerState {
public:
    static constexpr std::size_t kAlertsMax = 256;            ///< in one body of resend()
    static constexpr std::size_t kBatchMax = kAlertsMax / 2;  ///< notices in one body: each is at most two alerts
    static constexpr std::size_t kResolvedMax = 10'000;       ///< repeated; beyond it the oldest are left to run out
    /// Alertmanager forgets an alert that is not said again: it ends so many resend intervals ahead.
    static constexpr int kEndsAfterResends = 4;
    static constexpr Duration kResolvedRepeatedFor = std::chrono::minutes(15);

    explicit AlertmanagerState(AlertmanagerOptions options) : options_(std::move(options)) {}

    /// Whether Alertmanager is to hear of it: openings, level changes and closings of warnings about places. A rule by
    /// customer or subscriber is about a person, whatever it raises.
    [[nodiscard]] static bool concerns(const outbox::Notice& notice);

    /// The array to post for these notices; at most kBatchMax of them.
    [[nodiscard]] std::string body(const std::vector<std::shared_ptr<const outbox::Notice>>& notices,
                                   Instant now) const;
    /// Alertmanager has taken them: from now on they are said again until they end.
    void delivered(const outbox::Notice& notice, Instant now);
    /// A warning that was open when the process started; the body of its notice.
    void restore(const std::string& notice_body);

    /// What must be said again now, in batches; empty: nothing is due. The next time is one resend interval later.
    std::vector<std::string> resend(Instant now);
    [[nodiscard]] Instant next_resend() const { return firing_.empty() && resolved_.empty() ? kNever : next_resend_; }
    [[nodiscard]] std::size_t firing() const { return firing_.size(); }

private:
    struct Alert {
        std::string labels, annotations;  ///< JSON objects
        std::string starts_at;
        Instant ended_at = kNever;
    };
    [[nodiscard]] std::vector<Alert> alerts_of(const std::string& notice_body) const;
    [[nodiscard]] std::string render(const Alert& alert, Instant now) const;
    [[nodiscard]] bool fires_in_another(const std::string& labels, const std::string& episode) const;
    void fire(const std::string& episode, Alert alert);
    void quench(const std::string& episode);

    AlertmanagerOptions options_;
    std::map<std::string, Alert> firing_;               // by episode
    std::map<std::string, std::string> firing_labels_;  // labels -> episode
    std::deque<Alert> resolved_;                        // oldest end first
    Instant next_resend_ = kBeforeAll;
};

}  // namespace tocsin::receivers
