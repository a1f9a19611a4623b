#include "task/cell_feed.h"

#include <algorithm>

#include "rules/judge.h"
#include "task/subject.h"

namespace tocsin::task {
void CellFeed::use(const RuleSet& rules) {
    plans_.clear();
    by_kind_.assign(setting_.schema.kinds().size(), {});
    for (const Rule& rule : rules.rules) {
        if (rule.person || rule.rolls_up) continue;
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

CellFeed::Neighbours CellFeed::neighbours(const CellPlan& plan, const ledger::Profile& profile, std::size_t index,
                                          const std::string& subject, Filling filling) const {
    const std::vector<ledger::Row>& rows = profile.rows();
    Neighbours near;
    if (rows[index].event.customer.empty()) return near;
    // Whether another event of this customer lies in the same cell: same filter, same place or one below it.
    const auto same_cell = [&](const ledger::Row& other) {
        // The cells of a new rule never saw a rolled row: who came after it is new to them.
        if (filling == Filling::kNewRule && other.rolled) return false;
        if (!rules::counts(*plan.rule, other.event)) return false;
        const auto codes = places(*plan.rule, other.event);
        return std::any_of(codes.begin(), codes.end(), [&](std::string_view code) {
            return subject_of(*plan.rule, other.event, code) == subject;
        });
    };
    for (std::size_t i = index; i-- > 0 && near.previous == nullptr;) {
        if (same_cell(rows[i])) near.previous = &rows[i].event;
    }
    if (filling == Filling::kNewRule) return near;  // later rows come into the cell after this one
    for (std::size_t i = index + 1; i < rows.size() && near.next == nullptr; ++i) {
        if (same_cell(rows[i])) near.next = &rows[i].event;
    }
    return near;
}

void CellFeed::count(const CellPlan& plan, const Event& event, const Neighbours& near, const std::string& subject,
                     Instant oldest) {
    for (const CellSpec& spec : plan.specs) {
        ledger::CellEvent entry;
        entry.time = event.time;
        entry.id = event.id;
        entry.bucket = ledger::bucket_of(event.time, spec.width);
        entry.has_person = !event.customer.empty();
        if (near.previous != nullptr) entry.previous = ledger::bucket_of(near.previous->time, spec.width);
        if (near.next != nullptr) entry.next = ledger::bucket_of(near.next->time, spec.width);
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
    if (!rules::counts(*plan.rule, event)) return;
    for (const std::string_view place : places(*plan.rule, event)) {
        const auto subject = subject_of(*plan.rule, event, place);
        if (!subject) continue;
        const Filling filling = touches == nullptr ? Filling::kNewRule : Filling::kLive;
        count(plan, event, neighbours(plan, profile, index, *subject, filling), *subject, oldest);
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
