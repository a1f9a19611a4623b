#include "task/task_group.h"

#include <algorithm>
#include <map>
#include <utility>

#include "ledger/codec.h"
#include "task/subject.h"

namespace tocsin::task {

TaskGroup::TaskGroup(const Setting& setting) : setting_(setting) {
    setting_.phases = std::make_shared<AreaPhases>();
    std::vector<const ledger::CellStore*> sources;
    for (std::uint32_t i = 0; i < setting.task_count; ++i) {
        tasks_.push_back(std::make_unique<Task>(setting_, i));
        sources.push_back(&tasks_.back()->cells());
    }
    std::vector<RollupJudge*> rollups;
    std::vector<LimitJudge*> limits;
    for (const auto& task : tasks_) {
        rollups.push_back(&task->rollups());
        limits.push_back(&task->limits());
    }
    for (const auto& task : tasks_) {
        task->areas().see(sources);
        task->see(rollups);
        task->see(limits);
        task->see(cut_);
    }
}

void TaskGroup::adopt(const std::shared_ptr<const RuleSet>& rules) {
    for (const auto& task : tasks_) task->limits().begin_again(*rules);
    for (const auto& task : tasks_) task->count_open(*rules);
    const bool torn = !std::exchange(begun_, true) && !stored_at_one_point();
    for (const auto& task : tasks_) task->adopt(rules);
    std::vector<bool> warming(rules->rules.size(), false);
    for (const Rule& rule : rules->rules) {
        warming[rule.order] =
            std::any_of(tasks_.begin(), tasks_.end(), [&](const auto& task) { return task->sweeps(rule); });
    }
    warm(std::move(warming));
    for (std::size_t i = 0; torn && i < tasks_.size(); ++i) tasks_[i]->areas().forget_idle();
    look_into_cells(torn);
    for (const auto& task : tasks_) task->tell_promises();
    for (const auto& task : tasks_) task->review_areas();
}

// No task's alone: the owner of a place must know that another one's cells are not complete yet.
void TaskGroup::warm(std::vector<bool> warming) {
    warming_ = std::move(warming);
    warms_ = std::find(warming_.begin(), warming_.end(), true) != warming_.end();
    for (const auto& task : tasks_) task->warm(warming_);
}

bool TaskGroup::sweep(std::size_t profiles) {
    for (std::size_t tried = 0; warms_ && profiles > 0 && tried < tasks_.size(); ++tried) {
        Task& task = *tasks_[turn_];
        const std::size_t before = task.sweeping().left();
        task.sweep(profiles);
        profiles -= std::min(profiles, before - task.sweeping().left());
        if (!task.sweeping().running()) turn_ = (turn_ + 1) % tasks_.size();
    }
    if (!warms_ || left_to_sweep() > 0) return warms_;
    warm(std::vector<bool>(warming_.size(), false));
    look_into_cells(/*torn=*/false);
    for (const auto& task : tasks_) task->review_areas();
    return false;
}

std::size_t TaskGroup::left_to_sweep() const {
    std::size_t left = 0;
    for (const auto& task : tasks_) left += task->sweeping().left();
    return left;
}

std::uint64_t TaskGroup::swept() const {
    std::uint64_t swept = 0;
    for (const auto& task : tasks_) swept += task->swept();
    return swept;
}

std::optional<Instant> TaskGroup::incomplete_until(const Rule& rule) const {
    std::optional<Instant> latest;
    for (const auto& task : tasks_) latest = std::max(latest, task->incomplete_until(rule));
    return latest;
}

bool TaskGroup::stored_at_one_point() {
    const auto has_this = [&](const auto& task) { return task->stored_cut() == cut_; };
    for (const auto& task : tasks_) cut_ = std::max(cut_, task->stored_cut());
    return cut_ != Task::kUnknownCut && std::all_of(tasks_.begin(), tasks_.end(), has_this);
}

void TaskGroup::look_into_cells(bool torn) {
    const auto newest = [](const ledger::Cell& cell) {
        for (auto bucket = cell.buckets().rbegin(); bucket != cell.buckets().rend(); ++bucket) {
            if (!bucket->evidence.empty()) return bucket->evidence.back().time;
        }
        return kBeforeAll;
    };
    struct Known {
        const CellPlan* plan;
        const CellSpec* spec;
    };
    std::map<std::uint64_t, std::vector<Known>> by_hash;
    for (const CellPlan& plan : tasks_.front()->plans()) {
        for (const CellSpec& spec : plan.specs) by_hash[spec.hash].push_back({&plan, &spec});
    }
    for (const auto& source : tasks_) {
        source->cells().for_each([&](std::string_view key, const ledger::Cell& cell) {
            ledger::Reader in(key);
            const auto known = by_hash.find(in.fixed64());
            if (known == by_hash.end() || cell.buckets().empty()) return;
            const std::string subject(in.rest());
            for (const auto& [plan, spec] : known->second) {
                Task& owner = *tasks_[owner_of(*plan->rule, subject, size())];
                // A new rule has met none of its places: their owners learn of them here.
                if (owner.has_changed(*plan->rule))
                    owner.areas().know(*plan->rule, subject, torn ? kBeforeAll : newest(cell));
                if (!torn) continue;
                const std::int64_t seen = ledger::bucket_of(owner.areas().frontier(), spec->width);
                const auto later = cell.range(seen, INT64_MAX - 1);
                if (!later.empty()) owner.areas().look_ahead(*plan->rule, subject, later.front().index, spec->width);
                if (later.size() > 1) owner.areas().look_ahead(*plan->rule, subject, later.back().index, spec->width);
            }
        });
    }
}

Applied TaskGroup::apply(std::uint32_t index, const Event& event) {
    ++cut_;
    touches_.clear();
    const Applied applied = tasks_[index]->apply(event, touches_);
    if (applied.phase_of_area) {
        for (const auto& task : tasks_) task->look_at_phases(event.time);
    }
    for (const Touch& touch : touches_) tasks_[owner_of(*touch.rule, touch.subject, size())]->judge_cell(touch);
    return applied;
}

bool TaskGroup::known_elsewhere(std::uint32_t index, const Event& event) const {
    return std::any_of(tasks_.begin(), tasks_.end(),
                       [&](const auto& task) { return task->index() != index && task->knows(event); });
}

void TaskGroup::finish(Instant end) {
    for (const auto& task : tasks_) task->advance_through(end);
}

Instant TaskGroup::highest() const {
    Instant highest = kBeforeAll;
    for (const auto& task : tasks_) highest = std::max(highest, task->highest());
    return highest;
}

}  // namespace tocsin::task
