#include "rules/judge.h"

#include <algorithm>
#include <cmath>

#include "rules/code.h"

namespace tocsin::rules {
namespace {

using RowsInside = std::span<const Event* const>;  // newest first

/// Any strict order over values of one field; numbers and integers by their amount.
bool before(const Value& a, const Value& b) {
    return compare(a, b) < 0;
}

bool sees(const Measure& m, const Event& row) {
    if (m.fn == MeasureFn::kSeen) return row.kind == m.kind;
    return m.fn == MeasureFn::kAttr && !row.field(m.field).is_missing();
}

/// The field's values in the order of the rows, first to last.
std::vector<Value> values_of(const Measure& m, RowsInside rows) {
    std::vector<Value> values;
    for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
        const Value v = (*row)->field(m.field);
        if (!v.is_missing()) values.push_back(v);
    }
    return values;
}

std::int64_t different(std::vector<Value> values) {
    std::sort(values.begin(), values.end(), before);
    const auto end =
        std::unique(values.begin(), values.end(), [](const Value& a, const Value& b) { return compare(a, b) == 0; });
    return end - values.begin();
}

bool same(const Value& a, const Value& b) {
    // Words of one dictionary lie at one place.
    const bool is_one = a.type == Value::Type::kString && b.type == a.type && a.string.data() == b.string.data() &&
                        a.string.size() == b.string.size();
    return is_one || compare(a, b) == 0;
}

/// The same, where there are few: without a sorted copy of all values.
std::int64_t different(const Measure& m, RowsInside rows) {
    constexpr std::size_t kFew = 8;
    std::array<Value, kFew> found;
    std::size_t n = 0;
    for (const Event* row : rows) {
        const Value v = row->field(m.field);
        if (v.is_missing()) continue;
        const auto end = found.begin() + static_cast<std::ptrdiff_t>(n);
        if (std::any_of(found.begin(), end, [&v](const Value& other) { return same(v, other); })) continue;
        if (n == kFew) return different(values_of(m, rows));
        found[n++] = v;
    }
    return static_cast<std::int64_t>(n);
}

/// The nearest rank: the smallest value that at least this share of the values does not exceed.
Value quantile(std::vector<Value> values, std::int64_t share) {
    const auto n = static_cast<std::int64_t>(values.size());
    const std::int64_t rank = std::max<std::int64_t>(1, (share * n + kSumScale - 1) / kSumScale);
    std::sort(values.begin(), values.end(), before);
    return values[static_cast<std::size_t>(rank - 1)];
}

Value one_of(const Measure& m, RowsInside rows) {
    std::vector<Value> values = values_of(m, rows);
    if (values.empty()) return Value::missing();
    switch (m.fn) {
        case MeasureFn::kFirst:
            return values.front();
        case MeasureFn::kLast:
            return values.back();
        case MeasureFn::kMin:
            return *std::min_element(values.begin(), values.end(), before);
        case MeasureFn::kMax:
            return *std::max_element(values.begin(), values.end(), before);
        default:
            return quantile(std::move(values), m.share);
    }
}

Value added_up(const Measure& m, RowsInside rows) {
    ExactSum sum;
    std::int64_t n = 0;
    for (const Event* row : rows) {
        const Value v = row->field(m.field);
        if (v.is_missing()) continue;
        sum.add(sum_units(v));
        ++n;
    }
    return m.fn == MeasureFn::kAvg ? sum.average(m.type, n) : sum.total(m.type);
}

Value asked(const Measure& m, RowsInside rows) {
    const auto yes = std::count_if(rows.begin(), rows.end(), [&m](const Event* row) {
        EvalContext context;
        context.event = row;
        return m.predicate.holds(context);
    });
    const auto all = static_cast<std::int64_t>(rows.size());
    if (m.fn == MeasureFn::kAny) return Value::of(yes > 0);
    if (m.fn == MeasureFn::kRatio) return share_of(yes, all);
    return all == 0 ? Value::missing() : Value::of(yes == all);
}

Value aggregate(const Measure& m, RowsInside rows) {
    switch (m.fn) {
        case MeasureFn::kCount:
            return Value::of_int(static_cast<std::int64_t>(rows.size()));
        case MeasureFn::kDistinct:
            return Value::of_int(different(m, rows));
        case MeasureFn::kSum:
        case MeasureFn::kAvg:
            return added_up(m, rows);
        case MeasureFn::kAny:
        case MeasureFn::kRatio:
        case MeasureFn::kAll:
            return asked(m, rows);
        default:
            return one_of(m, rows);
    }
}

Value of_person(const Measure& m, std::span<const Event> person, Instant now) {
    for (auto row = person.rbegin(); row != person.rend() && row->time > now - m.window; ++row) {
        if (row->time > now || !sees(m, *row)) continue;
        return m.fn == MeasureFn::kSeen ? Value::of(true) : row->field(m.field);
    }
    return m.fn == MeasureFn::kSeen ? Value::of(false) : Value::missing();
}

Verdict verdict_with(const Rule& rule, const EvalContext& context, const PhaseOverride* other) {
    Verdict out;
    for (std::size_t i = kLevels - 1; i > 0; --i) {
        const bool is_other = other != nullptr && other->levels[i];
        const auto& level = is_other ? other->levels[i] : rule.levels[i];
        const auto& stay = is_other ? other->stays[i] : rule.stays[i];
        const bool decided = out.level != Level::kNone;  // by a higher colour
        if (!decided && level && level->holds(context)) out.level = static_cast<Level>(i);
        out.stays[i] = stay && stay->holds(context);
    }
    return out;
}

const PhaseOverride* override_in(const Rule& rule, std::string_view phase) {
    const auto other = std::find_if(rule.overrides.begin(), rule.overrides.end(),
                                    [&](const PhaseOverride& o) { return o.phase == phase; });
    return other == rule.overrides.end() ? nullptr : &*other;
}

Verdict verdict_in(const Rule& rule, const EvalContext& context, std::string_view phase) {
    // A promise that was made stands, whatever the phase.
    if (!rule.expect && !holds_in(rule, phase)) return {};
    return verdict_with(rule, context, override_in(rule, phase));
}

/// Visits each instant at which a row comes into a window or leaves it; rows that left all windows before `from` are
/// passed over.
template <typename Visit>
void for_each_change(const Rule& rule, const Remembered& remembered, Instant from, Visit visit) {
    const Duration longest = rule.longest_window();
    const auto each = [&](std::span<const Event> rows, auto looks) {
        for (auto row = rows.rbegin(); row != rows.rend() && row->time + longest >= from; ++row) {
            for (const Measure& m : rule.measures) {
                if (!looks(m, *row)) continue;
                visit(row->time);
                visit(m.leaves(row->time));
            }
        }
    };
    const Event* judged = nullptr;
    bool counted = false;
    each(remembered.rows, [&](const Measure& m, const Event& row) {
        if (judged != &row) counted = counts(rule, row);
        judged = &row;
        return counted && !m.of_person();
    });
    each(remembered.person, [](const Measure& m, const Event& row) { return sees(m, row); });
}

}  // namespace

