#include "task/persons.h"

#include <algorithm>

#include "task/subject.h"

namespace tocsin::task {
namespace {

/// Whether the event is one more of those that count for the subject, not one that the rule only watches.
bool is_further(const Rule& rule, const episodes::SubjectState& state, const Event* event) {
    return event != nullptr && rules::counts(rule, *event) && subject_of(rule, *event) == state.subject;
}

}  // namespace

void PersonJudge::use(const RuleSet& rules) {
    window_rules_.assign(setting_.schema.kinds().size(), {});
    promise_rules_.assign(setting_.schema.kinds().size(), {});
    phase_change_.reset();
    for (const Rule& rule : rules.rules) {
        if (!rule.person) continue;
        if (rule.plan != nullptr) phase_change_ = setting_.schema.kind("phase_change");
        for (KindId kind = 0; kind < window_rules_.size(); ++kind) {
            if (rule.listens_to(kind)) (rule.expect ? promise_rules_ : window_rules_)[kind].push_back(&rule);
        }
    }
}

episodes::SubjectState& PersonJudge::state_of(const Rule& rule, const std::string& subject, States& states) {
    for (episodes::SubjectState& s : states) {
        if (s.rule == rule.name && s.subject == subject) return s;
    }
    episodes::SubjectState& fresh = states.emplace_back();
    fresh.rule = rule.name;
    fresh.subject = subject;
    return fresh;
}

rules::Remembered PersonJudge::remembered(const Rule& rule, const ledger::Profile& profile, std::string_view subject) {
    const bool whole_profile = rule.by.size() == 1 && rule.by[0] == kFieldCustomer;
    const bool asks_for_person =
        std::any_of(rule.measures.begin(), rule.measures.end(), [](const Measure& m) { return m.of_person(); });
    const auto number = asks_for_person ? subscriber_in(rule, subject) : std::nullopt;
    // Whoever looks at rows asks whether they count; only thresholds are those of the place that was named last.
    const auto may_count = [&](const ledger::Row& row) {
        return rule.thresholds != nullptr || std::find(rule.on.begin(), rule.on.end(), row.event.kind) != rule.on.end();
    };
    rows_.clear();
    person_.clear();
    for (const ledger::Row& row : profile.rows()) {
        if (asks_for_person && (!number || row.event.subscriber == *number)) person_.push_back(row.event);
        if (row.rolled || !may_count(row)) continue;
        if (whole_profile || subject_of(rule, row.event) == subject) rows_.push_back(row.event);
    }
    return {rows_, person_};
}

std::vector<std::string> PersonJudge::subjects(const Rule& rule, const ledger::Profile& profile, const States& states,
                                               const Event* event) {
    std::vector<std::string> found;
    const auto add = [&](std::string subject) {
        const auto number = event != nullptr ? subscriber_in(rule, subject) : std::nullopt;
        if (number && *number != event->subscriber) return;
        if (std::find(found.begin(), found.end(), subject) == found.end()) found.push_back(std::move(subject));
    };
    for (const ledger::Row& row : profile.rows()) {
        if (row.rolled || !rules::counts(rule, row.event)) continue;
        if (auto subject = subject_of(rule, row.event)) add(std::move(*subject));
    }
    for (const episodes::SubjectState& s : states) {
        if (s.rule == rule.name && subject_values(s.subject).size() == rule.by.size()) add(s.subject);
    }
    return found;
}

std::vector<std::string> PersonJudge::evidence(const Rule& rule, const rules::Remembered& rows, Instant now) {
    std::vector<const Event*> found;
    const auto collect = [&](std::span<const Event> all, auto looks) {
        for (auto it = all.rbegin(); it != all.rend(); ++it) {
            if (it->time <= now && looks(*it)) found.push_back(&*it);
        }
    };
    collect(rows.rows, [&, after = rule.counts_after(now)](const Event& row) {
        return row.time > after && rules::counts(rule, row);
    });
    const std::size_t counted = found.size();
    collect(rows.person, [&](const Event& row) {
        return std::any_of(rule.measures.begin(), rule.measures.end(), [&](const Measure& m) {
            return m.fn == MeasureFn::kSeen && row.kind == m.kind && row.time > now - m.window;
        });
    });
    if (found.size() > counted) {
        std::stable_sort(found.begin(), found.end(), [](const Event* a, const Event* b) { return a->time > b->time; });
    }
    std::vector<std::string> ids;
    for (std::size_t i = 0; i < found.size() && ids.size() < Recorder::kEvidenceMax; ++i) {
        const bool twice = std::find(ids.begin(), ids.end(), found[i]->id) != ids.end();
        if (!twice) ids.emplace_back(found[i]->id);
    }
    return ids;
}

episodes::Holding PersonJudge::holding(const Rule& rule, const rules::Remembered& rows, Instant now) {
    recorder_.evaluated(rule);
    rules::measure(rule, rows, now, measures_);
    EvalContext context;
    context.measures = measures_;
    Thresholds thresholds;
    if (rule.thresholds != nullptr && !rows.rows.empty()) {
        thresholds = rule.thresholds->find(setting_.areas, setting_.areas.resolve(rows.rows.back().area));
        context.thresholds = &thresholds;
    }
    rules::Verdict verdict;
    if (rule.plan == nullptr) {
        verdict = rules::verdict(rule, context);
    } else {
        verdict = rules::verdict(rule, context, phases_.at(*rule.plan, in_phases(rule, area_of(rule, rows.rows)), now));
    }
    return {verdict.level, verdict.stays};
}

Instant PersonJudge::since(const Rule& rule, const rules::Remembered& rows, Instant now, Level level,
                           const Event*& trigger) {
    if (trigger != nullptr && trigger->time == now) return now;
    Instant start = now;
    const bool traced = rule.interval == Duration::zero();  // else nothing begins but with a beat
    for (const Instant t : traced ? rules::changes(rule, rows, now) : std::vector<Instant>()) {
        if (!rules::in_reach(rule, rows.rows, t) || holding(rule, rows, t).level < level) break;
        start = t;
    }
    trigger = nullptr;
    for (const Event& row : rows.rows) {
        if (row.time <= start && rules::counts(rule, row)) trigger = &row;
    }
    const Event* counted = trigger;
    for (const Event& row : rows.person) {
        if (row.time > start) break;
        if ((counted != nullptr && row.id == counted->id) || rules::watches(rule, row)) trigger = &row;
    }
    return start;
}

episodes::Holding PersonJudge::ripe(const Rule& rule, episodes::SubjectState& state, const rules::Remembered& rows,
                                    Instant now, const Event* event) {
    episodes::Holding held_now = holding(rule, rows, now);
    const bool clock = event == nullptr && !reviewing_ && !correcting_;
    if (clock) held_now = without_storm(rule, state, held_now);
    const auto begins = [&](Level level) {
        episodes::Rising rising{level, now, {}, {}};
        const Event* trigger = event;
        rising.since = since(rule, rows, now, level, trigger);
        if (trigger == nullptr) return rising;
        rising.trigger = trigger->id;
        rising.area = trigger->area;
        return rising;
    };
    const auto by = clock ? episodes::JudgedBy::kClock : episodes::JudgedBy::kEvent;
    const episodes::Holding taken = episodes::ripe(rule, state.episode, held_now, {state.rising, now, by, begins});
    if (!state.rising.empty()) holding(rule, rows, now);  // since() used the scratch measures
    return taken;
}

void PersonJudge::judge_windows(const Rule& rule, episodes::SubjectState& state, const rules::Remembered& rows,
                                Instant now, const Event* event) {
    // What comes at the instant of a beat, a correction and a new rule too, is heard at that beat: other events of that
    // instant may follow.
    const bool comes = event != nullptr || correcting_ || reviewing_;
    const bool between = rule.interval > Duration::zero() && (comes || rule.on_beat(now) != now);
    // Between two beats nothing that began with a beat ends: a late event may yet make it hold at the next one.
    const bool waits = state.episode.open() || (between && !state.rising.empty());
    if (!waits && !rules::in_reach(rule, rows.rows, now)) {
        state.due = kNever;
        state.rising.clear();
        return;
    }
    if (between) return wait_for_beat(rule, state, rows, now, event);
    const episodes::Holding held_now = ripe(rule, state, rows, now, event);
    bool stepped = false;
    while (auto step = episodes::move(rule, state.episode, held_now, now)) {
        stepped = true;
        record_step(rule, state, *step, {rows, now, event});
        if (step->kind == TransitionKind::kClosed) break;
    }
    if (!stepped) record_update(rule, state, {rows, now, event});
    state.due = std::min(episodes::lowering_due(rule, state.episode), episodes::rising_due(rule, state.rising));
    if (state.episode.open() || !state.rising.empty() || rule.rises_without_event) {
        state.due = std::min(state.due, rules::next_change(rule, rows, now));
    }
    if (rule.plan != nullptr && (state.episode.open() || !state.rising.empty())) {
        state.due = std::min(state.due, phases_.next(*rule.plan, in_phases(rule, area_of(rule, rows.rows)), now));
    }
    state.due = rule.on_beat(state.due);
}

PhaseOf::Subject PersonJudge::in_phases(const Rule& rule, std::string_view area) const {
    PhaseOf::Subject subject{area, {}};
    for (const ledger::Row& row : profile_->rows()) {
        const std::string_view phase = phases_.told(*rule.plan, row.event);
        if (!phase.empty()) subject.own.push_back({phase, row.event.time});
    }
    return subject;
}

void PersonJudge::judge_phases(const ledger::Profile& profile, States& states, Instant now,
                               const Corrected* corrected) {
    for (episodes::SubjectState& state : states) {
        const Rule* rule = recorder_.rules().find(state.rule);
        if (rule == nullptr || rule->plan == nullptr) continue;
        if (rule->expect) {  // by the clock, behind the events of this instant
            state.due = std::min(state.due, looked_at(*rule, state, now));
            continue;
        }
        if (!state.episode.open() && state.rising.empty()) continue;
        const rules::Remembered rows = remembered(*rule, profile, state.subject);
        if (corrected != nullptr) retract(*rule, state, rows, *corrected, now);
        judge_windows(*rule, state, rows, now, nullptr);
    }
}

void PersonJudge::wait_for_beat(const Rule& rule, episodes::SubjectState& state, const rules::Remembered& rows,
                                Instant now, const Event* event) {
    const Instant beat = rule.on_beat(now);
    state.due = state.due > now ? std::min(state.due, beat) : beat;
    if (!state.episode.open() || event == nullptr) return;
    holding(rule, rows, now);
    record_update(rule, state, {rows, now, event});
}

void PersonJudge::record_update(const Rule& rule, episodes::SubjectState& state, const Judged& judged) {
    if (!state.episode.open() || !is_further(rule, state, judged.event)) return;
    if (!episodes::note_update(state.episode, judged.event->time)) return;
    const Level level = state.episode.level;
    record_step(rule, state, {TransitionKind::kUpdated, CloseReason::kNone, judged.now, level, level},
                {judged.rows, judged.now, nullptr});
}

void PersonJudge::record_step(const Rule& rule, episodes::SubjectState& state, episodes::Step step,
                              const Judged& judged) {
    const Event* trigger = judged.event;
    const auto risen = episodes::take_risen(state.rising, step);
    if (risen) {
        episodes::date(rule, state.episode, step, episodes::rises_at(rule, *risen));
    } else if (episodes::rises(step)) {
        episodes::date(rule, state.episode, step, since(rule, judged.rows, judged.now, step.level, trigger));
        holding(rule, judged.rows, judged.now);  // since() used the scratch measures
    }
    Moment m;
    if (risen) {
        m.trigger = risen->trigger;
        m.area = risen->area;
    } else if (trigger != nullptr) {
        m.trigger = trigger->id;
        m.area = trigger->area;
    }
    m.opening = m.trigger;
    m.measures = measures_;
    m.evidence = evidence(rule, judged.rows, judged.now);
    std::string_view last = m.trigger.empty() ? std::string_view(state.episode.trigger) : m.trigger;
    if (!m.evidence.empty()) last = m.evidence.front();
    m.last = kept(last);
    recorder_.record(rule, state, step, m);
}

const Event* PersonJudge::kept(std::string_view id) const {
    const auto& rows = profile_->rows();
    const auto row =
        std::find_if(rows.rbegin(), rows.rend(), [&](const ledger::Row& r) { return !r.rolled && r.event.id == id; });
    return row == rows.rend() ? nullptr : &row->event;
}

void PersonJudge::record_promise(const Rule& rule, episodes::SubjectState& state, const episodes::Step& step,
                                 const episodes::Promise& promise) {
    Moment m;
    m.overdue = step.at - promise.due;
    m.evidence = {promise.stated_by};
    m.opening = m.trigger = promise.stated_by;
    m.area = promise.area;
    m.last = kept(promise.stated_by);
    recorder_.record(rule, state, step, m);
}

void PersonJudge::close_promise(const Rule& rule, episodes::SubjectState& state, const episodes::Promise& promise,
                                CloseReason reason, Instant at) {
    // What is retracted was never broken. The others are remembered for the rollup.
    if (rule.expect->rollup_window && reason != CloseReason::kCorrected) {
        const Instant from = std::max(episodes::breaks_at(rule, promise), promise.stated_at);
        if (from < at) state.remember({from, at, promise.stated_by, promise.area});
    }
    record_promise(rule, state, episodes::close(state.episode, reason, at), promise);
}

void PersonJudge::judge_promise(const Rule& rule, States& states, episodes::SubjectState& state, Instant now,
                                episodes::Cause cause) {
    const episodes::Promise promise = *state.promise;
    const Instant expiry = promise.due + setting_.limits.retention;
    if (state.episode.open() && now >= expiry) {
        close_promise(rule, state, promise, CloseReason::kExpired, expiry);
        state.promise.reset();
        state.due = kNever;
        return;
    }
    episodes::Holding held_now = holding(rule, states, promise, now, cause);
    if (!rule.overrides.empty() && cause == episodes::Cause::kTimer)
        held_now = without_storm(rule, states, state, held_now, now);
    recorder_.evaluated(rule);
    if (const auto step = episodes::move(rule, state.episode, held_now, now))
        record_promise(rule, state, *step, promise);
    state.due = episodes::next_due(rule, promise, now, cause);
    if (!rule.overrides.empty() && now >= looked_at(rule, state, now))
        state.due = std::min(state.due, phases_.next(*rule.plan, in_phases(rule, promise.area), now));
    if (state.episode.open()) state.due = std::min(state.due, expiry);
}

std::int64_t PersonJudge::due_of(const Rule& rule, const States& states, Instant now, episodes::Cause cause) {
    return std::count_if(states.begin(), states.end(), [&](const episodes::SubjectState& s) {
        return s.rule == rule.name && s.promise && episodes::overdue_at(*s.promise, now, cause) >= Duration::zero();
    });
}

episodes::Holding PersonJudge::holding(const Rule& rule, const States& states, const episodes::Promise& promise,
                                       Instant now, episodes::Cause cause) {
    const auto decided = [&](const EvalContext& context) {
        if (rule.overrides.empty()) return rules::verdict(rule, context);
        return rules::verdict(rule, context, phases_.at(*rule.plan, in_phases(rule, promise.area), now));
    };
    const Event stating = episodes::stating_event(*rule.expect, promise, fields_);
    EvalContext context;
    context.event = &stating;
    context.overdue = episodes::overdue_at(promise, now, cause);
    if (rule.expect->looks_at_open) {
        context.open = due_of(rule, states, now, cause);
    }
    episodes::Holding held_now;
    held_now.level = decided(context).level;
    held_now.stays.fill(true);  // time only makes it worse; what ends it closes it at once
    if (rule.expect->looks_at_open || !rule.overrides.empty()) {
        // What the clock has broken is not mended by an event of the same instant.
        context.overdue = episodes::overdue_at(promise, now, episodes::Cause::kTimer);
        held_now.stays = decided(context).stays;
    }
    return held_now;
}

void PersonJudge::judge_promises(const Rule& rule, States& states, Instant now, episodes::Cause cause) {
    if (!rule.expect->looks_at_open) return;
    for (episodes::SubjectState& s : states) {
        if (s.rule == rule.name && s.promise) judge_promise(rule, states, s, now, cause);
    }
}

CloseReason PersonJudge::tell(const Rule& rule, const Event& event, std::optional<episodes::Promise>& promise,
                              std::optional<Instant> broken) {
    places_.clear();
    if (rule.expect->calendar != nullptr) {
        for (const AreaId node : setting_.areas.lineage(setting_.areas.resolve(event.area)))
            places_.push_back(setting_.areas.area(node).code);
    }
    episodes::Said said = episodes::says(*rule.expect, event, places_);
    if (said.role == episodes::PromiseRole::kAfter && !promise && rule.plan != nullptr) {
        const auto in = phases_.at(*rule.plan, in_phases(rule, event.area), event.time);
        if (!rules::holds_in(rule, in.phase))  // made in another phase: none of this rule's
            said.role = episodes::PromiseRole::kNone;
    }
    if (!said.covered) ++uncovered_;
    return episodes::apply(*rule.expect, event, said, promise, broken);
}

void PersonJudge::follow(const Rule& rule, const ledger::Profile& profile, std::size_t first, std::string_view subject,
                         std::optional<episodes::Promise>& promise) {
    const std::size_t uncovered = uncovered_;  // they were counted when they came
    for (std::size_t i = first; i < profile.rows().size(); ++i) {
        const ledger::Row& row = profile.rows()[i];
        if (row.rolled || !rule.listens_to(row.event.kind) || subject_of(rule, row.event) != subject) continue;
        tell(rule, row.event, promise, std::nullopt);
    }
    uncovered_ = uncovered;
}

Instant PersonJudge::broken_at(const Rule& rule, const episodes::Promise& promise, Instant opened) {
    if (rule.overrides.empty()) return std::min(episodes::breaks_at(rule, promise), opened);
    const Event stating = episodes::stating_event(*rule.expect, promise, fields_);
    EvalContext context;
    context.event = &stating;
    context.open = INT64_MAX;  // as breaks_at() does
    for (const Duration step : rule.overdue_steps) {
        const Instant at = promise.due + step;
        if (at >= opened) break;
        context.overdue = step;
        const auto in = phases_.at(*rule.plan, in_phases(rule, promise.area), at);
        if (rules::verdict(rule, context, in).level != Level::kNone) return at;
    }
    return opened;
}

void PersonJudge::apply_to_promise(const Rule& rule, const ledger::Profile& profile, std::size_t index, States& states,
                                   Instant now) {
    const Event event = profile.rows()[index].event;
    const episodes::PromiseRole role = episodes::role_of(*rule.expect, event);
    if (role == episodes::PromiseRole::kNone) return;
    const auto subject = subject_of(rule, event);
    if (!subject) return;
    episodes::SubjectState& state = state_of(rule, *subject, states);
    const std::optional<episodes::Promise> before = state.promise;
    std::optional<Instant> broken;
    if (state.episode.open() && before) broken = broken_at(rule, *before, state.episode.opened_at);
    const bool precedes = before && event.time < before->stated_at;
    if (precedes && !state.episode.open()) state.promise.reset();  // made again from what followed
    const CloseReason reason = tell(rule, event, state.promise, broken);
    if (reason != CloseReason::kNone) close_promise(rule, state, *before, reason, now);
    if (!state.episode.open()) follow(rule, profile, index + 1, *subject, state.promise);
    if (precedes && !state.promise) state.promise = before;
    judge_anew(rule, states, state, now);
}

void PersonJudge::judge_anew(const Rule& rule, States& states, episodes::SubjectState& state, Instant now) {
    state.due = kNever;
    if (state.promise && !held(rule)) judge_promise(rule, states, state, now, episodes::Cause::kEvent);
    if (state.promise && held(rule)) state.due = state.promise->due;
    if (!held(rule)) judge_promises(rule, states, now, episodes::Cause::kEvent);
}

void PersonJudge::judge(const ledger::Profile& profile, States& states, std::size_t index, Instant now) {
    profile_ = &profile;
    const Event event = profile.rows()[index].event;
    for (const Rule* rule : promise_rules_[event.kind]) apply_to_promise(*rule, profile, index, states, now);
    for (const Rule* rule : window_rules_[event.kind]) {
        std::vector<std::string> touched;
        if (rules::watches(*rule, event)) {
            touched = subjects(*rule, profile, states, &event);
        } else if (auto subject = rules::counts(*rule, event) ? subject_of(*rule, event) : std::nullopt) {
            touched.push_back(std::move(*subject));
        }
        for (const std::string& subject : touched) {
            const std::size_t known = states.size();
            judge_windows(*rule, state_of(*rule, subject, states), remembered(*rule, profile, subject), now, &event);
            // With hundreds of rules, those to which nothing happened would be searched for each that follows.
            if (states.size() > known && states.back().idle()) states.pop_back();
        }
    }
    if (event.kind == phase_change_) judge_phases(profile, states, now, nullptr);
}

void PersonJudge::fire(const ledger::Profile& profile, States& states, Instant limit, bool inclusive) {
    profile_ = &profile;
    for (;;) {
        episodes::SubjectState* first = nullptr;
        const Rule* first_rule = nullptr;
        for (episodes::SubjectState& s : states) {
            if (s.due > limit || (s.due == limit && !inclusive)) continue;
            if (first != nullptr && first->due <= s.due) continue;
            const Rule* rule = recorder_.rules().find(s.rule);
            if (rule == nullptr || (rule->expect && held(*rule))) continue;
            first = &s;
            first_rule = rule;
        }
        if (first == nullptr) return;
        const Instant now = first->due;
        if (first->promise) {
            judge_promise(*first_rule, states, *first, now, episodes::Cause::kTimer);
            judge_promises(*first_rule, states, now, episodes::Cause::kTimer);
        } else {
            judge_windows(*first_rule, *first, remembered(*first_rule, profile, first->subject), now, nullptr);
        }
    }
}

void PersonJudge::review(const Rule& rule, const ledger::Profile& profile, States& states, Instant now) {
    if (rule.expect) return;  // a promise begins with an event; those already open keep their due time
    profile_ = &profile;
    reviewing_ = true;
    for (const std::string& subject : subjects(rule, profile, states, nullptr)) {
        episodes::SubjectState& state = state_of(rule, subject, states);
        state.rising.clear();  // it waited under other conditions
        judge_windows(rule, state, remembered(rule, profile, subject), now, nullptr);
    }
    reviewing_ = false;
}

Instant PersonJudge::next_due(const States& states, bool& any_held) const {
    Instant due = kNever;
    any_held = false;
    for (const episodes::SubjectState& s : states) {
        if (s.due == kNever) continue;
        const Rule* rule = recorder_.rules().find(s.rule);
        if (rule == nullptr) continue;
        if (rule->expect && held(*rule))
            any_held = true;
        else
            due = std::min(due, s.due);
    }
    return due;
}

}  // namespace tocsin::task
