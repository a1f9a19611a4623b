#pragma once
/// Makes transition records (design 8.2) out of steps: ids, pseudonyms, measures, evidence, rendered texts.

#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "episodes/subject_state.h"
#include "ledger/text_hash.h"
#include "task/limit_judge.h"
#include "task/setting.h"
#include "tocsin/transition.h"

namespace tocsin::task {

/// What was known when the step was made.
struct Moment {
    std::span<const Value> measures;    ///< by Rule::measures; empty for promises
    std::optional<Duration> overdue;    ///< promises
    std::vector<std::string> evidence;  ///< event ids, newest first
    std::string_view opening;           ///< of an opening: what its id is made from
    std::string_view trigger;           ///< of an opening: the event's id
    std::string_view area;              ///< of an opening: as the event gave it
    const Event* last = nullptr;        ///< `$last` in annotations; null: the event is not kept (any more)
};

class Recorder {
public:
    static constexpr std::size_t kEvidenceMax = 20;
    static constexpr std::size_t kPseudonymsMax = 4096;

    explicit Recorder(const Setting& setting) : setting_(setting) {}
    void use(std::shared_ptr<const RuleSet> rules) {
        rules_ = std::move(rules);
        evaluations_.assign(rules_->rules.size(), 0);
    }
    [[nodiscard]] const RuleSet& rules() const { return *rules_; }

    /// The limits of every task, by index; they must outlive the recorder.
    void see(std::vector<LimitJudge*> limits) { limits_ = std::move(limits); }

    /// Records one step of the subject's episode; an opening gives the episode its id and opening data first.
    void record(const Rule& rule, episodes::SubjectState& state, const episodes::Step& step, const Moment& moment);

    /// Counts an open episode that was stored against the rule's `limit`.
    void count_open(const Rule& rule, const episodes::SubjectState& state) const;

    /// The open episode as a record that was never made: kUpdated, numbered like the last one.
    [[nodiscard]] Transition describe(const Rule& rule, const episodes::SubjectState& state,
                                      const Moment& moment) const;
    /// The `by` fields of a subject's key, pseudonyms beside plain values.
    [[nodiscard]] std::vector<Transition::SubjectField> subject(const Rule& rule, std::string_view key) const;

    /// Until the next call what is recorded is found by a sweep, not brought about by an event or the clock.
    void sweeping(bool is) { sweeping_ = is; }

    /// The rule was judged for one subject.
    void evaluated(const Rule& rule) { ++evaluations_[rule.order]; }
    /// How often each rule was judged since use(), by Rule::order.
    [[nodiscard]] std::span<const std::uint64_t> evaluations() const { return evaluations_; }

    /// The records made since the last call, in the order they were made.
    std::vector<Transition> take() { return std::exchange(made_, {}); }
    [[nodiscard]] bool empty() const { return made_.empty(); }
    [[nodiscard]] std::size_t made() const { return made_.size(); }

private:
    [[nodiscard]] Transition make(const Rule& rule, const episodes::SubjectState& state, const episodes::Step& step,
                                  const Moment& moment) const;
    void render(const Rule& rule, const Moment& moment, Transition& t) const;
    [[nodiscard]] LimitJudge* limit_of(const Rule& rule) const;
    const std::string& pseudonym(char prefix, std::string_view plain) const;
    void open(const Rule& rule, episodes::SubjectState& state, const episodes::Step& step, const Moment& moment);

    const Setting& setting_;
    std::shared_ptr<const RuleSet> rules_;
    std::vector<Transition> made_;
    std::vector<std::uint64_t> evaluations_;
    std::vector<LimitJudge*> limits_;
    bool sweeping_ = false;
    mutable absl::flat_hash_map<std::string, std::string, ledger::TextHash, ledger::TextEqual>
        pseudonyms_;  // a keyed hash costs more than finding it again
};

}  // namespace tocsin::task
