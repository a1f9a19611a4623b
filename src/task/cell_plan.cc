#include "task/cell_plan.h"

#include <algorithm>

#include "base/digest.h"
#include "ledger/codec.h"
#include "rules/judge.h"

namespace tocsin::task {
CellPlan plan_cells(const Rule& rule) {
    CellPlan plan;
    plan.rule = &rule;
    for (std::size_t i = 0; i < rule.measures.size(); ++i) {
        const Measure& m = rule.measures[i];
        const Duration width = ledger::bucket_width(m.window);
        auto spec =
            std::find_if(plan.specs.begin(), plan.specs.end(), [&](const CellSpec& s) { return s.width == width; });
        if (spec == plan.specs.end()) {
            spec = plan.specs.emplace(plan.specs.end());
            spec->width = width;
        }
        spec->reach = std::max(spec->reach, m.window / width);
        spec->measures.push_back(i);
        if (m.fn == MeasureFn::kSum || m.fn == MeasureFn::kAny) spec->sums.push_back(i);
    }
    for (CellSpec& spec : plan.specs) {
        std::string identity;
        ledger::put_fixed64(identity, rule.filter_hash);
        ledger::put_signed(identity, spec.width.count());
        // The repeats of a bucket are cut at the reach, and sums mean what this definition says: both belong to it.
        ledger::put_signed(identity, spec.reach);
        if (!spec.sums.empty()) ledger::put_fixed64(identity, rule.definition_hash);
        spec.hash = hash64(identity);
    }
    return plan;
}

std::string cell_key(const CellSpec& spec, std::string_view subject) {
    std::string key;
    ledger::put_fixed64(key, spec.hash);
    key.append(subject);
    return key;
}

std::vector<std::int64_t> sums_of(const CellPlan& plan, const CellSpec& spec, const Event& event) {
    std::vector<std::int64_t> sums;
    EvalContext context;
    context.event = &event;
    for (const std::size_t i : spec.sums) {
        const Measure& m = plan.rule->measures[i];
        if (m.fn == MeasureFn::kAny) {
            sums.push_back(m.predicate.holds(context) ? 1 : 0);
            continue;
        }
        sums.push_back(rules::sum_units(event.field(m.field)));
    }
    return sums;
}

Value total(const CellPlan& plan, const CellSpec& spec, std::size_t measure,
            const std::vector<const ledger::Cell*>& cells, std::int64_t now) {
    const Measure& m = plan.rule->measures[measure];
    const std::int64_t from = now - m.window / spec.width + 1;
    const auto sum_index =
        static_cast<std::size_t>(std::find(spec.sums.begin(), spec.sums.end(), measure) - spec.sums.begin());
    std::int64_t sum = 0;
    for (const ledger::Cell* cell : cells) {
        if (cell == nullptr) continue;
        for (const ledger::Bucket& b : cell->range(from, now)) {
            switch (m.fn) {
                case MeasureFn::kCount:
                    sum += static_cast<std::int64_t>(b.events);
                    break;
                case MeasureFn::kDistinct:
                    sum += static_cast<std::int64_t>(b.people_since(from));
                    break;
                case MeasureFn::kSum:
                case MeasureFn::kAny:
                    sum += sum_index < b.sums.size() ? b.sums[sum_index] : 0;
                    break;
            }
        }
    }
    if (m.fn == MeasureFn::kAny) return Value::of(sum > 0);
    if (m.fn == MeasureFn::kSum) return Value::of_number(static_cast<double>(sum) / static_cast<double>(kSumScale));
    return Value::of_int(sum);
}

}  // namespace tocsin::task
