#include "task/cell_feed.h"

#include <algorithm>
#include <set>

#include "rules/judge.h"
#include "task/subject.h"

namespace tocsin::task {

void CellFeed::use(const RuleSet& rules) {
    std::set<std::uint64_t> fed;
    plans_.clear();
    by_kind_.assign(setting_.schema.kinds().size(), {});
    for (const Rule& rule : rules.rules) {
        if (rule.person || rule.rolls_up || rule.limits) continue;
        for (const KindId kind : rule.on) by_kind_[kind].push_back(plans_.size());
        plans_.push_back(plan_cells(rule));
        for (CellSpec& spec : plans_.back().specs) spec.fed = fed.insert(spec.hash).second;
    }
}

void CellFeed::find_places(const Rule& rule, const Event& event, std::vector<std::string_view>& places) const {
    places.clear();
    if (std::find(rule.by.begin(), rule.by.end(), kFieldArea) == rule.by.end()) return places.push_back("");
    for (const AreaId node : setting_.areas.lineage(setting_.areas.resolve(event.area))) {
        const Area& area = setting_.areas.area(node);
        if (rule.rollup_areas[static_cast<std::size_t>(area.level)]) places.push_back(area.code);
    }
}

bool CellFeed::same_cell(const CellPlan& plan, const Entry& entry, const Event& other) {
    if (!rules::counts(*plan.rule, other)) return false;
    if (plan.by_area_alone && other.area == entry.event.area) return true;  // nearly everybody stays where they are
    find_places(*plan.rule, other, other_places_);
    return std::any_of(other_places_.begin(), other_places_.end(), [&](std::string_view code) {
        return plan.by_area_alone ? code == entry.place : subject_of(*plan.rule, other, code) == entry.subject;
    });
}

CellFeed::Neighbours CellFeed::neighbours(const CellPlan& plan, const ledger::Profile& profile, std::size_t index,
                                          const Entry& entry, Filling filling) {
    const auto rows = profile.rows();
    Neighbours near;
    if (entry.event.customer.empty()) return near;
    const auto same = [&](const ledger::Row& other) {
        // The cells of a new rule never saw a rolled row: who came after it is new to them.
        if (filling == Filling::kNewRule && other.rolled) return false;
        return same_cell(plan, entry, other.event);
    };
    for (std::size_t i = index; i-- > 0 && near.previous == nullptr;) {
        if (same(rows[i])) near.previous = &rows[i].event;
    }
    if (filling == Filling::kNewRule) return near;  // later rows come into the cell after this one
    for (std::size_t i = index + 1; i < rows.size() && near.next == nullptr; ++i) {
        if (same(rows[i])) near.next = &rows[i].event;
    }
    return near;
}

void CellFeed::count(const CellPlan& plan, const Entry& at, const Neighbours& near, Instant oldest, Filling filling) {
    const Event& event = at.event;
    for (const CellSpec& spec : plan.specs) {
        if (!spec.fed) continue;
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
        put_cell_key(spec, at.subject, key_);
        ledger::Cell* cell = filling == Filling::kTakeBack ? cells_.find(key_) : cells_.cell(key_);
        if (cell == nullptr) continue;
        if (filling == Filling::kTakeBack)
            cells_.take_back(*cell, entry, spec.reach);
        else
            cells_.add(*cell, entry, spec.reach);
        cells_.expire(*cell, first);
    }
}

std::vector<std::string> CellFeed::put(const CellPlan& plan, const ledger::Profile& profile, std::size_t index,
                                       Instant oldest, Filling filling) {
    std::vector<std::string> subjects;
    const Event& event = profile.rows()[index].event;
    if (!rules::counts(*plan.rule, event)) return subjects;
    find_places(*plan.rule, event, places_);
    for (const std::string_view place : places_) {
        auto subject = subject_of(*plan.rule, event, place);
        if (!subject) continue;
        const Entry entry{event, place, *subject};
        count(plan, entry, neighbours(plan, profile, index, entry, filling), oldest, filling);
        subjects.push_back(std::move(*subject));
    }
    return subjects;
}

void CellFeed::add(const ledger::Profile& profile, std::size_t index, Instant oldest, std::vector<Touch>& touches) {
    const Event& event = profile.rows()[index].event;
    for (const std::size_t i : by_kind_[event.kind]) {
        for (std::string& subject : put(plans_[i], profile, index, oldest, Filling::kLive))
            touches.push_back({plans_[i].rule, std::move(subject), event.time, std::string(event.id)});
    }
}

void CellFeed::take_back(const ledger::Profile& profile, std::size_t index, Instant oldest, Instant at,
                         std::vector<Touch>& touches) {
    const Event& event = profile.rows()[index].event;
    if (event.kind >= by_kind_.size()) return;  // no longer declared
    for (const std::size_t i : by_kind_[event.kind]) {
        for (std::string& subject : put(plans_[i], profile, index, oldest, Filling::kTakeBack))
            touches.push_back({plans_[i].rule, std::move(subject), at, {}, event.time});
    }
}

void CellFeed::refill(const CellPlan& plan, const ledger::Profile& profile, std::size_t index, Instant oldest) {
    if (!profile.rows()[index].rolled) put(plan, profile, index, oldest, Filling::kNewRule);
}

}  // namespace tocsin::task
