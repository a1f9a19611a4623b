#include "episodes/promise.h"

#include <algorithm>

#include "base/calendar.h"
#include "rules/judge.h"

namespace tocsin::episodes {
namespace {

bool is_one_of(const std::vector<KindId>& kinds, const Expression& where, const Event& event) {
    if (std::find(kinds.begin(), kinds.end(), event.kind) == kinds.end()) return false;
    EvalContext context;
    context.event = &event;
    return where.holds(context);
}

std::vector<KeptField> kept(const Expect& expect, const Event& event) {
    std::vector<KeptField> fields;
    for (const AfterField& wanted : expect.after_fields) {
        Value value = event.field(wanted.field);
        if (value.is_missing()) continue;
        KeptField& field = fields.emplace_back(KeptField{wanted.name, {value, std::string(value.string)}});
        field.value.value.string = {};
    }
    return fields;
}

/// Where an event holds a canonical field that is a text; null: elsewhere.
std::string_view* place_of(Event& event, FieldId field) {
    switch (field) {
        case kFieldCustomer:
            return &event.customer;
        case kFieldSubscriber:
            return &event.subscriber;
        case kFieldCategory:
            return &event.category;
        case kFieldChannel:
            return &event.channel;
        default:
            return nullptr;
    }
}

}  // namespace

Event stating_event(const Expect& expect, const Promise& promise, std::vector<FieldValue>& fields) {
    Event event;
    event.time = promise.stated_at;
    event.id = promise.stated_by;
    event.area = promise.area;
    fields.clear();
    for (const AfterField& wanted : expect.after_fields) {
        const auto field = std::find_if(promise.fields.begin(), promise.fields.end(),
                                        [&](const KeptField& f) { return f.name == wanted.name; });
        if (field == promise.fields.end()) continue;
        Value value = field->value.value;
        if (value.type == Value::Type::kString) value.string = field->value.text;
        if (std::string_view* place = place_of(event, wanted.field))
            *place = value.string;
        else
            fields.push_back({wanted.field, value});
    }
    event.fields = fields;
    return event;
}

PromiseRole role_of(const Expect& expect, const Event& event) {
    if (is_one_of(expect.event, expect.event_where, event)) return PromiseRole::kEvent;
    if (is_one_of(expect.cancel_on, expect.cancel_where, event)) return PromiseRole::kCancel;
    if (is_one_of(expect.after, expect.after_where, event)) return PromiseRole::kAfter;
    return PromiseRole::kNone;
}

Said says(const Expect& expect, const Event& event, std::span<const std::string_view> areas) {
    Said said;
    said.role = role_of(expect, event);
    if (said.role != PromiseRole::kAfter) return said;
    if (expect.due) {
        const Value due = event.field(*expect.due);
        if (!due.is_missing()) said.due = from_millis(due.integer);
        return said;
    }
    if (expect.within) {
        said.due = event.time + *expect.within;
        return said;
    }
    const Calendar& calendar = *expect.calendar;
    const Week& week = calendar.week_at(areas);
    const DueTime due = expect.workdays > 0 ? calendar.after_workdays(week, event.time, expect.workdays)
                                            : calendar.after_working_time(week, event.time, expect.working_time);
    said.due = due.at;
    said.covered = due.covered;
    return said;
}

CloseReason apply(const Expect& expect, const Event& event, const Said& said, std::optional<Promise>& promise,
                  std::optional<Instant> broken) {
    if (said.role == PromiseRole::kNone) return CloseReason::kNone;
    // An event older than what it would end or restate belongs to an earlier promise.
    if (promise && event.time < promise->stated_at) return CloseReason::kNone;
    const bool in_time = broken && event.time <= *broken;
    const auto closes = [&](CloseReason reason) {
        return !broken ? CloseReason::kNone : in_time ? CloseReason::kCorrected : reason;
    };
    if (said.role != PromiseRole::kAfter) {
        promise.reset();
        return closes(said.role == PromiseRole::kEvent ? CloseReason::kFulfilled : CloseReason::kCancelled);
    }
    // Counted from the after event, the oldest open promise stands unless the author asked for a restart.
    if (promise && !expect.due && !expect.restart) return CloseReason::kNone;
    if (!said.due) {
        promise.reset();
        return closes(CloseReason::kCancelled);
    }
    // A broken one restated to another past time stays as it is.
    if (broken && !in_time && *said.due <= event.time) return CloseReason::kNone;
    promise = Promise{event.time, *said.due, std::string(event.id), std::string(event.area), kept(expect, event)};
    return closes(CloseReason::kMoved);
}

Instant breaks_at(const Rule& rule, const Promise& promise) {
    std::vector<FieldValue> fields;
    const Event stating = stating_event(*rule.expect, promise, fields);
    EvalContext context;
    context.event = &stating;
    context.open = INT64_MAX;  // how many there are decides when it rises, not whether it can
    for (const Duration step : rule.overdue_steps) {
        context.overdue = step;
        if (rules::verdict(rule, context).level != Level::kNone) return promise.due + step;
    }
    return kNever;
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
