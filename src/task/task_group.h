#pragma once
/// All tasks of one process: hands each event's cells to the tasks that own them. One thread.

#include <memory>
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

    /// After every task is loaded, and at each reload. New rules are judged over all that is remembered. After a start
    /// it also finds the cells in which one task is ahead of what another had judged (the last process ended between
    /// their commits).
    void adopt(const std::shared_ptr<const RuleSet>& rules);

    /// Applies an event to task `index`; cells are judged by their owners before it returns.
    Applied apply(std::uint32_t index, const Event& event);
    /// Whether another task than `index` remembers the event's customer, who then is counted in two halves.
    [[nodiscard]] bool known_elsewhere(std::uint32_t index, const Event& event) const;
    /// Moves every task's clock there and fires what is due, that instant included.
    void finish(Instant end);
    /// The highest event time any task has read; kBeforeAll if none has.
    [[nodiscard]] Instant highest() const;

private:
    void look_ahead();
    const Setting& setting_;
    std::vector<std::unique_ptr<Task>> tasks_;
    std::vector<Touch> touches_;
};

}  // namespace tocsin::task