bool counts(const Rule& rule, const Event& event) {
    if (std::find(rule.on.begin(), rule.on.end(), event.kind) == rule.on.end()) return false;
    if (rule.where.empty()) return true;
    EvalContext context;
    context.event = &event;
    return rule.where.holds(context);
}

bool watches(const Rule& rule, const Event& event) {
    return std::any_of(rule.measures.begin(), rule.measures.end(), [&](const Measure& m) { return sees(m, event); });
}

std::int64_t sum_units(const Value& value) {
    std::int64_t units = 0;
    if (value.type == Value::Type::kDuration) return value.integer;
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

Value ExactSum::total(Value::Type type) const {
    const auto units = static_cast<std::int64_t>(std::clamp<Wide>(sum_, INT64_MIN, INT64_MAX));
    if (type == Value::Type::kDuration) return Value::of_duration(Duration(units));
    return Value::of_number(static_cast<double>(units) / static_cast<double>(kSumScale));
}

Value ExactSum::average(Value::Type type, std::int64_t n) const {
    if (n == 0) return Value::missing();
    if (type == Value::Type::kDuration) {
        const Wide half = sum_ < 0 ? -(n / 2) : n / 2;
        return Value::of_duration(Duration(static_cast<std::int64_t>((sum_ + half) / n)));
    }
    return Value::of_number(static_cast<double>(sum_) / (static_cast<double>(n) * static_cast<double>(kSumScale)));
}

Value share_of(std::int64_t part, std::int64_t whole) {
    return whole == 0 ? Value::missing() : Value::of_number(static_cast<double>(part) / static_cast<double>(whole));
}

void measure(const Rule& rule, const Remembered& remembered, Instant now, std::vector<Value>& out) {
    const std::span<const Event> rows = remembered.rows;
    const Instant earliest = rule.counts_after(now);
    std::vector<const Event*> inside;
    for (auto row = rows.rbegin(); row != rows.rend() && row->time > earliest; ++row) {
        if (row->time <= now && counts(rule, *row)) inside.push_back(&*row);
    }
    out.clear();
    for (const Measure& m : rule.measures) {
        if (m.of_person()) {
            out.push_back(of_person(m, remembered.person, now));
            continue;
        }
        const auto end = std::partition_point(inside.begin(), inside.end(),
                                              [after = m.after(now)](const Event* row) { return row->time > after; });
        out.push_back(aggregate(m, {inside.begin(), end}));
    }
}

Verdict verdict(const Rule& rule, const EvalContext& context) {
    return verdict_with(rule, context, nullptr);
}

Verdict verdict(const Rule& rule, const EvalContext& context, const InPhase& in) {
    Verdict now = verdict_in(rule, context, in.phase);
    if (in.before == in.phase) return now;
    const Verdict before = verdict_in(rule, context, in.before);
    now.level = std::min(now.level, before.level);
    for (std::size_t i = 1; i < kLevels; ++i) now.stays[i] = now.stays[i] || before.stays[i];
    return now;
}

bool holds_in(const Rule& rule, std::string_view phase) {
    return rule.phases.empty() || std::find(rule.phases.begin(), rule.phases.end(), phase) != rule.phases.end();
}

const std::optional<Expression>& level_in(const Rule& rule, Level level, std::string_view phase) {
    const auto i = static_cast<std::size_t>(level);
    const PhaseOverride* other = override_in(rule, phase);
    return other != nullptr && other->levels[i] ? other->levels[i] : rule.levels[i];
}

bool in_reach(const Rule& rule, std::span<const Event> rows, Instant now) {
    const Duration longest = rule.longest_window();
    for (auto row = rows.rbegin(); row != rows.rend() && row->time >= now - longest; ++row) {
        if (row->time <= now && counts(rule, *row)) return true;
    }
    return false;
}

Instant next_change(const Rule& rule, const Remembered& remembered, Instant now) {
    Instant next = kNever;
    for_each_change(rule, remembered, now, [&](Instant t) {
        if (t > now) next = std::min(next, t);
    });
    return next;
}

std::vector<Instant> changes(const Rule& rule, const Remembered& remembered, Instant now) {
    std::vector<Instant> points;
    for_each_change(rule, remembered, kBeforeAll, [&](Instant t) {
        if (t <= now) points.push_back(t);
    });
    std::sort(points.rbegin(), points.rend());
    points.erase(std::unique(points.begin(), points.end()), points.end());
    return points;
}

}  // namespace tocsin::rules
