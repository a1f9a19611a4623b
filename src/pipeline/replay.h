#pragma once
/// History through the same core as the daemon, in virtual time (design 8.2).

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "decode/mapping.h"
#include "decode/reject.h"
#include "task/task_group.h"
#include "tocsin/result.h"
#include "tocsin/transition.h"

namespace tocsin::pipeline {

enum class ReplayOrder {
    kTime,   ///< by event time, ties in input order: as if every event had been read the moment it happened
    kInput,  ///< as it stands in the input, with the topics' `disorder`: what the daemon did
};

struct ReplayInput {
    std::string path;  ///< JSON lines, plain or gzip
    const decode::TopicMapping* mapping = nullptr;
    Duration disorder = std::chrono::minutes(1);
    std::optional<std::vector<std::string>> lines = {};  ///< in the file's place; `path` then only names them
};

struct ReplayOptions {
    std::optional<Instant> from;  ///< transitions before it are not given, but fill the state
    std::optional<Instant> to;    ///< inclusive; later events are left out
    Instant until = kBeforeAll;   ///< without `to`: timers run at least up to it; later events are read all the same
    ReplayOrder order = ReplayOrder::kTime;
};

struct ReplayCounts {
    std::uint64_t lines = 0, counted = 0, late = 0, duplicate = 0, too_late = 0, unreadable = 0, unknown_area = 0;
};

/// A line that is not an event: where, and why.
struct UnreadableLine {
    std::string path;
    std::uint64_t line = 0;
    decode::Reject reason;
};

/// Reads all inputs, applies them in the order asked for, and gives the transitions: in order of time sorted by `at`,
/// rule, subject; in input order as they happen. Errors: kReject, a file that cannot be read.
class Replay {
public:
    using Output = std::function<void(const Transition&)>;
    using Trouble = std::function<void(const UnreadableLine&)>;

    Replay(const task::Setting& setting, std::shared_ptr<const RuleSet> rules, ReplayOptions options)
        : setting_(setting), options_(options), group_(setting), rules_(std::move(rules)) {}

    Result<ReplayCounts> run(const std::vector<ReplayInput>& inputs, const Trouble& trouble, const Output& output);

private:
    struct Line {
        Instant time;
        std::uint32_t input;
        std::uint64_t number;
        std::string text;
    };
    Result<void> read(std::uint32_t index, const ReplayInput& input, const Trouble& trouble);
    Result<void> read_file(const std::string& path, const std::function<void(const std::string&)>& take);
    Result<void> apply(const std::vector<ReplayInput>& inputs, const Output& output);
    void give(const Output& output, bool sorted);

    const task::Setting& setting_;
    ReplayOptions options_;
    task::TaskGroup group_;
    std::shared_ptr<const RuleSet> rules_;
    std::vector<Line> lines_;
    std::vector<Transition> made_;
    ReplayCounts counts_;
};

}  // namespace tocsin::pipeline
