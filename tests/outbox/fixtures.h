#pragma once
/// Notices and transitions for the tests of the outbox.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// rapidcheck needs gtest before it
#include <rapidcheck/gtest.h>

#include <string>

#include "base/times.h"
#include "outbox/notice.h"

namespace tocsin::outbox {

inline Instant at(const std::string& text) {
    return parse_rfc3339(text).value();
}

const Instant kNow = at("2026-03-01T12:00:00Z");

/// A transition of the warning `episode`, as it would be rendered; `number` is also its row.
inline Notice notice_of(const std::string& episode, std::uint64_t number,
                        TransitionKind kind = TransitionKind::kRaised) {
    Notice n;
    n.key = {0, number};
    n.receiver = "webhook/ops/0";
    n.id = episode + "." + std::to_string(number);
    n.episode = episode;
    n.rule = "Surge";
    n.transition = kind;
    n.at = kNow;
    n.body = "{}";
    return n;
}

inline Transition transition_of(const std::string& episode, std::uint64_t number, TransitionKind kind, Level level,
                                Level previous) {
    Transition t;
    t.at = kNow;
    t.rule = "Surge";
    t.episode_id = episode;
    t.number = number;
    t.subject = {{"area", "140100", "140100"}};
    t.area = "140100";
    t.kind = kind;
    t.level = level;
    t.previous_level = previous;
    t.reason = kind == TransitionKind::kClosed ? CloseReason::kQuiet : CloseReason::kNone;
    t.measures = {{"n", {Value::of_int(12), ""}}};
    t.trigger = "e1";
    t.events = {"e2", "e1"};
    t.rules_hash = "0123456789abcdef";
    t.opened_at = kNow - std::chrono::hours(1);
    t.labels = {{"team", "ops"}};
    t.annotations = {{"summary", "12 complaints"}, {"summary_zh", "12 起投诉"}};
    return t;
}

/// The notice of a transition, with its rendered body.
inline Notice notice_of(const Transition& t, std::uint64_t row) {
    Notice n = notice_of(t.episode_id, row, t.kind);
    n.id = t.id();
    n.rule = t.rule;
    n.at = t.at;
    n.body = transition_body(t, "mass-incident");
    return n;
}

}  // namespace tocsin::outbox
