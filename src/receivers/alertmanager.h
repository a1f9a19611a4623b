#pragma once
/// Alertmanager's API v2: warnings only, never a person. A level in the labels makes another alert of it, so a change of
/// level posts the new level firing and the old one resolved, together.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "outbox/notice.h"

namespace tocsin::receivers {

struct AlertmanagerOptions {
    std::map<std::string, std::string> external_labels;
    Duration resend = std::chrono::minutes(1);
};

/// What is firing at one Alertmanager, and the bodies to post. Pure; used by one thread.
class AlertmanagerState {
public:
    static constexpr std::size_t kBatchMax = 256;
    /// Alertmanager forgets an alert that is not said again: it ends so many resend intervals ahead.
    static constexpr int kEndsAfterResends = 4;
    static constexpr Duration kResolvedRepeatedFor = std::chrono::minutes(15);

    explicit AlertmanagerState(AlertmanagerOptions options) : options_(std::move(options)) {}

    /// Whether Alertmanager is to hear of it: openings, level changes and closings of warnings.
    [[nodiscard]] static bool concerns(const outbox::Notice& notice);

    /// The array to post for these notices.
    [[nodiscard]] std::string body(const std::vector<std::shared_ptr<const outbox::Notice>>& notices, Instant now) const;
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

    AlertmanagerOptions options_;
    std::map<std::string, Alert> firing_;    // by episode
    std::vector<Alert> resolved_;
    Instant next_resend_ = kBeforeAll;
};

}  // namespace tocsin::receivers
