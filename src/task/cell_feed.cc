#include "task/cell_feed.h"

#include <algorithm>

#include "task/subject.h"

namespace tocsin::task {
namespace {

bool matches(const Rule& rule, const Event& event) {
    if (std::find(rule.on.begin(), rule.on.end(), event.kind) == rule.on.end()) return false;
    EvalContext context;
    context.event = &event;
    return rule.where.holds(context);
}

}  // namespace

void CellFeed::use(const RuleSet& rules) {
    plans_.clear();
    by_kind_.assign(setting_.schema.kinds().size(), {});
    for (const Rule& rule : rules.rules) {
        if (rule.person) continue;
        for (const KindId kind : rule.on) by_kind_[kind].push_back(plans_.size());
        plans_.push_back(plan_cells(rule));
    }
}

std::vector<std::string_view> CellFeed::places(const Rule& rule, const Event& event) const {
    if (std::find(rule.by.begin(), rule.by.end(), kFieldArea) == rule.by.end()) return {""};
    std::vector<std::string_view> codes;
    for (const AreaId node : setting_.areas.lineage(setting_.areas.resolve(event.area))) {
        const Area& area = setting_.areas.area(node);
        if (rule.rollup_areas[static_cast<std::size_t>(area.level)]) codes.push_back(area.code);
    }
    return codes;
}

void CellFeed::count(const CellPlan& plan, const ledger::Profile& profile, std::size_t index,
                     const std::string& subject, Instant oldest) {
    const std::vector<ledger::Row>& rows = profile.rows();
    const Event& event = rows[index].event;
    // Whether another event of this customer lies in the same cell: same filter, same place or one below it.
    const auto same_cell = [&](const Event& other) {
        if (!matches(*plan.rule, other)) return false;
        const auto codes = places(*plan.rule, other);
        return std::any_of(codes.begin(), codes.end(),
                           [&](std::string_view code) { return subject_of(*plan.rule, other, code) == subject; });
    };
    const Event* previous = nullptr;
    const Event* next = nullptr;
    if (!event.customer.empty()) {
        for (std::size_t i = index; i-- > 0 && previous == nullptr;) {
            if (same_cell(rows[i].event)) previous = &rows[i].event;
        }
        for (std::size_t i = index + 1; i < rows.size() && next == nullptr; ++i) {
            if (same_cell(rows[i].event)) next = &rows[i].event;
        }
    }
    for (const CellSpec& spec : plan.specs) {
        ledger::CellEvent entry;
        entry.time = event.time;
        entry.id = event.id;
        entry.bucket = ledger::bucket_of(event.time, spec.width);
        entry.has_person = !event.customer.empty();
        if (previous != nullptr) entry.previous = ledger::bucket_of(previous->time, spec.width);
        if (next != nullptr) entry.next = ledger::bucket_of(next->time, spec.width);
        const std::vector<std::int64_t> sums = sums_of(plan, spec, event);
        entry.sums = sums;
        const std::int64_t first = ledger::bucket_of(oldest, spec.width) - spec.reach;
        if (entry.bucket < first) continue;  // no window will ever reach it
        ledger::Cell* cell = cells_.cell(cell_key(spec, subject));
        if (cell == nullptr) continue;
        cells_.add(*cell, entry, spec.reach);
        cells_.expire(*cell, first);
    }
}

void CellFeed::add_to(const CellPlan& plan, const ledger::Profile& profile, std::size_t index, Instant oldest,
                      std::vector<Touch>* touches) {
    const Event& event = profile.rows()[index].event;
    if (!matches(*plan.rule, event)) return;
    for (const std::string_view place : places(*plan.rule, event)) {
        const auto subject = subject_of(*plan.rule, event, place);
        if (!subject) continue;
        count(plan, profile, index, *subject, oldest);
        if (touches != nullptr) touches->push_back({plan.rule, *subject, event.time, std::string(event.id)});
    }
}

void CellFeed::add(const ledger::Profile& profile, std::size_t index, Instant oldest, std::vector<Touch>& touches) {
    const KindId kind = profile.rows()[index].event.kind;
    for (const std::size_t i : by_kind_[kind]) add_to(plans_[i], profile, index, oldest, &touches);
}

void CellFeed::refill(const CellPlan& plan, const ledger::Profile& profile, std::size_t index, Instant oldest) {
    if (!profile.rows()[index].rolled) add_to(plan, profile, index, oldest, nullptr);
}

}  // namespace tocsin::task
