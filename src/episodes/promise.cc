#include "episodes/promise.h"

#include <algorithm>

namespace tocsin::episodes {
namespace {

bool is_one_of(const std::vector<KindId>& kinds, const Expression& where, const Event& event) {
    if (std::find(kinds.begin(), kinds.end(), event.kind) == kinds.end()) return false;
    EvalContext context;
    context.event = &event;
    return where.holds(context);
}

}  // namespace

PromiseRole role_of(const Expect& expect, const Event& event) {
    if (is_one_of(expect.event, expect.event_where, event)) return PromiseRole::kEvent;
    if (is_one_of(expect.cancel_on, expect.cancel_where, event)) return PromiseRole::kCancel;
    if (is_one_of(expect.after, expect.after_where, event)) return PromiseRole::kAfter;
    return PromiseRole::kNone;
}

std::optional<Instant> stated_due(const Expect& expect, const Event& event) {
    if (expect.within) return event.time + *expect.within;
    const Value due = event.field(*expect.due);
    if (due.is_missing()) return std::nullopt;
    return from_millis(due.integer);
}

CloseReason apply(const Expect& expect, const Event& event, std::optional<Promise>& promise, bool broken) {
    const PromiseRole role = role_of(expect, event);
    if (role == PromiseRole::kNone) return CloseReason::kNone;
    // An event older than what it would end or restate belongs to an earlier promise.
    if (promise && event.time < promise->stated_at) return CloseReason::kNone;
    if (role != PromiseRole::kAfter) {
        promise.reset();
        if (!broken) return CloseReason::kNone;
        return role == PromiseRole::kEvent ? CloseReason::kFulfilled : CloseReason::kCancelled;
    }
    // Counted from the after event, the oldest open promise stands unless the author asked for a restart.
    if (promise && expect.within && !expect.restart) return CloseReason::kNone;
    const std::optional<Instant> due = stated_due(expect, event);
    if (!due) {
        promise.reset();
        return broken ? CloseReason::kCancelled : CloseReason::kNone;
    }
    // A broken one restated to another past time stays as it is.
    if (broken && *due <= event.time) return CloseReason::kNone;
    promise = Promise{event.time, *due, std::string(event.id), std::string(event.area)};
    return broken ? CloseReason::kMoved : CloseReason::kNone;
}

Duration overdue_at(const Promise& promise, Instant now, Cause cause) {
    return now - promise.due - (cause == Cause::kEvent ? Duration(1) : Duration(0));
}

Instant next_due(const Rule& rule, const Promise& promise, Instant now, Cause cause) {
    const Instant seen = cause == Cause::kEvent ? now - Duration(1) : now;
    for (const Duration step : rule.overdue_steps) {
        if (promise.due + step > seen) return promise.due + step;
    }
    return kNever;
}

}  // namespace tocsin::episodes
