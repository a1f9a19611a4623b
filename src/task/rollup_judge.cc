#include "task/rollup_judge.h"

#include <algorithm>

#include "ledger/cells.h"
#include "ledger/codec.h"
#include "task/subject.h"

namespace tocsin::task {
namespace {

constexpr Duration kTick(1);

/// What the first entry that begins after `t` is not less than.
Break behind(Instant t) {
    static const auto kNoId = std::make_shared<const std::string>();
    return {t + kTick, kBeforeAll, kNoId};
}

template <typename Set>
void erase_one(Set& set, const Break& entry) {
    if (const auto it = set.find(entry); it != set.end()) set.erase(it);
}

}  // namespace

const Rule* RollupJudge::rule_of(const Place& place) const {
    const Rule* rule = recorder_.rules().find(place.state.rule);
    return rule != nullptr && rule->rolls_up ? rule : nullptr;
}

void RollupJudge::begin_again(Instant clock) {
    clock_ = clock;
    telling_again_ = true;
    for (auto& [key, place] : places_) {
        place.judged = std::max(place.judged, clock - kTick);
        place.breaks.clear();
        place.ends.clear();
        place.open = place.broken = 0;
    }
}

RollupJudge::Place& RollupJudge::place_of(const Rule& rule, const std::string& subject) {
    const auto [it, is_new] = places_.try_emplace(Key{rule.name, subject});
    Place& place = it->second;
    if (is_new) {
        place.state.rule = rule.name;
        place.state.subject = subject;
        place.judged = clock_ - kTick;
    }
    return place;
}

void RollupJudge::mark(Place& place) {
    if (place.dirty) return;
    place.dirty = true;
    dirty_.push_back({place.state.rule, place.state.subject});
}

void RollupJudge::set_due(Place& place, Instant due) {
    episodes::SubjectState& state = place.state;
    if (state.due == due) return;
    if (state.due != kNever) timers_.erase({state.due, {state.rule, state.subject}});
    state.due = due;
    if (due != kNever) timers_.insert({due, {state.rule, state.subject}});
}

// What the entry adds to the numbers of `judged`.
void RollupJudge::count(Place& place, const Break& entry, Duration window, int by) {
    if (entry.from > place.judged) return;
    if (entry.to > place.judged) place.open += by;
    if (entry.from > place.judged - window) place.broken += by;
}

void RollupJudge::tell(const Rule& rule, std::string_view area, const Break* before, const Break* now) {
    Place& place = place_of(rule, subject_key({area}));
    const Duration window = rule.within;
    // The clock is what it is judged by, not when something last happened there: that is not stored.
    advance(place, window, clock_ - kTick);
    const std::int64_t open = place.open, broken = place.broken;
    if (before != nullptr) {
        if (const auto it = place.breaks.find(*before); it != place.breaks.end()) {
            count(place, *before, window, -1);
            erase_one(place.ends, *before);
            place.breaks.erase(it);
        }
    }
    const bool is_over = now != nullptr && now->to <= place.judged && now->from <= place.judged - window;
    if (now != nullptr && !is_over) {
        place.breaks.insert(*now);
        if (now->to > place.judged && now->to != kNever) place.ends.insert(*now);
        count(place, *now, window, +1);
    }
    const bool differs = !telling_again_ && (place.open != open || place.broken != broken);
    // What changes the past is judged where the clock is, with what is known now.
    set_due(place, differs ? rule.on_beat(place.judged) : std::min(next_change(rule, place), place.state.due));
    if (!differs) return;
    place.again = true;
    mark(place);
}

void RollupJudge::advance(Place& place, Duration window, Instant now) {
    const Instant from = place.judged;
    if (now <= from) return;
    const auto upto = [&](Instant t) { return place.breaks.lower_bound(behind(t)); };
    const auto begun = std::distance(upto(from), upto(now));
    place.open += begun;
    place.broken += begun;
    place.judged = now;
    while (!place.ends.empty() && place.ends.begin()->to <= now) {
        const Break ended = *place.ends.begin();
        place.ends.erase(place.ends.begin());
        --place.open;
        if (ended.from <= from - window) erase_one(place.breaks, ended);  // it left the window long since
    }
    for (auto it = upto(from - window); it != place.breaks.end() && it->from <= now - window;) {
        --place.broken;
        it = it->to <= now ? place.breaks.erase(it) : std::next(it);
    }
}

Instant RollupJudge::next_change(const Rule& rule, const Place& place) const {
    const episodes::SubjectState& state = place.state;
    Instant next = std::min(episodes::lowering_due(rule, state.episode), episodes::rising_due(rule, state.rising));
    const auto later = place.breaks.lower_bound(behind(place.judged));
    if (later != place.breaks.end()) next = std::min(next, later->from);
    if (!state.episode.open() && state.rising.empty() && !rule.rises_without_event) return rule.on_beat(next);
    if (!place.ends.empty()) next = std::min(next, place.ends.begin()->to);
    const auto leaves = place.breaks.lower_bound(behind(place.judged - rule.within));
    if (leaves != place.breaks.end()) next = std::min(next, leaves->from + rule.within);
    return rule.on_beat(next);
}

// The newest of those that are open or broke in the window.
std::vector<std::string> RollupJudge::evidence(const Rule& rule, const Place& place) const {
    std::vector<std::string> ids;
    auto it = place.breaks.lower_bound(behind(place.judged));
    while (it != place.breaks.begin() && ids.size() < Recorder::kEvidenceMax) {
        --it;
        if (it->to > place.judged || it->from > place.judged - rule.within) ids.push_back(*it->id);
    }
    return ids;
}

rules::Verdict RollupJudge::measure(const Rule& rule, const Place& place) {
    recorder_.evaluated(rule);
    measures_.clear();
    for (const Measure& m : rule.measures)
        measures_.push_back(Value::of_int(m.window == Duration::zero() ? place.open : place.broken));
    EvalContext context;
    context.measures = measures_;
    Thresholds thresholds;
    if (rule.thresholds != nullptr) {
        const auto area = subject_values(place.state.subject);
        thresholds = rule.thresholds->find(setting_.areas, setting_.areas.resolve(area.front()));
        context.thresholds = &thresholds;
    }
    return rules::verdict(rule, context);
}

void RollupJudge::record_step(const Rule& rule, Place& place, episodes::Step step, Instant now) {
    constexpr Duration kBucket = std::chrono::minutes(1);
    const auto risen = episodes::take_risen(place.state.rising, step);
    const Instant begun = risen ? risen->since : now;
    const std::string opening =
        std::to_string(to_millis(ledger::bucket_start(ledger::bucket_of(begun, kBucket), kBucket)));
    const std::string area = subject_values(place.state.subject).front();
    Moment moment;
    moment.measures = measures_;
    moment.opening = opening;
    moment.area = area;
    moment.evidence = evidence(rule, place);
    if (risen) {
        episodes::date(rule, place.state.episode, step, episodes::rises_at(rule, *risen));
        moment.trigger = risen->trigger;
    } else if (!moment.evidence.empty()) {
        moment.trigger = moment.evidence.front();
    }
    recorder_.record(rule, place.state, step, moment);
    mark(place);
}

void RollupJudge::judge_at(const Rule& rule, Place& place, Instant now) {
    const bool one_more =
        place.judged < now && place.breaks.lower_bound(behind(place.judged)) != place.breaks.lower_bound(behind(now));
    advance(place, rule.within, now);
    const rules::Verdict verdict = measure(rule, place);
    const std::string area = subject_values(place.state.subject).front();
    episodes::Episode& episode = place.state.episode;
    std::vector<episodes::Rising>& rising = place.state.rising;
    const bool waited = !rising.empty();
    const auto begins = [&](Level level) {
        const std::vector<std::string> found = evidence(rule, place);
        return episodes::Rising{level, now, found.empty() ? "" : found.front(), area};
    };
    const episodes::Holding holding = episodes::ripe(rule, episode, {verdict.level, verdict.stays},
                                                     {rising, now, episodes::JudgedBy::kClock, begins});
    if (waited || !rising.empty()) mark(place);
    bool stepped = false;
    while (const auto step = episodes::move(rule, episode, holding, now)) {
        stepped = true;
        record_step(rule, place, *step, now);
        if (step->kind == TransitionKind::kClosed) break;
    }
    if (!stepped && one_more && episode.open() && episodes::note_update(episode, now))
        record_step(rule, place, {TransitionKind::kUpdated, CloseReason::kNone, now, episode.level, episode.level},
                    now);
    if (std::exchange(place.again, false) || episode.open()) mark(place);
    set_due(place, next_change(rule, place));
}

void RollupJudge::fire(Instant limit, bool inclusive) {
    clock_ = std::max(clock_, limit);
    while (!timers_.empty()) {
        const Timer first = *timers_.begin();
        if (first.due > limit || (first.due == limit && !inclusive)) return;
        Place& place = places_.at(first.key);
        const Rule* rule = rule_of(place);
        const bool held = rule != nullptr && *rule->rolls_up < unverified_.size() && unverified_[*rule->rolls_up];
        if (held) held_.push_back(first);
        if (rule == nullptr || held)
            set_due(place, kNever);
        else
            judge_at(*rule, place, std::max(first.due, place.judged));
    }
}

void RollupJudge::hold(std::vector<bool> unverified) {
    unverified_ = std::move(unverified);
    for (const Timer& timer : std::exchange(held_, {})) {
        Place& place = places_.at(timer.key);
        set_due(place, std::min(place.state.due, timer.due));
    }
}

void RollupJudge::review(const Rule& rule) {
    for (auto& [key, place] : places_) {
        if (key.rule != rule.name) continue;
        place.state.rising.clear();  // it waited under other conditions
        set_due(place, rule.on_beat(place.judged));
    }
}

void RollupJudge::drop(const std::map<std::string, Rule>& gone, Instant at) {
    for (auto& [key, place] : places_) {
        const auto rule = gone.find(key.rule);
        if (rule == gone.end()) continue;
        if (place.state.episode.open()) {
            const auto step =
                episodes::close(place.state.episode, CloseReason::kRuleRemoved, std::max(at, place.judged));
            recorder_.record(rule->second, place.state, step, {});
        }
        set_due(place, kNever);
        place.state.openings.clear();
        place.state.rising.clear();
        mark(place);
    }
}

std::vector<Transition> RollupJudge::describe_open() {
    std::vector<Transition> open;
    for (auto& [key, place] : places_) {
        const Rule* rule = rule_of(place);
        if (!place.state.episode.open() || rule == nullptr) continue;
        measure(*rule, place);
        Moment moment;
        moment.measures = measures_;
        open.push_back(recorder_.describe(*rule, place.state, moment));
    }
    return open;
}

bool RollupJudge::load(std::string_view key, std::string_view value) {
    if (key.empty() || key[0] != kKeyPrefix) return false;
    episodes::SubjectState state;
    ledger::Reader in(value);
    if (!episodes::get_state(in, state)) return false;
    const Instant judged = in.instant();
    if (!in.ok() || !in.done() || subject_values(state.subject).size() != 1) return false;
    Place& place = places_[{state.rule, state.subject}];
    const Instant due = std::exchange(state.due, kNever);
    place.state = std::move(state);
    place.judged = judged;
    place.again = due != kNever && !place.state.episode.open();
    set_due(place, due);
    return true;
}

void RollupJudge::write(WriteBatch& batch) {
    for (const Key& key : dirty_) {
        Place& place = places_.at(key);
        place.dirty = false;
        std::string stored(1, kKeyPrefix);
        ledger::put_string(stored, key.rule);
        stored.append(key.subject);
        // Without an episode nothing depends on when it was judged last, and the other timers are made again at a
        // start.
        const episodes::SubjectState& state = place.state;
        if (!state.episode.open() && state.openings.empty() && state.rising.empty() && !place.again) {
            batch.del(stored);
            continue;
        }
        std::string value;
        episodes::put_state(value, place.state);
        ledger::put_instant(value, place.judged);
        batch.put(stored, value);
    }
    dirty_.clear();
}

}  // namespace tocsin::task
