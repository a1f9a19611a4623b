#include "task/sweep.h"

#include <algorithm>
#include <utility>

#include "ledger/codec.h"
#include "task/task.h"

namespace tocsin::task {

void Sweep::begin(std::vector<const Rule*> persons, std::vector<CellPlan> cells, std::size_t slots) {
    persons_ = std::move(persons);
    cells_ = std::move(cells);
    if (persons_.empty() && cells_.empty()) slots = 0;
    taken_.assign(slots, false);
    next_ = 0;
    left_ = slots;
}

bool Sweep::take(ledger::Slot slot) {
    if (slot >= taken_.size() || taken_[slot]) return false;
    taken_[slot] = true;
    --left_;
    return true;
}

ledger::Slot Sweep::take_next() {
    while (taken_[next_]) ++next_;
    take(static_cast<ledger::Slot>(next_));
    return static_cast<ledger::Slot>(next_);
}

void Task::begin_sweep() {
    std::vector<CellPlan> filled;
    std::map<std::uint64_t, bool> known, fresh;
    for (const CellPlan& plan : feed_.plans()) {
        CellPlan part{plan.rule, plan.by_area_alone, {}};
        for (const CellSpec& spec : plan.specs) {
            if (known_cells_.contains(spec.hash))
                known[spec.hash] = true;
            else if (fresh.emplace(spec.hash, true).second)
                part.specs.push_back(spec);
        }
        if (!part.specs.empty()) filled.push_back(std::move(part));
    }
    known_cells_ = std::move(known);
    // What a sweep that did not end has filled, and what a rule that is gone has left behind.
    cells_.drop_if([&](std::string_view key) { return !known_cells_.contains(ledger::Reader(key).fixed64()); });
    std::vector<const Rule*> persons;
    for (const Rule* rule : changed_) {
        // A promise begins with an event; those already open keep their due time.
        if (rule->person && !rule->expect) persons.push_back(rule);
    }
    sweep_.begin(std::move(persons), std::move(filled), table_.size() > 0 ? table_.slots() : 0);
    if (!sweep_.running()) end_sweep();
}

void Task::end_sweep() {
    for (const CellPlan& plan : sweep_.cells()) {
        for (const CellSpec& spec : plan.specs) known_cells_[spec.hash] = true;
    }
    sweep_.begin({}, {}, 0);
}

bool Task::sweeps(const Rule& rule) const {
    if (!sweep_.running()) return false;
    if (rule.person)
        return std::find(sweep_.persons().begin(), sweep_.persons().end(), &rule) != sweep_.persons().end();
    // Rules that look at the same cells wait for whichever of them fills them.
    return std::any_of(feed_.plans().begin(), feed_.plans().end(), [&](const CellPlan& plan) {
        return plan.rule == &rule && std::any_of(plan.specs.begin(), plan.specs.end(), [&](const CellSpec& spec) {
                   return !known_cells_.contains(spec.hash);
               });
    });
}

void Task::warm(const std::vector<bool>& warming) {
    warming_ = warming;
    areas_.hold(warming);
    for (const Rule& rule : rules_->rules) {
        known_rules_.at(rule.name).warming = warming[rule.order];
        if (warming[rule.order] && !has_changed(rule)) changed_.push_back(&rule);
    }
}

void Task::sweep(std::size_t profiles) {
    for (; profiles > 0 && sweep_.running(); --profiles) {
        const ledger::Slot slot = sweep_.take_next();
        if (!table_.alive(slot)) continue;
        WorkingSet::Entry& at = take(slot);
        if (look_back(at)) settle(slot, at);
        ++swept_;
    }
    if (!sweep_.running()) end_sweep();
}

// Whether the states are others now: most profiles are none of the new rules' business, and need not be stored again.
bool Task::look_back(WorkingSet::Entry& at) {
    const auto rows = at.profile.rows();
    for (const CellPlan& plan : sweep_.cells()) {
        for (std::size_t i = 0; i < rows.size(); ++i) feed_.refill(plan, at.profile, i, clock_);
    }
    if (at.key.front() != 'c' || sweep_.persons().empty()) return false;
    episodes::pack_states(at.states, states_before_);
    const Instant now = rows.empty() ? clock_ : std::max(clock_, rows.back().event.time);
    recorder_.sweeping(true);
    for (const Rule* rule : sweep_.persons()) persons_.review(*rule, at.profile, at.states, now);
    recorder_.sweeping(false);
    std::erase_if(at.states, [](const episodes::SubjectState& s) { return s.idle(); });
    episodes::pack_states(at.states, states_after_);
    return states_before_ != states_after_;
}

std::optional<Instant> Task::incomplete_until(const Rule& rule) const {
    if (kept_from_ == kBeforeAll || rule.expect) return std::nullopt;
    const Instant until = kept_from_ + rule.longest_window();
    if (until <= clock_) return std::nullopt;
    return until;
}

}  // namespace tocsin::task
