#pragma once
/// One task: all that is remembered and judged for partition p of the log. Pure: it is given events and instants and
/// answers with transitions and with the changes to store; `run`, `replay` and tests drive the same code.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ledger/cells.h"
#include "ledger/dictionary.h"
#include "ledger/profile.h"
#include "ledger/profile_table.h"
#include "rules/text_questions.h"
#include "task/area_judge.h"
#include "task/cell_feed.h"
#include "task/corrections.h"
#include "task/limit_judge.h"
#include "task/persons.h"
#include "task/recorder.h"
#include "task/rollup_feed.h"
#include "task/rollup_judge.h"
#include "task/setting.h"
#include "task/sweep.h"
#include "task/working_set.h"
#include "tocsin/event.h"
#include "tocsin/result.h"
#include "tocsin/write_batch.h"

namespace tocsin::task {

/// What became of an event (invariant I4). kLate counts too; kTooLate does not: it is older than the retention.
enum class Outcome : std::uint8_t { kCounted, kLate, kDuplicate, kTooLate };

struct Applied {
    Outcome outcome = Outcome::kCounted;
    AreaId area = AreaTree::kUnknown;
    bool new_customer = false;   ///< nothing was remembered of them in this task
    std::size_t rolled_up = 0;   ///< events of this customer that stopped counting because of storage.max_events
    std::size_t uncovered = 0;   ///< due times that a calendar does not wholly cover
    bool phase_of_area = false;  ///< every task must look_at_phases()
    /// What the event is as a correction, or what corrections that came before it had said of it.
    Correction correction = Correction::kNone;
    CorrectionResult correction_result = CorrectionResult::kApplied;
};

/// An open episode, for those who ask the running daemon. Views are valid inside the visit only.
struct OpenEpisode {
    const episodes::SubjectState& state;
    std::string_view customer;  ///< empty: an area's
};

/// What is stored of a rule: enough to see that it changed, and to close its episodes once it is gone.
struct KnownRule {
    std::uint64_t definition_hash = 0;
    bool raises_case = false;
    bool warming = false;         ///< it has not been judged over everything remembered
    std::vector<std::string> by;  ///< field names
};

class Task {
public:
    Task(const Setting& setting, std::uint32_t index);

    /// Restores one stored entry; keys in ascending order. Errors: kFatal, the entry is damaged or of a newer format.
    Result<void> load(std::string_view key, std::string_view value);
    /// How many events the tasks of the group had read together when this one was stored; kUnknownCut: not known, or
    /// cells may be ahead of places still.
    static constexpr std::uint64_t kUnknownCut = 0;
    [[nodiscard]] std::uint64_t stored_cut() const { return stored_cut_; }
    /// Where that number is; it must outlive this one.
    void see(const std::uint64_t& cut) { cut_ = &cut; }
    /// Before any task adopts the rules: counts this one's open episodes against their limits.
    void count_open(const RuleSet& rules);
    /// Takes the rules: the first time after loading, later at a reload. For rules that changed since the stored state
    /// a sweep over everything remembered begins; those gone close their episodes.
    void adopt(std::shared_ptr<const RuleSet> rules);
    /// Whether the sweep that has begun, and not ended, is for this rule.
    [[nodiscard]] bool sweeps(const Rule& rule) const;
    /// The rules (by order) that some task's sweep is for: warming in all of them, until told otherwise.
    void warm(const std::vector<bool>& warming);
    /// Looks at up to so many profiles more.
    void sweep(std::size_t profiles);
    [[nodiscard]] const Sweep& sweeping() const { return sweep_; }
    [[nodiscard]] std::uint64_t swept() const { return swept_; }  ///< profiles looked at in sweeps, since the start
    /// Until when a window of the rule reaches to before what was kept when it was new; nothing: none does.
    [[nodiscard]] std::optional<Instant> incomplete_until(const Rule& rule) const;
    /// Whether the rule is new, or another than before the last adopt(); until review_areas(), and while it warms.
    [[nodiscard]] bool has_changed(const Rule& rule) const;
    /// After every task has adopted the rules: tells the owners of areas what this one's promises are.
    void tell_promises();
    /// After every task has told its promises, and again when no rule warms any more: judges the areas this one owns
    /// under rules that changed and do not warm.
    void review_areas();
    /// Adds everything that changed since the last call.
    void write(WriteBatch& batch);

    /// Moves the clock and fires what was due before it. The clock never goes back; an earlier instant does nothing.
    void advance(Instant clock);
    /// The same, and what is due exactly then: at the end of an input, when no event of that instant can follow.
    void advance_through(Instant clock);
    /// The event will be applied soon; between foresee() and apply() approach() may be called. Both only warm the
    /// caches.
    void foresee(const Event& event);
    void approach() { table_.approach(); }
    /// Applies one event. `touches` gets the cells it entered, for their owners to judge.
    Applied apply(const Event& event, std::vector<Touch>& touches);
    void judge_cell(const Touch& touch) {
        if (phases_from_ <= touch.time) judge_phases();
        areas_.judge(touch, clock_);
    }
    /// Other phases hold from that instant on: what is open under rules with phases is judged again when the clock
    /// gets there.
    void look_at_phases(Instant from) { phases_from_ = std::min(phases_from_, from); }

    /// Promises of these rules (by Rule::order) do not break until told otherwise (design 3, `unverified`).
    void hold(std::vector<bool> unverified);

    /// Cells keep what windows of any task may still ask for: nothing after this instant is dropped.
    void keep_cells_from(Instant oldest) { cells_from_ = oldest; }
    /// Looks at up to `slots` profiles in turn and forgets those past their retention.
    void tidy(std::size_t slots);

