#pragma once
/// Judges one customer's rules over that customer's profile: windows over remembered events, and promises.

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "episodes/subject_state.h"
#include "ledger/profile.h"
#include "rules/judge.h"
#include "task/inspection.h"
#include "task/phase_of.h"
#include "task/recorder.h"

namespace tocsin::task {

using States = std::vector<episodes::SubjectState>;

/// Keeps scratch memory between calls; belongs to its task.
class PersonJudge {
public:
    PersonJudge(const Setting& setting, Recorder& recorder)
        : setting_(setting), recorder_(recorder), phases_(setting) {}
    void use(const RuleSet& rules);

    /// Fires the profile's timers due before `limit` (or at it, if inclusive), in order of their due times.
    void fire(const ledger::Profile& profile, States& states, Instant limit, bool inclusive);
    /// The event at rows()[index] has just been added: judges the rules that it counts for, and those that watch it.
    /// `now` is not before any row.
    void judge(const ledger::Profile& profile, States& states, std::size_t index, Instant now);
    /// An event of the profile has been corrected: it was `was`, and is the row `is` now (nothing: it never happened).
    /// `oldest`: behind it rows may be forgotten. `now` is not before any row.
    struct Corrected {
        const Event& was;
        std::size_t row;  ///< where it stood
        std::optional<std::size_t> is;
        Instant oldest;
    };
    void correct(const ledger::Profile& profile, States& states, const Corrected& corrected, Instant now);
    /// Judges one rule for every subject of the profile, as if an event had come: after a change of rules.
    void review(const Rule& rule, const ledger::Profile& profile, States& states, Instant now);

    /// What the rule sees of each of its subjects in the profile, at an instant that is not before any row. For people
    /// who ask; changes nothing.
    std::vector<Inspection> inspect(const Rule& rule, const ledger::Profile& profile, const States& states,
                                    Instant now);

