#pragma once
/// All tasks of one process: hands each event's cells to the tasks that own them. One thread.

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "task/task.h"

namespace tocsin::task {

class TaskGroup {
public:
    /// Makes `setting.task_count` empty tasks.
    explicit TaskGroup(const Setting& setting);

    [[nodiscard]] Task& task(std::uint32_t index) { return *tasks_[index]; }
    [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(tasks_.size()); }

    /// After every task is loaded, and at each reload. New rules warm until sweep() has judged them over all that is
    /// remembered. After a start it also finds the cells in which one task is ahead of what another had judged (the
    /// last process ended between their commits).
    void adopt(const std::shared_ptr<const RuleSet>& rules);

    /// Goes on judging new rules, over so many profiles at most. False: there is nothing left to judge.
    bool sweep(std::size_t profiles);
    /// Whether rules warm; which, by Rule::order.
    [[nodiscard]] bool warming() const { return warms_; }
    [[nodiscard]] const std::vector<bool>& warming_rules() const { return warming_; }
    /// Profiles to be looked at still, and those that were since the start.
    [[nodiscard]] std::size_t left_to_sweep() const;
    [[nodiscard]] std::uint64_t swept() const;
    /// Until when a window of the rule reaches to before what some task has kept; nothing: none does.
    [[nodiscard]] std::optional<Instant> incomplete_until(const Rule& rule) const;

    /// Applies an event to task `index`; cells are judged by their owners before it returns.
    Applied apply(std::uint32_t index, const Event& event);
    /// Whether another task than `index` remembers the event's customer, who then is counted in two halves.
    [[nodiscard]] bool known_elsewhere(std::uint32_t index, const Event& event) const;
    /// Moves every task's clock there and fires what is due, that instant included.
    void finish(Instant end);
    /// The highest event time any task has read; kBeforeAll if none has.
    [[nodiscard]] Instant highest() const;

private:
    /// Whether the tasks were stored together: then each has judged all that is in the cells of the others.
    bool stored_at_one_point();
    void look_into_cells(bool torn);
    void warm(std::vector<bool> warming);
    Setting setting_;  // with phases of its own
    std::vector<std::unique_ptr<Task>> tasks_;
    std::vector<Touch> touches_;
    bool begun_ = false;
    std::uint64_t cut_ = Task::kUnknownCut;  // events read, of all tasks
    std::vector<bool> warming_;              // by Rule::order
    bool warms_ = false;
    std::size_t turn_ = 0;  // the task that sweeps next
};

}  // namespace tocsin::task
