#include "task/cell_plan.h"

#include <algorithm>

#include "base/calendar_window.h"
#include "base/digest.h"
#include "ledger/codec.h"
#include "rules/judge.h"

namespace tocsin::task {
namespace {

using Of = CellSum::Of;

void plan_sums(const Measure& m, std::size_t index, std::vector<CellSum>& sums) {
    switch (m.fn) {
        case MeasureFn::kSum:
            sums.push_back({index, Of::kAmount});
            break;
        case MeasureFn::kAvg:
            sums.push_back({index, Of::kAmount});
            sums.push_back({index, Of::kValues});
            break;
        case MeasureFn::kAny:
        case MeasureFn::kRatio:
            sums.push_back({index, Of::kAnswers});
            break;
        default:  // told from the numbers of events and people; others are refused when loaded
            break;
    }
}

}  // namespace

CellPlan plan_cells(const Rule& rule) {
    CellPlan plan;
    plan.rule = &rule;
    plan.by_area_alone = rule.by.size() == 1 && rule.by[0] == kFieldArea;
    for (std::size_t i = 0; i < rule.measures.size(); ++i) {
        const Measure& m = rule.measures[i];
        const Duration width = m.calendar != nullptr ? m.calendar->bucket() : ledger::bucket_width(m.window);
        auto spec =
            std::find_if(plan.specs.begin(), plan.specs.end(), [&](const CellSpec& s) { return s.width == width; });
        if (spec == plan.specs.end()) {
            spec = plan.specs.emplace(plan.specs.end());
            spec->width = width;
        }
        spec->reach = std::max(spec->reach, m.window / width);
        spec->measures.push_back(i);
        plan_sums(m, i, spec->sums);
    }
    for (CellSpec& spec : plan.specs) {
        std::string identity;
        ledger::put_fixed64(identity, rule.filter_hash);
        ledger::put_signed(identity, spec.width.count());
        // The repeats of a bucket are cut at the reach, and sums mean what this definition says: both belong to it.
        ledger::put_signed(identity, spec.reach);
        if (!spec.sums.empty()) ledger::put_fixed64(identity, rule.definition_hash);
        // A rule that looks at fewer levels of areas has fewer cells. What is not written leaves no trace.
        if (rule.rollup_areas != Rule{}.rollup_areas) {
            for (const bool used : rule.rollup_areas) identity.push_back(used ? '1' : '0');
        }
        spec.hash = hash64(identity);
    }
    return plan;
}

void put_cell_key(const CellSpec& spec, std::string_view subject, std::string& key) {
    key.clear();
    ledger::put_fixed64(key, spec.hash);
    key.append(subject);
}

std::int64_t first_bucket(const Measure& measure, Duration width, std::int64_t now) {
    if (measure.calendar == nullptr) return now - measure.window / width + 1;
    return ledger::bucket_of(measure.calendar->begin(ledger::bucket_start(now, width)), width);
}

std::int64_t next_bucket(const Measure& measure, Duration width, std::int64_t first) {
    return ledger::bucket_of(measure.leaves(ledger::bucket_start(first, width)), width);
}

std::vector<std::int64_t> sums_of(const CellPlan& plan, const CellSpec& spec, const Event& event) {
    std::vector<std::int64_t> sums;
    EvalContext context;
    context.event = &event;
    for (const CellSum& sum : spec.sums) {
        const Measure& m = plan.rule->measures[sum.measure];
        switch (sum.of) {
            case Of::kAmount:
                sums.push_back(rules::sum_units(event.field(m.field)));
                break;
            case Of::kValues:
                sums.push_back(event.field(m.field).is_missing() ? 0 : 1);
                break;
            case Of::kAnswers:
                sums.push_back(m.predicate.holds(context) ? 1 : 0);
                break;
        }
    }
    return sums;
}

Value total(const CellPlan& plan, const CellSpec& spec, std::size_t measure,
            const std::vector<const ledger::Cell*>& cells, std::int64_t now) {
    const Measure& m = plan.rule->measures[measure];
    const std::int64_t from = first_bucket(m, spec.width, now);
    const auto first = static_cast<std::size_t>(
        std::find_if(spec.sums.begin(), spec.sums.end(), [&](const CellSum& s) { return s.measure == measure; }) -
        spec.sums.begin());
    const auto kept = [](const ledger::Bucket& b, std::size_t i) { return i < b.sums.size() ? b.sums[i] : 0; };
    std::int64_t events = 0, people = 0, answers = 0, values = 0;
    rules::ExactSum amount;
    for (const ledger::Cell* cell : cells) {
        if (cell == nullptr) continue;
        for (const ledger::Bucket& b : cell->range(from, now)) {
            events += static_cast<std::int64_t>(b.events);
            if (m.fn == MeasureFn::kDistinct) people += static_cast<std::int64_t>(b.people_since(from));
            if (m.fn == MeasureFn::kAny || m.fn == MeasureFn::kRatio) answers += kept(b, first);
            if (m.fn == MeasureFn::kSum || m.fn == MeasureFn::kAvg) amount.add(kept(b, first));
            if (m.fn == MeasureFn::kAvg) values += kept(b, first + 1);
        }
    }
    switch (m.fn) {
        case MeasureFn::kDistinct:
            return Value::of_int(people);
        case MeasureFn::kAny:
            return Value::of(answers > 0);
        case MeasureFn::kRatio:
            return rules::share_of(answers, events);
        case MeasureFn::kSum:
            return amount.total(m.type);
        case MeasureFn::kAvg:
            return amount.average(m.type, values);
        default:
            return Value::of_int(events);
    }
}

}  // namespace tocsin::task