    /// Promises of these rules (by order) do not break for now: an input they wait on cannot be read.
    void hold(std::vector<bool> unverified) { unverified_ = std::move(unverified); }
    [[nodiscard]] bool held(const Rule& rule) const {
        return rule.order < unverified_.size() && unverified_[rule.order];
    }
    /// Due times since the last call that a calendar does not wholly cover.
    std::size_t take_uncovered() { return std::exchange(uncovered_, 0); }
    /// The profile's next timer, those of held rules left out; `any_held` tells whether there were some.
    [[nodiscard]] Instant next_due(const States& states, bool& any_held) const;

private:
    episodes::SubjectState& state_of(const Rule& rule, const std::string& subject, States& states);
    /// What the profile holds of the subject; valid until the next call. What rolled up still was seen.
    rules::Remembered remembered(const Rule& rule, const ledger::Profile& profile, std::string_view subject);
    /// Those the rule may say something of: with an event that counts, or with a state. `event`: only those of the
    /// number that it is about, where the rule tells numbers apart.
    static std::vector<std::string> subjects(const Rule& rule, const ledger::Profile& profile, const States& states,
                                             const Event* event);
    /// `event`: the one that has just come, null if none has.
    void judge_windows(const Rule& rule, episodes::SubjectState& state, const rules::Remembered& rows, Instant now,
                       const Event* event);
    /// With `interval` what an event says is heard at the next beat; only `updated` is made at once.
    void wait_for_beat(const Rule& rule, episodes::SubjectState& state, const rules::Remembered& rows, Instant now,
                       const Event* event);
    struct Judged {
        const rules::Remembered& rows;
        Instant now;
        const Event* event;  ///< the one that has just come, null if none has
    };
    void record_step(const Rule& rule, episodes::SubjectState& state, episodes::Step step, const Judged& judged);
    /// One event more of an open episode, once a minute.
    void record_update(const Rule& rule, episodes::SubjectState& state, const Judged& judged);
    void judge_promise(const Rule& rule, States& states, episodes::SubjectState& state, Instant now,
                       episodes::Cause cause);
    /// `open`: how many promises of the customer under the rule are due and not ended.
    static std::int64_t due_of(const Rule& rule, const States& states, Instant now, episodes::Cause cause);
    /// What holds of the promise, in the phase in which it is.
    episodes::Holding holding(const Rule& rule, const States& states, const episodes::Promise& promise, Instant now,
                              episodes::Cause cause);
    /// The instant at which a promise came true whose episode `opened` then, or at an event behind it.
    Instant broken_at(const Rule& rule, const episodes::Promise& promise, Instant opened);
    /// Where a rule looks at `open`, what changes one promise of a customer changes the others.
    void judge_promises(const Rule& rule, States& states, Instant now, episodes::Cause cause);
    void apply_to_promise(const Rule& rule, const ledger::Profile& profile, std::size_t index, States& states,
                          Instant now);
    CloseReason tell(const Rule& rule, const Event& event, std::optional<episodes::Promise>& promise,
                     std::optional<Instant> broken);
    /// Tells the promise what rows()[first] and all after it say of the subject: what happened later and is known
    /// already follows an event that comes late.
    void follow(const Rule& rule, const ledger::Profile& profile, std::size_t first, std::string_view subject,
                std::optional<episodes::Promise>& promise);
    void correct_windows(const Rule& rule, States& states, const Corrected& corrected, Instant now);
    /// Closes an episode that without what was corrected would not have been.
    void retract(const Rule& rule, episodes::SubjectState& state, const rules::Remembered& rows,
                 const Corrected& corrected, Instant now);
    /// Whether no colour would have held since the episode opened, had the event been what it is now.
    bool never_held(const Rule& rule, const episodes::SubjectState& state, const rules::Remembered& rows, Instant now);
    /// Whether the episode can be seen to rest on what the event was.
    bool rested_on(const Rule& rule, const episodes::SubjectState& state, const rules::Remembered& rows,
                   const Corrected& corrected);
    void correct_promise(const Rule& rule, States& states, const Corrected& corrected, Instant now);
    /// Judges a promise that has just been made or lost.
    void judge_anew(const Rule& rule, States& states, episodes::SubjectState& state, Instant now);
    void unsay(const Rule& rule, States& states, const Event& was, Instant now);
    void close_promise(const Rule& rule, episodes::SubjectState& state, const episodes::Promise& promise,
                       CloseReason reason, Instant at);
    /// The event of this id as the profile being judged keeps it; null: it does not.
    [[nodiscard]] const Event* kept(std::string_view id) const;
    void record_promise(const Rule& rule, episodes::SubjectState& state, const episodes::Step& step,
                        const episodes::Promise& promise);
    /// The area its phase goes by, and the phase changes of its own, ascending.
    PhaseOf::Subject in_phases(const Rule& rule, std::string_view area) const;
    /// A person's own phase has changed, or its change is `corrected`: judges what is open or rises under rules with
    /// phases.
    void judge_phases(const ledger::Profile& profile, States& states, Instant now, const Corrected* corrected);
    episodes::Holding holding(const Rule& rule, const rules::Remembered& rows, Instant now);
    void look_ahead(const Rule& rule, Inspection& seen, Instant now);
    /// Since when a colour at least as high as `level` has held without a break; `trigger`: the event at that instant,
    /// given the one that has just come. An event in time is that instant itself.
    Instant since(const Rule& rule, const rules::Remembered& rows, Instant now, Level level, const Event*& trigger);
    /// What holds now and may be taken (`for`).
    episodes::Holding ripe(const Rule& rule, episodes::SubjectState& state, const rules::Remembered& rows, Instant now,
                           const Event* event);
    /// Ids of what counts and of what seen() sees, newest first.
    static std::vector<std::string> evidence(const Rule& rule, const rules::Remembered& rows, Instant now);

    const Setting& setting_;
    Recorder& recorder_;
    PhaseOf phases_;
    bool reviewing_ = false, correcting_ = false;
    std::optional<KindId> phase_change_;  // the kind that rules with phases look at; nothing: there are none
    std::vector<std::vector<const Rule*>> window_rules_, promise_rules_;  // by KindId
    std::vector<bool> unverified_;
    std::vector<Event> rows_, person_;
    std::vector<Value> measures_;
    std::vector<FieldValue> fields_;
    std::vector<std::string_view> places_;
    std::size_t uncovered_ = 0;
    const ledger::Profile* profile_ = nullptr;  // the one being judged
};

}  // namespace tocsin::task