    [[nodiscard]] Instant clock() const { return clock_; }
    /// The latest event time read; kBeforeAll: nothing read.
    [[nodiscard]] Instant highest() const { return highest_; }
    [[nodiscard]] Instant next_due();
    [[nodiscard]] std::uint32_t index() const { return index_; }
    [[nodiscard]] const Setting& setting() const { return setting_; }
    [[nodiscard]] std::size_t profiles() const { return table_.size(); }
    [[nodiscard]] std::size_t profile_bytes() const { return table_.bytes_used(); }
    [[nodiscard]] std::size_t dirty_profiles() const { return table_.dirty(); }
    [[nodiscard]] std::size_t timers() const { return table_.timers(); }
    [[nodiscard]] const ledger::CellStore& cells() const { return cells_; }
    [[nodiscard]] const std::vector<CellPlan>& plans() const { return feed_.plans(); }
    AreaJudge& areas() { return areas_; }
    RollupJudge& rollups() { return rollups_; }
    LimitJudge& limits() { return limits_; }
    /// The limits of every task, by index; they must outlive this one.
    void see(std::vector<LimitJudge*> limits) { recorder_.see(std::move(limits)); }
    /// The rollups of every task, by index; they must outlive this one.
    void see(std::vector<RollupJudge*> rollups) { told_.see(std::move(rollups)); }
    std::vector<Transition> take_transitions() { return recorder_.take(); }
    [[nodiscard]] const Recorder& recorder() const { return recorder_; }

    /// The open warnings as records, for receivers that must be told again after a restart. Changes nothing.
    std::vector<Transition> open_warnings();
    void for_each_open(const std::function<void(const OpenEpisode&)>& visit);
    /// Each remembered profile: customer (or "" with the event's id as key), events, states. For lookup and dumps.
    void for_each_profile(
        const std::function<void(std::string_view key, const ledger::Profile&, const States&)>& visit);
    /// The profile of one customer, by number. False: nothing is remembered of them here.
    bool visit_profile(std::string_view customer,
                       const std::function<void(const ledger::Profile&, const States&)>& visit);
    [[nodiscard]] bool knows(const Event& event) const;  ///< whether its customer is remembered here
    /// The plain customer behind a pseudonym c-…, or s-… of a subscriber who is the customer; empty if none is known.
    /// Reads every key: seconds for millions.
    [[nodiscard]] std::string customer_of(std::string_view pseudonym) const;

private:
    Result<void> load_meta(std::string_view key, std::string_view value);
    WorkingSet::Entry& take(ledger::Slot slot);
    void settle(ledger::Slot slot, WorkingSet::Entry& at, bool closed = true);
    /// The correction in rows()[index] has just been counted: does what it says.
    void correct(WorkingSet::Entry& at, std::size_t index, Instant now, std::vector<Touch>& touches, Applied& applied);
    void fire_profiles(Instant limit, bool inclusive);
    void begin_sweep();
    void end_sweep();
    bool look_back(WorkingSet::Entry& at);
    /// Whether it is the phase of an area, not of a person, that the event tells.
    [[nodiscard]] bool of_area(const Event& event) const {
        return event.kind == phase_change_ && event.customer.empty();
    }
    bool tell_phase(const Event& event, AreaId area);
    void close_missing_rules(const std::map<std::string, Rule>& gone);
    [[nodiscard]] std::map<std::string, Rule> rules_gone() const;
    [[nodiscard]] Instant oldest_kept() const;
    [[nodiscard]] Duration keep() const;
    /// Does what look_at_phases() has asked for.
    void judge_phases();
    [[nodiscard]] Instant kept_from() const;
    bool drop_idle_states(WorkingSet::Entry& at, bool closed) const;
    bool forget_breaks(episodes::SubjectState& state) const;

    const Setting& setting_;
    const std::uint32_t index_;
    std::shared_ptr<const RuleSet> rules_;
    ledger::Dictionary words_;
    ledger::Vocabulary vocabulary_;
    ledger::ProfileTable table_;
    ledger::CellStore cells_;
    Recorder recorder_;
    Corrections corrections_;
    rules::TextQuestions questions_;
    PersonJudge persons_;
    CellFeed feed_;
    AreaJudge areas_;
    RollupFeed told_;
    RollupJudge rollups_;
    LimitJudge limits_;

    const std::uint64_t* cut_ = nullptr;
    std::uint64_t stored_cut_ = kUnknownCut;
    Instant clock_ = kBeforeAll;
    Instant highest_ = kBeforeAll;
    Instant cells_from_ = kNever;
    Instant kept_from_ = kBeforeAll;  // older events may have been forgotten when the rules came
    std::optional<KindId> phase_change_;
    Instant phases_from_ = kNever;                  // judge_phases() has to be called before that
    std::string stored_phases_;                     // until adopt()
    bool phases_told_ = false;                      // they are to be stored
    std::map<std::string, KnownRule> known_rules_;  // by name, as stored
    std::vector<const Rule*> changed_;              // by the last adopt()
    std::vector<bool> warming_;                     // by Rule::order
    std::map<std::uint64_t, bool> known_cells_;     // spec hash -> filled and in use, as stored
    Sweep sweep_;
    std::uint64_t swept_ = 0;
    std::string states_before_, states_after_;
    std::vector<ledger::Slot> held_;  // profiles with a timer of a held rule
    ledger::Slot tidy_next_ = 0;

    WorkingSet working_;
    std::string key_;
};

}  // namespace tocsin::task
