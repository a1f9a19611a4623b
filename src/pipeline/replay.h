#pragma once
/// History through the same core as the daemon, in virtual time (design 8.2).

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pipeline/history.h"
#include "task/task_group.h"
#include "tocsin/transition.h"

namespace tocsin::pipeline {

enum class ReplayOrder {
    kTime,   ///< by event time, ties in input order: as if every event had been read the moment it happened
    kInput,  ///< as it stands in the input, with the topics' `disorder`: what the daemon did; partitions side by side
};

struct ReplayInput {
    std::string path;  ///< JSON lines, plain or gzip
    const decode::TopicMapping* mapping = nullptr;
    Duration disorder = std::chrono::minutes(1);
    std::optional<std::vector<std::string>> lines{};  ///< in the file's place; `path` then only names them
};

struct ReplayOptions {
    std::optional<Instant> from;  ///< transitions before it are not given, but fill the state
    std::optional<Instant> to;    ///< inclusive; later events are left out
    Instant until = kBeforeAll;   ///< without `to`: timers run at least up to it; later events are read all the same
    ReplayOrder order = ReplayOrder::kTime;
};

struct ReplayCounts {
    std::uint64_t lines = 0, counted = 0, late = 0, duplicate = 0, too_late = 0, unreadable = 0, unknown_area = 0;
    Instant first = kNever, last = kBeforeAll;  ///< event times of what was applied
};

/// One rule set on its way through a history. Gives the transitions: in order of time at the end, sorted by `at`, rule,
/// subject; in input order as they happen.
class Course {
public:
    using Output = std::function<void(const Transition&)>;

    Course(const task::Setting& setting, const std::shared_ptr<const RuleSet>& rules, ReplayOptions options,
           Output output);

    void apply(const Event& event, Duration disorder);
    /// Fires what is due up to then, that instant included; what is applied next is later.
    void reach(Instant t) { group_.finish(t); }
    /// Fires what is due up to the end: `to`, or the last event.
    void finish();

    [[nodiscard]] const ReplayCounts& counts() const { return counts_; }  ///< lines and unreadable stay 0
    [[nodiscard]] task::Task& task() { return group_.task(0); }

private:
    void give();

    ReplayOptions options_;
    Output output_;
    task::TaskGroup group_;
    ReplayCounts counts_;
};

/// Takes the history through all of them in one pass: what is compared has read the same events.
void run_history(History& history, ReplayOrder order, std::span<const std::unique_ptr<Course>> courses);

/// Reads inputs and takes them through one rule set. Errors: kReject, a file that cannot be read.
class Replay {
public:
    using Output = Course::Output;
    using Trouble = History::Trouble;

    Replay(const task::Setting& setting, std::shared_ptr<const RuleSet> rules, ReplayOptions options)
        : setting_(setting), options_(options), rules_(std::move(rules)) {}

    Result<ReplayCounts> run(const std::vector<ReplayInput>& inputs, const Trouble& trouble, const Output& output);

private:
    const task::Setting& setting_;
    ReplayOptions options_;
    std::shared_ptr<const RuleSet> rules_;
};

}  // namespace tocsin::pipeline
