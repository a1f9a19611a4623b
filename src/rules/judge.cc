#include "rules/judge.h"

#include <algorithm>
#include <cmath>

#include "rules/code.h"

namespace tocsin::rules {
namespace {

bool counts(const Rule& rule, const Event& row) {
    if (std::find(rule.on.begin(), rule.on.end(), row.kind) == rule.on.end()) return false;
    EvalContext context;
    context.event = &row;
    return rule.where.holds(context);
}

/// Any strict order over values of one field; numbers and integers by their amount.
bool before(const Value& a, const Value& b) {
    return compare(a, b) < 0;
}

std::int64_t different(std::vector<Value>& values) {
    std::sort(values.begin(), values.end(), before);
    const auto end =
        std::unique(values.begin(), values.end(), [](const Value& a, const Value& b) { return compare(a, b) == 0; });
    return end - values.begin();
}

Value aggregate(const Measure& m, std::span<const Event* const> rows, Instant now) {
    std::int64_t amount = 0;
    std::vector<Value> values;
    for (const Event* row : rows) {
        if (row->time <= now - m.window) continue;
        switch (m.fn) {
            case MeasureFn::kCount:
                ++amount;
                break;
            case MeasureFn::kSum:
                amount = add_units(amount, sum_units(row->field(m.field)));
                break;
            case MeasureFn::kDistinct: {
                const Value v = row->field(m.field);
                if (!v.is_missing()) values.push_back(v);
                break;
            }
            case MeasureFn::kAny: {
                EvalContext context;
                context.event = row;
                if (m.predicate.holds(context)) return Value::of(true);
                break;
            }
        }
    }
    switch (m.fn) {
        case MeasureFn::kCount:
            return Value::of_int(amount);
        case MeasureFn::kSum:
            return Value::of_number(static_cast<double>(amount) / static_cast<double>(kSumScale));
        case MeasureFn::kDistinct:
            return Value::of_int(different(values));
        case MeasureFn::kAny:
            break;
    }
    return Value::of(false);
}

}  // namespace

std::int64_t sum_units(const Value& value) {
    std::int64_t units = 0;
    if (value.type == Value::Type::kInt) {
        if (!__builtin_mul_overflow(value.integer, kSumScale, &units)) return units;
        return value.integer > 0 ? INT64_MAX : INT64_MIN;
    }
    if (value.type != Value::Type::kNumber || std::isnan(value.number)) return 0;
    const double scaled = value.number * static_cast<double>(kSumScale);
    constexpr double kEdge = 9.2e18;  // below 2^63
    if (scaled >= kEdge) return INT64_MAX;
    if (scaled <= -kEdge) return INT64_MIN;
    return std::llround(scaled);
}

std::int64_t add_units(std::int64_t a, std::int64_t b) {
    std::int64_t sum = 0;
    if (!__builtin_add_overflow(a, b, &sum)) return sum;
    return b > 0 ? INT64_MAX : INT64_MIN;
}

void measure(const Rule& rule, std::span<const Event> rows, Instant now, std::vector<Value>& out) {
    const Duration longest = rule.longest_window();
    std::vector<const Event*> inside;
    for (auto row = rows.rbegin(); row != rows.rend() && row->time > now - longest; ++row) {
        if (row->time <= now && counts(rule, *row)) inside.push_back(&*row);
    }
    out.clear();
    for (const Measure& m : rule.measures) out.push_back(aggregate(m, inside, now));
}

Verdict verdict(const Rule& rule, const EvalContext& context) {
    Verdict out;
    for (std::size_t i = 1; i < kLevels; ++i) {
        if (rule.levels[i] && rule.levels[i]->holds(context)) out.level = static_cast<Level>(i);
        out.stays[i] = rule.stays[i] && rule.stays[i]->holds(context);
    }
    return out;
}

Instant next_change(const Rule& rule, std::span<const Event> rows, Instant now) {
    const Duration longest = rule.longest_window();
    Instant next = kNever;
    for (auto row = rows.rbegin(); row != rows.rend() && row->time > now - longest; ++row) {
        if (!counts(rule, *row)) continue;
        if (row->time > now) {
            next = std::min(next, row->time);
            continue;
        }
        for (const Measure& m : rule.measures) {
            const Instant leaves = row->time + m.window;
            if (leaves > now) next = std::min(next, leaves);
        }
    }
    return next;
}

}  // namespace tocsin::rules
