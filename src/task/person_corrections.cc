/// What a correction does to the rules of a person: the part of PersonJudge that takes back what an event had said.

#include <algorithm>

#include "task/persons.h"
#include "task/subject.h"

namespace tocsin::task {

void PersonJudge::correct(const ledger::Profile& profile, States& states, const Corrected& corrected, Instant now) {
    profile_ = &profile;
    correcting_ = true;
    const KindId kind = corrected.was.kind;
    for (const Rule* rule : promise_rules_[kind]) correct_promise(*rule, states, corrected, now);
    for (const Rule* rule : window_rules_[kind]) correct_windows(*rule, states, corrected, now);
    correcting_ = false;
    if (kind == phase_change_) judge_phases(profile, states, now, &corrected);  // raises nothing, as ever
}

void PersonJudge::correct_windows(const Rule& rule, States& states, const Corrected& corrected, Instant now) {
    const Event* is = corrected.is ? &profile_->rows()[*corrected.is].event : nullptr;
    std::vector<std::string> touched;
    if (rules::watches(rule, corrected.was) || (is != nullptr && rules::watches(rule, *is)))
        touched = subjects(rule, *profile_, states, &corrected.was);
    for (const Event* event : {&corrected.was, is}) {
        auto subject = event != nullptr && rules::counts(rule, *event) ? subject_of(rule, *event) : std::nullopt;
        if (subject && std::find(touched.begin(), touched.end(), *subject) == touched.end())
            touched.push_back(std::move(*subject));
    }
    for (const std::string& subject : touched) {
        episodes::SubjectState& state = state_of(rule, subject, states);
        const rules::Remembered rows = remembered(rule, *profile_, subject);
        state.rising.clear();  // what waits begins where it does in what is left
        retract(rule, state, rows, corrected, now);
        judge_windows(rule, state, rows, now, nullptr);
    }
}

void PersonJudge::retract(const Rule& rule, episodes::SubjectState& state, const rules::Remembered& rows,
                          const Corrected& corrected, Instant now) {
    if (!state.episode.open() || !never_held(rule, state, rows, now) || !rested_on(rule, state, rows, corrected))
        return;
    holding(rule, rows, now);
    record_step(rule, state, episodes::close(state.episode, CloseReason::kCorrected, now), {rows, now, nullptr});
}

bool PersonJudge::never_held(const Rule& rule, const episodes::SubjectState& state, const rules::Remembered& rows,
                             Instant now) {
    std::vector<Instant> moments = rules::changes(rule, rows, now);
    moments.push_back(now);
    moments.push_back(state.episode.opened_at);
    if (rule.plan != nullptr) {
        const PhaseOf::Subject in = in_phases(rule, area_of(rule, rows.rows));
        for (Instant t = state.episode.opened_at; t <= now; t = phases_.next(*rule.plan, in, t)) moments.push_back(t);
    }
    return std::none_of(moments.begin(), moments.end(), [&](Instant t) {
        return t >= state.episode.opened_at && rules::in_reach(rule, rows.rows, t) &&
               holding(rule, rows, t).level != Level::kNone;
    });
}

// Where rows of its windows may have been forgotten, they may be what it stands on: then the event must explain it.
bool PersonJudge::rested_on(const Rule& rule, const episodes::SubjectState& state, const rules::Remembered& rows,
                            const Corrected& corrected) {
    const Instant opened = state.episode.opened_at;
    if (opened - rule.longest_window() >= corrected.oldest) return true;
    const Event& was = corrected.was;
    if (opened < corrected.oldest || was.time > opened) return false;
    // Of its own instant, too: an event of the same instant may follow it.
    const auto behind = profile_->rows().subspan(corrected.row);
    const auto came_behind = [&](const Event& e) {
        return e.time > was.time ||
               (e.time == was.time &&
                std::any_of(behind.begin(), behind.end(), [&](const auto& row) { return row.event.id == e.id; }));
    };
    const auto as_it_was = [&](std::span<const Event> events, bool held_it) {
        std::vector<Event> all(events.begin(), events.end());
        std::erase_if(all, [&](const Event& e) { return e.id == was.id; });
        if (held_it) all.insert(std::find_if(all.begin(), all.end(), came_behind), was);
        return all;
    };
    const std::vector<Event> counted = as_it_was(rows.rows, subject_of(rule, was) == state.subject);
    const std::vector<Event> person = as_it_was(rows.person, true);
    return rules::in_reach(rule, counted, opened) && holding(rule, {counted, person}, opened).level != Level::kNone;
}

void PersonJudge::correct_promise(const Rule& rule, States& states, const Corrected& corrected, Instant now) {
    using episodes::PromiseRole;
    const Event& was = corrected.was;
    const Event* is = corrected.is ? &profile_->rows()[*corrected.is].event : nullptr;
    const PromiseRole before = episodes::role_of(*rule.expect, was);
    const PromiseRole after = is != nullptr ? episodes::role_of(*rule.expect, *is) : PromiseRole::kNone;
    if (before == after && is != nullptr && subject_of(rule, was) == subject_of(rule, *is)) {
        const auto subject = subject_of(rule, *is);
        if (before != PromiseRole::kAfter || !subject) return;
        episodes::SubjectState& state = state_of(rule, *subject, states);
        if (!state.promise || state.promise->stated_by != was.id) return;
        std::optional<episodes::Promise> told;
        tell(rule, *is, told, std::nullopt);
        if (told && told->due == state.promise->due) {  // the same promise, told better
            state.promise = std::move(told);
            return judge_anew(rule, states, state, now);
        }
    }
    if (before != PromiseRole::kNone) unsay(rule, states, was, now);
    if (after != PromiseRole::kNone) apply_to_promise(rule, *profile_, *corrected.is, states, now);
}

// What the event did to the promise of its subject is made again from the rows that are left.
void PersonJudge::unsay(const Rule& rule, States& states, const Event& was, Instant now) {
    const auto subject = subject_of(rule, was);
    if (!subject) return;
    episodes::SubjectState& state = state_of(rule, *subject, states);
    std::erase_if(state.past, [&](const episodes::PastBreak& past) { return past.id == was.id; });
    if (episodes::role_of(*rule.expect, was) == episodes::PromiseRole::kAfter) {
        if (!state.promise || state.promise->stated_by != was.id) return;
        const episodes::Promise promise = *state.promise;
        if (state.episode.open()) close_promise(rule, state, promise, CloseReason::kCorrected, now);
        state.promise.reset();
    } else if (state.promise) {
        return;  // a later one stands, and stays
    }
    follow(rule, *profile_, 0, *subject, state.promise);
    judge_anew(rule, states, state, now);
}

}  // namespace tocsin::task
