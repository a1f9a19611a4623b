#pragma once
/// Judges the cells a task owns and keeps their episodes. It reads the cells of all tasks; absolute values, never
/// deltas.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "episodes/subject_state.h"
#include "ledger/cells.h"
#include "ledger/text_hash.h"
#include "task/cell_feed.h"
#include "task/phase_of.h"
#include "task/recorder.h"
#include "tocsin/write_batch.h"

namespace tocsin::task {

class AreaJudge {
public:
    static constexpr char kKeyPrefix = 'a';

    AreaJudge(const Setting& setting, Recorder& recorder) : setting_(setting), recorder_(recorder), phases_(setting) {}
    /// Other phases may hold from `from` on: judges the open episodes of rules with phases again.
    void look_at_phases(Instant from);
    void use(const RuleSet& rules);
    /// Rules (by order) that are not judged for now: their cells are being filled. Until the next call.
    void hold(const std::vector<bool>& warming) { held_ = warming; }
    /// The cells of every task, this one's included; they must outlive the judge.
    void see(std::vector<const ledger::CellStore*> sources) { sources_ = std::move(sources); }

    /// An event has entered the subject's cells. `clock` is the owner's.
    void judge(const Touch& touch, Instant clock);
    void fire(Instant limit, bool inclusive);
    /// Judges every subject of the rule again: its levels have changed.
    void review(const Rule& rule, Instant clock);
    /// The rule is to be judged there at the next review(), although no event has come since it was made. `newest`: the
    /// latest that has happened there.
    void know(const Rule& rule, const std::string& subject, Instant newest);
    /// Tasks were stored at different points: what comes again is judged at its own time, and not at the latest at
    /// which a place with nothing open was judged.
    void forget_idle();
    /// Cells may hold buckets after what this judge has seen (another task is ahead after a crash): judge the subject
    /// at each of them when the clock gets there.
    void look_ahead(const Rule& rule, const std::string& subject, std::int64_t bucket, Duration width);
    /// Whether there may still be such buckets.
    [[nodiscard]] bool looks_ahead(Instant clock) const { return ahead_until_ > clock; }
    /// Closes the episodes of rules that are gone (by name).
    void drop(const std::map<std::string, Rule>& gone, Instant at);

    /// A record of each open episode as it is now: kind kUpdated, without a number of its own.
    std::vector<Transition> describe_open();
    [[nodiscard]] Instant next_due() const { return timers_.empty() ? kNever : timers_.begin()->due; }
    /// The latest instant judged; stored, so that look_ahead() can be told what this judge has not seen.
    [[nodiscard]] Instant frontier() const { return frontier_; }
    void set_frontier(Instant t) { frontier_ = t; }
    template <typename Visit>
    void for_each_open(Visit&& visit) const {
        for (const auto& [key, s] : subjects_) {
            if (s.state.episode.open()) visit(s.state);
        }
    }
    [[nodiscard]] std::size_t size() const { return subjects_.size(); }

    bool load(std::string_view key, std::string_view value);
    /// `clock` is the owner's, as it is stored beside this.
    void write(WriteBatch& batch, Instant clock);

private:
    struct Key {
        std::string rule, subject;
        auto operator<=>(const Key&) const = default;
    };
    struct Subject {
        episodes::SubjectState state;
        std::string area;  // code of the place, "" where the rule asks for none
        Instant judged = kBeforeAll;
        bool dirty = false, stored = false;
        bool ahead = false;  // stored only because it was judged ahead of the clock
        bool gone = false;   // its rule went, and nothing has happened there since: nobody judges it
        // Kept until the rules change:
        std::vector<std::vector<const ledger::Cell*>> cells;  // by spec, then source; null: not met yet
        std::optional<Thresholds> thresholds;
    };
    struct Timer {
        Instant due;
        Subject* subject;
        bool operator<(const Timer& other) const {
            const episodes::SubjectState &a = subject->state, &b = other.subject->state;
            return std::tie(due, a.rule, a.subject) < std::tie(other.due, b.rule, b.subject);
        }
    };
    /// The subjects of one rule, found without comparing them with each other.
    struct Known {
        CellPlan plan;
        absl::flat_hash_map<std::string, Subject*, ledger::TextHash, ledger::TextEqual> subjects;
    };
    static std::string place_of(const Rule& rule, std::string_view subject);
    Subject& subject_of(const Rule& rule, const std::string& subject);
    const Thresholds* thresholds_of(const Rule& rule, Subject& subject) const;
    /// `trigger`: the id of the event that has just come; null: none has.
    void judge_at(const CellPlan& plan, Subject& subject, Instant now, const std::string* trigger);
    /// What holds now and may be taken (`for`).
    episodes::Holding ripe(const CellPlan& plan, Subject& subject, const episodes::Holding& holding, Instant now,
                           const std::string* trigger) const;
    /// What the rule says of the measures at `now`.
    rules::Verdict verdict_at(const CellPlan& plan, Subject& subject, Instant now);
    /// An event has left the subject's cells.
    void correct(const CellPlan& plan, Subject& subject, Instant now, Instant taken_back);
    bool rests_on(const CellPlan& plan, const Subject& subject, Instant taken_back) const;
    bool held_since(const CellPlan& plan, Subject& subject, Instant from, Instant to);
    /// One event more of an open episode, once a minute.
    void record_update(const CellPlan& plan, Subject& subject, Instant now);
    void record_step(const CellPlan& plan, Subject& subject, episodes::Step step, Instant now,
                     const std::string* trigger);
    void measure(const CellPlan& plan, Subject& subject, Instant now);
    Instant next_change(const CellPlan& plan, const Subject& subject, Instant now) const;
    std::vector<std::string> evidence(const CellPlan& plan, const Subject& subject, Instant now) const;
    [[nodiscard]] bool held(const Rule& rule) const { return rule.order < held_.size() && held_[rule.order]; }
    void fire_one(Subject& subject, Instant now);
    void set_due(Subject& subject, Instant due);
    void mark(Subject& subject);
    void write_one(WriteBatch& batch, Subject& subject, Instant clock);

    const Setting& setting_;
    Recorder& recorder_;
    PhaseOf phases_;
    bool reviewing_ = false, correcting_ = false;
    std::vector<bool> held_;
    std::vector<const ledger::CellStore*> sources_;
    std::map<std::string, Known, std::less<>> plans_;  // by rule name
    std::vector<Known*> by_order_;                     // by Rule::order; null: a person's
    std::map<Key, Subject> subjects_;
    std::set<Timer> timers_;
    std::vector<Subject*> dirty_;
    std::vector<Subject*> ahead_;
    std::vector<Value> measures_;
    std::string key_;
    Instant frontier_ = kBeforeAll;
    Instant ahead_until_ = kBeforeAll;  // buckets after what was judged may exist up to here
};

}  // namespace tocsin::task
